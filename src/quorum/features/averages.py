"""Two moving averages compared without rounding: which of them is higher, and when they are exactly equal."""

from __future__ import annotations

import numpy as np

from quorum.domain import UsageError
from quorum.stats import kernel

LONGEST = 1024
LARGEST_PRICE = 2.0**48
UNKNOWN = 2
_DIGIT_BITS = 44
_DIGIT = 2.0**_DIGIT_BITS
_DIGIT_MASK = (1 << _DIGIT_BITS) - 1
_FINEST = 2.0**84
_EXACT_TENS = 22

AVERAGES = np.dtype(
    (
        np.record,
        [
            ("fast", np.int64),
            ("slow", np.int64),
            ("scale", np.float64),
            ("seen", np.int64),
            ("excess", np.int64, (3,)),
            ("recent", np.float64, (LONGEST,)),
        ],
    )
)
"""State of one pair of averages: the last closes in whole steps, and how far the fast sum exceeds the slow one.

A record, since numba counts references for every array of a tuple on every bar (25 times slower), and one type
serves all windows. `excess` is slow * (sum of the fast window) - fast * (sum of the slow window), an integer in
three digits of base 2**44, lowest first, not carried: with slow <= 1024 each digit stays below 2**62.
"""


def open_averages(state: np.record, fast: int, slow: int, price_decimals: int | None) -> None:
    """Set a zeroed `state` up for means over `fast` and `slow` bars; UsageError unless 1 <= fast < slow <= 1024.

    On a grid prices are whole multiples of 10**-price_decimals, so a tie in decimals is a tie. Off any grid they
    are multiples of 2**-84: every float64 from 2.4e-10 up to 2**48 exactly, smaller ones to 2.6e-26.
    """
    if not 1 <= fast < slow <= LONGEST:
        raise UsageError(f"averages over {fast} and {slow} bars", f"give 1 <= fast < slow <= {LONGEST}")
    state.fast, state.slow, state.scale = fast, slow, _FINEST
    if price_decimals is not None and abs(price_decimals) <= _EXACT_TENS:
        state.scale = 10.0**price_decimals


@kernel
def advance_averages(state: np.record, price: float) -> int:
    """Sign of (fast mean - slow mean) after one more close: 1, 0 or -1; UNKNOWN before the slow window is full.

    Exact, the same wherever the series starts, and in constant time. |price| must be below LARGEST_PRICE.
    """
    fast, slow, seen = state.fast, state.slow, state.seen
    recent, excess = state.recent, state.excess
    value = np.rint(price * state.scale)
    new = _digits(value)
    leaves_fast = _digits(recent[(seen - fast) & (LONGEST - 1)])
    leaves_slow = _digits(recent[(seen - slow) & (LONGEST - 1)])
    excess[0] += (slow - fast) * new[0] - slow * leaves_fast[0] + fast * leaves_slow[0]
    excess[1] += (slow - fast) * new[1] - slow * leaves_fast[1] + fast * leaves_slow[1]
    excess[2] += (slow - fast) * new[2] - slow * leaves_fast[2] + fast * leaves_slow[2]
    recent[seen & (LONGEST - 1)] = value
    state.seen = seen + 1
    return _sign(excess) if seen + 1 >= slow else UNKNOWN


@kernel
def _digits(value: float) -> tuple[np.int64, np.int64, np.int64]:
    """A whole number below 2**132 in three digits of base 2**44, lowest first, each with the number's sign."""
    if abs(value) < _DIGIT:
        return np.int64(value), np.int64(0), np.int64(0)
    high = np.int64(value / _DIGIT**2)
    rest = value - high * _DIGIT**2
    middle = np.int64(rest / _DIGIT)
    return np.int64(rest - middle * _DIGIT), middle, high


@kernel
def _sign(digits: np.ndarray) -> int:
    """Sign of a number in three digits of base 2**44 that are not carried yet."""
    middle = digits[1] + (digits[0] >> _DIGIT_BITS)
    high = digits[2] + (middle >> _DIGIT_BITS)
    if high != 0:
        return 1 if high > 0 else -1
    return 1 if (middle & _DIGIT_MASK) | (digits[0] & _DIGIT_MASK) else 0
