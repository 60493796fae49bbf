"""Money and units that come and go by no order: paid in and out, moved, converted, earned, split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from quorum.desk.desk import Accounting, Desk
from quorum.desk.trading.accounting.quoted import rates_now
from quorum.domain import ZERO, Book, Money, NotFound, Position, UsageError
from quorum.execution import (
    Entry,
    Income,
    Rate,
    entries_of_transfer,
    entry_of_conversion,
    entry_of_funding,
    entry_of_income,
    found_rate,
)

CONVERTED = Decimal("1e-8")
"""The step of what a conversion brings."""
MOST, DECIMALS = Decimal("1e15"), 12
"""Sums of amounts below that, with so many decimals, are exact in the 28 digits of a decimal."""
LEAST_RATE = Decimal("1e-9")
WIDEST_SPLIT = Decimal("1e6")


@dataclass(frozen=True, slots=True)
class Moved:
    """What was booked: its reference, and what it did to the cash of the account."""

    account: str
    reference: str
    cash: Mapping[str, Decimal]


def fund(desk: Desk, account: str, amount: Decimal) -> Moved:
    """Pay capital in, or out when negative, in the account's currency; never more than is free.

    UsageError for an amount that is no number or 0, or more than is free.
    """
    _need_amount(abs(amount))
    account = desk.account_for("", account)
    with desk.accounts.transaction(account) as transaction:
        book = transaction.book()
        money = Money(amount, book.currency)
        _need_free(book, -money)
        entry = entry_of_funding(account, money, desk.clock.now(), _reference("funding", book))
        return _book(desk, transaction, entry, {money.currency: amount})


def transfer(desk: Desk, there: tuple[str, str], money: Money) -> tuple[Moved, Moved]:
    """Move cash from the first account to the second, in one transaction over both.

    UsageError for the same account twice, or more than is free.
    """
    source, target = there
    _need_amount(money.amount)
    if source == target:
        raise UsageError(f"{source} is where it comes from and where it goes to", "name two accounts")
    for name in there:
        desk.account_for("", name)
    with desk.accounts.both(source, target) as (giving, taking):
        book = giving.book()
        _need_free(book, money)
        at = (desk.clock.now(), _reference(f"transfer-{target}", book))
        out, into = entries_of_transfer(there, money, at)
        gone = _book(desk, giving, out, {money.currency: -money.amount})
        return gone, _book(desk, taking, into, {money.currency: money.amount})


def convert(desk: Desk, account: str, sold: Money, into: str, given: tuple[Decimal, str] | None = None) -> Moved:
    """Change cash of one currency into another, at a rate that is `given` with its source, else at the one on record.

    What it brings is rounded down to 1e-8. UsageError without a fresh rate, or for more than is free.
    """
    _need_amount(sold.amount)
    account, now = desk.account_for("", account), desk.clock.now()
    pair = sold.currency, into
    rate = rate_of(desk, pair, now) if given is None else _given(pair, given, now)
    bought = Money((sold.amount * rate.rate).quantize(CONVERTED, ROUND_DOWN), into)
    _need_amount(bought.amount)
    with desk.accounts.transaction(account) as transaction:
        book = transaction.book()
        _need_free(book, sold)
        reference = f"{_reference('conversion', book)} at {rate.rate} by {rate.source}"
        entry = entry_of_conversion(account, sold, bought, (now, reference))
        moved = _book(desk, transaction, entry, {sold.currency: -sold.amount, into: bought.amount})
    desk.rates.keep(rate)
    return moved


def earn(desk: Desk, account: str, kind: Income, money: Money, symbol: str = "") -> Moved:
    """Book what holding brought, or cost when negative: a dividend or funding of a symbol to who holds it, pro rata.

    NotFound for a symbol that nobody in the account holds.
    """
    _need_amount(abs(money.amount))
    account = desk.account_for("", account)
    with desk.accounts.transaction(account) as transaction:
        book = transaction.book()
        shares = _holders(transaction, book, symbol) if symbol else None
        at = (desk.clock.now(), _reference(kind.value, book))
        entry = entry_of_income(account, kind, money, at, shares, symbol)
        return _book(desk, transaction, entry, {money.currency: money.amount})


def split_units(desk: Desk, account: str, symbol: str, ratio: Decimal) -> Moved:
    """Give every holder of a symbol `ratio` units for one; what an owner gets is rounded down to 1e-9.

    UsageError for a ratio out of bounds, one that leaves a holder nothing, and while orders of the symbol are open;
    NotFound where nobody holds it.
    """
    if not ratio.is_finite() or ratio == 1 or not 1 / WIDEST_SPLIT <= ratio <= WIDEST_SPLIT:
        raise UsageError(f"a split of {ratio} units for one makes no sense", "write 4 for 4:1, 0.1 for 1:10")
    account = desk.account_for("", account)
    if desk.orders.of(account, symbol, only_open=True):
        raise UsageError(f"account {account} has open orders of {symbol}", "cancel them before the split")
    with desk.accounts.transaction(account) as transaction:
        book = transaction.book()
        before, reference = book.quantity(symbol), _reference("split", book)
        held = _held(transaction, book, symbol)
        transaction.split(symbol, ratio, (desk.clock.now(), reference))
        if len(_held(transaction, transaction.book(), symbol)) < len(held):
            least = min(map(abs, held.values()))
            raise UsageError(f"a split of {ratio} leaves nothing of {least:f} {symbol}", "close what is held first")
        desk.till.move(account, reference, {}, {symbol: transaction.book().quantity(symbol) - before})
        return Moved(account, reference, {})


def rate_of(desk: Desk, pair: tuple[str, str], now: int) -> Rate:
    """The rate of a pair on record, or of the lake; UsageError when there is none, or only a stale one."""
    found = found_rate(rates_now(desk, [pair], now), pair, (now, desk.settings.accounts.rate_hours))
    if isinstance(found, str):
        raise UsageError(found.partition(": ")[0], f"record it with `quorum account rate {pair[0]} {pair[1]} RATE`")
    return found


def _book(desk: Desk, transaction: Accounting, entry: Entry, cash: Mapping[str, Decimal]) -> Moved:
    """Post the entry and tell a venue of ours, which is last: what fails there is not booked here."""
    transaction.enter(entry)
    desk.till.move(entry.account, entry.reference, cash)
    return Moved(entry.account, entry.reference, cash)


def _reference(kind: str, book: Book) -> str:
    """Of one version of the book, so that what failed half way is taken up again under the same name."""
    return f"{kind}-{book.account}-{book.version + 1}"


def _holders(transaction: Accounting, book: Book, symbol: str) -> dict[str, Decimal]:
    found = _held(transaction, book, symbol)
    if not found:
        raise NotFound(
            f"account {book.account} holds no {symbol}", "leave the symbol out, or see `quorum broker positions`"
        )
    return found


def _held(transaction: Accounting, book: Book, symbol: str) -> dict[str, Decimal]:
    """The units of each owner, the account's own under no name; without those that have none."""
    held = {who: at.quantity for (who, what), at in transaction.holdings().items() if what == symbol and at.quantity}
    own = book.positions.get(symbol, Position(symbol)).quantity - sum(held.values(), ZERO)
    return {**held, "": own} if own else held


def record_rate(desk: Desk, pair: tuple[str, str], given: tuple[Decimal, str]) -> Rate:
    """Put a rate and its source on record as of now; UsageError for one that makes no sense."""
    rate = _given(pair, given, desk.clock.now())
    desk.rates.keep(rate)
    return rate


def _given(pair: tuple[str, str], given: tuple[Decimal, str], now: int) -> Rate:
    price, source = given
    if price.is_finite() and price > 0 and not LEAST_RATE <= price <= 1 / LEAST_RATE:
        raise UsageError(f"a rate of {price} is out of bounds", f"give one from {LEAST_RATE} to {1 / LEAST_RATE:.0f}")
    if not source.strip():
        raise UsageError("a rate needs its source", "name it with --source")
    return Rate(*pair, price, now, source)


def _need_amount(amount: Decimal) -> None:
    """UsageError for what is no amount, or has more digits than sums are exact in."""
    if not amount.is_finite() or amount <= 0:
        raise UsageError(f"{amount} is no amount", "give a number above 0")
    exponent = amount.normalize().as_tuple().exponent
    if amount >= MOST or (isinstance(exponent, int) and exponent < -DECIMALS):
        raise UsageError(
            f"{amount} is out of bounds", f"give a number below {MOST:.0e} with at most {DECIMALS} decimals"
        )


def _need_free(book: Book, money: Money) -> None:
    own = money.currency == book.currency
    free = max(book.cash - book.reserves, ZERO) if own else book.foreign.get(money.currency, ZERO)
    if money.amount > free:
        raise UsageError(
            f"account {book.account} has {free} {money.currency} free, and {money.amount} were to leave it",
            "move less, or end what reserves it",
        )
