"""Eight processes that ask one account for more than it has room for: `python -m durability.proposers PLACE`."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from adapters.processes import all_at_once
from adapters.stores import ACCOUNT, NOW, PROVENANCE, Store, fill, moved, opened, ordered, place
from quorum.adapters.sql import SqlAccounts
from quorum.desk.facts import verdict_facts
from quorum.domain import (
    HOUR,
    Book,
    Choice,
    DecisionKind,
    Instrument,
    Money,
    OrderEvent,
    OrderStatus,
    Proposal,
    Purpose,
    Side,
    Vetoed,
    VirtualClock,
    plain,
)
from quorum.engine import intend, judge
from quorum.risk import RiskLimits

PROCESSES, EACH = 8, 110
EQUITY, PRICE = Decimal(100_000), Decimal(100)
LIMITS = RiskLimits(max_position=Decimal("0.20"), max_deployed=Decimal("0.60"))
LIMIT = EQUITY * LIMITS.max_deployed
SYMBOLS = ("ALFAUSDT", "BRAVOUSDT", "CHARLIEUSDT", "DELTAUSDT", "ECHOUSDT")
MARKS = dict.fromkeys(SYMBOLS, PRICE)


@dataclass
class Proposer:
    """One asker: its dice, and the orders that it has open."""

    name: str
    accounts: SqlAccounts
    dice: random.Random
    open: list[str]

    def ask(self, number: int) -> None:
        """Propose 1 to 10 % of the limit and hold what risk lets pass, in one transaction."""
        wish = self.wish(number)
        instrument = instrument_of(wish.symbol)
        with self.accounts.transaction(ACCOUNT) as transaction:
            book = transaction.book({wish.symbol: PRICE})
            verdict = judge(wish, book, LIMITS, instrument)
            told = {"proposal": plain(wish), **verdict_facts(verdict)}
            choice = Choice(DecisionKind.RISK, wish.symbol, NOW, {}, told, "; ".join(told["reasons"]))
            decision = transaction.record(choice).decision_id
            if not isinstance(verdict, Vetoed):
                order = transaction.intend(intend(wish, verdict, decision, book, (LIMITS, instrument)))
                self.open.append(order.intent.client_order_id)
                within_limits(transaction.book())

    def wish(self, number: int) -> Proposal:
        symbol = self.dice.choice(SYMBOLS)
        share = Decimal(self.dice.randint(100, 1_000)) / 10_000
        quantity = instrument_of(symbol).quantity(LIMIT * share / PRICE)
        return proposal(f"{self.name}-{number}", symbol, quantity)

    def give_up(self) -> None:
        """Cancel the own orders, so that there is room again for somebody."""
        with self.accounts.transaction(ACCOUNT) as transaction:
            while self.open:
                transaction.append(OrderEvent(self.open.pop(), OrderStatus.CANCELLED, NOW))
            within_limits(transaction.book())


def within_limits(book: Book) -> None:
    """What no commit may break."""
    assert book.equity == EQUITY
    assert book.deployed <= LIMIT, f"{book.deployed} of {LIMIT}"
    assert max(book.exposure(symbol) for symbol in SYMBOLS) <= EQUITY * LIMITS.max_position


def instrument_of(symbol: str) -> Instrument:
    return Instrument(symbol, "made-up", symbol.removesuffix("USDT"), "USDT", Decimal("0.01"), Decimal("0.01"))


def proposal(key: str, symbol: str, quantity: Decimal) -> Proposal:
    return Proposal(
        Purpose.TARGET, ACCOUNT, symbol, Side.BUY, quantity, PRICE, NOW, NOW + HOUR, f"{symbol}|{key}", "DEC-0"
    )


def accounts_at(place: Path | str) -> SqlAccounts:
    return SqlAccounts(opened(place), VirtualClock(NOW), PROVENANCE)


def propose(place: Path | str, seed: int) -> None:
    """Ask, and every other time give up what was given before."""
    proposer = Proposer(str(seed), accounts_at(place), random.Random(seed), [])
    for number in range(EACH):
        if proposer.open and proposer.dice.random() < 0.6:
            proposer.give_up()
        proposer.ask(number)


def main(place: Path | str) -> int:
    """Let all proposers go at once; how many failed."""
    return all_at_once([partial(propose, place, seed) for seed in range(PROCESSES)])


def fund(store: Store) -> None:
    """An account that holds a sixth of its limit, and has reserved the rest up to 95 % of it."""
    store.accounts.open(ACCOUNT, "crypto", Money(EQUITY, "USDT"))
    with store.accounts.transaction(ACCOUNT) as transaction:
        for number, (symbol, value) in enumerate(zip(SYMBOLS, (10_000, 12_000, 12_000, 12_000, 11_000), strict=True)):
            size = str(value // PRICE)
            ordered(transaction, number, size, symbol=symbol, reserve=Decimal(value))
        transaction.append(moved(0, OrderStatus.SENT))
        transaction.book_fill(fill(0, 1, "100", symbol=SYMBOLS[0], fee=Decimal(0)))
        assert transaction.book(MARKS).deployed == LIMIT * Decimal("0.95")


if __name__ == "__main__":
    sys.exit(main(place(sys.argv[1])))
