"""The same trades in another order: what only the path decides, the drawdown and the risk of ruin on the way."""

from __future__ import annotations

from math import factorial

import numpy as np

from quorum.stats.bootstrap import Curve, Paths, advance, fraction, grow, open_stream, stream_seed
from quorum.stats.compiled import kernel
from quorum.stats.performance import Floats, sharpe

MOST_EXACT = 8


def reshuffled_trades(trades: Floats, draws: int = 20_000, seed: int = 0) -> Paths:
    """Drawdown and lowest wealth of trades, returns (n,) as fractions of wealth, in every order or `draws` of them.

    Up to 8 trades all n! orders are walked once (`exact`). Sharpe, per trade, and final wealth are those of any
    order: a reshuffle says nothing about them. ValueError without trades or draws, or for one that is not finite.
    """
    trades = np.ascontiguousarray(trades, dtype=np.float64)
    if trades.ndim != 1 or len(trades) == 0 or not bool(np.isfinite(trades).all()):
        raise ValueError(f"trades of shape {trades.shape}; at least 1 finite return in one row is needed")
    if draws < 1:
        raise ValueError(f"{draws} draws; at least 1 is needed")
    exact = len(trades) <= MOST_EXACT
    out = np.empty((2, factorial(len(trades)) if exact else draws))
    _reorder(trades, exact, stream_seed(seed), out)
    ratio, wealth = sharpe(trades, 1.0), float(np.prod(np.maximum(1.0 + trades, 0.0)))
    shape = out.shape[1:]
    return Paths(np.full(shape, ratio), out[0], np.full(shape, wealth), out[1], exact)


@kernel
def _reorder(trades: Floats, exact: bool, seed: np.uint64, out: Floats) -> None:
    n = len(trades)
    order = np.empty(n)
    for path in range(out.shape[1]):
        for t in range(n):  # assigning a slice would take 1.5 s more to compile
            order[t] = trades[t]
        state, code = open_stream(seed, path), path
        for left in range(n, 1, -1):  # Fisher and Yates, by the digits of the order's number or by chance
            state = advance(state)
            other = code % left if exact else int(fraction(state) * left)
            code //= left
            last = order[left - 1]
            order[left - 1] = order[other]
            order[other] = last
        curve = Curve(1.0, 1.0, 1.0, 0.0)
        for gain in order:
            curve = grow(curve, gain)
        out[0, path], out[1, path] = curve.fall, curve.lowest
