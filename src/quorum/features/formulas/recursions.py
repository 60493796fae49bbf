"""Recursions: averages that carry state, seeded once, and silent until their seed weighs less than 1e-12."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from quorum.domain import UsageError
from quorum.features.atr import SEED_WEIGHT, atr_warmup
from quorum.features.formulas.codes import EXPONENTIAL_MEAN, STRENGTH, TRUE_RANGE_MEAN
from quorum.stats import kernel

Floats = NDArray[np.float64]
SLOTS = 4
"""Places in a store that a recursion needs: how many values it saw, and three of its own."""
QUIET = 1e-12


def decay_of(code: int, period: int) -> float:
    """What is left of an old value's weight after one more bar."""
    return 1.0 - 2.0 / (period + 1.0) if code == EXPONENTIAL_MEAN else 1.0 - 1.0 / period


def settling(code: int, period: int) -> int:
    """L: the index, counted from the first value, from which on a recursion is known; UsageError when period < 1.

    The smallest with decay**L < 1e-12; one more for STRENGTH, whose first change needs two values.
    """
    if period < 1:
        raise UsageError(f"a recursion over {period} bars", "give a period of at least 1")
    if code != EXPONENTIAL_MEAN:
        return atr_warmup(period) + (code == STRENGTH)
    decay = decay_of(code, period)
    if decay == 0.0:
        return 1
    length = int(math.log(SEED_WEIGHT) / math.log(decay))
    return length if decay**length < SEED_WEIGHT else length + 1


@kernel
def recur(code: int, store: Floats, at: int, row: tuple[float, float, float], span: tuple[int, int]) -> float:
    """The value after one more bar; the state store[at : at + 4] changes. `span` is (period, settling).

    A NaN gives NaN, and the next value starts anew. `row` is (value, ., .), or (high, low, close) for an average
    true range.
    """
    period, settled = span
    if math.isnan(row[0] + row[1] + row[2]):
        store[at] = 0.0
        return np.nan
    if code == TRUE_RANGE_MEAN:
        value = advance_range(store, at, row, period)
    elif code == STRENGTH:
        value = advance_strength(store, at, row[0], period)
    elif store[at] == 0.0:
        value = row[0]
    elif code == EXPONENTIAL_MEAN:
        value = store[at + 1] + (row[0] - store[at + 1]) * (2.0 / (period + 1.0))
    else:
        value = ((period - 1) * store[at + 1] + row[0]) / period
    if code != STRENGTH:
        store[at + 1] = value
    seen = store[at]
    store[at] = seen + 1.0
    return value if seen >= settled else np.nan


@kernel
def advance_range(store: Floats, at: int, row: tuple[float, float, float], period: int) -> float:
    """Wilder's average true range after one more (high, low, close), as `features.atr.advance_atr` has it."""
    high, low, close = row
    value = high - low
    if store[at] > 0.0:
        before = store[at + 2]
        true_range = max(value, abs(high - before), abs(low - before))
        value = ((period - 1) * store[at + 1] + true_range) / period
    store[at + 2] = close
    return value


@kernel
def advance_strength(store: Floats, at: int, close: float, period: int) -> float:
    """Wilder's relative strength index, 0 to 100: the share of gains in the mean moves of `period` bars.

    The first change is the seed. Where the mean move is below 1e-12 of the price nothing moves, and it is 50.
    (J. W. Wilder, New Concepts in Technical Trading Systems, 1978; his seed is a mean.)
    """
    change = close - store[at + 1] if store[at] > 0.0 else 0.0
    gain, loss = max(change, 0.0), max(-change, 0.0)
    if store[at] > 1.0:
        gain = ((period - 1) * store[at + 2] + gain) / period
        loss = ((period - 1) * store[at + 3] + loss) / period
    store[at + 1], store[at + 2], store[at + 3] = close, gain, loss
    moved = gain + loss
    return 100.0 * (gain / moved) if moved > QUIET * abs(close) else 50.0


@kernel
def fill_recursion(code: int, x: tuple[Floats, Floats, Floats], span: tuple[int, int], out: Floats) -> None:
    """Write the value after each bar into `out`, from the first bar on; all of shape (n,)."""
    store = np.zeros(SLOTS)
    for i in range(len(out)):
        out[i] = recur(code, store, 0, (x[0][i], x[1][i], x[2][i]), span)
