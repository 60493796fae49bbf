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


class Levels(NamedTuple):
    """The prices of a view with the side's sign, so that they rise: stop, the entry zone's edges, the targets."""

    stop: float
    near: float
    far: float
    first: float
    second: float


NO_LEVELS = Levels(NAN, NAN, NAN, NAN, NAN)


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


class Sheet(NamedTuple):
    """Where kernels write opinions on n bars: directions and silences (2, n), confidences and prices (6, n)."""

    signs: Signs
    numbers: Floats
    evidence: Floats


def blank(n: int, evidence: int) -> Sheet:
    """Room for the opinions on `n` bars with `evidence` numbers each, to be filled by `put`."""
    return Sheet(np.empty((2, n), np.int8), np.empty((6, n)), np.empty((n, evidence)))


@kernel
def put(sheet: Sheet, i: int, said: Opinion) -> None:
    """Write an opinion on bar i."""
    sheet.signs[0, i], sheet.signs[1, i] = said.direction, said.silence
    numbers = (said.confidence, said.entry_low, said.entry_high, said.stop, said.target1, said.target2)
    for k in range(6):
        sheet.numbers[k, i] = numbers[k]
    for k in range(len(said.evidence)):
        sheet.evidence[i, k] = said.evidence[k]


def filled(sheet: Sheet, timeframe: Timeframe) -> Opinions:
    """The sheet's columns as opinions on bars of `timeframe`."""
    confidence, entry_low, entry_high, stop, target1, target2 = sheet.numbers
    prices = entry_low, entry_high, stop, target1, target2
    return Opinions(sheet.signs[0], confidence, *prices, sheet.signs[1], sheet.evidence, valid_bars(timeframe))


@kernel
def opine(side: int, confidence: float, at: Levels, silence: Silence, evidence: tuple[float, ...]) -> Opinion:
    """An opinion for a side, 0 for neutral, or the silence; also a silence when the levels make no sense."""
    if silence == Silence.NONE and side != 0 and not _sound(side, at):
        silence = Silence.NO_ROOM
    if silence != Silence.NONE:
        side, confidence = 0, 0.0
    if side == 0:
        at = NO_LEVELS
    low, high = (at.near, at.far) if side > 0 else (-at.far, -at.near)
    return Opinion(side, confidence, low, high, side * at.stop, side * at.first, side * at.second, silence, evidence)


@kernel
def _sound(side: int, at: Levels) -> bool:
    """Whether the prices are in order, positive and finite."""
    ordered = at.stop < at.near <= at.far < at.first < at.second
    lowest, highest = (at.stop, at.second) if side > 0 else (-at.second, -at.stop)
    return ordered and lowest > 0.0 and highest < np.inf


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
