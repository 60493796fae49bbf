"""What the kernel takes and keeps: prices, wishes, rates, and a record for each symbol."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

UNITS, CASH, WEIGHT, VOLATILITY, ATR = 0, 1, 2, 3, 4
BY_TARGET, BY_STOP, BY_LIMIT, STILL_OPEN = 0, 1, 2, 3
ROW, DECIDED, SYMBOL, QUANTITY, PRICE, FEE, REASON = range(7)

ACCOUNT = np.dtype(
    [
        ("quantity", np.float64),
        ("last", np.float64),
        ("goal", np.float64),
        ("due", np.float64),
        ("aim", np.float64),
        ("decided", np.int64),
        ("best", np.float64),
    ]
)
"""What changes from bar to bar, a record a symbol: units held, the newest price that is known, the quantity that the
orders lead to, a target that no price could turn into a quantity yet (else NaN), the newest target, the bar of that
decision, and the market's best price since the entry. One array of records, since numba counts references for every
array of a tuple.
"""
Account = NDArray[np.void]
Book = tuple[Floats, int]


class Market(NamedTuple):
    """Prices of n bars of m symbols, shape (n, m), NaN where a symbol has no bar; `fill` is what an order gets.

    Of shape (0, 0) where nothing needs them: `volume`; `funding`, the rates settled in a bar; `impact`, the
    fraction by which a trade of one unit moves the price, known before the bar. `borrow` (n,) is what being short
    since the bar before costs, a fraction of its value. `dense` says that no bar is missing.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    fill: Floats
    volume: Floats
    funding: Floats
    impact: Floats
    borrow: Floats
    dense: bool


class Wishes(NamedTuple):
    """What the strategy wants: `weight` (k, m) from the close of the bars `row` (k,) on, in increasing order.

    `stop`, `target` and `trail` (n, 1) are the exits known at each close, NaN for none; of shape (0, 0) without any.
    `spread` (n, m) is what the sizing divides by: average true range or yearly volatility; else (0, 0).
    """

    row: Ints
    weight: Floats
    stop: Floats
    target: Floats
    trail: Floats
    spread: Floats


class Rates(NamedTuple):
    """Costs as fractions, starting cash, how a target becomes a quantity, and when it is filled.

    `lag` is the bars between a decision and its fill, `late` means at or through the bar's end, so that exits come
    first; `presized` fixes the quantity at the decision's close. `share` of a bar's volume is the most that it
    fills, 0 for no such limit; of `lot` units every target is a whole number, 0 for parts of any size.
    """

    taker: float
    maker: float
    per_unit: float
    minimum: float
    slippage: float
    cash: float
    sizing: int
    size: float
    lag: int
    late: bool
    presized: bool
    share: float
    lot: float = 0.0
