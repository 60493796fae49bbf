"""Every entry balances in every commodity, says what its fill says, and is sealed to the one before."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.words import AMOUNTS, NOW, PRICES, QUANTITIES, decimals, fill
from quorum.domain import Fill, Money, Side, Unbalanced, canonical
from quorum.execution import Entry, Posting, entry_of_fill, entry_of_funding
from quorum.execution.ledger import CAPITAL, CASH, FEES, HOLDING, TRADING, chain

PAIRS = st.sampled_from(["BTCUSDT", "ETH/EUR", "AAPL", "ETHBTC"])
QUOTES = {"BTCUSDT": "USDT", "ETH/EUR": "EUR", "AAPL": "USD", "ETHBTC": "BTC"}
FEES_OF = decimals(-(10**6), 10**9, 8)
TRADES = st.builds(
    lambda symbol, side, size, price, fee, currency: fill(
        side, size, price, symbol=symbol, fee=fee, fee_currency=currency or QUOTES[symbol]
    ),
    PAIRS,
    st.sampled_from(Side),
    QUANTITIES,
    PRICES,
    st.just(Decimal(0)) | FEES_OF,
    st.sampled_from([None, "BNB"]),
)


def balances(entries: Iterable[Entry]) -> dict[tuple[str, str], Decimal]:
    """The sum of all postings by ledger account and commodity."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings:
            sums[posting.ledger_account, posting.commodity] += posting.amount
    return dict(sums)


def sums(entry: Entry) -> dict[str, Fraction]:
    totals: dict[str, Fraction] = defaultdict(Fraction)
    for posting in entry.postings:
        totals[posting.commodity] += Fraction(posting.amount)
    return totals


@settings(max_examples=40)
@given(TRADES)
def test_a_fill_moves_holding_cash_and_fee_and_balances(trade: Fill) -> None:
    entry = entry_of_fill("paper", trade)
    assert set(sums(entry).values()) == {0}
    moved, sign, quote = balances([entry]), trade.side.sign, QUOTES[trade.symbol]
    paid = {quote: -sign * Fraction(trade.quantity) * Fraction(trade.price)}
    paid[trade.fee_currency] = paid.get(trade.fee_currency, Fraction(0)) - Fraction(trade.fee)
    assert moved[HOLDING, trade.symbol] == sign * trade.quantity == -moved[TRADING, trade.symbol]
    assert {c: Fraction(a) for (name, c), a in moved.items() if name == CASH} == {c: a for c, a in paid.items() if a}
    assert moved.get((FEES, trade.fee_currency), 0) == trade.fee
    assert (entry.account, entry.time, entry.kind, entry.reference) == ("paper", trade.time, "fill", trade.fill_id)


@settings(max_examples=40)
@given(AMOUNTS, st.sampled_from(["USD", "USDT"]))
def test_capital_comes_in_and_goes_out_against_the_owner(amount: Decimal, currency: str) -> None:
    entry = entry_of_funding("paper", Money(amount, currency), NOW, "transfer-1")
    assert balances([entry]) == {(CASH, currency): amount, (CAPITAL, currency): -amount}
    assert (entry.kind, entry.reference) == ("funding", "transfer-1")


@settings(max_examples=40)
@given(TRADES, st.data())
def test_one_posting_that_is_off_is_refused_whole(trade: Fill, data: st.DataObject) -> None:
    entry = entry_of_fill("paper", trade)
    n = data.draw(st.integers(0, len(entry.postings) - 1))
    off = data.draw(decimals(1, 10**6, 8) | decimals(-(10**6), -1, 8))
    wrong = list(entry.postings)
    wrong[n] = replace(wrong[n], amount=wrong[n].amount + off)
    with pytest.raises(Unbalanced, match="entry Q1-1: postings leave"):
        replace(entry, postings=tuple(wrong))
    with pytest.raises(Unbalanced, match="entry Q1-1: postings leave"):
        replace(entry, postings=entry.postings[:n] + entry.postings[n + 1 :])


def test_two_commodities_do_not_make_up_for_each_other() -> None:
    postings = (Posting(CASH, "USD", Decimal(1)), Posting(CAPITAL, "EUR", Decimal(-1)))
    with pytest.raises(Unbalanced, match="USD"):
        Entry("paper", NOW, "funding", "transfer-1", postings)
    with pytest.raises(Unbalanced, match="leave nothing"):
        Entry("paper", NOW, "funding", "transfer-1", ())


def test_golden_postings() -> None:
    entry = entry_of_fill("paper", fill(Side.SELL, "2", "50.5", fee=Decimal("0.1"), fee_currency="BNB"))
    assert entry.postings == (
        Posting("assets:holding", "BTCUSDT", Decimal(-2)),
        Posting("trading", "BTCUSDT", Decimal(2)),
        Posting("trading", "USDT", Decimal("-101.0")),
        Posting("assets:cash", "USDT", Decimal("101.0")),
        Posting("assets:cash", "BNB", Decimal("-0.1")),
        Posting("expenses:fees", "BNB", Decimal("0.1")),
    )
    assert len(entry_of_fill("paper", fill(Side.BUY, "1", "1")).postings) == 4


def test_a_seal_depends_on_everything_before_it() -> None:
    first = entry_of_funding("paper", Money(Decimal("100.0"), "USD"), NOW, "transfer-1")
    second = entry_of_fill("paper", fill(Side.BUY, "1", "1"))
    sealed = chain(chain("", first), second)
    assert chain("", first) == hashlib.sha256(canonical(first)).hexdigest()
    others = [replace(first, time=NOW + 1), replace(first, reference="x"), replace(first, account="y")]
    others.append(replace(first, postings=first.postings[::-1]))
    others.append(entry_of_funding("paper", Money(Decimal("100.00"), "USD"), NOW, "transfer-1"))
    assert len({sealed, *(chain(chain("", other), second) for other in others)}) == 6
    assert chain(chain("", second), first) != sealed


@settings(max_examples=40)
@given(st.lists(TRADES, max_size=6))
def test_balances_are_the_sums_of_all_postings(trades: list[Fill]) -> None:
    entries = [entry_of_fill("paper", trade) for trade in trades]
    expected: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for entry in entries:
        for posting in entry.postings:
            expected[posting.ledger_account, posting.commodity] += Fraction(posting.amount)
    assert {key: Fraction(amount) for key, amount in balances(entries).items()} == expected
