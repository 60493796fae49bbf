"""The analyst of market structure: it goes with the last break, from a zone near the price, behind a swing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from quorum.domain import Row, Signal
from quorum.features import imbalance, structure
from quorum.features.imbalance import Candle, OpenGaps
from quorum.features.structure import SPAN, Break, Structure, Swing
from quorum.lake import Bars
from quorum.signals.analyst import (
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

WARMUP = 50  # bars before the first view, and for which a gap is followed
RANGES = 14  # true ranges in the average that distances are measured in
LIFE = 48  # bars after which a break counts as old
FLOOR = 0.40  # least confidence of a view
STOP, SLACK, ZONE = 0.25, 0.10, 0.50  # average ranges: stop behind the swing, entry beyond and back from the close
GAP_SIZE, GAP_REACH = 0.50, 1.00  # average ranges: smallest gap that counts, and how far it may be from the close
FIRST, SECOND, LEAST = 2.0, 3.0, 1.0  # in units of the risk: the targets, and the least reward of a view
OPTIMAL_LOW, OPTIMAL_HIGH = 0.62, 0.79  # the optimal entry, as retracement of the dealing range


class State(NamedTuple):
    """What is known so far; `ranges` is a ring of the last true ranges."""

    structure: Structure
    gaps: OpenGaps
    ranges: Floats


class Frame(NamedTuple):
    """The market with the side's sign on every price, so that onwards is up for both sides.

    `behind` is the swing that protects the view, `ahead` the last swing of the other side.
    """

    side: int
    close: float
    behind: float
    ahead: float
    average: float


class Entry(NamedTuple):
    """The gap to enter from; `bar` is -1 for none."""

    bar: int
    bottom: float
    top: float


class Terms(NamedTuple):
    """What the confidence is the sum of."""

    trend: float
    kind: float
    freshness: float
    location: float
    optimal_entry: float
    imbalance: float


class Facts(NamedTuple):
    """What a row rests on (bars are -1 and levels NaN where there is none), then the Terms of its confidence."""

    broke: float
    broke_level: float
    choch: float
    behind: float
    behind_level: float
    ahead: float
    ahead_level: float
    ahead_broken: float
    gap: float
    gap_bottom: float
    gap_top: float
    position: float
    average: float
    trend: float
    kind: float
    freshness: float
    location: float
    optimal_entry: float
    imbalance: float

    @property
    def terms(self) -> Terms:
        return Terms(*self[-len(Terms._fields) :])


NO_ENTRY = Entry(-1, float("nan"), float("nan"))
NOTHING = Facts(*[float("nan")] * len(Facts._fields))


@kernel
def advance(state: State, bar: Candle) -> tuple[State, Opinion]:
    """The state after one more closed bar, and the opinion at its close.

    The side is that of the last break of structure (swings of 5 and 5 bars). The stop lies 0.25 average ranges
    behind the last swing on the view's back, which must not be broken. The entry zone reaches from the edge of an
    open gap of the same side near the price, else from half an average range back, to 0.1 average ranges beyond
    the close. The first target is the unbroken swing ahead, at most twice the risk away; the second three times.
    """
    i, before = state.structure.bars, state.gaps.last.close
    state.ranges[i % RANGES] = _true_range(before if i > 0 else bar.close, bar)
    now = structure.advance(state.structure, bar.high, bar.low, bar.close)
    after = State(now, imbalance.follow(state.gaps, bar), state.ranges)
    return after, _judge(after)


@kernel
def _true_range(before: float, bar: Candle) -> float:
    if not (_usable(bar) and 0.0 < before < np.inf):
        return np.nan
    return max(bar.high, before) - min(bar.low, before)


@kernel
def _usable(bar: Candle) -> bool:
    positive = bar.open > 0.0 and bar.high > 0.0 and bar.low > 0.0 and bar.close > 0.0
    return positive and bar.open < np.inf and bar.high < np.inf and bar.low < np.inf and bar.close < np.inf


@kernel
def _judge(state: State) -> Opinion:
    s, bar = state.structure, state.gaps.last
    average = _average(state.ranges, s.bars)
    behind, ahead = (s.low, s.high) if s.last.side > 0 else (s.high, s.low)
    silence = _blind(s, bar, average)
    if silence == Silence.NONE and (behind.broken or behind.bar < 0):
        silence = Silence.UNPROTECTED
    if silence != Silence.NONE:
        return opine(0, 0.0, NO_LEVELS, silence, NOTHING)
    side = s.last.side
    frame = Frame(side, side * bar.close, side * behind.level, side * ahead.level, average)
    entry, position = _nearest(state.gaps, frame), _position(frame)
    terms = _terms(s.last, s.bars - 1 - s.last.bar, position, entry)
    facts = _facts(s.last, behind, ahead, entry, (position, average), terms)
    levels, confidence = _levels(frame, entry, ahead.broken), _confidence(facts)
    return opine(side, confidence, levels, _doubt(confidence, levels), facts)


@kernel
def _average(ranges: Floats, count: int) -> float:
    total = 0.0
    for k in range(count, count + RANGES):
        total += ranges[k % RANGES]
    return total / RANGES


@kernel
def _blind(s: Structure, bar: Candle, average: float) -> Silence:
    """Why there is nothing to judge."""
    if not _usable(bar):
        bare = np.isnan(bar.open) and np.isnan(bar.high) and np.isnan(bar.low)
        return Silence.CLOSES_ONLY if bare and bar.close > 0.0 else Silence.BAD_PRICE
    if s.bars < WARMUP:
        return Silence.TOO_FEW
    if not average > 0.0:
        return Silence.FLAT if average == 0.0 else Silence.BAD_PRICE
    return Silence.NO_STRUCTURE if s.last.side == 0 else Silence.NONE


@kernel
def _nearest(gaps: OpenGaps, frame: Frame) -> Entry:
    """The nearest open gap of the side that is wide enough, close enough and not behind the swing."""
    best, found = -np.inf, -1
    for k in range(len(gaps.side)):
        if gaps.side[k] == frame.side:
            bottom, top = (gaps.bottom[k], gaps.top[k]) if frame.side > 0 else (-gaps.top[k], -gaps.bottom[k])
            wide = top - bottom >= GAP_SIZE * frame.average
            near = bottom <= frame.close and frame.close - top <= GAP_REACH * frame.average
            if wide and near and top > max(frame.behind, best):
                best, found = top, k
    return Entry(gaps.bar[found], gaps.bottom[found], gaps.top[found]) if found >= 0 else NO_ENTRY


@kernel
def _position(frame: Frame) -> float:
    """Where the close is in the dealing range: 0 at the swing behind, 1 at the one ahead, 0.5 without a range."""
    if not frame.ahead > frame.behind:
        return 0.5
    return min(1.0, max(0.0, (frame.close - frame.behind) / (frame.ahead - frame.behind)))


@kernel
def _terms(last: Break, age: int, position: float, entry: Entry) -> Terms:
    """A break counts less as it ages, a close far along the dealing range (premium) less than one at its start."""
    return Terms(
        0.30,
        0.05 if last.choch else 0.10,
        0.20 * max(0.0, 1.0 - age / LIFE),
        0.35 * (0.5 - position),
        0.05 if OPTIMAL_LOW <= 1.0 - position <= OPTIMAL_HIGH else 0.0,
        0.15 if entry.bar >= 0 else 0.0,
    )


@kernel
def _facts(last: Break, behind: Swing, ahead: Swing, entry: Entry, scale: tuple[float, float], terms: Terms) -> Facts:
    choch, broken = 1.0 if last.choch else 0.0, 1.0 if ahead.broken else 0.0
    position, average = scale
    return Facts(
        float(last.bar),
        last.level,
        choch,
        float(behind.bar),
        behind.level,
        float(ahead.bar),
        ahead.level,
        broken,
        float(entry.bar),
        entry.bottom,
        entry.top,
        position,
        average,
        terms.trend,
        terms.kind,
        terms.freshness,
        terms.location,
        terms.optimal_entry,
        terms.imbalance,
    )


@kernel
def _confidence(facts: Facts) -> float:
    return facts.trend + facts.kind + facts.freshness + facts.location + facts.optimal_entry + facts.imbalance


@kernel
def _levels(frame: Frame, entry: Entry, broken: bool) -> Levels:
    far, near = frame.close + SLACK * frame.average, frame.close - ZONE * frame.average
    if entry.bar >= 0:
        near = entry.bottom if frame.side > 0 else -entry.top
    stop = frame.behind - STOP * frame.average
    first = far + FIRST * (far - stop)
    if not broken:
        first = min(first, frame.ahead)
    return Levels(stop, max(near, frame.behind), far, first, far + SECOND * (far - stop))


@kernel
def _doubt(confidence: float, at: Levels) -> Silence:
    """Why a side is not worth a view."""
    if not confidence >= FLOOR:
        return Silence.UNSURE
    return Silence.POOR_REWARD if at.first - at.far < LEAST * (at.far - at.stop) else Silence.NONE


@kernel
def _run(state: State, open: Floats, high: Floats, low: Floats, close: Floats, sheet: Sheet) -> None:
    for i in range(len(close)):
        state, said = advance(state, Candle(open[i], high[i], low[i], close[i]))
        put(sheet, i, said)


@dataclass(frozen=True, slots=True)
class Smc:
    """Smart money concepts: structure, dealing range and fair value gaps; the rule is that of `advance`."""

    name: str = "smc"
    summary: str = "goes with the last break of structure, from a discount or a fair value gap, behind a swing"
    warmup: int = WARMUP

    def start(self, bars: Bars) -> State:
        return State(structure.begin(SPAN, SPAN), imbalance.begin(WARMUP), np.full(RANGES, np.nan))

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
            return abstain(self.name, bars, i, _reason(bars, silence, facts, i))
        up = bool(opinions.direction[i] > 0)
        because = _rationale(bars, facts, up, i), _evidence(bars, facts, up, i)
        return spoken(self.name, bars, opinions, i, because)

    def signal(self, bars: Bars) -> Signal:
        return last_signal(self, bars)


def _reason(bars: Bars, silence: Silence, facts: Facts, i: int) -> str:
    if silence is Silence.UNSURE:
        return f"confidence {math.floor(_confidence(facts) * 100) / 100:.2f} is below {FLOOR:.2f}"
    if silence is Silence.POOR_REWARD:
        return f"the swing ahead at {price(bars, facts.ahead_level)} is nearer than the stop"
    return {
        Silence.TOO_FEW: f"needs {WARMUP} bars, has {i + 1}",
        Silence.CLOSES_ONLY: "needs high and low, the series has closes only",
        Silence.BAD_PRICE: f"a price of the last {RANGES + 1} bars is missing or not positive",
        Silence.FLAT: f"prices are flat over the last {RANGES} bars",
        Silence.NO_STRUCTURE: "no break of structure yet",
        Silence.UNPROTECTED: "no unbroken swing protects a stop",
        Silence.NO_ROOM: "stop and targets would not be positive prices in order",
    }[silence]


def _rationale(bars: Bars, facts: Facts, up: bool, i: int) -> str:
    kind, way = ("CHoCH" if facts.choch else "BOS"), ("above" if up else "below")
    gap = (
        f" A fair value gap at {price(bars, facts.gap_bottom)}..{price(bars, facts.gap_top)} is still open."
        if facts.gap >= 0
        else ""
    )
    return (
        f"{kind} {way} {price(bars, facts.broke_level)}, {_ago(i - int(facts.broke))};"
        f" {facts.position:.0%} of the way from {price(bars, facts.behind_level)} to"
        f" {price(bars, facts.ahead_level)} is done.{gap}"
        f" The stop is behind the swing {'low' if up else 'high'} at {price(bars, facts.behind_level)}."
    )


def _ago(bars: int) -> str:
    return "in this bar" if bars == 0 else f"{bars} bar{'s' * (bars > 1)} ago"


def _evidence(bars: Bars, facts: Facts, up: bool, i: int) -> list[dict[str, object]]:
    back, onward = ("swing low", "swing high") if up else ("swing high", "swing low")
    state = "broken" if facts.ahead_broken else "unbroken"
    found = [
        event(bars, "CHoCH" if facts.choch else "BOS", facts.broke, facts.broke, level=facts.broke_level),
        event(bars, back, facts.behind, facts.behind + SPAN, level=facts.behind_level, role="protects the stop"),
        event(bars, onward, facts.ahead, facts.ahead + SPAN, level=facts.ahead_level, role=f"ahead, {state}"),
    ]
    if facts.gap >= 0:
        bottom, top = facts.gap_bottom, facts.gap_top
        found.append(event(bars, "fair value gap", facts.gap, facts.gap + 1, bottom=bottom, top=top))
    found.append(event(bars, "dealing range", i, i, position=facts.position, average_range=facts.average))
    found.append(event(bars, "confidence", i, i, terms=facts.terms._asdict(), floor=FLOOR))
    return found


SMC = Smc()
