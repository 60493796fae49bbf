"""What risk says of a wish: every proposal assessed, every check counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from quorum.domain import NO_EXIT, ZERO, Approved, Book, ExitPlan, Instrument, Proposal, Purpose, Shrunk, Side
from quorum.engine.events.driven import Checks
from quorum.engine.events.ledger import ACCOUNT
from quorum.risk import RiskLimits, assess, collar

ORIGIN = "the strategy's target"


class Wish(NamedTuple):
    """A change of what is held, signed, at about `price`, decided at `as_of` (ns UTC); `plan` is how it is left."""

    symbol: str
    change: Decimal
    price: Decimal
    as_of: int
    purpose: Purpose = Purpose.TARGET
    plan: ExitPlan = NO_EXIT


class Passed(NamedTuple):
    """What of a wish may be sent, signed: the part that closes and the part that opens, and the worst price."""

    closes: Decimal
    opens: Decimal
    worst: Decimal

    @property
    def change(self) -> Decimal:
        return self.closes + self.opens


class RiskDesk:
    """The limits of one book, asked before every order."""

    def __init__(self, limits: RiskLimits, instruments: Mapping[str, Instrument], expires: int) -> None:
        self.checks = Checks()
        self._limits = limits
        self._instruments = instruments
        self._expires = expires

    def ask(self, wish: Wish, book: Book) -> Passed:
        """What risk lets pass of a wish. One that goes through zero is asked in two parts: what it closes, and then
        what it opens, of a book that has closed it.
        """
        held = book.quantity(wish.symbol)
        if held * wish.change >= 0:
            return Passed(ZERO, *self._assess(wish, wish.change, book))
        closes = -held if abs(wish.change) > abs(held) else wish.change
        passed, worst = self._assess(wish._replace(plan=NO_EXIT), closes, book)
        opens = wish.change - closes
        if not opens or passed != closes:
            return Passed(passed, ZERO, worst)
        positions = {symbol: position for symbol, position in book.positions.items() if symbol != wish.symbol}
        closed = replace(book, cash=book.cash + held * wish.price, positions=positions)
        return Passed(passed, *self._assess(wish, opens, closed))

    def _assess(self, wish: Wish, change: Decimal, book: Book) -> tuple[Decimal, Decimal]:
        """The signed quantity that passes, and the worst price at which it may fill."""
        instrument, buys = self._instruments[wish.symbol], change > 0
        proposal = Proposal(
            purpose=wish.purpose,
            account=ACCOUNT,
            symbol=wish.symbol,
            side=Side.BUY if buys else Side.SELL,
            quantity=abs(change),
            price=wish.price,
            as_of=wish.as_of,
            expires=self._expires,
            key=f"{wish.symbol}|{wish.as_of}",
            origin=ORIGIN,
            exit=wish.plan,
        )
        verdict = assess(proposal, book, self._limits, instrument)
        self.checks.count(verdict)
        quantity = verdict.quantity if isinstance(verdict, Approved | Shrunk) else ZERO
        return (quantity if buys else -quantity), collar(proposal, self._limits, instrument)
