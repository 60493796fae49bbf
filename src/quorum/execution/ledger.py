"""Double entry: every change of cash or holding is an entry whose postings sum to zero in each commodity.

An account's cash and holdings are the sums over their sub-accounts: `assets:cash:STR-001` is what strategy STR-001 has
earned and spent, `assets:cash` the desk's own.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from quorum.domain import ZERO, Fill, Money, Unbalanced, UsageError, canonical, split_symbol
from quorum.execution.netting import Cross

CASH, HOLDING, TRADING, FEES, CAPITAL = (
    "assets:cash",
    "assets:holding",
    "trading",
    "expenses:fees",
    "equity:capital",
)
INCOME = "income:"
SPLITS, TRANSFERS, ADJUSTMENTS = "equity:splits", "equity:transfers", "equity:adjustments"


class Income(StrEnum):
    """What holding brings or costs: a perpetual's funding, interest, dividends."""

    FUNDING = "perpetual_funding"
    INTEREST = "interest"
    DIVIDEND = "dividend"


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


def owned(ledger_account: str, owner: str) -> str:
    """The sub-account of an owner, a strategy's id; the desk's own, for an empty one, is the account itself."""
    return f"{ledger_account}:{owner}" if owner else ledger_account


def owner_of(ledger_account: str) -> tuple[str, str]:
    """A ledger account without its owner, and the owner; the desk's own has an empty one."""
    for line in (CASH, HOLDING, TRADING, FEES):
        if ledger_account.startswith(f"{line}:"):
            return line, ledger_account.removeprefix(f"{line}:")
    if ledger_account.startswith(INCOME):
        line, _, owner = ledger_account.removeprefix(INCOME).partition(":")
        return f"{INCOME}{line}", owner
    return ledger_account, ""


def entry_of_fill(account: str, fill: Fill, shares: Mapping[str, Decimal] | None = None) -> Entry:
    """Holding against trading in the symbol, cash against trading in the quote currency, cash against fees.

    With `shares` (signed quantities by strategy, together the fill's) each strategy has lines of its own, the fee pro
    rata. A fee in what was traded is taken from the holding.
    """
    signed = {"": fill.side.sign * fill.quantity} if shares is None else shares
    fees = split(fill.fee, {owner: abs(quantity) for owner, quantity in signed.items()})
    quote = split_symbol(fill.symbol)[1]
    paid = (HOLDING, fill.symbol) if fill.fee_in_base else (CASH, fill.fee_currency)
    postings = []
    for owner, quantity in signed.items():
        postings += _traded(owner, (fill.symbol, quote), quantity, fill.price)
        if fees[owner]:
            postings.append(Posting(owned(paid[0], owner), paid[1], -fees[owner]))
            postings.append(Posting(owned(FEES, owner), paid[1], fees[owner]))
    return Entry(account, fill.time, "fill", fill.fill_id, tuple(postings))


def entry_of_cross(account: str, symbol: str, cross: Cross, price: Decimal, at: tuple[int, str]) -> Entry:
    """What goes from one strategy to another inside an account, at `price`; `at` is the instant and the reference.

    UsageError for a cross that is not between two strategies.
    """
    if not cross.buyer or not cross.seller or cross.buyer == cross.seller:
        raise UsageError(
            f"a cross of {symbol} from {cross.seller or 'the desk'} to {cross.buyer or 'the desk'} is none",
            "name two strategies",
        )
    pair, time, reference = (symbol, split_symbol(symbol)[1]), *at
    bought = _traded(cross.buyer, pair, cross.quantity, price)
    return Entry(account, time, "cross", reference, (*bought, *_traded(cross.seller, pair, -cross.quantity, price)))


def _traded(owner: str, pair: tuple[str, str], quantity: Decimal, price: Decimal) -> list[Posting]:
    """A signed quantity of a symbol for its price in the quote currency."""
    symbol, quote = pair
    notional = quantity * price
    return [
        Posting(owned(HOLDING, owner), symbol, quantity),
        Posting(owned(TRADING, owner), symbol, -quantity),
        Posting(owned(TRADING, owner), quote, notional),
        Posting(owned(CASH, owner), quote, -notional),
    ]


def entry_of_income(
    account: str,
    kind: Income,
    money: Money,
    at: tuple[int, str],
    shares: Mapping[str, Decimal] | None = None,
    symbol: str = "",
) -> Entry:
    """What holding brought, or cost when it is negative, in cash; `at` is the instant and the reference.

    With `shares` (holdings by strategy, the desk's own under no name) it is theirs pro rata; `symbol` is what was held.
    """
    time, reference = at
    due = {"": money.amount} if shares is None else split(money.amount, {who: abs(q) for who, q in shares.items()})
    line = f"{INCOME}{kind}/{symbol}" if symbol else f"{INCOME}{kind}"
    postings = []
    for owner, amount in due.items():
        if amount:
            postings.append(Posting(owned(CASH, owner), money.currency, amount))
            postings.append(Posting(owned(line, owner), money.currency, -amount))
    return Entry(account, time, kind.value, reference, tuple(postings))


def entry_of_split(account: str, symbol: str, more: Mapping[str, Decimal], at: tuple[int, str]) -> Entry:
    """Units that a split adds to each owner's holding, or takes when negative; no cash moves."""
    postings = [
        posting
        for owner, units in more.items()
        for posting in (Posting(owned(HOLDING, owner), symbol, units), Posting(SPLITS, symbol, -units))
    ]
    return Entry(account, at[0], "split", at[1], tuple(postings))


def entries_of_transfer(there: tuple[str, str], money: Money, at: tuple[int, str]) -> tuple[Entry, Entry]:
    """Cash from the first account of `there` to the second: out of the one, into the other, both by one reference."""
    (source, target), (time, reference) = there, at
    out = (Posting(CASH, money.currency, -money.amount), Posting(TRANSFERS, money.currency, money.amount))
    into = (Posting(CASH, money.currency, money.amount), Posting(TRANSFERS, money.currency, -money.amount))
    first = Entry(source, time, "transfer", f"{reference}/out", out)
    return first, Entry(target, time, "transfer", f"{reference}/in", into)


def entry_of_conversion(account: str, sold: Money, bought: Money, at: tuple[int, str]) -> Entry:
    """One currency's cash for another's; the rate is what the amounts say, its source stands in the reference."""
    postings = (
        Posting(CASH, sold.currency, -sold.amount),
        Posting(TRADING, sold.currency, sold.amount),
        Posting(TRADING, bought.currency, -bought.amount),
        Posting(CASH, bought.currency, bought.amount),
    )
    return Entry(account, at[0], "conversion", at[1], postings)


def entry_of_adjustment(account: str, line: str, commodity: str, amount: Decimal, at: tuple[int, str]) -> Entry:
    """What the venue has more, or less when negative, and was adopted; `line` is CASH or HOLDING."""
    postings = (Posting(line, commodity, amount), Posting(ADJUSTMENTS, commodity, -amount))
    return Entry(account, at[0], "adjustment", at[1], postings)


def split(amount: Decimal, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """`amount` by weights that are not all 0, in steps of 1e-8 or of its own last digit; the rest is the largest's."""
    whole = sum(weights.values(), ZERO)
    step = Decimal(1).scaleb(min(int(amount.as_tuple().exponent), -8))
    found = {name: (amount * weight / whole).quantize(step, ROUND_DOWN) for name, weight in weights.items()}
    largest = max(weights, key=lambda name: (weights[name], name))
    found[largest] += amount - sum(found.values(), ZERO)
    return found


def entry_of_funding(account: str, money: Money, time: int, reference: str) -> Entry:
    """Capital paid in, or out when the amount is negative."""
    postings = (Posting(CASH, money.currency, money.amount), Posting(CAPITAL, money.currency, -money.amount))
    return Entry(account, time, "funding", reference, postings)


def chain(previous: str, entry: Entry) -> str:
    """The hash that seals an entry to the ones before it: SHA-256 of the previous hash and the entry's JSON."""
    return hashlib.sha256(previous.encode() + canonical(entry)).hexdigest()
