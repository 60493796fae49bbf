"""Generated order sequences: accounts that trade, cross, earn, split and convert, beside a model in exact fractions."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from quorum.desk.desk import Accounting, Accounts
from quorum.domain import (
    MINUTE,
    ZERO,
    Book,
    Choice,
    DecisionKind,
    Fill,
    Hold,
    Instrument,
    Money,
    Order,
    OrderEvent,
    OrderKind,
    OrderStatus,
    OrderTerms,
    Part,
    Proposal,
    Purpose,
    Side,
    Vetoed,
    parse_instant,
    plain,
)
from quorum.execution import (
    Booked,
    Cross,
    Entry,
    Income,
    Posting,
    earned,
    entry_of_conversion,
    entry_of_funding,
    entry_of_income,
    make_intent,
)
from quorum.execution.ledger import CASH
from quorum.execution.statement import WHOLE
from quorum.risk import RiskLimits, assess, collar

NOW = parse_instant("2026-01-05T00:00:00Z")
STRATEGIES = ("STR-001", "STR-002", "STR-003")
LOT, TICK = Decimal("0.001"), Decimal("0.01")
PRICES = {"BTCUSDT": Decimal(100), "ETHUSDT": Decimal(20)}
INSTRUMENTS = {name: Instrument(name, "simulated", name.removesuffix("USDT"), "USDT", TICK, LOT) for name in PRICES}
OPENING = Decimal(10_000)
TERMS = (
    OrderTerms(),
    OrderTerms(hold=Hold.IOC),
    OrderTerms(OrderKind.LIMIT, Hold.DAY),
    OrderTerms(OrderKind.STOP, trigger=Decimal(90)),
    OrderTerms(OrderKind.STOP_LIMIT, Hold.DAY, Decimal(95)),
)
S = OrderStatus
PAID = ("funding", "conversion")
ENDS = (S.CANCELLED, S.EXPIRED, S.REJECTED, S.NEVER_ARRIVED)


@dataclass
class Model:
    """An account in fractions, moved by what happened and by no word of the desk."""

    cash: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    units: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    fees: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))

    def fill(self, fill: Fill) -> None:
        sign = 1 if fill.side is Side.BUY else -1
        self.units[fill.symbol] += sign * Fraction(fill.quantity)
        self.cash["USDT"] -= sign * Fraction(fill.quantity) * Fraction(fill.price)
        base = fill.symbol.removesuffix("USDT")
        if fill.fee_currency == base:
            self.units[fill.symbol] -= Fraction(fill.fee)
        else:
            self.cash[fill.fee_currency] -= Fraction(fill.fee)
        self.fees[fill.fee_currency] += Fraction(fill.fee)


@dataclass
class Sequence:
    """One account's course: what was drawn, and what did not hold."""

    account: str
    draw: random.Random
    model: Model = field(default_factory=Model)
    orders: list[Order] = field(default_factory=list)
    at: int = NOW
    steps: int = 0
    vetoes: int = 0
    breaches: list[str] = field(default_factory=list)

    def play(self, accounts: Accounts, steps: int) -> None:
        """Open the account and take the steps, all in one transaction."""
        accounts.open(self.account, "crypto", Money(OPENING, "USDT"))
        self.model.cash["USDT"] += Fraction(OPENING)
        verbs = (self._order, self._order, self._order, self._order, self._cross, self._income, self._split, self._move)
        with accounts.transaction(self.account) as transaction:
            for number in range(steps):
                self.at += MINUTE
                self.steps += 1
                self.draw.choice(verbs)(transaction, number)
            self._late(transaction)

    def _order(self, transaction: Accounting, number: int) -> None:
        symbol = self.draw.choice(list(PRICES))
        price = (PRICES[symbol] * Decimal(self.draw.randint(95, 105)) / 100).quantize(TICK)
        book = transaction.book({symbol: price})
        side = self.draw.choice(list(Side))
        quantity = Decimal(self.draw.randint(1, 90_000)) * LOT
        key = f"{self.account}-{number}"
        wish = Proposal(Purpose.TARGET, self.account, symbol, side, quantity, price, self.at, self.at + MINUTE, key, "")
        limits = RiskLimits(allow_short=self.draw.random() < 0.3, max_borrowed=Decimal(1))
        rated = replace(book, unrated={}, rates=dict.fromkeys(book.foreign, Decimal(1)))
        verdict = assess(wish, rated, limits, INSTRUMENTS[symbol])
        passed = ZERO if isinstance(verdict, Vetoed) else verdict.quantity
        word = "vetoed" if not passed else "approved" if passed == quantity else "shrunk"
        outcome = {"proposal": plain(wish), "verdict": word, "quantity": plain(passed), "reasons": []}
        choice = Choice(DecisionKind.RISK, symbol, self.at, {}, outcome, word)
        decision = transaction.record(choice)
        if not passed:
            self.vetoes += 1
            return
        worst = collar(wish, limits, INSTRUMENTS[symbol])
        self._check_limits(rated, wish, (passed, max(worst, price)), limits)
        made = make_intent(wish, passed, worst, decision.decision_id, book.version, self.at)
        parts = self._parts(passed * side.sign)
        order = transaction.intend(replace(made, parts=parts, terms=self.draw.choice(TERMS)))
        self._trade(transaction, order)

    def _check_limits(self, book: Book, wish: Proposal, size: tuple[Decimal, Decimal], limits: RiskLimits) -> None:
        """The limits worked out a second time, in fractions, from what the model holds."""
        held = self.model.units[wish.symbol]
        if held * wish.side.sign < 0:
            if Fraction(size[0]) > abs(held):
                self.breaches.append(f"{self.account}: {wish.key} turns a holding of {held} by {size[0]}")
            return
        marks = {name: Fraction(price) for name, price in book.marks.items()}
        foreign = sum((amount for name, amount in self.model.cash.items() if name != "USDT"), Fraction(0))
        values = {name: units * marks.get(name, Fraction(0)) for name, units in self.model.units.items()}
        equity = self.model.cash["USDT"] + foreign + sum(values.values())
        reserved = {name: Fraction(amount) for name, amount in book.reserved.items()}
        cost = Fraction(size[0]) * Fraction(size[1])
        one = abs(values.get(wish.symbol, Fraction(0))) + reserved.get(wish.symbol, Fraction(0)) + cost
        every = sum(map(abs, values.values()), Fraction(0)) + sum(reserved.values(), Fraction(0)) + cost
        slack = Fraction(1, 10**15)
        if one > Fraction(limits.max_position) * equity + slack:
            self.breaches.append(f"{self.account}: {wish.key} takes {float(one)} of {float(equity)} in one symbol")
        if every > Fraction(limits.max_deployed) * equity + slack:
            self.breaches.append(f"{self.account}: {wish.key} takes {float(every)} of {float(equity)} in all")

    def _parts(self, signed: Decimal) -> tuple[Part, ...]:
        names = self.draw.sample(STRATEGIES, self.draw.randint(0, 3))
        lots = int(abs(signed) / LOT)
        if not names or lots < len(names):
            return ()
        cuts = sorted(self.draw.sample(range(1, lots), len(names) - 1))
        sizes = [LOT * (b - a) for a, b in zip((0, *cuts), cuts, strict=False)]
        sizes.append(abs(signed) - sum(sizes, ZERO))
        sign = 1 if signed > 0 else -1
        return tuple(Part(name, sign * size) for name, size in zip(names, sizes, strict=True))

    def _trade(self, transaction: Accounting, order: Order) -> None:
        """Send it, fill some of it in parts, each reported once or twice, and end it or leave it open."""
        identity = order.intent.client_order_id
        order = transaction.append(OrderEvent(identity, S.SENT, self.at))
        if self.draw.random() < 0.2:
            order = transaction.append(OrderEvent(identity, S.UNKNOWN, self.at))
        parts = 0 if self.draw.random() < 0.15 else self.draw.randint(1, 3)
        for part in range(parts):
            last = part == parts - 1 and self.draw.random() < 0.7
            order = self._fill(transaction, order, part, whole=last)
        if order.status.terminal or self.draw.random() < 0.3:
            self.orders.append(order)
            return
        allowed = (S.CANCELLED, S.EXPIRED) if parts else ENDS
        self.orders.append(transaction.append(OrderEvent(identity, self.draw.choice(allowed), self.at)))

    def _fill(self, transaction: Accounting, order: Order, part: int, *, whole: bool) -> Order:
        intent = order.intent
        left = intent.quantity - order.filled
        lots = int(left / LOT)
        if lots < 2 and not whole:
            return order
        quantity = left if whole else LOT * self.draw.randint(1, lots - 1)
        fee, currency = self._fee(intent.symbol, quantity * intent.price)
        fill = Fill(
            f"{intent.client_order_id}-{part}",
            intent.client_order_id,
            intent.symbol,
            intent.side,
            quantity,
            intent.price + TICK * self.draw.randint(-9, 9),
            fee,
            currency,
            self.at + part,
        )
        moved = transaction.book_fill(fill)
        if self.draw.random() < 0.2:
            transaction.book_fill(fill)
        self.model.fill(fill)
        return moved

    def _fee(self, symbol: str, notional: Decimal) -> tuple[Decimal, str]:
        base = symbol.removesuffix("USDT")
        currency = self.draw.choice(("USDT", "USDT", base, "BNB", "none"))
        if currency == "none":
            return ZERO, "USDT"
        rate = self.draw.choice((Decimal("0.001"), Decimal("-0.0001")))
        worth = {"USDT": Decimal(1), "BNB": Decimal(300), base: PRICES[symbol]}[currency]
        return (notional * rate / worth).quantize(Decimal("1e-8")), currency

    def _cross(self, transaction: Accounting, number: int) -> None:
        symbol = self.draw.choice(list(PRICES))
        buyer, seller = self.draw.sample(STRATEGIES, 2)
        quantity = LOT * self.draw.randint(1, 5_000)
        price = PRICES[symbol] + TICK * self.draw.randint(-99, 99)
        for _ in range(self.draw.randint(1, 2)):
            transaction.cross(
                symbol, Cross(buyer, seller, quantity), price, (self.at, f"cross-{self.account}-{number}")
            )

    def _income(self, transaction: Accounting, number: int) -> None:
        amount = Decimal(self.draw.choice((-1, 1)) * self.draw.randint(1, 99_999)) / 10_000
        shares = {name: Decimal(self.draw.randint(1, 9)) for name in self.draw.sample((*STRATEGIES, ""), 2)}
        kind, at = self.draw.choice(list(Income)), (self.at, f"income-{self.account}-{number}")
        entry = entry_of_income(
            self.account, kind, Money(amount, "USDT"), at, shares, self.draw.choice(("", "BTCUSDT"))
        )
        transaction.enter(entry)
        self.model.cash["USDT"] += Fraction(amount)

    def _split(self, transaction: Accounting, number: int) -> None:
        """A split in twos, which leaves no remainder, of what is held and has no open order."""
        busy = {order.intent.symbol for order in self.orders if not order.status.terminal}
        owners = transaction.holdings()
        for symbol in PRICES:
            held = self.model.units[symbol]
            if symbol in busy or not held or not any(what == symbol for _, what in owners):
                continue
            transaction.split(symbol, Decimal(2), (self.at, f"split-{self.account}-{number}-{symbol}"))
            self.model.units[symbol] = 2 * held

    def _move(self, transaction: Accounting, number: int) -> None:
        """Capital in or out, or a conversion."""
        at = f"{self.account}-{number}"
        amount = Decimal(self.draw.randint(1, 50_000)) / 100
        if self.draw.random() < 0.5:
            signed = amount * self.draw.choice((-1, 1))
            transaction.enter(entry_of_funding(self.account, Money(signed, "USDT"), self.at, f"paid-{at}"))
            self.model.cash["USDT"] += Fraction(signed)
            return
        sold, bought = Money(amount, "USDT"), Money((amount * Decimal("0.9137")).quantize(Decimal("1e-8")), "EUR")
        transaction.enter(entry_of_conversion(self.account, sold, bought, (self.at, f"conversion-{at} by bank")))
        self.model.cash["USDT"] -= Fraction(sold.amount)
        self.model.cash["EUR"] += Fraction(bought.amount)

    def _late(self, transaction: Accounting) -> None:
        """Fills that are reported after their order has ended, where something of it was left."""
        for order in self.orders:
            if order.status in ENDS and order.filled < order.intent.quantity and self.draw.random() < 0.5:
                self._fill(transaction, order, 9, whole=self.draw.random() < 0.5)


def compared(sequence: Sequence, book: Book, entries: Iterable[Booked]) -> list[str]:
    """Where the account is not what the model says, or its profits are not what its cash says, to the last unit."""
    model, name, found = sequence.model, sequence.account, []
    cash = {**book.foreign, book.currency: book.cash}
    for currency in sorted({*cash, *model.cash}):
        if Fraction(cash.get(currency, ZERO)) != model.cash[currency]:
            found.append(f"{name}: {cash.get(currency, ZERO)} {currency}, the model has {model.cash[currency]}")
    for symbol in PRICES:
        if Fraction(book.quantity(symbol)) != model.units[symbol]:
            found.append(f"{name}: {book.quantity(symbol)} {symbol}, the model has {model.units[symbol]}")
    told = _told_by_profit([row.entry for row in entries])
    if told != Fraction(book.cash):
        found.append(f"{name}: profits tell of {float(told)} USDT, the cash is {book.cash}")
    return found


def _told_by_profit(entries: list[Entry]) -> Fraction:
    """The cash that follows from what was paid in and what was made, with costs taken off."""
    whole = [line for line in earned(entries) if line.owner == WHOLE]
    money = sum((p.amount for e in entries if e.kind in PAID for p in e.postings if _is_cash(p)), ZERO)
    made = [(line.position.realised, line.position.cost, line.in_kind) for line in whole]
    beside = [(line.income.get("USDT", ZERO), line.fees.get("USDT", ZERO)) for line in whole]
    return (
        Fraction(money)
        + sum((Fraction(r) - Fraction(c) - Fraction(k) for r, c, k in made), Fraction(0))
        + sum((Fraction(i) - Fraction(f) for i, f in beside), Fraction(0))
    )


def _is_cash(posting: Posting) -> bool:
    return posting.ledger_account == CASH and posting.commodity == "USDT"
