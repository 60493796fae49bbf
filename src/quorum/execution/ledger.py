"""Double entry: every change of cash or holding is an entry whose postings sum to zero in each commodity."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from quorum.domain import Fill, Money, Unbalanced, canonical, split_symbol

CASH, HOLDING, TRADING, FEES, CAPITAL = (
    "assets:cash",
    "assets:holding",
    "trading",
    "expenses:fees",
    "equity:capital",
)


@dataclass(frozen=True, slots=True)
class Posting:
    """`amount` of `commodity` (a currency or a symbol) into a ledger account; negative takes out."""

    ledger_account: str
    commodity: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in an account's ledger at `time` (ns UTC); `reference` names its fill or its transfer."""

    account: str
    time: int
    kind: str
    reference: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for posting in self.postings:
            sums[posting.commodity] += posting.amount
        wrong = {commodity: amount for commodity, amount in sums.items() if amount}
        if wrong or not self.postings:
            raise Unbalanced(f"entry {self.reference}: postings leave {wrong or 'nothing'}", "this is a bug: report it")


def entry_of_fill(account: str, fill: Fill) -> Entry:
    """Holding against trading in the symbol, cash against trading in the quote currency, cash against fees."""
    quote = split_symbol(fill.symbol)[1]
    quantity, notional = fill.side.sign * fill.quantity, fill.side.sign * fill.notional
    postings = [
        Posting(HOLDING, fill.symbol, quantity),
        Posting(TRADING, fill.symbol, -quantity),
        Posting(TRADING, quote, notional),
        Posting(CASH, quote, -notional),
    ]
    if fill.fee:
        postings += [Posting(CASH, fill.fee_currency, -fill.fee), Posting(FEES, fill.fee_currency, fill.fee)]
    return Entry(account, fill.time, "fill", fill.fill_id, tuple(postings))


def entry_of_funding(account: str, money: Money, time: int, reference: str) -> Entry:
    """Capital paid in, or out when the amount is negative."""
    postings = (Posting(CASH, money.currency, money.amount), Posting(CAPITAL, money.currency, -money.amount))
    return Entry(account, time, "funding", reference, postings)


def chain(previous: str, entry: Entry) -> str:
    """The hash that seals an entry to the ones before it: SHA-256 of the previous hash and the entry's JSON."""
    return hashlib.sha256(previous.encode() + canonical(entry)).hexdigest()
