"""An article of the news: read from a file or a request, and written as Alpaca writes it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from quorum.domain import SECOND, ConfigError, UsageError, iso, parse_instant

_TEXTS = {"summary": "", "author": "Quorum", "content": "", "url": None, "source": "simulated"}
_KNOWN = ("headline", "symbols", "id", "images", "at", "after", *_TEXTS)


@dataclass(frozen=True, slots=True)
class Article:
    """An article that is told at `at` (ns UTC); `values` is what it says, by Alpaca's names."""

    at: int
    values: Mapping[str, Any]

    @property
    def identity(self) -> int:
        return int(self.values["id"])

    def form(self, created: int, updated: int) -> dict[str, Any]:
        """Its JSON."""
        return {**self.values, "created_at": iso(created), "updated_at": iso(updated)}


def article_of(row: Any, place: str, begun: int) -> Article:
    """The article that `row` describes, told at its `at`, or `after` seconds from `begun` (ns UTC).

    Without an `id` it has one that follows from its headline. ConfigError with `place` when it is none.
    """
    if not isinstance(row, Mapping) or not isinstance(row.get("headline"), str) or not row["headline"].strip():
        raise ConfigError(f"{place} has no headline", "write it as a mapping with `headline`")
    if unknown := sorted(set(map(str, row)) - set(_KNOWN)):
        raise ConfigError(f"{place} has the unknown key {unknown[0]!r}", f"choose of {', '.join(sorted(_KNOWN))}")
    texts = {name: row.get(name, usual) for name, usual in _TEXTS.items()}
    if wrong := [name for name, value in texts.items() if not isinstance(value, str | None)]:
        raise ConfigError(f"{place}: {wrong[0]} is no text", "put it in quotes")
    values = {"id": _number(row, place), "headline": row["headline"], "symbols": _symbols(row, place), **texts}
    images = row.get("images", [])
    if not isinstance(images, list):
        raise ConfigError(f"{place}: images are no list", "write each as {size: thumb, url: …}")
    return Article(_time(row, place, begun), values | {"images": images})


def _number(row: Mapping[str, Any], place: str) -> int:
    found = row.get("id", zlib.crc32(row["headline"].encode()))
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise ConfigError(f"{place}: id is {found!r}", "give a whole number from 1 on, or none")
    return found


def _symbols(row: Mapping[str, Any], place: str) -> list[str]:
    found = row.get("symbols", [])
    rows = [found] if isinstance(found, str) else found
    if not isinstance(rows, list) or not all(isinstance(each, str) for each in rows):
        raise ConfigError(f"{place}: symbols are {found!r}", "write them as [AAPL, BTC/USD]")
    return [each.replace("/", "") for each in rows]  # as Alpaca's news write a pair


def _time(row: Mapping[str, Any], place: str, begun: int) -> int:
    at, after = row.get("at"), row.get("after", 0)
    try:
        if isinstance(at, datetime):
            at = (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
        return begun + int(float(after) * SECOND) if at is None else parse_instant(str(at))
    except (ValueError, TypeError, OverflowError, UsageError):
        raise ConfigError(f"{place}: its time cannot be read", "give at: 2026-11-20T14:30:00Z, or after: 60") from None
