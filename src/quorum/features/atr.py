"""Wilder's average true range, bar by bar, with the warm-up that a recursion needs."""

from __future__ import annotations

import math

import numpy as np

from quorum.domain import UsageError
from quorum.stats import kernel

SEED_WEIGHT = 1e-12

ATR = np.dtype(
    (
        np.record,
        [
            ("period", np.int64),
            ("warmup", np.int64),
            ("seen", np.int64),
            ("close", np.float64),
            ("value", np.float64),
        ],
    )
)
"""State of an average true range: the bars that it has seen, the last of their closes, and its value."""


def atr_warmup(period: int) -> int:
    """The smallest L with (1 - 1/period)**L < 1e-12: from bar index L on, where the series starts is forgotten."""
    if period == 1:
        return 1
    decay = 1.0 - 1.0 / period
    length = int(math.log(SEED_WEIGHT) / math.log(decay))
    return length if decay**length < SEED_WEIGHT else length + 1


def open_atr(state: np.record, period: int) -> None:
    """Set a zeroed `state` up for an average over `period` bars; UsageError when that is below 1."""
    if period < 1:
        raise UsageError(f"an average true range over {period} bars", "give a period of at least 1")
    state.period, state.warmup = period, atr_warmup(period)


@kernel
def advance_atr(state: np.record, high: float, low: float, close: float) -> float:
    """The average true range after one more bar, in the unit of the prices; NaN before bar index `warmup`.

    ATR = ((period - 1) * previous ATR + TR) / period, with TR the largest of high - low, |high - previous close|
    and |low - previous close|; the first bar's high - low is the seed. A bar with a NaN gives NaN, and the next
    one starts anew. (J. W. Wilder, New Concepts in Technical Trading Systems, 1978; his seed is a mean.)
    """
    seen = state.seen
    if math.isnan(high + low + close):
        state.seen = 0
        return np.nan
    value = high - low
    if seen > 0:
        true_range = max(value, abs(high - state.close), abs(low - state.close))
        value = ((state.period - 1) * state.value + true_range) / state.period
    state.seen, state.close, state.value = seen + 1, close, value
    return value if seen >= state.warmup else np.nan


@kernel
def fill_atr(state: np.record, high: np.ndarray, low: np.ndarray, close: np.ndarray, out: np.ndarray) -> None:
    """Write the average true range after each bar into `out`; all arrays of shape (n,)."""
    for i in range(len(out)):
        out[i] = advance_atr(state, high[i], low[i], close[i])
