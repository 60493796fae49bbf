"""Books, limits and wishes for the tests of this room, and what a book is worth by other means than its own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from domain.words import SYMBOLS, proposal
from quorum.domain import (
    NO_EXIT,
    Approved,
    Book,
    ExitPlan,
    Instrument,
    Position,
    Proposal,
    Purpose,
    RiskVerdict,
    Shrunk,
    Side,
)
from quorum.risk import RiskLimits

SYMBOL = SYMBOLS[0]
OPEN = RiskLimits(max_position=Decimal(1), max_deployed=Decimal(1), min_order_notional=Decimal(0), allow_short=True)


class Case(NamedTuple):
    """All that risk is given."""

    wish: Proposal
    book: Book
    limits: RiskLimits
    instrument: Instrument


def instrument(tick: str = "0.01", lot: str = "0.001", smallest: str = "0") -> Instrument:
    return Instrument(SYMBOL, "binance", "BTC", "USDT", Decimal(tick), Decimal(lot), Decimal(smallest))


def book(cash: str = "10000", held: str = "0", **changed: Any) -> Book:
    """10,000 USDT paid in, and `held` BTCUSDT bought and marked at 100."""
    quantity = Decimal(held)
    values: dict[str, Any] = {
        "account": "paper",
        "currency": "USDT",
        "version": 1,
        "cash": Decimal(cash),
        "funded": Decimal(10_000),
        "positions": {SYMBOL: Position(SYMBOL, quantity, quantity * 100)} if quantity else {},
        "marks": {SYMBOL: Decimal(100)},
    }
    return Book(**{**values, **changed})


def stopped(stop: str, *targets: str) -> ExitPlan:
    return ExitPlan(Decimal(stop), tuple(map(Decimal, targets)))


def passed(verdict: RiskVerdict) -> Decimal:
    """The quantity that a verdict lets through."""
    return verdict.quantity if isinstance(verdict, Approved | Shrunk) else Decimal(0)


def drawn(random: Random, low: str, high: str) -> Decimal:
    """A Decimal from `low` to `high`, to the digits that `high` is written with."""
    step = Decimal(high).as_tuple().exponent
    units = random.randint(int(Decimal(low).scaleb(-int(step))), int(Decimal(high).scaleb(-int(step))))
    return Decimal(units).scaleb(int(step))


def some_book(random: Random, sign: int) -> Book:
    """A book that is long (1), short (-1) or flat (0) in BTCUSDT, perhaps with something else and with open orders."""
    marks = {s: drawn(random, "90", "110.00") for s in SYMBOLS[:2]}
    signs = dict(zip(SYMBOLS, (sign, random.choice((0, 0, 1, -1))), strict=False))
    sizes = {s: n * drawn(random, "0.001", random.choice(("0.300", "5.000", "40.000"))) for s, n in signs.items() if n}
    held = {s: Position(s, q, q * drawn(random, "90", "110.00")) for s, q in sizes.items()}
    reserved = {s: drawn(random, "1", "3000.00") for s in marks if random.random() < 0.2}
    closing = {s: abs(q) * random.choice((0, 0, 1, 3, 4)) / 4 for s, q in sizes.items()}
    cash = drawn(random, *random.choice((("9000", "11000.00"), ("9000", "30000.00"), ("-500", "2000.00"))))
    funded = drawn(random, "100", random.choice(("9000.00", "9000.00", "15000.00")))
    return Book("paper", "USDT", 1, cash, funded, held, reserved, closing, marks)


def some_limits(random: Random) -> RiskLimits:
    """Limits of which most leave room and any may be tight."""

    def among(*texts: str) -> Decimal:
        return Decimal(random.choice(texts))

    return RiskLimits(
        risk_per_trade=among("0.0005", "0.005", "0.02", "0.5"),
        max_position=among("0.1", "0.4", "1", "1.5"),
        max_deployed=among("0.2", "0.6", "1", "1.5"),
        max_total_loss=among("0.2", "0.5", "0.5", "1"),
        min_reward_risk=among("0", "1", "1", "1.5"),
        min_order_notional=among("0", "0", "10", "300.5"),
        price_collar_bps=among("0", "7", "100", "500"),
        allow_short=random.random() < 0.8,
    )


def some_wish(random: Random, side: Side) -> Proposal:
    """A wish of any purpose and size, with no exit, one at any prices, or one that makes sense."""
    price, sign = drawn(random, "90", "110.00"), side.sign
    stop, target = price - sign * drawn(random, "0.01", "9.00"), price + sign * drawn(random, "0.01", "30.00")
    loose = ExitPlan(random.choice((None, drawn(random, "90", "110.00"))), (drawn(random, "90", "110.00"),))
    return proposal(
        purpose=random.choice((Purpose.PLAN, Purpose.TARGET, Purpose.SIGNAL, Purpose.SIGNAL, Purpose.REDUCTION)),
        side=side,
        quantity=drawn(random, "0", random.choice(("0.500", "5.000", "60.000", "300.000"))),
        price=price,
        exit=random.choice((NO_EXIT, ExitPlan(stop, (target,)), ExitPlan(stop, (target,)), loose)),
    )


def some_instrument(random: Random) -> Instrument:
    tick, lot = random.choice(("0.01", "0.05", "1", "3")), random.choice(("0.001", "0.001", "0.3", "1", "10"))
    return instrument(tick, lot, random.choice(("0", "0", "5", "500")))


def case_of(seed: int, *, reducing: bool = False) -> Case:
    """A wish that opens or adds, or one that reduces, with its book, limits and instrument."""
    random = Random(seed)
    side = random.choice((Side.BUY, Side.SELL))
    sign = -side.sign if reducing else side.sign * random.choice((0, 1))
    wish = some_wish(random, side)
    return Case(wish, some_book(random, sign), some_limits(random), some_instrument(random))


SEEDS = st.integers(0, 2**48)
OPENINGS = st.builds(case_of, SEEDS)
REDUCTIONS = st.builds(case_of, SEEDS, reducing=st.just(True)).filter(lambda case: case.wish.quantity > 0)


class Worth(NamedTuple):
    """A book in exact fractions: what it owns, what each symbol may come to be worth, what open orders may cost."""

    equity: Fraction
    exposure: Mapping[str, Fraction]
    reserved: Fraction


def worth(of: Book) -> Worth:
    value = {s: Fraction(p.quantity) * Fraction(of.marks[s]) for s, p in of.positions.items()}
    reserved = {s: Fraction(r) for s, r in of.reserved.items()}
    exposure = {s: abs(value.get(s, Fraction(0))) + reserved.get(s, Fraction(0)) for s in {*value, *reserved, SYMBOL}}
    return Worth(Fraction(of.cash) + sum(value.values()), exposure, sum(reserved.values(), Fraction(0)))
