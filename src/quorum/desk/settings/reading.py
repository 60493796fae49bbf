"""Reading a configuration file, with refusals that point at the line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from quorum.domain import ConfigError

KEYED = "needs keys with values below it"
WORDS = {
    "model_type": KEYED,
    "dict_type": KEYED,
    "tuple_type": "needs a list, as [smc, momentum]",
    "string_type": "needs a word",
    "missing": "is missing",
}
File = TypeVar("File", bound=BaseModel)


def read_settings(path: Path, model: type[File]) -> File:
    """The settings in `path`, defaults where it is silent or absent.

    ConfigError names file, line and column, what is wrong, and the nearest key that exists.
    """
    text = _text_of(path) or ""
    try:
        found: File = _settings(text, model)
    except (YAMLError, ValueError) as error:
        document = _document(path, text)
        if isinstance(error, ValidationError):
            raise _refusal(path, document, error, model) from error
        raise
    return found


def read_document(path: Path) -> Any:
    """The YAML in `path` with its places and comments, None where it is empty or absent; ConfigError as above."""
    text = _text_of(path)
    return None if text is None else _document(path, text)


@lru_cache(maxsize=128)
def _settings(text: str, model: type[File]) -> File:
    """The settings that this text holds; what was read once is not read again."""
    document = yaml_with_comments().load(text)
    return model.model_validate({} if document is None else _plain(document))


def _text_of(path: Path) -> str | None:
    """The text of the file, None where there is none."""
    if not path.exists():
        return None
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "make it a text file that you may read") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}", "make it a text file in UTF-8") from error


def _document(path: Path, text: str) -> Any:
    try:
        return yaml_with_comments().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigError(f"{where}: not YAML: {error.problem or error}", "mend the line") from error
    except YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}", "mend the file") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}", "mend the file") from error


def yaml_with_comments() -> YAML:
    """A reader and writer that leaves comments, quotes and long lines as they are."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    return yaml


def place(path: Path, document: Any, keys: Iterable[object]) -> str:
    """File, line and column, from 1, of the deepest node on the way `keys` that is in the document."""
    line, column, node = 0, 0, document
    for key in keys:
        if isinstance(node, CommentedMap) and key in node:
            line, column = node.lc.key(key)
        elif isinstance(node, CommentedSeq) and isinstance(key, int) and key < len(node):
            line, column = node.lc.item(key)
        else:
            break
        node = node[key]
    return f"{path}:{line + 1}:{column + 1}"


def closest(name: str, known: Iterable[str]) -> str:
    """A question after the known name that comes nearest, or nothing."""
    match = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f", did you mean {match[0]!r}?" if match else ""


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {k: _plain(v) for k, v in node.items()}
    return [_plain(v) for v in node] if isinstance(node, list) else node


def _refusal(path: Path, document: Any, error: ValidationError, model: type[BaseModel]) -> ConfigError:
    """The first thing that is wrong; an unknown key before all else, since a key may be missing for its sake."""
    errors = error.errors()
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    keys = tuple(key for key in first["loc"] if key != "[key]")
    where, name = place(path, document, keys), ".".join(map(str, keys))
    if first["type"] == "extra_forbidden":
        known = _keys_at(model, keys[:-1])
        return ConfigError(f"{where}: unknown key {name!r}{closest(str(keys[-1]), known)}", _listed(known))
    remedy = "write it" if first["type"] == "missing" else "mend the value or delete the line"
    return ConfigError(f"{where}: {name or 'the file'}: {_message(first)}", remedy)


def _message(error: ErrorDetails) -> str:
    text = WORDS.get(error["type"], error["msg"].removeprefix("Value error, ").replace("Input should be", "must be"))
    return text if isinstance(error["input"], dict) else f"{text} (found {error['input']!r})"


def _keys_at(model: type[BaseModel], keys: tuple[Any, ...]) -> list[str]:
    """The keys that the section at `keys` may have."""
    current: Any = model
    for key in keys:
        if isinstance(current, type) and issubclass(current, BaseModel) and key in current.model_fields:
            annotation = current.model_fields[key].annotation
            arguments = getattr(annotation, "__args__", ())
            current = arguments[-1] if arguments else annotation
    return sorted(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []


def _listed(known: list[str]) -> str:
    return f"known here: {', '.join(known)}" if known else "delete it"
