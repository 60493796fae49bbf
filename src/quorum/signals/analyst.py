"""What an analyst is: one causal rule that gives an opinion bar by bar, or columns of them for a whole series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from quorum.domain import MINUTE, Abstain, Direction, Row, Signal, Timeframe, View, iso
from quorum.features import indicators
from quorum.lake import Bars
from quorum.stats import kernel

Floats = NDArray[np.float64]
Signs = NDArray[np.int8]

VALID_MINUTES, VALID_BARS = 60, 4
NAN = float("nan")


class Silence(IntEnum):
    """Why an opinion abstains; NONE when it does not."""

    NONE = 0
    TOO_FEW = 1
    CLOSES_ONLY = 2
    BAD_PRICE = 3
    FLAT = 4
    NO_STRUCTURE = 5
    UNPROTECTED = 6
    UNSURE = 7
    POOR_REWARD = 8
    NO_ROOM = 9
    ABSENT = 10


class Opinion(NamedTuple):
    """One row of opinions: `direction` is 1, -1 or 0, prices are NaN where there are none.

    `evidence` are the analyst's own numbers, from which `view` tells its reasons.
    """

    direction: int
    confidence: float
    entry_low: float
    entry_high: float
    stop: float
    target1: float
    target2: float
    silence: int
    evidence: tuple[float, ...]


class Opinions(NamedTuple):
    """An analyst's opinions on n bars, columns (n,) and `evidence` (n, k); row i is known at the close of bar i.

    A row with a `silence` other than 0 abstains: its direction and confidence are 0. Each is valid `valid_bars`.
    """

    direction: Signs
    confidence: Floats
    entry_low: Floats
    entry_high: Floats
    stop: Floats
    target1: Floats
    target2: Floats
    silence: Signs
    evidence: Floats
    valid_bars: int


class Analyst(Protocol):
    """One rule in two forms that agree bit for bit; `warmup` bars are enough for it to speak on any timeframe."""

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def warmup(self) -> int: ...

    def start(self, bars: Bars) -> Any:
        """The state before the first bar of a series with `bars`' symbol and timeframe."""
        ...

    def step(self, state: Any, row: Row) -> tuple[Any, Opinion]:
        """The state and the opinion after one more closed bar, in time that does not grow with the past.

        The state's arrays are written in place: go on with the state that comes back, not with the one given.
        """
        ...

    def read(self, bars: Bars) -> Opinions:
        """The opinions on every bar, equal to `step` over `bars.rows()`."""
        ...

    def view(self, bars: Bars, opinions: Opinions, i: int) -> Signal:
        """Row `i` of the opinions on `bars`, in words: a View with its evidence, or an Abstain with its reason."""
        ...

    def signal(self, bars: Bars) -> Signal:
        """What the analyst says at the close of the last bar; an Abstain at time 0 when there is no bar."""
        ...


def blank(n: int, evidence: int, timeframe: Timeframe) -> Opinions:
    """Room for the opinions on `n` bars with `evidence` numbers each, to be filled by `put`."""
    prices = [np.empty(n) for _ in range(6)]
    signs = np.empty(n, np.int8), np.empty(n, np.int8)
    return Opinions._make([signs[0], *prices, signs[1], np.empty((n, evidence)), valid_bars(timeframe)])


@kernel
def put(opinions: Opinions, i: int, said: Opinion) -> None:
    """Write an opinion into row i."""
    opinions.direction[i], opinions.confidence[i] = said.direction, said.confidence
    opinions.entry_low[i], opinions.entry_high[i] = said.entry_low, said.entry_high
    opinions.stop[i], opinions.target1[i], opinions.target2[i] = said.stop, said.target1, said.target2
    opinions.silence[i] = said.silence
    for k in range(len(said.evidence)):
        opinions.evidence[i, k] = said.evidence[k]


@kernel
def sound(direction: int, zone: tuple[float, float], stop: float, targets: tuple[float, float]) -> bool:
    """Whether levels make sense: positive, finite, and stop, entry zone, targets in the direction's order."""
    low, high = zone
    near, far = (low, high) if direction > 0 else (high, low)
    first, second = targets
    positive = min(low, stop, first, second) > 0.0 and max(high, stop, first, second) < np.inf
    ordered = direction * (near - stop) > 0.0 and direction * (first - far) > 0.0
    return positive and low <= high and ordered and direction * (second - first) > 0.0


def valid_bars(timeframe: Timeframe) -> int:
    """Bars for which an opinion holds: 60 minutes or 4 bars, whichever is longer."""
    return max(VALID_BARS, -(-VALID_MINUTES * MINUTE // timeframe.nanoseconds))


def columns(bars: Bars) -> tuple[Floats, Floats, Floats, Floats]:
    """Open, high, low and close of `bars` in the form that kernels take; NaN where a series has closes only."""
    empty = np.full(len(bars), np.nan)
    o, h, low = (indicators.column(empty if c is None else c) for c in (bars.open, bars.high, bars.low))
    return o, h, low, indicators.column(bars.close)


def known_at(bars: Bars, i: int) -> int:
    """The instant at which bar `i` is closed, in ns UTC."""
    return int(bars.time[i]) + bars.timeframe.nanoseconds


def abstain(source: str, bars: Bars, i: int, reason: str) -> Abstain:
    """An abstention at the close of bar `i`."""
    return Abstain(source, bars.symbol, known_at(bars, i), reason)


def last_signal(analyst: Analyst, bars: Bars) -> Signal:
    """What `analyst` says at the close of the last bar."""
    if len(bars) == 0:
        return Abstain(analyst.name, bars.symbol, 0, "there are no bars")
    return analyst.view(bars, analyst.read(bars), len(bars) - 1)


def spoken(
    source: str, bars: Bars, opinions: Opinions, i: int, because: tuple[str, Sequence[Mapping[str, object]]]
) -> View:
    """Row `i` as a View, with the rationale and the evidence in `because`."""
    direction = {1: Direction.BULLISH, -1: Direction.BEARISH, 0: Direction.NEUTRAL}[int(opinions.direction[i])]
    neutral = direction is Direction.NEUTRAL
    rationale, evidence = because
    return View(
        source=source,
        symbol=bars.symbol,
        time=known_at(bars, i),
        direction=direction,
        confidence=float(opinions.confidence[i]),
        valid_minutes=max(VALID_MINUTES, opinions.valid_bars * bars.timeframe.nanoseconds // MINUTE),
        rationale=rationale,
        entry=None if neutral else (float(opinions.entry_low[i]), float(opinions.entry_high[i])),
        stop=None if neutral else float(opinions.stop[i]),
        targets=() if neutral else (float(opinions.target1[i]), float(opinions.target2[i])),
        evidence=tuple(evidence),
    )


def event(bars: Bars, name: str, bar: float, known: float, /, **facts: object) -> dict[str, object]:
    """A piece of evidence: what happened in bar `bar`, and that it was known at the close of bar `known`."""
    return {
        "event": name,
        "time": iso(int(bars.time[int(bar)])),
        "known_at": iso(known_at(bars, int(known))),
        **facts,
    }


def price(bars: Bars, value: float) -> str:
    """A price as people read it: to the decimals of its grid, or to 6 significant digits off any grid."""
    return f"{value:.6g}" if bars.price_decimals is None else f"{value:.{bars.price_decimals}f}"
