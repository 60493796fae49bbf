"""A document with its places, and one mapping of it, asked key by key."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from quorum.desk.settings.reading import closest, place, read_document
from quorum.domain import ConfigError
from quorum.domain.grammar import Expression, parse
from quorum.domain.grammar.tree import Binary, Literal, Unary

Keys = tuple[str | int, ...]
LARGEST = 4_000_000
MOST_VALUES = 200_000
DEEPEST = 20
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|m|h|d)")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document as plain values; `marked` is the same with its lines, where it came out of a file.

    `name` stands for the place of a document that did not.
    """

    name: str
    plain: Any
    path: Path | None = None
    marked: Any = None

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """The sheet in a YAML file; ConfigError at its place when it is none, or one that would never end."""
        if not path.is_file():
            raise ConfigError(f"{path}: there is no such file", "write it, or name another")
        try:
            if path.stat().st_size > LARGEST:
                raise ConfigError(f"{path}: more than {LARGEST:,} bytes", "make several workflows of it")
            marked = read_document(path)
        except RecursionError:
            raise ConfigError(f"{path}: nested too deep", f"nest at most {DEEPEST} levels") from None
        except YAMLError as error:
            raise ConfigError(f"{path}: not YAML: {error}", "make it a text file without odd characters") from error
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}", "make it a text file that you may read") from error
        sheet = cls(path.stem, None, path, marked)
        return cls(path.stem, _Plain(sheet).of(marked, ()), path, marked)

    @classmethod
    def of(cls, document: Any, name: str) -> Sheet:
        """The sheet of values that came from elsewhere; ConfigError for one that is not plain."""
        return cls(name, _Plain(cls(name, None)).of(document, ()))

    def place(self, keys: Keys) -> str:
        """file:line:column of the deepest of `keys` that is there; without a file the keys, counted from 1."""
        if self.path is not None:
            return place(self.path, self.marked, keys)
        return ".".join([self.name, *(str(k + 1) if isinstance(k, int) else k for k in keys)])

    def refuse(self, keys: Keys, found: str, remedy: str = "") -> ConfigError:
        return ConfigError(f"{self.place(keys)}: {found}", remedy)


class _Plain:
    """One making of plain values, which counts them: a few lines of aliases can stand for billions."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.count = sheet, 0

    def of(self, node: Any, keys: Keys) -> Any:
        self.count += 1
        if self.count > MOST_VALUES:
            raise self.sheet.refuse(keys, f"more than {MOST_VALUES:,} values", "make several workflows of it")
        if len(keys) > DEEPEST:
            raise self.sheet.refuse(keys, "nested too deep", f"nest at most {DEEPEST} levels")
        if isinstance(node, Mapping):
            return {self.key(key, keys): self.of(value, (*keys, key)) for key, value in node.items()}
        if isinstance(node, list | tuple):
            return [self.of(value, (*keys, k)) for k, value in enumerate(node)]
        return self.scalar(node, keys)

    def key(self, key: Any, keys: Keys) -> str:
        if not isinstance(key, str):
            raise self.sheet.refuse((*keys, key), f"the key {_short(key)} is no word", "put it in quotes")
        return str(key)

    def scalar(self, node: Any, keys: Keys) -> Any:
        if node is None or type(node) is bool:
            return node
        for kind in (str, int, float):
            if isinstance(node, kind):
                value = kind(node)
                if isinstance(value, float) and not math.isfinite(value):
                    raise self.sheet.refuse(keys, f"{value} is no number to reckon with", "write a finite one")
                return bool(value) if type(node).__name__ == "ScalarBoolean" else value
        if isinstance(node, date):
            return node.isoformat()
        raise self.sheet.refuse(keys, f"a value of the kind {type(node).__name__}", "write words, numbers and lists")


class Entry:
    """One mapping of a sheet. What it is asked for and has not, or has in another form, is refused at its place."""

    def __init__(self, sheet: Sheet, keys: Keys, what: str, values: Any = None) -> None:
        """`values` stand in the place of what is there."""
        if values is None:
            values = reduce(lambda node, key: node[key], keys, sheet.plain)
        if not isinstance(values, dict):
            found = f"{what} needs keys with values below it (found {_short(values)})"
            raise sheet.refuse(keys, found, "write them, or delete the line")
        self.sheet, self.keys, self.what = sheet, keys, what
        self.values: dict[str, Any] = values

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def refuse(self, key: str | None, found: str, remedy: str = "") -> ConfigError:
        """The error at `key`, at the mapping itself without one."""
        return self.sheet.refuse(self.keys if key is None else (*self.keys, key), found, remedy)

    def only(self, known: Iterable[str]) -> None:
        """Nothing but `known` keys."""
        listed = tuple(known)
        for key in self.values:
            if key not in listed:
                raise self.refuse(
                    key, f"unknown key {key!r} in {self.what}{closest(key, listed)}", f"known here: {', '.join(listed)}"
                )

    def wrong(self, key: str, needs: str, remedy: str = "mend the value or delete the line") -> ConfigError:
        return self.refuse(key, f"{key}: needs {needs} (found {_short(self.values[key])})", remedy)

    def need(self, key: str, remedy: str = "write it") -> Any:
        if self.values.get(key) is None:
            raise self.refuse(key if key in self else None, f"{self.what} has no {key}", remedy)
        return self.values[key]

    def text(self, key: str, default: str | None = None) -> str:
        """The words at `key`; one that must be there where `default` is None."""
        value = self.need(key) if default is None else self.values.get(key, default)
        if not isinstance(value, str) or not (value.strip() or key not in self):
            raise self.wrong(key, "words")
        return value.strip()

    def flag(self, key: str, default: bool) -> bool:
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def choice(self, key: str, words: Iterable[str], default: str) -> str:
        listed, value = tuple(words), self.values.get(key, default)
        if value not in listed:
            near = closest(value, listed) if isinstance(value, str) else ""
            raise self.refuse(key, f"{key}: {_short(value)} is not among {', '.join(listed)}{near}", "take one of them")
        return str(value)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A number of `low` to `high`."""
        return self._within(key, self.values.get(key, default), low, high)

    def whole(self, key: str, default: int | None, low: int, high: int) -> int:
        value = self.need(key) if default is None else self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, f"a whole number of {low} to {high}")
        return value

    def seconds(self, key: str, default: float | None, low: float = 0.001, high: float = 366 * 86_400) -> float:
        """A duration: a number of seconds, or a text as 30s, 5m or 2h."""
        value = self.need(key) if default is None else self.values.get(key, default)
        if isinstance(value, str):
            read = _DURATION.fullmatch(value.strip())
            if read is None:
                raise self.wrong(key, "seconds, or a text as 30s, 5m, 2h")
            value = float(read[1]) * UNITS[read[2]]
        return self._within(key, value, low, high)

    def _within(self, key: str, value: Any, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.wrong(key, f"a number of {low:g} to {high:,g}")
        return float(value)

    def listed(self, key: str) -> list[Any]:
        """The list at `key`, which must not be empty."""
        value = self.need(key)
        if not isinstance(value, list) or not value:
            raise self.wrong(key, "a list with one item or more")
        return value

    def below(self, key: str, what: str) -> Entry | None:
        """The mapping at `key`, None where there is none."""
        return None if self.values.get(key) is None else Entry(self.sheet, (*self.keys, key), what)

    def expression(self, key: str) -> Expression:
        """The expression at `key`, of words, a number, true or false."""
        value = self.values[key]
        if not isinstance(value, str | int | float):
            raise self.wrong(key, "an expression", "write it as text, as in spread > 0.5; 'null' is nothing")
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        try:
            return parse(text)
        except ConfigError as error:
            raise self.refuse(key, f"{key}: {error.found}", error.remedy) from None

    def condition(self, key: str) -> Expression | None:
        """The expression at `key`, which may turn out true or false; None where there is none."""
        if key not in self:
            return None
        read = self.expression(key)
        if not may_be_condition(read):
            raise self.refuse(key, f"{key}: {read.text!r} is neither true nor false", "compare it, as in x > 0")
        return read

    def expressions(self, key: str, what: str) -> dict[str, Expression]:
        below = self.below(key, what)
        return {} if below is None else {name: below.expression(name) for name in below.values}

    def items(self, key: str, what: str) -> Iterator[Entry]:
        """The mappings of the list at `key`."""
        for k, _ in enumerate(self.listed(key)):
            yield Entry(self.sheet, (*self.keys, key, k), f"{what} {k + 1}")


def may_be_condition(read: Expression) -> bool:
    """Whether an expression can be true or false, as far as its form tells: not a sum, not a text."""
    match read.tree:
        case Literal(value):
            return isinstance(value, bool)
        case Binary() | Unary("-", _):
            return False
    return True


def _short(value: object) -> str:
    return reprlib.repr(value)
