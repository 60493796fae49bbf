"""What the books may still lose and hold: drawdown, limits with what is used of them, and the day's budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from quorum.desk.desk import Desk
from quorum.desk.guarding import accounts_watched, looked, symbol_history, watch_books
from quorum.desk.work.asked import number
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.concerns import WARNING, drawdown_concern, loss_concern
from quorum.desk.work.daily.equity import Equity, accounts_of, equity_of
from quorum.domain import DAY, HOUR, ZERO, Book, iso, utc_day
from quorum.risk import Around, RiskLimits, book_breaker, limits_used
from quorum.risk.checks import DESK
from quorum.risk.tail import Inconclusive, tail_risk, weights

RECENT = HOUR
"""How old the instant of a task may be for breakers to act on it: what lies longer back is looked at alone."""
LADDER = ("halve_at", "no_entries_at", "black_at", "close_all_at")


def drawdown_status(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """How far each account has fallen from its peak and below its capital, as positive fractions.

    Of `account`, else of every configured account; one without a ledger stands at the cash it will open with. Equity
    is in the account's currency, by the ledger and the lake's newest closes up to the instant. The peak is of the ends
    of UTC days and of the instant itself: what rose and fell within a day is not seen. `within_limits` says that no
    loss has reached its limit and that the breaker of the fall lets entries pass. A person is told of a total loss from
    80 % of its limit on, of one since Monday or midnight UTC against the book's limits (or `weekly_loss` and
    `daily_loss`), and of a drawdown at each breaker: `concerns`.
    """
    asked = (_asked(assignment, "daily_loss"), _asked(assignment, "weekly_loss"))
    found = [_drawdown(desk, name, assignment.as_of, asked) for name in _named(desk, assignment)]
    return {
        "as_of": iso(assignment.as_of),
        "accounts": found,
        "worst": max((one["drawdown"] for one in found), default=0.0),
        "within_limits": all(one["within_limits"] for one in found),
        "peak_of": "ends of UTC days",
        "concerns": [told for one in found for told in _concerns(one, assignment.as_of)],
    }


def _asked(assignment: Assignment, name: str) -> float | None:
    """The limit that the task was asked for in place of the book's; None for the book's."""
    return number(assignment, name, 0.0) if assignment.params.get(name) is not None else None


def _concerns(found: Mapping[str, Any], as_of: int) -> Iterator[dict[str, Any]]:
    account, day, week = found["account"], utc_day(as_of), utc_day(_monday(as_of))
    yield from drawdown_concern(account, found["drawdown"], found["peak_at"])
    yield from loss_concern(account, "total", found["total_loss"], found["max_total_loss"], day)
    yield from loss_concern(account, "weekly", found["week_loss"], found["max_week_loss"], week)
    yield from loss_concern(account, "daily", found["day_loss"], found["max_day_loss"], day)


def _monday(as_of: int) -> int:
    """The beginning of the UTC week."""
    day = as_of // DAY
    return (day - (day + 3) % 7) * DAY  # 1970-01-01 was a Thursday


def _lost_since(worth: Equity, since: int) -> float:
    """The share of its value then that the account has lost since that instant, 0 when it has gained."""
    began = _value_at(worth, since)
    return max(0.0, 1.0 - worth.now / began) if began > 0 else 0.0


def _value_at(worth: Equity, instant: int) -> float:
    return float(worth.value[max(0, int(np.searchsorted(worth.time, instant, "right")) - 1)])


def _named(desk: Desk, assignment: Assignment) -> tuple[str, ...]:
    return accounts_of(desk, assignment.params.get("account"))


def _drawdown(
    desk: Desk, account: str, as_of: int, asked: tuple[float | None, float | None] = (None, None)
) -> dict[str, Any]:
    worth, limits = equity_of(desk, account, as_of), desk.limits(account)
    (peak, at), most = worth.peak, float(limits.max_total_loss)
    daily, weekly = (
        float(own) if given is None else given
        for own, given in zip((limits.max_day_loss, limits.max_week_loss), asked, strict=True)
    )
    lost = max(0.0, 1.0 - worth.now / worth.funded) if worth.funded > 0 else 1.0
    fall = max(0.0, 1.0 - worth.now / peak) if peak > 0 else 1.0
    day, week = _lost_since(worth, as_of // DAY * DAY), _lost_since(worth, _monday(as_of))
    breaker = book_breaker(Decimal(repr(fall)), limits)
    return {
        **_head(worth),
        "peak": peak,
        "peak_at": iso(at),
        "drawdown": fall,
        "total_loss": lost,
        "day_loss": day,
        "week_loss": week,
        "max_total_loss": most,
        "max_day_loss": daily,
        "max_week_loss": weekly,
        "breakers": {name: float(getattr(limits, name)) for name in LADDER},
        "breaker": breaker.severity.name if breaker.actions else None,
        "actions": [str(action) for action in breaker.actions],
        "within_limits": lost < most and day < daily and week < weekly and breaker.scale > 0,
    }


def _head(worth: Equity) -> dict[str, Any]:
    return {
        "account": worth.account,
        "book": worth.book,
        "currency": worth.currency,
        "opened": worth.opened,
        "funded": worth.funded,
        "equity": worth.now,
        "unpriced": list(worth.unpriced),
    }


def position_limits(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Every limit of each account's book: what it allows now, what is used, and the share of it.

    The book is as it stands, open orders counted as if they had filled; amounts are in the account's currency unless
    `unit` says otherwise. A limit of which 80 % or more is used is a warning. `symbols` has the exposure of each
    symbol. At an instant that is not past the books' breakers act, as they do whenever an account is looked at:
    `breakers` says what was done.
    """
    now = desk.clock.now()
    watched = watch_books(desk) if now - assignment.as_of <= RECENT else []
    accounts = [_limited(desk, name, assignment.as_of) for name in _named(desk, assignment)]
    warnings = [
        f"{one['account']}: {limit['limit']} is used to {limit['share']:.0%}"
        for one in accounts
        for limit in one["limits"]
        if limit["share"] is not None and limit["share"] >= WARNING
    ]
    return {
        "as_of": iso(assignment.as_of),
        "accounts": accounts,
        "warnings": warnings,
        "warns_above": WARNING,
        "breakers": accounts_watched(watched),
    }


def _limited(desk: Desk, account: str, as_of: int) -> dict[str, Any]:
    worth = equity_of(desk, account, as_of)
    book, limits = _book(desk, worth), desk.limits(account)
    around = looked(desk, account, as_of).around if worth.opened else None
    symbols = sorted({*book.positions, *book.reserved})
    exposures = {symbol: float(book.exposure(symbol)) for symbol in symbols if book.exposure(symbol)}
    return {
        **_head(worth),
        "limits": [*_limits(worth, book, limits, exposures), *_beyond(book, limits, around)],
        "symbols": exposures,
        "allow_short": limits.allow_short,
    }


def _book(desk: Desk, worth: Equity) -> Book:
    """The account's book as it stands, at its own marks; what it will open with before."""
    if not worth.opened:
        cash = desk.settings.accounts.accounts[worth.account].cash
        return Book(worth.account, worth.currency, 0, cash, cash)
    with desk.accounts.transaction(worth.account) as transaction:
        return transaction.book()


def _beyond(book: Book, limits: RiskLimits, around: Around | None) -> Iterator[dict[str, Any]]:
    """The limits that look beyond the book, as far as something is used of them."""
    known = {use.limit for use in limits_used(book, limits)}
    for use in () if around is None else limits_used(book, limits, around):
        if use.limit not in known:
            name, wide = f"{use.limit} {use.subject}".strip(), around and around.wide
            of = wide.limits if wide and use.limit.startswith(DESK) else {}
            setting = of.get(use.limit.removeprefix(DESK), getattr(limits, use.limit, 0))
            yield _line(name, Decimal(setting), use.unit, float(use.allowed), float(use.used))


def _limits(worth: Equity, book: Book, limits: RiskLimits, exposures: dict[str, float]) -> Iterator[dict[str, Any]]:
    equity, money = max(worth.now, 0.0), worth.currency
    largest = max(exposures.values(), default=0.0)
    spendable = float(book.cash) + equity * float(limits.max_borrowed)
    yield _line("max_position", limits.max_position, money, equity * float(limits.max_position), largest)
    yield _line("max_deployed", limits.max_deployed, money, equity * float(limits.max_deployed), float(book.deployed))
    yield _line("cash", limits.max_borrowed, money, spendable, float(sum(book.reserved.values(), ZERO)))
    allowed = worth.funded * float(limits.max_total_loss)
    yield _line("max_total_loss", limits.max_total_loss, money, allowed, max(0.0, worth.funded - worth.now))
    yield _line("risk_per_trade", limits.risk_per_trade, money, equity * float(limits.risk_per_trade), None)
    yield _line("min_reward_risk", limits.min_reward_risk, "ratio", float(limits.min_reward_risk), None)
    yield _line("min_order_notional", limits.min_order_notional, money, float(limits.min_order_notional), None)
    yield _line("price_collar_bps", limits.price_collar_bps, "basis points", float(limits.price_collar_bps), None)


def _line(name: str, setting: Decimal, unit: str, allowed: float, used: float | None) -> dict[str, Any]:
    share = used / allowed if used is not None and allowed > 0 else None
    return {
        "limit": name,
        "setting": float(setting),
        "unit": unit,
        "allowed": allowed,
        "used": used,
        "free": None if used is None else max(0.0, allowed - used),
        "share": share,
    }


def daily_risk_budget(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """What each account may still lose by the limits that there are, and how many trades that is.

    `budget` is what the tightest of the losses of day, week and total leaves, in the account's currency; `open_risk`
    what open stops may lose of it; `per_trade` what one stop may lose, and `trades` how many of those are left beside
    them. `today` is the change since the UTC day began. `value_at_risk` is a day's of what is held now, at 5 %, a
    fraction of equity; None where too few days are known.
    """
    accounts = [_budget(desk, name, assignment.as_of) for name in _named(desk, assignment)]
    return {
        "as_of": iso(assignment.as_of),
        "accounts": accounts,
        "may_trade": [one["account"] for one in accounts if one["budget"] > 0],
    }


def _budget(desk: Desk, account: str, as_of: int) -> dict[str, Any]:
    worth, limits = equity_of(desk, account, as_of), desk.limits(account)
    floor = worth.funded * (1.0 - float(limits.max_total_loss))
    per_trade = max(worth.now, 0.0) * float(limits.risk_per_trade)
    began, week = _value_at(worth, as_of // DAY * DAY), _value_at(worth, _monday(as_of))
    left = {
        "total": worth.now - floor,
        "day": began * float(limits.max_day_loss) - (began - worth.now),
        "week": week * float(limits.max_week_loss) - (week - worth.now),
    }
    budget = max(0.0, min(left.values()))
    open_risk = float(looked(desk, account, as_of).around.open_risk) if worth.opened else 0.0
    return {
        **_head(worth),
        "floor": floor,
        "left": {name: max(0.0, amount) for name, amount in left.items()},
        "budget": budget,
        "open_risk": open_risk,
        "value_at_risk": _at_risk(desk, worth, as_of),
        "per_trade": per_trade,
        "trades": int(max(budget - open_risk, 0.0) // per_trade) if per_trade > 0 else 0,
        "today": worth.now - began,
    }


def _at_risk(desk: Desk, worth: Equity, as_of: int) -> float | None:
    """What a day may cost at 5 %; None without a book or enough days."""
    book = _book(desk, worth)
    if book.equity <= 0:
        return None
    held = weights(book)
    found = tail_risk(held, {symbol: symbol_history(desk.lake, symbol, as_of // DAY) for symbol in held})
    return None if isinstance(found, Inconclusive) else found.value_at_risk
