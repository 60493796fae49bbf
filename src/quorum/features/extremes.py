"""The largest of the last values, bar by bar, in constant time on average."""

from __future__ import annotations

import numpy as np

from quorum.domain import UsageError
from quorum.stats import kernel

LONGEST = 1024

EXTREME = np.dtype(
    (
        np.record,
        [
            ("window", np.int64),
            ("seen", np.int64),
            ("head", np.int64),
            ("tail", np.int64),
            ("values", np.float64, (LONGEST,)),
            ("bars", np.int64, (LONGEST,)),
        ],
    )
)
"""State of a running maximum: the values of the window that can still become it, falling, and their bars.

`head` and `tail` count upwards; their places in the ring are the counts modulo 1024.
"""


def open_extreme(state: np.record, window: int) -> None:
    """Set a zeroed `state` up for the maximum of `window` values; UsageError when that is not within 1..1024."""
    if not 1 <= window <= LONGEST:
        raise UsageError(f"a running extreme over {window} bars", f"give a window in 1..{LONGEST}")
    state.window = window


@kernel
def advance_extreme(state: np.record, value: float) -> float:
    """The largest of the last `window` values, `value` included; NaN before there are as many. No NaN goes in."""
    values, bars = state.values, state.bars
    seen, head, tail = state.seen, state.head, state.tail
    while tail > head and values[(tail - 1) & (LONGEST - 1)] <= value:
        tail -= 1
    if tail > head and bars[head & (LONGEST - 1)] <= seen - state.window:
        head += 1
    values[tail & (LONGEST - 1)] = value
    bars[tail & (LONGEST - 1)] = seen
    state.seen, state.head, state.tail = seen + 1, head, tail + 1
    return values[head & (LONGEST - 1)] if seen + 1 >= state.window else np.nan
