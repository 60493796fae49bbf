"""What a spec holds from bar to bar: one compiled rule over the values of its conditions."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Prices = tuple[float, float, float, float]

LONG, EXIT_LONG, SHORT, EXIT_SHORT = range(4)
SIZE, STOP, TARGET, TRAIL = range(4, 8)
SIDES = 4
ROLES = 12
"""Rows of `Rules.where`: four conditions, then size and exits of a long entry, then those of a short one."""

SEEN, WEIGHT, STOP_PRICE, TARGET_PRICE, TRAIL_DISTANCE, EXTREME, HELD = range(7)
PLACES = 7
"""Places of a stance: bars seen, the target, its exits (NaN for none), the best price since, bars since the entry."""


class Rules(NamedTuple):
    """Where in a table of values each role stands, -1 for none; bars before the first decision, and of a holding."""

    where: Ints
    warmup: int
    hold: float


def flat() -> Floats:
    """The stance before the first bar."""
    stance = np.full(PLACES, np.nan)
    stance[SEEN] = stance[WEIGHT] = stance[HELD] = 0.0
    return stance


@kernel
def decide(stance: Floats, rules: Rules, table: Floats, i: int, bar: Prices) -> None:
    """Bring `stance` to the close of a bar of (open, high, low, close); its values are column i of `table`."""
    stance[SEEN] += 1.0
    if stance[WEIGHT] != 0.0:
        stance[HELD] += 1.0
        if reached(stance, bar) or stance[HELD] >= rules.hold:
            leave(stance)
            return
    if stance[SEEN] < rules.warmup:
        return
    held, goes = stance[WEIGHT], direction(rules, table, i)
    end = EXIT_LONG if held > 0.0 else EXIT_SHORT
    if held != 0.0 and (held * goes < 0.0 or holds(rules, table, i, end)):
        leave(stance)
    if stance[WEIGHT] == 0.0 and goes != 0:
        enter(stance, rules, table, i, (goes, bar[3]))


@kernel
def holds(rules: Rules, table: Floats, i: int, role: int) -> bool:
    """Whether the condition of a role is true; one that is undecided or absent is not."""
    row = rules.where[role]
    return bool(row >= 0 and table[row, i] == 1.0)


@kernel
def direction(rules: Rules, table: Floats, i: int) -> int:
    """1 where only the long rule asks for an entry, -1 where only the short one does, else 0."""
    up, down = holds(rules, table, i, LONG), holds(rules, table, i, SHORT)
    if up and not down and not holds(rules, table, i, EXIT_LONG):
        return 1
    if down and not up and not holds(rules, table, i, EXIT_SHORT):
        return -1
    return 0


@kernel
def leave(stance: Floats) -> None:
    """Hold nothing."""
    stance[WEIGHT] = stance[HELD] = 0.0
    stance[STOP_PRICE] = stance[TARGET_PRICE] = stance[TRAIL_DISTANCE] = stance[EXTREME] = np.nan


@kernel
def enter(stance: Floats, rules: Rules, table: Floats, i: int, entry: tuple[int, float]) -> None:
    """Take the side and close of `entry` with its size and exits; nothing when one of them is no positive number."""
    side, close = entry
    first = SIZE if side > 0 else SIZE + SIDES
    sizes = np.empty(SIDES)
    for k in range(SIDES):
        row = rules.where[first + k]
        sizes[k] = table[row, i] if row >= 0 else (1.0 if k == 0 else np.nan)
        if row >= 0 and not 0.0 < sizes[k] < np.inf:
            return
    stance[WEIGHT] = side * min(sizes[0], 1.0)
    stance[STOP_PRICE], stance[TARGET_PRICE] = close - side * sizes[1], close + side * sizes[2]
    stance[TRAIL_DISTANCE] = sizes[3]


@kernel
def reached(stance: Floats, bar: Prices) -> bool:
    """Whether a bar after the entry's reaches a stop or a target; the best price counts from that bar's open on."""
    opened, high, low, _ = bar
    side = 1.0 if stance[WEIGHT] > 0.0 else -1.0
    worst, best = (low, high) if side > 0.0 else (high, low)
    if math.isnan(stance[EXTREME]):
        stance[EXTREME] = opened
    trailing = stance[EXTREME] - side * stance[TRAIL_DISTANCE]
    stance[EXTREME] = max(stance[EXTREME], best) if side > 0.0 else min(stance[EXTREME], best)
    if side * (worst - stance[STOP_PRICE]) <= 0.0 or side * (worst - trailing) <= 0.0:
        return True
    return bool(side * (best - stance[TARGET_PRICE]) >= 0.0)


@kernel
def fill_stance(
    stance: Floats, rules: Rules, table: Floats, prices: tuple[Floats, Floats, Floats, Floats], out: Floats
) -> None:
    """Write target, stop, target price and trail after each bar into the rows of `out` (4, n)."""
    opened, high, low, close = prices
    for i in range(len(close)):
        decide(stance, rules, table, i, (opened[i], high[i], low[i], close[i]))
        for k in range(4):
            out[k, i] = stance[WEIGHT + k]
