"""Liquidity: how much of a market's own trading a strategy would be."""

from __future__ import annotations

import numpy as np

from quorum.domain import DAY
from quorum.engine import Backtest
from quorum.engine.kernel import PRICE, QUANTITY, ROW, SYMBOL
from quorum.validation.ladder.checks.universe import NAN, Tested


def adv_share(tested: Tested) -> float:
    """What it trades on a day on which it trades, as a share of the market's mean daily value; of the worst symbol.

    At the starting equity of its terms. NaN without volume or trades, infinite where nothing at all was traded.
    """
    return max((_share(test) for test in tested.tests), default=NAN)


def _share(test: Backtest) -> float:
    if test.bars.volume is None or not len(test.rows):
        return NAN
    day, at = np.unique(test.time // DAY, return_inverse=True)
    value = np.nan_to_num((test.bars.volume * test.bars.close).reshape(len(at), -1))
    rows = test.rows
    row, symbol = rows[:, ROW].astype(np.int64), rows[:, SYMBOL].astype(np.int64)
    worth = np.maximum(test.equity[row], 1e-300)
    ours = np.zeros((len(day), value.shape[1]))
    np.add.at(ours, (at[row], symbol), np.abs(rows[:, QUANTITY]) * rows[:, PRICE] / worth * test.terms.starting_equity)
    days = np.sum(ours > 0, axis=0)
    mean, usual = ours.sum(axis=0)[days > 0] / days[days > 0], value.sum(axis=0)[days > 0] / len(day)
    with np.errstate(divide="ignore"):
        return float(np.max(mean / usual, initial=0.0))
