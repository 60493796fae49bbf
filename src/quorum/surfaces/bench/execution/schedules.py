"""Fault schedules: what a venue does wrong, what is traded meanwhile, and where the trader is killed; by seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from quorum.domain import Side

SYMBOLS = ("AAPL", "MSFT", "BTC/USD")
PLACING, READING, CANCELLING = "POST /v2/orders", "GET /v2/*", "DELETE /v2/orders*"
LATEST = 10
"""Seconds after its time-out at which an order may still appear."""
_OF_PLACING: tuple[Mapping[str, Any], ...] = (
    {"fault": "late", "seconds": LATEST},
    {"fault": "late", "seconds": LATEST, "status": 0},
    {"fault": "hidden", "seconds": LATEST},
    {"fault": "hidden", "seconds": LATEST, "status": 0},
    {"fault": "error_after"},
    {"fault": "error_after", "status": 503},
    {"fault": "reset_after"},
    {"fault": "truncated"},
    {"fault": "malformed"},
    {"fault": "reset"},
    {"fault": "half_open"},
    {"fault": "error"},
    {"fault": "html"},
    {"fault": "rate_limit", "seconds": 0},
    {"fault": "delay", "seconds": 3},
)
_OF_REST: tuple[Mapping[str, Any], ...] = (
    {"fault": "reset"},
    {"fault": "error"},
    {"fault": "html"},
    {"fault": "truncated"},
    {"fault": "malformed"},
    {"fault": "delay", "seconds": 2},
    {"fault": "rate_limit", "seconds": 0},
)
_OF_VENUE: tuple[Mapping[str, Any], ...] = (
    {"fault": "no_fill", "for": 60},
    {"fault": "halt", "for": 60},
    {"fault": "foreign_position", "quantity": "3"},
    {"fault": "foreign_order", "quantity": "2", "side": "buy"},
)
MOST_EFFECTS = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """An order that is to happen once; one that `rests` is far from the market, and `cancelled` after it was sent."""

    number: int
    symbol: str
    side: Side
    quantity: Decimal
    rests: bool
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Death:
    """A life ends at its `effect`-th effect: there, or with `within` a few milliseconds into the next request."""

    effect: int
    within: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule: faults as a file would have them, wishes in their order, and the lives that end before the last."""

    seed: int
    faults: tuple[Mapping[str, Any], ...]
    wishes: tuple[Wish, ...]
    deaths: tuple[Death, ...]

    @property
    def foreign(self) -> bool:
        """Whether other hands trade on the account, which then adopts what they did."""
        return any(fault["fault"].startswith("foreign") for fault in self.faults)


def schedule(seed: int) -> Schedule:
    """The schedule of a seed, always the same."""
    chance = Random(seed)
    wishes = tuple(_wishes(chance))
    faults = tuple(_faults(chance, len(wishes)))
    deaths = tuple(Death(chance.randint(1, MOST_EFFECTS), chance.random() < 0.4) for _ in range(chance.randint(1, 3)))
    return Schedule(seed, faults, wishes, deaths)


def _wishes(chance: Random) -> Iterator[Wish]:
    for number in range(chance.randint(3, 6)):
        symbol = chance.choice(SYMBOLS)
        pair = "/" in symbol
        side = Side.BUY if pair or chance.random() < 0.7 else Side.SELL
        quantity = Decimal(chance.randint(1, 90)) / 100 if pair else Decimal(chance.randint(1, 600))
        rests = chance.random() < 0.25
        yield Wish(number, symbol, side, quantity, rests, rests or chance.random() < 0.15)


def _faults(chance: Random, wishes: int) -> Iterator[Mapping[str, Any]]:
    for at in sorted(chance.sample(range(1, wishes + 1), chance.randint(1, min(3, wishes)))):
        yield {**chance.choice(_OF_PLACING), "on": PLACING, "at": at}
    for _ in range(chance.randint(0, 3)):
        yield {**chance.choice(_OF_REST), "on": READING, "at": chance.randint(1, 40)}
    if chance.random() < 0.3:
        yield {**chance.choice(_OF_REST), "on": CANCELLING, "at": 1}
    if chance.random() < 0.35:
        kind = chance.choice(_OF_VENUE)
        yield {**kind, "on": READING, "at": chance.randint(1, 20), "symbol": chance.choice(SYMBOLS)}
