"""What `quorum risk check` tells: limits used, breakers, budget, tails, stress, what moves together, a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.guarding.around import allocation_of, sized, whole
from quorum.desk.guarding.histories import strategy_histories, symbol_history
from quorum.desk.guarding.prices import priced
from quorum.domain import DAY, Book, Halt, NotFound, Scope, iso, plain
from quorum.risk import (
    Around,
    Asked,
    Breaker,
    RiskLimits,
    Use,
    book_breaker,
    drawdown,
    limits_used,
    risk_budget,
    strategy_breaker,
    warnings,
)
from quorum.risk.checks import DESK
from quorum.risk.tail import (
    History,
    Inconclusive,
    all_at_once,
    likeness,
    move_together,
    tail_risk,
    weights,
    worst_days,
    worst_of,
)

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Looked:
    """A book at the lake's newest prices and what lies around it, as a look that changes nothing finds them.

    `unpriced` are holdings of which the lake has no bars: they count at the last price that the book has of them.
    """

    book: Book
    around: Around
    limits: RiskLimits
    histories: Mapping[str, History]
    unpriced: tuple[str, ...] = ()

    @property
    def fall(self) -> Decimal:
        return drawdown(self.book.equity, self.around.peak_equity)

    @property
    def breaker(self) -> Breaker:
        return book_breaker(self.fall, self.limits, self.around.deepest)


def looked(desk: Desk, account: str, now: int, asked: Asked | None = None) -> Looked:
    """The account's book at the newest prices of `now` (ns UTC); nothing is kept."""
    with desk.accounts.transaction(account) as transaction:
        book = transaction.book()
        held = [symbol for symbol, position in book.positions.items() if position.quantity]
        prices = {symbol: one.last.price for symbol, one in priced(desk, held, now).items()}
        book = replace(book, marks={**book.marks, **prices})
        around = whole(desk, transaction, transaction.around(book, now, asked))
        around = replace(around, sectors=desk.settings.risk.groups())
    histories = {symbol: symbol_history(desk.lake, symbol, now // DAY) for symbol in held}
    around = replace(
        around, clusters=_clusters(desk, around, histories, account, float(desk.limits(account).correlated))
    )
    around = sized(desk, around, account, held)
    return Looked(book, around, desk.limits(account), histories, tuple(sorted(set(held) - set(prices))))


def check_books(desk: Desk, account: str | None = None) -> dict[str, Any]:
    """Every open account, or the one named: what is used of each limit, what has tripped, what may be lost."""
    now = desk.clock.now()
    names = [desk.account_for("", account)] if account else _open(desk)
    books = [book_told(desk, name, now) for name in names]
    return {"as_of": iso(now), "books": books, "verdict": "stopped" if any(map(_stopped, books)) else "may_open"}


def book_told(desk: Desk, account: str, now: int) -> dict[str, Any]:
    """One book of it."""
    one = looked(desk, account, now)
    uses = limits_used(one.book, one.limits, one.around)
    halts = [halt for halt in desk.halts.standing() if halt.scope is Scope.DESK or halt.of == account]
    breaker, budget = one.breaker, risk_budget(one.book, one.limits, one.around)
    stops = [*_paused(desk), *_why_stopped(one, halts, uses)]
    return {
        "account": account,
        "book": desk.settings.accounts.accounts[account].book,
        "currency": one.book.currency,
        "equity": plain(one.book.equity),
        "funded": plain(one.book.funded),
        "limits": [use_told(use) for use in uses],
        "warnings": [use_told(use) for use in warnings(uses)],
        "breaker": {
            "fall": float(one.fall),
            "deepest": float(one.around.deepest),
            "peak": plain(one.around.peak_equity),
            "at": plain(breaker.at),
            "severity": breaker.severity.name,
            "actions": [str(action) for action in breaker.actions],
        },
        "budget": {"left": plain(budget.left), "open_risk": plain(budget.open_risk), "trades": budget.trades},
        "overrides": [plain(override) for override in one.around.overrides],
        "halts": [{"scope": halt.name, "severity": halt.severity.name, "reason": halt.reason} for halt in halts],
        **_tails(one),
        "clusters": {name: sorted(members) for name, members in one.around.clusters.items()},
        "correlations": _correlations(one.histories),
        "alike_unless_known": _unsure(one.histories),
        "unpriced": list(one.unpriced),
        "verdict": {"may_open": not stops, "reasons": stops},
    }


def check_strategy(desk: Desk, strategy_id: str) -> dict[str, Any]:
    """One deployed strategy in its book; NotFound for one that is not deployed."""
    records = desk.life.books.deployments.listed(strategy_id=strategy_id)
    if not records:
        raise NotFound(f"{strategy_id} is not deployed", "see `quorum queue show`")
    record, now = records[-1], desk.clock.now()
    account = desk.account_for("", record["account"])
    allocation = allocation_of(desk, account, strategy_id)
    one = looked(desk, account, now, Asked("", strategy_id, allocation))
    breaker = strategy_breaker(one.around.strategy_drawdown, one.limits)
    named = [h for h in desk.halts.standing() if h.scope is Scope.DESK or h.of in (account, strategy_id)]
    names = frozenset(one.around.strategies) | {strategy_id}
    histories = strategy_histories(desk, account, names, now // DAY)
    used = one.around.strategies.get(strategy_id, Decimal(0))
    share = one.limits.max_strategy if allocation is None else min(one.limits.max_strategy, allocation)
    use = Use("max_strategy", strategy_id, one.book.currency, max(one.book.equity, Decimal(0)) * share, used)
    red = one.limits.strategy_red_at
    every = limits_used(one.book, one.limits, one.around)
    own = (DESK + "max_strategy", "kelly_share")
    wide = [of for of in every if of.limit in own and of.subject == strategy_id]
    uses = (use, *wide, Use("strategy_red_at", strategy_id, "fraction", red, one.around.strategy_drawdown))
    stops = [f"{halt.name} is halted: {halt.reason}" for halt in named]
    stops += [f"it has fallen {one.around.strategy_drawdown:.1%} from its peak (strategy_red_at)"] * bool(breaker.at)
    stops += [*_paused(desk), *_why_stopped(one, [], every)]
    return {
        "as_of": iso(now),
        "strategy_id": strategy_id,
        "account": account,
        "allocation": None if allocation is None else float(allocation),
        "limits": [use_told(one) for one in uses],
        "warnings": [use_told(one) for one in warnings(uses)],
        "breaker": {
            "fall": float(one.around.strategy_drawdown),
            "at": plain(breaker.at),
            "severity": breaker.severity.name,
        },
        "tail": _of_strategy(histories[strategy_id]),
        "correlations": _correlations(histories),
        "alike_unless_known": _unsure(histories),
        "clusters": {n: sorted(m) for n, m in one.around.clusters.items() if strategy_id in m},
        "verdict": {"may_open": not stops, "reasons": stops},
    }


def use_told(use: Use) -> dict[str, Any]:
    """A limit and what is used of it, as plain facts."""
    share = use.share
    return {
        "limit": use.limit,
        "of": use.subject,
        "unit": use.unit,
        "allowed": float(use.allowed),
        "used": float(use.used),
        "share": None if share is None else float(share),
    }


def _open(desk: Desk) -> list[str]:
    configured = desk.settings.accounts.accounts
    return [row["account"] for row in desk.accounts.listed() if row["account"] in configured]


def _stopped(told: Mapping[str, Any]) -> bool:
    return not told["verdict"]["may_open"]


def _paused(desk: Desk) -> list[str]:
    """Why the whole desk opens nothing, in words; one that was never started trades by single commands."""
    now = desk.states.current()
    return [f"the desk is {now.state}: {now.reason}"] if now.holds else []


def _why_stopped(one: Looked, halts: list[Halt], uses: tuple[Use, ...]) -> Iterator[str]:
    """Why the book opens nothing now; nothing where it may."""
    for halt in halts:
        yield f"{halt.name} is halted: {halt.reason}"
    wide = one.around.wide
    yield from one.book.unrated.values()
    yield from () if wide is None else wide.unrated.values()
    if not one.breaker.scale:
        yield f"the book has fallen {max(one.fall, one.around.deepest):.1%} from its peak (drawdown)"
    spent = ("max_total_loss", "max_day_loss", "max_week_loss", "max_deployed", "max_leverage", "max_orders_per_minute")
    for use in uses:
        if use.limit.removeprefix("desk_") in spent and (use.share or 0) >= 1:
            yield f"{use.limit} is used up"


def _clusters(
    desk: Desk, around: Around, histories: Mapping[str, History], account: str, threshold: float
) -> dict[str, frozenset[str]]:
    found = {f"symbols, {name}": of for name, of in move_together(likeness(histories), threshold).items()}
    names = frozenset(around.strategies)
    if len(names) > 1:
        known = strategy_histories(desk, account, names, around.now // DAY)
        found |= {f"strategies, {name}": of for name, of in move_together(likeness(known), threshold).items()}
    return found


def _tails(one: Looked) -> dict[str, Any]:
    """Value at risk, expected shortfall and stress of what is held; fractions of equity, losses negative."""
    if one.book.equity <= 0:
        return {"tail": {"inconclusive": "no equity"}, "stress": []}
    held = weights(one.book)
    stress: list[Any] = [*worst_of(held), worst_days(held, one.histories), worst_days(held, one.histories, 5)]
    stress.append(all_at_once(held, one.histories, LEVEL))
    return {"tail": _tuple(tail_risk(held, one.histories, LEVEL)), "stress": [_tuple(found) for found in stress]}


def _of_strategy(history: History) -> dict[str, Any]:
    return _tuple(tail_risk({"strategy": 1.0}, {"strategy": history}, LEVEL))


def _tuple(found: Any) -> dict[str, Any]:
    if isinstance(found, Inconclusive):
        return {"inconclusive": found.what, "found": found.found, "needed": found.needed}
    told: dict[str, Any] = found._asdict()
    return {name: _number(value) for name, value in told.items()}


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _unsure(histories: Mapping[str, History]) -> list[dict[str, Any]]:
    """Pairs of which too few days are common to say anything: limits count them as alike."""
    alike = likeness(histories)
    return [{"of": [one, other], "days": days, "needed": alike.needed} for one, other, days in alike.unsure]


def _correlations(histories: Mapping[str, History]) -> list[dict[str, Any]]:
    """Every pair with its correlation, None where too few days are common."""
    alike = likeness(histories)
    return [
        {
            "of": [alike.names[i], alike.names[j]],
            "correlation": _number(float(alike.correlation[i, j])),
            "days": int(alike.days[i, j]),
        }
        for i in range(len(alike.names))
        for j in range(i + 1, len(alike.names))
    ]
