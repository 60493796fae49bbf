"""What a strategy needs of its account and its venue: capital, capacity, short sales, lots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from quorum.desk.deploying.asking import TRADE_TASK, ask_worker
from quorum.desk.deploying.known import Known
from quorum.desk.desk import Desk
from quorum.domain import (
    ZERO,
    Hold,
    IllegalMove,
    NeedsApproval,
    OrderKind,
    QuorumError,
    Timeframe,
    UsageError,
    plain,
    split_symbol,
)
from quorum.execution import Abilities, found_rate
from quorum.lake import Bars, BarSource, Panel
from quorum.validation import capacity
from quorum.validation.critic import Case, open_case, verdict_words
from quorum.validation.critic.case import AsSeen
from quorum.validation.ladder import Asked, Ladder, TierResult, told
from quorum.validation.ladder.checks.found import Found
from quorum.validation.ladder.checks.universe import Tested

_ONE = Decimal(1)


class Account(NamedTuple):
    """An account by name, its book, its currency and its equity; it may not have been opened yet."""

    name: str
    book: str
    currency: str
    equity: Decimal


class Traded(NamedTuple):
    """What the test shows of its trading: what it carries, whether it sells short, the most of equity in a symbol.

    `capacity` is in the quote currency, NaN without volume. `stops` says that it leaves by stops.
    """

    capacity: float
    shorts: bool
    largest: float
    series: tuple[Bars, ...]
    stops: bool = False


class Floor(NamedTuple):
    """Whole lots: the units of a lot by symbol, and the money of the deployment that buys them."""

    lots: Mapping[str, Decimal]
    money: Decimal


def account_of(desk: Desk, symbols: Sequence[str], name: str | None = None, live: bool = False) -> Account:
    """The account named, or the first configured one in the symbols' currency; nothing is opened.

    `live` asks for one that trades with real money, else for one that does not. UsageError for symbols of several
    currencies, and for an account that is not there, in another currency, or of the other kind.
    """
    quotes = sorted({split_symbol(symbol.partition(".")[0])[1] for symbol in symbols})
    if len(quotes) != 1:
        raise UsageError(f"{', '.join(symbols)} are paid in {', '.join(quotes)}", "deploy them one currency at a time")
    configured = desk.settings.accounts.accounts
    fit = (n for n, a in configured.items() if a.currency == quotes[0] and a.live is live)
    found = name or next(fit, None)
    if found is None or found not in configured:
        kind = " and trades with real money" if live else ""
        what = f"there is no account {name!r}" if name else f"no account is in {quotes[0]}{kind}"
        raise UsageError(what, f"there are {', '.join(configured)} in config/accounts.yaml")
    section = configured[found]
    if section.currency != quotes[0]:
        raise UsageError(f"account {found} is in {section.currency}, {symbols[0]} in {quotes[0]}", "name another one")
    if section.live and not live:
        first = "deploy it to paper first; `quorum deploy ID --live` asks for real money"
        raise UsageError(f"account {found} trades with real money, and a strategy begins on paper", first)
    if live and not section.live:
        raise UsageError(f"account {found} does not trade with real money", "name one that has `live: true`")
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
    return Traded(carries, seen["shorts"], seen["largest"], series, seen["stops"])


def floored(desk: Desk, found: Known, floor: Floor) -> TierResult:
    """Its proof traded again in whole lots of the deployment's money: the result with those days and no others.

    IllegalMove where nothing is left of it, or its bars are not what they were.
    """
    result = found.proof
    asked = {"money": str(floor.money), "lots": {symbol: str(lot) for symbol, lot in floor.lots.items()}}
    seen = ask_worker(desk, found, result.tier, TRADE_TASK, floor=asked)
    if seen["why"] is not None:
        raise IllegalMove(f"{found.strategy_id} cannot be traded again in whole lots: {seen['why']}", "give it more")
    return replace(result, daily=seen["daily"])


def trade_again(
    ladder: Ladder, asked: Asked, result: TierResult, source: BarSource, floor: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The plain values of what a result shows of its trading: `capacity`, `shorts`, `stops`, `largest`, `series`.

    With a `floor` the `daily` returns in whole lots as well. `why` says that it cannot be traded again.
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
    stops = any(np.isfinite(levels).any() for s in case.tested.stitched for levels in (s.wishes.stop, s.wishes.trail))
    known = {"why": None, **shown, "stops": stops, "series": [[b.symbol, b.venue] for b in case.lot.series]}
    return known if floor is None else {**known, **in_lots(case.tested, floor)}


def in_lots(tested: Tested, floor: Mapping[str, Any]) -> dict[str, Any]:
    """The daily returns of the same wishes in whole lots, each symbol in its own; `why` where none is ever bought.

    Several markets have equal parts of the money; a portfolio is one market, and has one purse.
    """
    money = float(floor["money"]) / len(tested.stitched)
    tests = []
    for stitched in tested.stitched:
        counted, lot = stitched, 1.0
        if isinstance(stitched.bars, Panel):
            counted = replace(stitched, bars=_priced_by_lot(stitched.bars, floor["lots"]))
        else:
            lot = float(floor["lots"][stitched.bars.symbol])
        tests.append(counted.trade(replace(tested.terms, lot=lot, starting_equity=money)))
    if not any(len(test.rows) for test in tests):
        return {"why": f"{floor['money']} buys no whole lot of anything that it wants"}
    return {"daily": Found({}, {}, tested.instead(tests)).daily()}


def _priced_by_lot(panel: Panel, lots: Mapping[str, str]) -> Panel:
    """The same bars with a lot of each symbol for a unit, so that whole units are whole lots."""
    lot = np.array([float(lots[symbol]) for symbol in panel.symbols])
    columns = panel.columns()
    prices = {name: columns[name] * lot for name in ("open", "high", "low", "close") if name in columns}
    return replace(panel, **prices, volume=None if panel.volume is None else panel.volume / lot)


def lot_of(desk: Desk, account: Account, bars: Bars) -> Decimal:
    """In units of how much a symbol is traded in an account: its lot, a whole unit where the venue has no parts."""
    lot = desk.settings.instruments.instrument(bars).lot
    return lot if desk.broker(account.name, desk.clock).abilities.fractional else max(lot, _ONE)


def misfits(
    desk: Desk, account: Account, shown: Traded, allocation: float, floored: bool = False
) -> Iterator[QuorumError]:
    """What the account and its venue cannot do of it; nothing when they can do all.

    They cannot sell short, place the orders that it needs, hold a stop, hold parts of a unit, trade so little, value
    the cash that is there, or what fees are taken in. What is `floored` may be less than a lot.
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
    yield from _unlisted(desk, account, shown)
    yield from _unrated(desk, account)
    yield from _fees(desk, account, abilities)
    for bars in shown.series:
        instrument, lot = desk.settings.instruments.instrument(bars), lot_of(desk, account, bars)
        price = Decimal(str(float(bars.close[-1])))
        money = account.equity * Decimal(str(allocation)) * Decimal(str(shown.largest))
        smallest = {
            f"a lot of {lot} at {price}": ZERO if floored else lot * price,
            "the venue's smallest order": instrument.min_notional,
            "min_order_notional in config/risk.yaml": limits.min_order_notional,
        }
        what, least = max(smallest.items(), key=lambda each: each[1])
        if money < least:
            found = f"{money:.2f} {account.currency} buys no {instrument.symbol}"
            or_floor = ", or floor it with --floor" if least == lot * price else ""
            yield IllegalMove(
                f"{found}: the smallest order is {least:.2f} ({what})",
                f"allocate more or leave the symbol out{or_floor}",
            )


def _beyond(account: Account, shown: Traded, abilities: Abilities) -> Iterator[QuorumError]:
    """What the venue does for nobody."""
    other = "deploy it on an account at a venue that does"
    if shown.shorts and not abilities.short:
        yield IllegalMove(f"it sells short, and the venue of account {account.name} does not", other)
    if OrderKind.MARKET not in abilities.kinds:
        yield IllegalMove(f"the venue of account {account.name} takes no market orders", other)
    if Hold.GTC not in abilities.holds:
        yield IllegalMove(f"no order rests at the venue of account {account.name} until it is cancelled", other)
    for symbol in sorted({bars.symbol for bars in shown.series}):
        base, quote = split_symbol(symbol)
        spelt = f"{base}{abilities.between}{quote}"
        if abilities.between is not None and symbol not in (base, spelt):
            found = f"the venue of account {account.name} writes {symbol} as {spelt}"
            yield IllegalMove(found, "bring its bars in under that name, and queue the idea on them")
    if shown.stops and not (abilities.protects and OrderKind.STOP in abilities.kinds):
        yield IllegalMove(f"it leaves by stops, and none can rest at the venue of account {account.name}", other)


def _unlisted(desk: Desk, account: Account, shown: Traded) -> Iterator[QuorumError]:
    """Symbols that the venue does not trade; of real money it is not asked before it was agreed to."""
    hours = desk.hours(account.name, desk.clock)
    for symbol in sorted({bars.symbol for bars in shown.series}):
        try:
            known = hours.trades(symbol)
        except NeedsApproval:
            return
        except QuorumError as error:
            yield error
            return
        if not known:
            found = f"the venue of account {account.name} does not trade {symbol}"
            yield IllegalMove(found, "deploy it on an account at a venue that does, or queue it on another symbol")


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


def _fees(desk: Desk, account: Account, abilities: Abilities) -> Iterator[QuorumError]:
    """Fees in something that nothing says the worth of: they could not be booked."""
    terms = desk.settings.accounts.rate_hours
    for asset in sorted(abilities.fee_assets - {account.currency}):
        rate = found_rate(desk.rates.newest(), (asset, account.currency), (desk.clock.now(), terms))
        if isinstance(rate, str):
            yield IllegalMove(f"the venue of account {account.name} takes fees in {asset}: {rate}", "record a rate")
