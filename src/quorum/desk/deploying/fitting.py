"""What a strategy needs of its account and its venue: capital, capacity, short sales, lots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from quorum.desk.deploying.asking import TRADE_TASK, ask_worker
from quorum.desk.deploying.known import Known
from quorum.desk.desk import Desk
from quorum.domain import IllegalMove, OrderKind, QuorumError, Timeframe, UsageError, plain, split_symbol
from quorum.execution import Abilities
from quorum.lake import Bars, BarSource
from quorum.validation import capacity
from quorum.validation.critic import Case, open_case, verdict_words
from quorum.validation.critic.case import AsSeen
from quorum.validation.ladder import Asked, Ladder, TierResult, told

_ONE = Decimal(1)


class Account(NamedTuple):
    """An account by name, its book, its currency and its equity; it may not have been opened yet."""

    name: str
    book: str
    currency: str
    equity: Decimal


class Traded(NamedTuple):
    """What the test shows of its trading: what it carries, whether it sells short, the most of equity in a symbol.

    `capacity` is in the quote currency, NaN without volume.
    """

    capacity: float
    shorts: bool
    largest: float
    series: tuple[Bars, ...]


def account_of(desk: Desk, symbols: Sequence[str], name: str | None = None) -> Account:
    """The account named, or the first configured one in the symbols' currency; nothing is opened.

    UsageError for symbols of several currencies, and for an account that is not there or in another currency.
    """
    quotes = sorted({split_symbol(symbol.partition(".")[0])[1] for symbol in symbols})
    if len(quotes) != 1:
        raise UsageError(f"{', '.join(symbols)} are paid in {', '.join(quotes)}", "deploy them one currency at a time")
    configured = desk.settings.accounts.accounts
    found = name or next((n for n, a in configured.items() if a.currency == quotes[0]), None)
    if found is None or found not in configured:
        what = f"there is no account {name!r}" if name else f"no account is in {quotes[0]}"
        raise UsageError(what, f"there are {', '.join(configured)} in config/accounts.yaml")
    section = configured[found]
    if section.currency != quotes[0]:
        raise UsageError(f"account {found} is in {section.currency}, {symbols[0]} in {quotes[0]}", "name another one")
    equity = section.cash
    if any(row["account"] == found for row in desk.accounts.listed()):
        with desk.accounts.transaction(found) as transaction:
            equity = transaction.book().equity
    return Account(found, section.book, section.currency, equity)


def traded(desk: Desk, found: Known) -> Traded | QuorumError:
    """What trading its proof again shows, found in a worker; the error that says why it cannot be traded again.

    QuorumError is raised for a strategy that hangs, takes too much memory or breaks there.
    """
    result = found.proof
    seen = ask_worker(desk, found, result.tier, TRADE_TASK)
    if seen["why"] is not None:
        what = f"the bars of {found.strategy_id} at {result.tier} are not what they were: {seen['why']}"
        return IllegalMove(what, "run the tier again")
    length, source = Timeframe.parse(result.data["timeframe"]), AsSeen(desk.lake, result.data)
    series = tuple(source.bars(symbol, length, venue) for symbol, venue in seen["series"])
    carries = math.nan if seen["capacity"] is None else float(seen["capacity"])
    return Traded(carries, seen["shorts"], seen["largest"], series)


def trade_again(ladder: Ladder, asked: Asked, result: TierResult, source: BarSource) -> dict[str, Any]:
    """The plain values of what a result shows of its trading: `capacity`, `shorts`, `largest`, `series`.

    `why` says that its bars are not there any more.
    """
    case = open_case(ladder, asked, result, source)
    if not isinstance(case, Case):
        return {"why": verdict_words(told(case))}
    weights = [s.wishes.weight for s in case.tested.stitched]
    parts = len(weights)
    lowest = min(float(np.nanmin(w)) if np.isfinite(w).any() else 0.0 for w in weights)
    largest = max(float(np.nanmax(np.abs(w))) if np.isfinite(w).any() else 0.0 for w in weights)
    carried = [capacity(test).half_edge for test in case.tested.again(replace(case.tested.terms, impact=0.0)).tests]
    shown = {"capacity": plain(min(carried) * parts), "shorts": lowest < 0.0, "largest": largest / parts}
    return {"why": None, **shown, "series": [[bars.symbol, bars.venue] for bars in case.lot.series]}


def misfits(desk: Desk, account: Account, shown: Traded, allocation: float) -> Iterator[QuorumError]:
    """What the account and its venue cannot do of it; nothing when they can do all.

    They cannot sell short, place market orders, hold parts of a unit, trade so little, or value the cash that is there.
    """
    limits = desk.limits(account.name)
    if shown.shorts and not limits.allow_short:
        yield IllegalMove(
            f"it sells short, and book {account.book} may not", "allow_short in config/risk.yaml, or another account"
        )
    try:
        abilities = desk.broker(account.name, desk.clock).abilities
    except QuorumError as error:
        yield error
        return
    yield from _beyond(account, shown, abilities)
    yield from _unrated(desk, account)
    for bars in shown.series:
        instrument = desk.settings.instruments.instrument(bars)
        price = Decimal(str(float(bars.close[-1])))
        lot = instrument.lot if abilities.fractional else max(instrument.lot, _ONE)
        money = account.equity * Decimal(str(allocation)) * Decimal(str(shown.largest))
        least = max(lot * price, instrument.min_notional, limits.min_order_notional)
        if money < least:
            yield IllegalMove(
                f"{money:.2f} {account.currency} buys no {instrument.symbol}: the smallest order is {least:.2f} "
                f"(a lot of {lot} at {price})",
                "allocate more, or leave the symbol out",
            )


def _beyond(account: Account, shown: Traded, abilities: Abilities) -> Iterator[QuorumError]:
    """What the venue does for nobody."""
    other = "deploy it on an account at a venue that does"
    if shown.shorts and not abilities.short:
        yield IllegalMove(f"it sells short, and the venue of account {account.name} does not", other)
    if OrderKind.MARKET not in abilities.kinds:
        yield IllegalMove(f"the venue of account {account.name} takes no market orders", other)


def _unrated(desk: Desk, account: Account) -> Iterator[QuorumError]:
    """Cash of the account, as fees are paid in, that nothing says the worth of: every order that opens is vetoed."""
    if any(row["account"] == account.name for row in desk.accounts.listed()):
        with desk.accounts.transaction(account.name) as transaction:
            lacking = transaction.book().unrated
        for currency in lacking:
            yield IllegalMove(
                f"account {account.name} has cash in {currency} without a fresh rate",
                f"record one with `quorum account rate {currency} {account.currency} RATE`",
            )
