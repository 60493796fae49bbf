"""The limits that losses have: halts, breakers, the day, the week, and what stops may still lose."""

from __future__ import annotations

from decimal import Decimal

from quorum.domain import ZERO, Check
from quorum.risk.around import Around
from quorum.risk.breakers import book_breaker, drawdown
from quorum.risk.budget import risk_budget
from quorum.risk.checks.ask import Ask, risk_room


def loss_checks(ask: Ask, around: Around) -> list[Check]:
    """Each loss limit's check. The losses of day and week are in money, the falls from a peak are fractions."""
    book, limits, asked, money = ask.book, ask.limits, ask.asked, ask.money
    budget = risk_budget(book, limits, around)
    (day, day_lost), (week, week_lost) = budget.day, budget.week
    found = [
        Check("halt", "halts", ZERO, Decimal(len(around.halts)), asked, ZERO if around.halts else asked),
        _breaker(ask, around),
        Check("max_day_loss", money, day, day_lost, asked, asked if day_lost < day else ZERO),
        Check("max_week_loss", money, week, week_lost, asked, asked if week_lost < week else ZERO),
    ]
    if around.strategy is not None:
        fall, most = around.strategy_drawdown, limits.strategy_red_at
        found.append(Check("strategy_red_at", "fraction", most, fall, asked, asked if fall < most else ZERO))
    if ask.risk is not None:
        found.append(risk_room(ask, "risk_budget", budget.left, around.open_risk, ask.risk))
    return found


def _breaker(ask: Ask, around: Around) -> Check:
    """What the book's breaker lets pass: everything, a half, or nothing."""
    fall = drawdown(ask.book.equity, around.peak_equity)
    breaker = book_breaker(fall, ask.limits, around.deepest)
    asked, tripped = ask.asked, breaker.at or ask.limits.halve_at
    return Check("drawdown", "fraction", tripped, max(fall, around.deepest), asked, asked * breaker.scale)
