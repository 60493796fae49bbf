"""Value at risk and expected shortfall of what a book holds now, from the past of its symbols."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from quorum.domain import Book, UsageError
from quorum.risk.tail.history import History, Inconclusive, together
from quorum.stats.metrics.tails import (
    gaussian_expected_shortfall,
    gaussian_value_at_risk,
    modified_value_at_risk,
)
from quorum.stats.performance import expected_shortfall, value_at_risk

IN_THE_TAIL = 5
LEAST_DAYS = 60


class TailRisk(NamedTuple):
    """What a day may cost at `level`, fractions of equity, losses negative, of today's holdings on `days` past days.

    `value_at_risk` is the historical quantile and `shortfall` the mean of the returns at or below it; `gaussian` and
    `gaussian_shortfall` those of a normal with their mean and spread; `modified` the normal's quantile corrected for
    skewness and kurtosis (Cornish and Fisher), NaN without spread. `worst` is the worst of these days.
    """

    level: float
    days: int
    value_at_risk: float
    shortfall: float
    gaussian: float
    gaussian_shortfall: float
    modified: float
    worst: float


def weights(book: Book) -> dict[str, float]:
    """What a book holds, signed fractions of its equity at its marks. UsageError for an equity that is not positive."""
    equity = book.equity
    if equity <= 0:
        raise UsageError(f"the equity of {book.account} is {equity:.2f}: nothing can be a fraction of it")
    held = {symbol: position.quantity for symbol, position in book.positions.items() if position.quantity}
    marks = {symbol: book.marks.get(symbol, book.positions[symbol].average_price) for symbol in held}
    return {symbol: float(quantity * marks[symbol] / equity) for symbol, quantity in held.items()}


def needed_days(level: float) -> int:
    """The days that a tail of `level` takes: five of them in it, and not below 60. UsageError outside 0..0.5."""
    if not 0.0 < level <= 0.5:
        raise UsageError(f"a tail of {level} makes no sense", "it is above 0 and at most 0.5, as 0.05")
    return max(LEAST_DAYS, math.ceil(IN_THE_TAIL / level))


def tail_risk(
    held: Mapping[str, float], histories: Mapping[str, History], level: float = 0.05
) -> TailRisk | Inconclusive:
    """The tail of holdings `held` (signed fractions of equity), as if held through every common day of the past.

    A book that holds nothing loses nothing. Inconclusive below `needed_days`, or without a symbol's history: no
    symbol is left out silently. UsageError for a fraction that is not finite.
    """
    needed = needed_days(level)
    for symbol, share in held.items():
        if not math.isfinite(share):
            raise UsageError(f"a holding of {share} of equity in {symbol} makes no sense")
    if not held:
        return TailRisk(level, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    past = together(histories, held, needed)
    if isinstance(past, Inconclusive):
        return past
    returns = past.returns @ [held[name] for name in past.names]
    return TailRisk(
        level,
        len(returns),
        value_at_risk(returns, level),
        expected_shortfall(returns, level),
        gaussian_value_at_risk(returns, level),
        gaussian_expected_shortfall(returns, level),
        modified_value_at_risk(returns, level),
        float(returns.min()),
    )
