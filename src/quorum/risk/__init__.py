"""Risk: what a book may hold, how large a trade may be, and whether a proposal passes.

Promise: pure; it may only shrink what it is given, and a reduction is never stopped.
In: a proposal, the book as one transaction sees it, its limits, and what lies around it. Out: a verdict with checks.
Neighbours: `desk` asks inside the account's transaction; knows `domain` only. `risk.tail` measures, with `stats`.
"""

from quorum.risk.around import Around, LastTrade, RecentOrder
from quorum.risk.asked import RAISED_BY, Asked, fallen
from quorum.risk.assess import assess, collar
from quorum.risk.breakers import (
    CALM,
    Action,
    Breaker,
    book_breaker,
    closings,
    drawdown,
    strategy_breaker,
    tighten_stop,
)
from quorum.risk.budget import Budget, Loss, risk_budget
from quorum.risk.limits import FRACTIONS, MOST, RiskLimits, stricter
from quorum.risk.overrides import RAISABLE, Override, raised
from quorum.risk.sizing import (
    kelly,
    kelly_bet,
    size_by_kelly,
    size_by_stop,
    size_by_tier,
    size_by_volatility,
    smallest_size,
)
from quorum.risk.usage import Use, checks_used, limits_used, warnings
from quorum.risk.wide import SUMMED, Wide

__all__ = [
    "CALM",
    "FRACTIONS",
    "MOST",
    "RAISABLE",
    "RAISED_BY",
    "SUMMED",
    "Action",
    "Around",
    "Asked",
    "Breaker",
    "Budget",
    "LastTrade",
    "Loss",
    "Override",
    "RecentOrder",
    "RiskLimits",
    "Use",
    "Wide",
    "assess",
    "book_breaker",
    "checks_used",
    "closings",
    "collar",
    "drawdown",
    "fallen",
    "kelly",
    "kelly_bet",
    "limits_used",
    "raised",
    "risk_budget",
    "size_by_kelly",
    "size_by_stop",
    "size_by_tier",
    "size_by_volatility",
    "smallest_size",
    "strategy_breaker",
    "stricter",
    "tighten_stop",
    "warnings",
]
