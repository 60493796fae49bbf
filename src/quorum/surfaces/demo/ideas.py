"""The demo's ideas: rules as data, each on a made-up market of which it is known what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quorum.lake import Bars
from quorum.surfaces.bench.planted import KINDS, STRENGTHS, shape_of
from quorum.surfaces.bench.planted.moves import BARS, bars_of
from quorum.validation.life import Idea

VENUE = "synthetic"
LATER = 1
BEGINS_AT = 100.0
"""The price at which every made-up market begins."""
STRONGER = 1.8
"""A rule that only buys takes half of what is planted for one that sells short, too."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A rule that only buys, and its market: the kind and shape of what stands in it, and `strength` of that, or 0.

    With `all_in` it holds all that there is, and not the share that suits the market.
    """

    name: str
    symbol: str
    kind: str
    shape: int
    strength: float
    all_in: bool
    hypothesis: str
    truth: str

    def bars(self, seed: int) -> Bars:
        """Its market, 1,250 days of bars of four hours."""
        kind, rng = KINDS[self.kind], np.random.default_rng([seed, *self.name.encode()])
        strength = STRENGTHS[self.kind][self.shape] * self.strength
        moves = kind.draw(rng, BARS, shape_of(kind, self.shape), strength)
        return bars_of(rng, moves, self.symbol, VENUE)

    def later(self, seed: int, before: Bars, count: int) -> Bars:
        """The `count` bars of its market that follow on `before`."""
        kind, rng = KINDS[self.kind], np.random.default_rng([seed, *self.name.encode(), LATER])
        strength = STRENGTHS[self.kind][self.shape] * self.strength
        moves = kind.draw(rng, count, shape_of(kind, self.shape), strength)
        drawn = bars_of(rng, moves, self.symbol, VENUE)
        scale = float(before.close[-1]) / BEGINS_AT
        columns = {name: np.round(getattr(drawn, name) * scale, 6) for name in ("open", "high", "low", "close")}
        time = before.time[-1] + before.timeframe.nanoseconds * np.arange(1, count + 1, dtype=np.int64)
        return replace(drawn, time=time, **columns)

    def spec(self) -> Mapping[str, Any]:
        """The rule as a user would write it down."""
        kind = KINDS[self.kind]
        plain = kind.sound(shape_of(kind, self.shape))
        told = {name: part for name, part in plain.items() if name not in ("short", "exit_short")}
        told |= {"name": self.name, "long": kind.rules["long"]}
        if self.all_in:
            told["parameters"]["size"]["default"] = 1.0
        return told

    def idea(self) -> Idea:
        """The rule on its market."""
        return Idea(self.spec(), (self.symbol,), "4h", VENUE, hypothesis=self.hypothesis)


PLANTED = (
    Planted(
        "back_to_the_mean",
        "INDIAUSDT",
        "reversion",
        3,
        STRONGER,
        False,
        "Who must sell at once pays for it, and the price comes back.",
        "prices that come back, and the rule that suits them",
    ),
    Planted(
        "all_in_on_the_dip",
        "JULIET/USD",
        "reversion",
        8,
        STRONGER,
        True,
        "A fall out of proportion is made good; who puts all in earns most.",
        "prices that come back, and a rule that holds far too much",
    ),
    Planted(
        "follow_the_trend",
        "KILOUSDT",
        "momentum",
        0,
        0.0,
        False,
        "What has risen goes on rising while those who came late still buy.",
        "nothing: its moves are a random walk",
    ),
)
"""Chosen so that each way out is seen: to a person's word, there by way of a fix, and out."""

DEPLOYED = PLANTED[1]
"""The one that trades in the end, at a venue that quotes in dollars."""

LIFE_SYMBOLS = tuple(one.symbol for one in PLANTED)


def planted_bars(seed: int) -> Iterator[Bars]:
    """The market of each idea."""
    return (one.bars(seed) for one in PLANTED)
