"""How much of each limit is used, without a proposal; and what is near its limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from quorum.domain import MINUTE, ZERO, Book, Check
from quorum.risk.around import Around
from quorum.risk.breakers import drawdown
from quorum.risk.budget import risk_budget
from quorum.risk.checks import DESK, cluster_exposure, spent
from quorum.risk.limits import RiskLimits
from quorum.risk.overrides import raised
from quorum.risk.wide import Wide

WARNING = Decimal("0.8")
_GATES = frozenset({"allow_short", "min_reward_risk", "min_order_notional", "duplicate_seconds", "halt", "holding"})


class Use(NamedTuple):
    """A limit, of what (a symbol, a strategy, a group; empty for the book), in `unit`: what it allows, what is used."""

    limit: str
    subject: str
    unit: str
    allowed: Decimal
    used: Decimal

    @property
    def share(self) -> Decimal | None:
        """The share that is used, 0 for a gain; None where nothing is allowed and nothing used."""
        if self.allowed > 0:
            return max(self.used / self.allowed, ZERO)
        return Decimal(1) if self.used > 0 else None


def limits_used(book: Book, limits: RiskLimits, around: Around | None = None) -> tuple[Use, ...]:
    """Every limit of a book that something uses, open orders counted as if they had filled; a line for each subject.

    Without `around` only those that the book knows by itself. Overrides that hold are in what is allowed.
    """
    terms = limits if around is None else raised(limits, around.overrides, around.now)
    equity, money = max(book.equity, ZERO), book.currency
    uses = [
        Use("max_position", symbol, money, equity * terms.max_position, book.exposure(symbol))
        for symbol in sorted({*book.positions, *book.reserved})
        if book.exposure(symbol)
    ]
    spendable = book.cash + equity * terms.max_borrowed
    uses += [
        Use("max_deployed", "", money, equity * terms.max_deployed, book.deployed),
        Use("cash", "", money, spendable, book.reserves),
        Use("max_total_loss", "", money, book.funded * terms.max_total_loss, book.funded - book.equity),
    ]
    return (*uses, *(() if around is None else _around_used(book, terms, around)))


def _around_used(book: Book, limits: RiskLimits, around: Around) -> Iterator[Use]:
    equity, money, budget = max(book.equity, ZERO), book.currency, risk_budget(book, limits, around)
    yield Use("max_day_loss", "", money, *budget.day)
    yield Use("max_week_loss", "", money, *budget.week)
    yield Use("risk_budget", "", money, budget.left, budget.open_risk)
    fall = max(drawdown(book.equity, around.peak_equity), around.deepest)
    for name in ("halve_at", "no_entries_at", "black_at", "close_all_at"):
        yield Use(name, "", "fraction", getattr(limits, name), fall)
    if around.strategy is not None:
        yield Use("strategy_red_at", around.strategy, "fraction", limits.strategy_red_at, around.strategy_drawdown)
    yield Use("max_leverage", "", money, equity * limits.max_leverage, book.deployed)
    for strategy, exposure in sorted(around.strategies.items()):
        yield Use("max_strategy", strategy, money, equity * limits.max_strategy, exposure)
        if limits.kelly_share is not None:
            yield Use("kelly_share", strategy, money, equity * around.staked(strategy, limits.kelly_share), exposure)
    for symbol in sorted({*book.positions, *book.reserved}) if limits.volatility_target is not None else ():
        most = equity * around.steady(symbol, limits.volatility_target or ZERO)
        if book.exposure(symbol):
            yield Use("volatility_target", symbol, money, most, book.exposure(symbol))
    for sector, members in sorted(around.sectors.items()):
        exposure = sum(map(book.exposure, members), ZERO)
        yield Use("max_sector", sector, money, equity * limits.max_sector, exposure)
    for cluster in sorted(around.clusters):
        exposure = cluster_exposure(book, around, cluster)
        yield Use("max_cluster", cluster, money, equity * limits.max_cluster, exposure)
    recent = sum(order.time >= around.now - MINUTE for order in around.orders)
    yield Use("max_orders_per_minute", "", "orders", Decimal(limits.max_orders_per_minute), Decimal(recent))
    if around.wide is not None:
        yield from _wide_used(book, around, around.wide)


def _wide_used(book: Book, around: Around, wide: Wide) -> Iterator[Use]:
    """The limits over all accounts, in this book's money; none where an account has no rate."""
    if wide.unrated:
        return
    for check in spent(book, around, wide):
        yield Use(check.name, "", check.unit, check.limit, check.used)
    equity, symbols = max(book.equity + wide.equity, ZERO), {*book.positions, *book.reserved, *wide.exposures}
    everything, clusters = {"": book.deployed + wide.deployed}, around.clusters.items()
    shown: dict[str, dict[str, Decimal]] = {
        "max_deployed": everything,
        "max_leverage": everything,
        "max_position": {symbol: book.exposure(symbol) + wide.exposures.get(symbol, ZERO) for symbol in symbols},
        "max_strategy": {
            name: around.strategies.get(name, ZERO) + wide.strategies.get(name, ZERO)
            for name in {*around.strategies, *wide.strategies}
        },
        "max_sector": {n: book.exposure_of(of) + wide.exposure_of(of) for n, of in around.sectors.items()},
        "max_cluster": {n: cluster_exposure(book, around, n) + wide.held_by(of) for n, of in clusters},
    }
    for name, used_by in shown.items():
        for subject, used in sorted(used_by.items()) if name in wide.limits else ():
            if used:
                yield Use(DESK + name, subject, book.currency, equity * wide.limits[name], used)


def checks_used(checks: Iterable[Check], limits: RiskLimits) -> tuple[Use, ...]:
    """The same of a verdict's checks, as they stood before its order. Conditions that have no measure are left out.

    What is told of the total loss is a floor of equity; here it is the loss that has been used of it.
    """
    return tuple(_use(check, limits) for check in checks if check.name not in _GATES)


def _use(check: Check, limits: RiskLimits) -> Use:
    if check.name != "max_total_loss":
        return Use(check.name, "", check.unit, check.limit, check.used)
    left = 1 - limits.max_total_loss
    funded = check.limit / left if left else max(check.used, ZERO)
    return Use(check.name, "", check.unit, funded * limits.max_total_loss, funded - check.used)


def warnings(uses: Sequence[Use], at: Decimal = WARNING) -> tuple[Use, ...]:
    """The limits of which the share `at` or more is used, the fullest first."""
    near = [(share, use) for use in uses if (share := use.share) is not None and share >= at]
    return tuple(use for _, use in sorted(near, key=lambda one: -one[0]))
