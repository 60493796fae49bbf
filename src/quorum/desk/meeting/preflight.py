"""Feedback before anything is tried: a learning that is CRITICAL and speaks of an idea stops it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from quorum.desk.life import Record
from quorum.discovery import DIRECTIONS, FAMILIES, HORIZONS, UNIVERSES, Fingerprint
from quorum.domain import QuorumError, Severity, split_symbol
from quorum.features.formulas import INDICATORS
from quorum.validation.learnings import read_severity

_RULES = frozenset((*FAMILIES, *INDICATORS, "volume", "funding", "hour", "weekday"))
_PLACES = frozenset((*HORIZONS, *DIRECTIONS, *UNIVERSES, "crypto", "equity"))
_TIMEFRAME = re.compile(r"\d+[smhdw]")


class Warned(NamedTuple):
    """A learning, and the words of it that name what an idea is made of."""

    learning_id: str
    title: str
    words: frozenset[str]


def consulted(learnings: Iterable[Record], symbols: Iterable[str]) -> tuple[Warned, ...]:
    """The learnings that can stop an idea: CRITICAL ones with a keyword that names a rule or a symbol.

    A rule is named by a family or an indicator, a symbol by itself, its base, or any word in capitals. Horizons,
    directions, universes and timeframes narrow a learning; other keywords say nothing of an idea.
    """
    names = {spelled(name) for symbol in symbols for name in (symbol, split_symbol(symbol)[0])}
    found = []
    for record in learnings:
        keywords = [str(word).strip() for word in _keywords(record)]
        telling = {spelled(word) for word in keywords if _tells(word, names)}
        narrow = {word for word in map(spelled, keywords) if word in _PLACES or _TIMEFRAME.fullmatch(word)}
        if telling and _critical(record):
            words = frozenset(telling | narrow)
            found.append(Warned(str(record["learning_id"]), str(record["title"]), words))
    return tuple(found)


def stopped(idea: Fingerprint, warned: Sequence[Warned]) -> str:
    """Why the idea is stopped: the first learning all of whose telling words are true of it; empty for none."""
    made = {*(spelled(s) for s in idea.symbols), *(spelled(split_symbol(s)[0]) for s in idea.symbols)}
    made |= {idea.family, idea.horizon, idea.direction, idea.cell.universe, idea.timeframe, *idea.words}
    made |= {idea.cell.universe.partition("_")[0]}
    for one in warned:
        if one.words <= made:
            return f"{one.learning_id} stops it ({', '.join(sorted(one.words))}): {one.title}"
    return ""


def spelled(word: str) -> str:
    """A keyword as ideas are told: small letters, _ for spaces and hyphens, pairs without a slash."""
    return re.sub(r"[\s-]+", "_", word.strip().lower().replace("/", ""))


def _tells(word: str, symbols: set[str]) -> bool:
    """Whether a keyword names a rule or a symbol, one that the lake has not among them."""
    capitals = word.isupper() and len(word) > 2
    return spelled(word) in _RULES or spelled(word) in symbols or capitals


def _keywords(record: Record) -> Sequence[Any]:
    words = record.get("keywords") or ()
    return words.split(",") if isinstance(words, str) else tuple(words)


def _critical(record: Record) -> bool:
    try:
        return read_severity(str(record["severity"])) is Severity.BLACK
    except QuorumError:  # a host's word for it that is none of ours
        return False
