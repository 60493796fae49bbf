"""The structure of a day: which way the longer timeframes broke, where price may turn, where stops are resting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.desk.desk import Desk
from quorum.desk.work.asked import bars_of, told
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.market.longer import at_length
from quorum.domain import DAY, HOUR, DataError, Timeframe, iso
from quorum.features import imbalance, sma, structure, true_range
from quorum.lake import Bars

Floats = NDArray[np.float64]

BIAS_LENGTHS = (Timeframe(4 * HOUR), Timeframe(DAY))
RANGES = 14  # true ranges in the average that distances are measured in
GAP_SIZE, GAP_AGE = 0.5, 50  # average ranges, bars
LOOK_BACK = 500  # bars in which swings count
EQUAL = 0.001  # how near two highs are to count as equal, a fraction of the price
CONFIRMED = 3  # candles within which a sweep is confirmed by a close back inside
MOST_LISTED = 50


class Pool(NamedTuple):
    """Resting stops: the price, how many swings touch it, the bar of the last of them."""

    level: float
    touches: int
    bar: int


def higher_timeframe_bias(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The side of the last break of structure on 4h and on 1d, and the bias that both share.

    `bias` is bullish or bearish where every timeframe that has broken a swing agrees, mixed where they do not, neutral
    without any break. A break is a BOS, or a CHoCH where it turned the trend; levels are in the quote currency.
    `position` is the close's place in the dealing range: 0 at its low, 1 at its high, null without one.
    """
    bars = bars_of(desk, assignment)
    found = {str(length): _bias(desk, bars, length, assignment.as_of) for length in _bias_lengths(bars)}
    sides = {one["bias"] for one in found.values()} - {"neutral"}
    return {
        "snapshot": told(bars, assignment.as_of),
        "bias": sides.pop() if len(sides) == 1 else "mixed" if sides else "neutral",
        "timeframes": found,
    }


def _bias_lengths(bars: Bars) -> Sequence[Timeframe]:
    fitting = [t for t in BIAS_LENGTHS if t >= bars.timeframe and t.nanoseconds % bars.timeframe.nanoseconds == 0]
    return fitting or [bars.timeframe]


def _bias(desk: Desk, bars: Bars, length: Timeframe, as_of: int) -> dict[str, Any]:
    seen, where = at_length(desk, bars, length, as_of)
    high, low = _high_low(seen)
    broken = structure.breaks(high, low, seen.close)
    head: dict[str, Any] = {"bars": where, "rows": len(seen)}
    if not len(broken.bar):
        return {**head, "bias": "neutral", "break": None, "position": None}
    last = {
        "event": "CHoCH" if broken.choch[-1] else "BOS",
        "level": float(broken.level[-1]),
        "swing_at": iso(int(seen.time[broken.swing[-1]])),
        "known_at": iso(_closed(seen, int(broken.known_at[-1]))),
    }
    side = "bullish" if broken.side[-1] > 0 else "bearish"
    return {**head, "bias": side, "break": last, "position": _position(seen, high, low)}


def _position(bars: Bars, high: Floats, low: Floats) -> float | None:
    """The close's place between the last swing low and the last swing high."""
    swings = structure.swings(high, low)
    tops, bottoms = swings.level[swings.side > 0], swings.level[swings.side < 0]
    if not len(tops) or not len(bottoms) or not tops[-1] > bottoms[-1]:
        return None
    return float((bars.close[-1] - bottoms[-1]) / (tops[-1] - bottoms[-1]))


def points_of_interest(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Where price may turn: the open fair value gaps, nearest first, and the last swings that no close has broken.

    Gaps are at least half an average range wide (of 14 bars, when they became known) and at most 50 bars old; `filled`
    is none, touched or half. Prices are in the quote currency, `distance` is from the close to the nearer edge, a
    fraction. Order blocks are `left_out`: the room features does not have them yet. DataError for closes only.
    """
    bars = _with_candles(desk, assignment)
    return {
        "snapshot": told(bars, assignment.as_of),
        "close": float(bars.close[-1]),
        "gaps": sorted(_gaps(bars), key=lambda gap: abs(float(gap["distance"])))[:MOST_LISTED],
        "swings": list(_unbroken(bars)),
        "left_out": {"order_blocks": "the room features does not have them yet"},
    }


def _gaps(bars: Bars) -> Iterator[dict[str, Any]]:
    opened, (high, low) = bars.open, _high_low(bars)
    assert opened is not None
    found = imbalance.fair_value_gaps(opened, high, low, bars.close)
    average, n = sma(true_range(high, low, bars.close), RANGES), len(bars)
    for k in np.flatnonzero(found.bar >= n - GAP_AGE):
        bottom, top, known = float(found.bottom[k]), float(found.top[k]), int(found.known_at[k])
        if found.filled[k] >= 0 or found.inverted[k] >= 0 or not top - bottom >= GAP_SIZE * average[known]:
            continue
        yield {
            "kind": "fair value gap",
            "side": "bullish" if found.side[k] > 0 else "bearish",
            "bottom": bottom,
            "top": top,
            "filled": "half" if found.half[k] >= 0 else "touched" if found.touched[k] >= 0 else "none",
            "distance": _distance(float(bars.close[-1]), bottom, top),
            "known_at": iso(_closed(bars, known)),
        }


def _distance(close: float, bottom: float, top: float) -> float:
    """How far the nearer edge lies from the close, as a fraction of it; 0 inside."""
    edge = min(max(close, bottom), top)
    return edge / close - 1.0


def _unbroken(bars: Bars) -> Iterator[dict[str, Any]]:
    """The last confirmed swing of each side, unless a close has gone beyond it."""
    swings = structure.swings(*_high_low(bars))
    for side, name in ((1, "swing high"), (-1, "swing low")):
        mine = np.flatnonzero(swings.side == side)
        if not len(mine):
            continue
        bar, level = int(swings.bar[mine[-1]]), float(swings.level[mine[-1]])
        if not bool(np.any(side * bars.close[bar + 1 :] > side * level)):
            known = int(swings.known_at[mine[-1]])
            distance = level / float(bars.close[-1]) - 1.0
            yield {"kind": name, "level": level, "distance": distance, "known_at": iso(_closed(bars, known))}


def liquidity_levels(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Where stops rest: swing highs above and swing lows below that no bar has gone beyond, and what was swept.

    Of the last 500 bars. Swings within 0.1 % of one another are one level with as many touches; two or more are equal
    highs or lows. Beyond is by more than that 0.1 %; a sweep went beyond and closed back inside within 3 candles.
    Prices are in the quote currency. DataError for closes only.
    """
    bars = _with_candles(desk, assignment)
    recent = bars.slice(max(0, len(bars) - LOOK_BACK), len(bars))
    high, low = _high_low(recent)
    swings = structure.swings(high, low)
    pools: dict[str, list[dict[str, Any]]] = {}
    sweeps: list[dict[str, Any]] = []
    for side, name, extreme in ((1, "above", high), (-1, "below", low)):
        mine = swings.side == side
        at, level = swings.bar[mine], swings.level[mine]
        first = [_beyond(extreme, side, int(b), float(p)) for b, p in zip(at, level, strict=True)]
        resting = [(float(p), int(b)) for b, p, gone in zip(at, level, first, strict=True) if gone is None]
        pools[name] = [_told_pool(recent, pool, side) for pool in _merged(resting)][:MOST_LISTED]
        sweeps += [
            _told_sweep(recent, side, float(p), gone)
            for p, gone in zip(level, first, strict=True)
            if gone is not None and _swept(recent.close, side, float(p), gone)
        ]
    newest = sorted(sweeps, key=lambda sweep: str(sweep["swept_at"]), reverse=True)
    return {
        "snapshot": told(bars, assignment.as_of),
        "close": float(bars.close[-1]),
        **pools,
        "sweeps": newest[:MOST_LISTED],
        "bars_looked_at": len(recent),
    }


def _beyond(extreme: Floats, side: int, bar: int, level: float) -> int | None:
    """The first bar after `bar` whose wick went beyond the level by more than what counts as equal."""
    over = np.flatnonzero(side * extreme[bar + 1 :] > side * level * (1.0 + side * EQUAL))
    return None if not len(over) else bar + 1 + int(over[0])


def _swept(close: Floats, side: int, level: float, gone: int) -> bool:
    """Whether the bar that went beyond, or one of the two after it, closed back inside."""
    return bool(np.any(side * close[gone : gone + CONFIRMED] <= side * level))


def _merged(resting: Sequence[tuple[float, int]]) -> list[Pool]:
    """Levels within 0.1 % of the one below them, as one at the highest of them, from the lowest price up."""
    pools: list[Pool] = []
    for level, bar in sorted(resting):
        if pools and level <= pools[-1].level * (1.0 + EQUAL):
            pools[-1] = Pool(level, pools[-1].touches + 1, max(pools[-1].bar, bar))
        else:
            pools.append(Pool(level, 1, bar))
    return pools


def _told_pool(bars: Bars, pool: Pool, side: int) -> dict[str, Any]:
    kind = "high" if side > 0 else "low"
    return {
        "kind": f"equal {kind}s" if pool.touches > 1 else f"swing {kind}",
        "level": pool.level,
        "touches": pool.touches,
        "distance": pool.level / float(bars.close[-1]) - 1.0,
        "last_touch": iso(int(bars.time[pool.bar])),
    }


def _told_sweep(bars: Bars, side: int, level: float, gone: int) -> dict[str, Any]:
    return {"side": "above" if side > 0 else "below", "level": level, "swept_at": iso(_closed(bars, gone))}


def _with_candles(desk: Desk, assignment: Assignment) -> Bars:
    bars = bars_of(desk, assignment)
    if bars.closes_only:
        raise DataError(f"{bars.symbol} {bars.timeframe} has closes only", "structure needs open, high and low")
    return bars


def _high_low(bars: Bars) -> tuple[Floats, Floats]:
    return (bars.close if bars.high is None else bars.high), (bars.close if bars.low is None else bars.low)


def _closed(bars: Bars, i: int) -> int:
    return int(bars.time[i]) + bars.timeframe.nanoseconds
