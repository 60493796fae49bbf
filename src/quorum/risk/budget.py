"""What a book may still lose today, this week and in total, and how many trades that is."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from quorum.domain import ZERO, Book
from quorum.risk.around import Around
from quorum.risk.limits import RiskLimits


class Loss(NamedTuple):
    """The most that may be lost, and what is; negative where it is a gain. Money of the book."""

    limit: Decimal
    lost: Decimal


class Budget(NamedTuple):
    """What each loss limit allows, what the tightest of them leaves (not negative), what open stops may lose of it.

    `per_trade` is what one stop may lose. Money of the book.
    """

    day: Loss
    week: Loss
    total: Loss
    left: Decimal
    open_risk: Decimal
    per_trade: Decimal

    @property
    def free(self) -> Decimal:
        """What new stops may still lose beside those that are open."""
        return max(self.left - self.open_risk, ZERO)

    @property
    def trades(self) -> int:
        """How many trades of full risk fit into that."""
        return int(self.free / self.per_trade) if self.per_trade > 0 else 0


def risk_budget(book: Book, limits: RiskLimits, around: Around) -> Budget:
    """The budget at the book's marks. A gain since the start of a day or week may be lost again."""
    equity, (day, week, funded) = book.equity, (around.day_equity, around.week_equity, book.funded)
    lost_day, lost_week, lost = day - equity, week - equity, funded - equity
    most_day, most_week, most = day * limits.max_day_loss, week * limits.max_week_loss, funded * limits.max_total_loss
    left = max(min(most_day - lost_day, most_week - lost_week, most - lost), ZERO)
    losses = (Loss(most_day, lost_day), Loss(most_week, lost_week), Loss(most, lost))
    return Budget(*losses, left, around.open_risk, max(equity, ZERO) * limits.risk_per_trade)
