"""What all accounts are worth together, in one currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from quorum.desk.desk import Desk
from quorum.desk.trading.accounting.quoted import rates_now
from quorum.desk.trading.accounting.sheets import digits
from quorum.domain import ZERO, Book
from quorum.execution import Rate, found_rate


@dataclass(frozen=True, slots=True)
class Worth:
    """One account: its equity in its own currency and in the reporting one, None where `why` says what is missing."""

    account: str
    book: Book | None
    equity: Decimal
    currency: str
    reported: Decimal | None
    why: str


@dataclass(frozen=True, slots=True)
class Total:
    """All accounts in the reporting currency; `amount` is None while a rate is missing, and `lacking` says which."""

    currency: str
    amount: Decimal | None
    accounts: tuple[Worth, ...]

    @property
    def lacking(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(worth.why for worth in self.accounts if worth.why))


def total(desk: Desk) -> Total:
    """The configured accounts, each at its last marks; one never opened counts by the cash that it will have.

    Rates are those on record, or newer ones of the lake.
    """
    into, sections = desk.settings.accounts.reporting_currency, desk.settings.accounts.accounts.values()
    pairs = {(section.currency, into) for section in sections if section.currency != into}
    known = rates_now(desk, pairs, desk.clock.now())
    opened = {row["account"] for row in desk.accounts.listed()}
    found = tuple(_worth(desk, name, name in opened, (into, known)) for name in desk.settings.accounts.accounts)
    amounts = [worth.reported for worth in found if worth.reported is not None]
    return Total(into, sum(amounts, ZERO) if len(amounts) == len(found) else None, found)


def told(total: Total) -> Mapping[str, object]:
    """A total as plain facts."""
    return {
        "reporting_currency": total.currency,
        "total": None if total.amount is None else digits(total.amount),
        "lacking": list(total.lacking),
    }


def _worth(desk: Desk, name: str, opened: bool, given: tuple[str, Sequence[Rate]]) -> Worth:
    section = desk.settings.accounts.accounts[name]
    book, equity = None, section.cash
    if opened:
        with desk.accounts.transaction(name) as transaction:
            book = transaction.book()
        equity = book.equity
    if book is not None and book.unrated:
        return Worth(name, book, equity, section.currency, None, "; ".join(book.unrated.values()))
    into, known = given
    if section.currency == into:
        return Worth(name, book, equity, into, equity, "")
    rate = found_rate(known, (section.currency, into), (desk.clock.now(), desk.settings.accounts.rate_hours))
    if isinstance(rate, str):
        return Worth(name, book, equity, section.currency, None, rate)
    return Worth(name, book, equity, section.currency, equity * rate.rate, "")
