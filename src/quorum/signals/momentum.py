"""The analyst of momentum: it goes with moves that are large for the market's volatility, on three horizons."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, Row, Signal, Timeframe
from quorum.features.imbalance import Candle
from quorum.lake import Bars
from quorum.signals.analyst import (
    NAN,
    NO_LEVELS,
    Floats,
    Levels,
    Opinion,
    Opinions,
    Sheet,
    Silence,
    abstain,
    blank,
    columns,
    event,
    filled,
    last_signal,
    opine,
    price,
    put,
    spoken,
)
from quorum.stats import kernel

HORIZONS = ((7 * DAY, (4, 13, 26)), (DAY, (21, 63, 126)), (0, (12, 48, 168)))  # in bars, from a timeframe on
WARMUP = 1 + max(max(horizons) for _, horizons in HORIZONS)
RANGES = 14  # true ranges in the average that distances are measured in
THRESHOLD = 0.25  # least absolute score of a side
LEAST, MOST = 0.50, 0.95  # confidence at the threshold, and at a score of 1
STOP, SLACK, ZONE = 2.5, 0.10, 0.50  # average ranges: stop behind the close, entry beyond and back from it
FIRST, SECOND = 2.0, 3.0  # targets in units of the risk


class State(NamedTuple):
    """What is known after `bars` bars: rings of the last log closes and true ranges, and the last close."""

    bars: int
    horizons: NDArray[np.int64]
    logs: Floats
    ranges: Floats
    close: float


class Facts(NamedTuple):
    """Evidence of a row: each horizon's z, their score, volatility per bar, average range; NaN where unknown."""

    short: float
    middle: float
    long: float
    score: float
    volatility: float
    average: float


NOTHING = Facts(*[NAN] * len(Facts._fields))


def horizons_of(timeframe: Timeframe) -> tuple[int, ...]:
    """The three horizons in bars for a timeframe."""
    return next(horizons for least, horizons in HORIZONS if timeframe.nanoseconds >= least)


@kernel
def advance(state: State, bar: Candle) -> tuple[State, Opinion]:
    """The state after one more closed bar, and the opinion at its close.

    For each horizon h, z = log(close / close h bars ago) / (volatility sqrt(h)), the volatility being the root
    mean square of the log returns over the longest horizon (around zero, so that a steady climb has a finite z).
    The score is the mean of tanh(z / 2), within -1..1; below 0.25 on either side the view is neutral. Confidence
    grows from 0.5 at that threshold to 0.95 at a score of 1. The stop is 2.5 average true ranges behind the
    close, the targets 2 and 3 times the risk ahead. Without high and low a range is the change of the close.
    Time series momentum: Moskowitz, Ooi and Pedersen 2012.
    """
    close = bar.close if 0.0 < bar.close < np.inf else np.nan
    state.logs[state.bars % len(state.logs)] = math.log(close)
    state.ranges[state.bars % RANGES] = _true_range(state.close, bar)
    after = State(state.bars + 1, state.horizons, state.logs, state.ranges, close)
    return after, _judge(after)


@kernel
def _true_range(before: float, bar: Candle) -> float:
    if 0.0 < bar.low <= bar.high < np.inf:
        return max(bar.high, before) - min(bar.low, before)
    return abs(bar.close - before)


@kernel
def _judge(state: State) -> Opinion:
    volatility, average = _volatility(state), _average(state)
    silence = _blind(state, volatility, average)
    if silence != Silence.NONE:
        return opine(0, 0.0, NO_LEVELS, silence, NOTHING)
    facts = _facts(state, volatility, average)
    side, excess = 0, (abs(facts.score) - THRESHOLD) / (1.0 - THRESHOLD)
    if excess >= 0.0:
        side = 1 if facts.score > 0.0 else -1
    confidence = min(MOST, LEAST + (MOST - LEAST) * max(0.0, excess))
    return opine(side, confidence, _levels(side * state.close, average), Silence.NONE, facts)


@kernel
def _blind(state: State, volatility: float, average: float) -> Silence:
    """Why there is nothing to judge."""
    if state.bars < len(state.logs):
        return Silence.TOO_FEW
    if not (volatility < np.inf and average < np.inf):
        return Silence.BAD_PRICE
    return Silence.FLAT if volatility == 0.0 or average == 0.0 else Silence.NONE


@kernel
def _volatility(state: State) -> float:
    """Root mean square of the returns in the ring, oldest first: it does not matter where the series started."""
    n, first = len(state.logs), state.bars % len(state.logs)
    before, total = state.logs[first], 0.0
    for k in range(first + 1, n):
        total += (state.logs[k] - before) ** 2
        before = state.logs[k]
    for k in range(first):
        total += (state.logs[k] - before) ** 2
        before = state.logs[k]
    return math.sqrt(total / (n - 1))


@kernel
def _average(state: State) -> float:
    total = 0.0
    for k in range(state.bars, state.bars + RANGES):
        total += state.ranges[k % RANGES]
    return total / RANGES


@kernel
def _facts(state: State, volatility: float, average: float) -> Facts:
    short = _z(state, state.horizons[0], volatility)
    middle = _z(state, state.horizons[1], volatility)
    long = _z(state, state.horizons[2], volatility)
    score = (math.tanh(short / 2.0) + math.tanh(middle / 2.0) + math.tanh(long / 2.0)) / 3.0
    return Facts(short, middle, long, score, volatility, average)


@kernel
def _z(state: State, horizon: int, volatility: float) -> float:
    n, newest = len(state.logs), state.bars - 1
    move = float(state.logs[newest % n] - state.logs[(newest - horizon) % n])
    return move / (volatility * math.sqrt(horizon))


@kernel
def _levels(close: float, average: float) -> Levels:
    stop, far = close - STOP * average, close + SLACK * average
    risk = far - stop
    return Levels(stop, close - ZONE * average, far, far + FIRST * risk, far + SECOND * risk)


@kernel
def _run(state: State, open: Floats, high: Floats, low: Floats, close: Floats, sheet: Sheet) -> None:
    for i in range(len(close)):
        state, said = advance(state, Candle(open[i], high[i], low[i], close[i]))
        put(sheet, i, said)


@dataclass(frozen=True, slots=True)
class Momentum:
    """Momentum over three horizons, scaled by volatility; the rule is that of `advance`; closes are enough."""

    name: str = "momentum"
    summary: str = "goes with moves over three horizons that are large for the market's volatility"
    warmup: int = WARMUP

    def start(self, bars: Bars) -> State:
        horizons = np.array(horizons_of(bars.timeframe), np.int64)
        return State(0, horizons, np.full(horizons[-1] + 1, np.nan), np.full(RANGES, np.nan), NAN)

    def step(self, state: State, row: Row) -> tuple[State, Opinion]:
        return advance(state, Candle(row.open, row.high, row.low, row.close))

    def read(self, bars: Bars) -> Opinions:
        sheet = blank(len(bars), len(Facts._fields))
        _run(self.start(bars), *columns(bars), sheet)
        return filled(sheet, bars.timeframe)

    def view(self, bars: Bars, opinions: Opinions, i: int) -> Signal:
        facts = Facts(*opinions.evidence[i].tolist())
        silence = Silence(int(opinions.silence[i]))
        if silence is not Silence.NONE:
            return abstain(self.name, bars, i, _reason(bars, silence, i))
        because = _rationale(bars, facts, int(opinions.direction[i])), _evidence(bars, facts, i)
        return spoken(self.name, bars, opinions, i, because)

    def signal(self, bars: Bars) -> Signal:
        return last_signal(self, bars)


def _reason(bars: Bars, silence: Silence, i: int) -> str:
    needed = horizons_of(bars.timeframe)[-1] + 1
    return {
        Silence.TOO_FEW: f"needs {needed} bars, has {i + 1}",
        Silence.BAD_PRICE: f"a close of the last {needed} bars is missing or not positive",
        Silence.FLAT: f"prices are flat over the last {RANGES} bars",
        Silence.NO_ROOM: "stop and targets would not be positive prices in order",
    }[silence]


def _rationale(bars: Bars, facts: Facts, side: int) -> str:
    horizons = horizons_of(bars.timeframe)
    each = ", ".join(f"{z:+.2f} over {h} bars" for h, z in zip(horizons, facts[:3], strict=True))
    verdict = {1: "goes up", -1: "goes down", 0: "goes nowhere"}[side]
    risk = f"; an average range is {price(bars, facts.average)}" if side else ""
    return f"The price {verdict}: z is {each}, a score of {facts.score:+.2f} where {THRESHOLD} is needed{risk}."


def _evidence(bars: Bars, facts: Facts, i: int) -> list[dict[str, object]]:
    horizons = horizons_of(bars.timeframe)
    found = [
        event(bars, "move", i - h, i, bars=h, level=float(bars.close[i - h]), z=z)
        for h, z in zip(horizons, facts[:3], strict=True)
    ]
    found.append(event(bars, "score", i, i, score=facts.score, threshold=THRESHOLD))
    scale = {"volatility": facts.volatility, "window": horizons[-1], "average_range": facts.average}
    found.append(event(bars, "scale", i, i, **scale))
    return found


MOMENTUM = Momentum()
