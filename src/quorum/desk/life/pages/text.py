"""How a file of the workspace is written: ours whole, a host's with our keys and no other line touched."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from quorum.desk.life.skills import read_text
from quorum.desk.settings import read_document, yaml_with_comments
from quorum.desk.workspace import write_text
from quorum.domain import WorkspaceError, plain

SAYS = "made from the store, and made again; a line that you change is taken in or kept"
_STAMP = re.compile(r"\A(?:# |<!-- )quorum (?P<sum>[0-9a-f]{16}): [^\n]*\n")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*\Z")
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def stamped(body: str, *, markdown: bool = False) -> str:
    """A text with a first line that tells whether it was changed since."""
    words = f"quorum {_sum(body)}: {SAYS}"
    return f"<!-- {words} -->\n{body}" if markdown else f"# {words}\n{body}"


def is_ours(text: str) -> bool:
    """Whether a text is as we wrote it."""
    found = _STAMP.match(text)
    return found is not None and found["sum"] == _sum(text[found.end() :])


def was_ours(text: str) -> bool:
    """Whether a text is one of ours, changed since or not."""
    return _STAMP.match(text) is not None


def untouched(path: Path) -> bool:
    """Whether a file is absent, or as we wrote it: there is nothing in it to take in."""
    return not path.exists() or is_ours(read_text(path))


def write_yaml(path: Path, body: str, ours: Callable[[], Mapping[str, Any]]) -> bool:
    """Write a file of ours; into one that others have changed only our keys go. Whether anything was written.

    ConfigError for a file of others that is no YAML: it stays as it is.
    """
    if untouched(path):
        return write_if_other(path, stamped(body))
    document = read_document(path)
    if document is None:
        return write_if_other(path, stamped(body))
    if not isinstance(document, CommentedMap):
        raise WorkspaceError(f"{path} is a list, where keys are wanted", "move it away: it is made again")
    if not graft(document, ours()):
        return False
    return write_if_other(path, dumped(document))


def write_page(path: Path, body: str) -> bool:
    """Write a Markdown file of ours; one that is a host's, or that a person has changed, stays as it is."""
    return untouched(path) and write_if_other(path, stamped(body, markdown=True))


def write_if_other(path: Path, text: str) -> bool:
    """Write a file unless that very text is there; one that has lines of others outlives a power cut."""
    try:
        there = path.read_bytes() if path.exists() else b""
        if there == text.encode():
            return False
        write_text(path, text, durable=bool(there) and not is_ours(there.decode(errors="replace")))
    except OSError as error:
        remedy = "the store holds everything: mend the folder, then `quorum views`"
        raise WorkspaceError(f"view {path}: {error.strerror or error}", remedy) from error
    return True


def graft(document: CommentedMap, ours: Mapping[str, Any]) -> bool:
    """Put our values over those of a document, key by key; whether any was another."""
    changed = False
    for key, value in ours.items():
        there = document.get(key)
        if isinstance(there, CommentedMap) and isinstance(value, Mapping):
            changed |= graft(there, value)
        elif key not in document or plain(_bare(there)) != plain(value):
            document[key] = plain(value)
            changed = True
    return changed


def dumped(document: Any) -> str:
    """The text of a document, its comments and quotes as they were."""
    out = StringIO()
    yaml_with_comments().dump(document, out)
    return out.getvalue()


def block(values: Mapping[str, Any]) -> str:
    """YAML of plain values: a key a line, mappings indented, lists of numbers or words in one line."""
    return "".join(_lines(plain(values), "")) or "{}\n"


def line(value: Any) -> str:
    """A plain value in one line of YAML."""
    if isinstance(value, str):
        bare = _PLAIN.match(value) and value.lower() not in _WORDS
        return value if bare else _ODD.sub(_escaped, json.dumps(value, ensure_ascii=False))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{line(str(k))}: {line(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(line(v) for v in value) + "]"
    return json.dumps(value)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _lines(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        head = f"{indent}{line(str(key))}:"
        if isinstance(value, Mapping) and value:
            yield f"{head}\n"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
            yield f"{head}\n"
            yield from (f"{indent}  - {line(one)}\n" for one in value)
        else:
            yield f"{head} {line(value)}\n"


def _bare(node: Any) -> Any:
    """A document's node as plain values."""
    if isinstance(node, Mapping):
        return {str(k): _bare(v) for k, v in node.items()}
    if isinstance(node, list):
        return [_bare(v) for v in node]
    return node.isoformat() if hasattr(node, "isoformat") else node


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
