"""Specs in files: a strategy that somebody names by its path, as ./dip.yaml."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from quorum.domain import ConfigError, NotFound
from quorum.signals.specs.reading import read_spec
from quorum.signals.specs.strategy import SpecStrategy

LARGEST = 2**18
ENDINGS = (".yaml", ".yml", ".json")


def is_spec_file(name: str) -> bool:
    """Whether `name` means a file with a spec, and not a strategy's name."""
    return name.endswith(ENDINGS)


def load_spec(path: Path) -> SpecStrategy:
    """The strategy of the spec in a YAML or JSON file of at most 256 KB.

    NotFound for no such file; ConfigError, naming the file, for one that cannot be read or whose spec is wrong.
    """
    file = path.expanduser()
    if not file.is_file():
        raise NotFound(f"there is no file {file}", "name a YAML or JSON file with a spec")
    try:
        if file.stat().st_size > LARGEST:
            raise ConfigError(f"{file.name} is larger than {LARGEST} bytes", "a spec is a page of text")
        plain = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file.name}:{mark.line + 1}:{mark.column + 1}" if mark else file.name
        raise ConfigError(f"{where}: this is no YAML: {error.problem or error}", "mend the line") from error
    except OSError as error:
        raise ConfigError(f"{file.name}: {error.strerror}", "make it a text file that you may read") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file.name}: {error}", "make it a text file in UTF-8") from error
    try:
        return SpecStrategy(read_spec(plain))
    except ConfigError as error:
        raise ConfigError(f"{file.name}: {error.found}", error.remedy) from None
