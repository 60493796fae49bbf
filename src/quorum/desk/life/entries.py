"""Entries of a queue file: how a candidate is written into one, and how what stands there is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from quorum.desk.desk import Desk
from quorum.desk.life.words import MEANINGS, PRIORITIES, Meaning, meaning, resumed
from quorum.desk.settings import closest, place, read_document
from quorum.domain import ConfigError, DataError, QuorumError, Timeframe, UsageError, iso, parse_instant, plain
from quorum.signals import AnyStrategy, find_strategy, is_portfolio
from quorum.signals.specs import SpecStrategy, read_spec
from quorum.validation.ladder import Failed
from quorum.validation.ladder.asked import read_given
from quorum.validation.life import Candidate, Idea, Status
from quorum.validation.life.status import TIERS

SCHEMA = 1
LISTS = ("queue", "strategies", "items", "entries")
"""The keys under which queue files keep their entries."""
ALIASES = {
    "id": "strategy_id",
    "name": "strategy",
    "symbol": "symbols",
    "asset": "symbols",
    "assets": "symbols",
    "universe": "symbols",
    "parameters": "params",
    "added_date": "added_at",
    "added": "added_at",
    "updated": "moved_at",
    "priority_score": "priority",
    "source": "origin",
}
MEND = "mend the line, or delete the file: it is made again from the store"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")  # it names a folder


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry says, in our words. `where` is its file, line and column, `way` the keys that lead to it."""

    path: Path
    way: tuple[Any, ...]
    where: str
    strategy_id: str | None
    means: Meaning
    said: Mapping[str, Any]
    other: Mapping[str, Any] = field(default_factory=dict)

    @property
    def idea(self) -> Idea:
        """The idea as far as it is told."""
        said = {**self.said, "strategy": self.said.get("strategy") or self.strategy_id or "unnamed"}
        given = {name: said[name] for name in _OF_IDEA if name in said}
        return Idea(**{"symbols": (), "timeframe": "", **given}, weight=said.get("priority", 0.0))

    @property
    def tier(self) -> str | None:
        """The tier that it names, or that its word for the status does."""
        return self.said.get("tier") or self.means.tier

    @property
    def missing(self) -> str | None:
        """The first thing that must be told before it can be validated; None when nothing is missing."""
        return next((name for name in ("strategy", "symbols", "timeframe") if not self.said.get(name)), None)

    def candidate(self, now: int) -> Candidate:
        """The entry under its own id, as it stands, or where it goes on without the evidence for more."""
        added, word = self.said.get("added_at", now), self.means.status
        status, tier = resumed(word, self.tier), self.tier
        reason = self.said.get("reason", "")
        if status is not word:
            tier = status[:2] if status is not Status.PENDING else None
            reason = f"it was {word} elsewhere{f', {reason}' if reason else ''}; what shows that is not here"
        return Candidate(
            strategy_id=self.strategy_id or "",
            idea=self.idea,
            status=status,
            added_at=added,
            moved_at=self.said.get("moved_at", added),
            tier=tier,
            reason=reason,
            attempts=self.said.get("attempts", 0),
            other=self.other,
        )


def told(candidate: Candidate) -> dict[str, Any]:
    """A candidate as an entry: plain values, instants as text, the keys of others behind ours."""
    idea = candidate.idea
    ours = {
        "strategy_id": candidate.strategy_id,
        "strategy": plain(idea.strategy),
        "symbols": list(idea.symbols),
        "timeframe": idea.timeframe,
        "venue": idea.venue,
        "params": dict(idea.params),
        "hypothesis": idea.hypothesis,
        "origin": idea.origin,
        "parent": idea.parent,
        "priority": idea.weight,
        "status": candidate.status.value,
        "tier": candidate.tier,
        "reason": candidate.reason,
        "attempts": candidate.attempts,
        "version": candidate.version,
        "added_at": iso(candidate.added_at),
        "moved_at": iso(candidate.moved_at),
    }
    return {**ours, **{name: value for name, value in candidate.other.items() if name not in ours}}


def strategy_of(desk: Desk, idea: Idea) -> AnyStrategy:
    """The strategy that an idea names, or is; NotFound, ConfigError for none."""
    if isinstance(idea.strategy, str):
        return find_strategy(idea.strategy, desk.settings.consensus.consensus.rules())
    return SpecStrategy(read_spec(idea.strategy))


def check_idea(desk: Desk, idea: Idea) -> Idea:
    """The idea as it can be validated: its strategy is there, its parameters fit, the lake has its bars.

    NotFound, UsageError or ConfigError with what to do for one that cannot be.
    """
    strategy = strategy_of(desk, idea)
    given = read_given(strategy, idea.params)
    if isinstance(given, Failed):
        raise UsageError(given.why, f"see `quorum strategy show {idea.name}`")
    symbols = tuple(dict.fromkeys(idea.symbols))
    if not symbols:
        raise UsageError(f"{idea.name} is to trade nothing", "name a symbol with --symbol")
    if is_portfolio(strategy) and len(symbols) < 2:
        raise UsageError(f"{idea.name} is a portfolio, and {symbols[0]} alone is none", "name several with --symbol")
    if not isfinite(idea.weight):
        raise UsageError(f"a priority of {idea.weight:g} is none", "give a number, more comes first")
    length = Timeframe.parse(idea.timeframe)
    for symbol in symbols:
        if not len(desk.lake.bars(symbol, length, idea.venue)):
            raise DataError(f"{symbol} has no bars of {length}", "import some with `quorum data import`")
    params = {name: given[name] for name in idea.params}
    return replace(idea, symbols=symbols, timeframe=str(length), params=params)


def read_entries(path: Path, *, keys: tuple[str, ...] = LISTS) -> list[Entry]:
    """The entries of a queue file, a list of them or by their ids; none where the file is absent.

    ConfigError, with line and column, for what is no YAML or no queue, and for the first entry that makes no sense.
    """
    document = read_document(path)
    if document is None:
        return []
    if not isinstance(document, Mapping | list):
        raise ConfigError(f"{path}:1:1: a queue is a list of entries, found {document!r}", MEND)
    if isinstance(document, Mapping):
        _refuse_strange(path, document, keys)
    found = [_entry(node) for node in _nodes(path, document, keys)]
    ids: dict[str, Entry] = {}
    for entry in found:
        if entry.strategy_id is not None and ids.setdefault(entry.strategy_id, entry) is not entry:
            raise ConfigError(f"{entry.where}: {entry.strategy_id} is there twice", MEND)
    return found


def _refuse_strange(path: Path, document: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    """ConfigError for a file of a newer shape, and for one whose list is misspelt."""
    schema = document.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        where = place(path, document, ("schema",))
        raise ConfigError(f"{where}: schema {schema}, this quorum knows up to {SCHEMA}", "upgrade quorum")
    for key in () if any(key in document for key in keys) else map(str, document):
        near = closest(key, keys)
        if near:
            raise ConfigError(f"{place(path, document, (key,))}: unknown key {key!r}{near}", MEND)


class _Node(NamedTuple):
    """An entry as it is in a file: where, its id where the file keeps them by id, its values."""

    path: Path
    document: Any
    way: tuple[Any, ...]
    identity: str | None
    values: Mapping[str, Any]

    def at(self, *more: Any) -> str:
        return place(self.path, self.document, (*self.way, *more))


def _nodes(path: Path, document: Any, keys: tuple[str, ...]) -> Iterator[_Node]:
    if isinstance(document, list):
        yield from _each(path, document, (), document)
        return
    for key in keys:
        if document.get(key) is not None:
            yield from _each(path, document, (key,), document[key])


def _each(path: Path, document: Any, way: tuple[Any, ...], inside: Any) -> Iterator[_Node]:
    if not isinstance(inside, Mapping | list):
        raise ConfigError(f"{place(path, document, way)}: {way[-1]!r} needs a list of entries, found {inside!r}", MEND)
    pairs = inside.items() if isinstance(inside, Mapping) else enumerate(inside)
    for key, values in pairs:
        if isinstance(values, str) and isinstance(inside, list):
            continue  # an id alone says nothing that the store does not know
        if not isinstance(values, Mapping):
            where = place(path, document, (*way, key))
            raise ConfigError(f"{where}: an entry has keys with values, found {values!r}", MEND)
        yield _Node(path, document, (*way, key), str(key) if isinstance(inside, Mapping) else None, values)


def _entry(node: _Node) -> Entry:
    said: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for key, value in node.values.items():
        name = ALIASES.get(str(key), str(key))
        if name in _READERS and (name == key or name not in node.values):
            if value is not None and value != "":
                said[name] = _read(node, key, name, value)
        else:
            other[str(key)] = _kept(value)
    identity = said.pop("strategy_id", None) or node.identity
    if identity is not None and not _ID.fullmatch(identity):
        raise ConfigError(f"{node.at()}: {identity!r} is no id: it has letters, digits, - and _, as STR-001", MEND)
    return Entry(node.path, node.way, node.at(), identity, said.pop("status", Meaning(Status.PENDING)), said, other)


def _read(node: _Node, key: Any, name: str, value: Any) -> Any:
    try:
        return _READERS[name](value)
    except _Wrong as wrong:
        raise ConfigError(f"{node.at(key)}: {key}: {wrong}", MEND) from None
    except QuorumError as error:
        raise ConfigError(f"{node.at(key)}: {key}: {error.found}", error.remedy or MEND) from error


class _Wrong(Exception):
    """A value that is none of its key."""


def _text(value: Any) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise _Wrong(f"needs a text (found {value!r})")
    return str(value)


def _strategy(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _text(value)
    spec = plain(_kept(value))
    read_spec(spec)
    return spec


def _symbols(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _Wrong(f"needs symbols, as [BTCUSDT] (found {value!r})")
    return tuple(name.strip() for name in names if name.strip())


def _timeframe(value: Any) -> str:
    return str(Timeframe.parse(_text(value)))


def _params(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise _Wrong(f"needs names with numbers (found {value!r})")
    return {str(name): _number(number) for name, number in value.items()}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _Wrong(f"needs a number (found {value!r})")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _Wrong(f"needs a whole number from 0 on (found {value!r})")
    return int(value)


def _priority(value: Any) -> float:
    if isinstance(value, str) and value.strip().lower() in PRIORITIES:
        return PRIORITIES[value.strip().lower()]
    return float(_number(value))


def _tier(value: Any) -> str:
    if str(value).upper() not in TIERS:
        raise _Wrong(f"needs a tier of {', '.join(TIERS)} (found {value!r})")
    return str(value).upper()


def _status(value: Any) -> Meaning:
    found = meaning(value) if isinstance(value, str) else None
    if found is None:
        near = closest(str(value).upper(), MEANINGS)
        raise _Wrong(f"there is no status {value!r}{near}")
    return found


def _instant(value: Any) -> int:
    text = value.isoformat() if hasattr(value, "isoformat") else _text(value)
    return parse_instant(text)


def _kept(value: Any) -> Any:
    """A value of a file as plain values, dates as text."""
    if isinstance(value, Mapping):
        return {str(name): _kept(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_kept(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else plain(value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "strategy_id": _text,
    "strategy": _strategy,
    "symbols": _symbols,
    "timeframe": _timeframe,
    "venue": _text,
    "params": _params,
    "hypothesis": _text,
    "origin": _text,
    "parent": _text,
    "priority": _priority,
    "status": _status,
    "tier": _tier,
    "reason": _text,
    "attempts": _count,
    "version": _count,
    "added_at": _instant,
    "moved_at": _instant,
}
_OF_IDEA = ("strategy", "symbols", "timeframe", "venue", "params", "hypothesis", "origin", "parent")
