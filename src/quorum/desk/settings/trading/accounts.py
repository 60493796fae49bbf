"""accounts.yaml: which accounts there are, in which book and currency, and what all of them are added up in."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from quorum.desk.settings.sections import AccountName, Currency, Digits, Number
from quorum.desk.settings.trading.venue import AtVenue


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AccountSection(AtVenue):
    """One account in accounts.yaml: the book whose limits hold, its currency, and the cash paid in at its start."""

    book: str
    currency: Currency
    cash: Digits = Field(gt=0, lt=10**15, decimal_places=12)


_ACCOUNTS = {
    "paper": AccountSection(book="crypto", currency="USDT", cash=Decimal(100_000)),
    "paper-usd": AccountSection(book="equities", currency="USD", cash=Decimal(100_000)),
}


class AccountsFile(_Section):
    """The accounts, the currency of their total, and how old a rate between currencies may be, in hours."""

    accounts: dict[AccountName, AccountSection] = _ACCOUNTS
    reporting_currency: Currency = "USD"
    rate_hours: Number = Field(24.0, gt=0)
