"""What risk costs before an order: a book of 100 positions, 200 open orders and 20 clusters, all limits on."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import fields, replace
from decimal import Decimal

from quorum.domain import (
    SECOND,
    Approved,
    Book,
    ExitPlan,
    Instrument,
    Position,
    Proposal,
    Purpose,
    QuorumError,
    Side,
    parse_instant,
)
from quorum.risk import SUMMED, Around, LastTrade, Override, RecentOrder, RiskLimits, Wide, assess
from quorum.surfaces.bench.measure import Measure

RUNS = 500
POSITIONS, ORDERS, CLUSTERS, SECTORS = 100, 200, 20, 11
TARGET_US = 50.0
NOW = parse_instant("2024-06-03T12:00:00Z")
SYMBOLS = tuple(f"COIN{n:03}USDT" for n in range(ORDERS))
_ONE = Decimal(1)
LIMITS = RiskLimits(
    max_order_lots=Decimal(10**9),
    max_orders_per_minute=1_000,
    volatility_target=Decimal("0.5"),
    kelly_share=Decimal("0.25"),
)
INSTRUMENT = Instrument(SYMBOLS[0], "binance", "COIN000", "USDT", Decimal("0.01"), Decimal("0.00001"))


def precheck() -> list[Measure]:
    """CPU of one check: in a transaction whose book has been added up, of the first one there, with an override, and
    with limits over all accounts beside the book's own.

    The values that the check reads (book, what is around it) are made before the clock starts, as the transaction has
    read them. The book keeps its sums: the first check makes them, those after find them. The floor adds up the
    exposures of the positions once.
    """
    book, whole, wish = _book(), _around(), _wish()
    around = replace(whole, wide=None)
    verdict = assess(wish, book, LIMITS, INSTRUMENT, around)
    if not isinstance(verdict, Approved):
        raise QuorumError(f"the benchmark's order does not pass: {verdict}", "see its book and limits")
    raised = replace(around, overrides=(Override("max_position", Decimal("0.45"), "Ann", "a listing", NOW + SECOND),))
    floor = _median(lambda: book, _exposure)
    known = _median(lambda: book, lambda one: assess(wish, one, LIMITS, INSTRUMENT, around))
    first = _median(lambda: replace(book), lambda one: assess(wish, one, LIMITS, INSTRUMENT, around))
    asked = _median(lambda: book, lambda one: assess(wish, one, LIMITS, INSTRUMENT, raised))
    wide = _median(lambda: book, lambda one: assess(wish, one, LIMITS, INSTRUMENT, whole))
    what = f"{len(verdict.checks)} limits, {POSITIONS} positions, {ORDERS} orders, {CLUSTERS} clusters"
    said = "their exposures added up once"
    return [
        Measure("precheck", f"a check: {what}", known, "CPU us", floor, said, TARGET_US),
        Measure("precheck_first", "the first of a transaction, its book's sums included", first, "CPU us", floor, said),
        Measure("precheck_override", "one where a person's override holds", asked, "CPU us", floor, said),
        Measure("precheck_desk", f"one with {len(SUMMED)} limits over all accounts", wide, "CPU us", floor, said),
    ]


def _median(make: Callable[[], Book], task: Callable[[Book], object]) -> float:
    """Median CPU microseconds of `task` on a book that is made outside the clock."""
    taken = []
    for turn in range(RUNS + 50):
        book = make()
        started = time.process_time_ns()
        task(book)
        if turn >= 50:
            taken.append(time.process_time_ns() - started)
    return statistics.median(taken) / 1_000


def _exposure(book: Book) -> Decimal:
    return sum((book.exposure(symbol) for symbol in book.positions), Decimal(0))


def _book() -> Book:
    held = {s: Position(s, Decimal("12.34567"), Decimal("1213.77")) for s in SYMBOLS[:POSITIONS]}
    marks = {s: Decimal("98.76") + n for n, s in enumerate(SYMBOLS)}
    reserved = dict.fromkeys(SYMBOLS, Decimal("31.41592"))  # the open orders, one a symbol: the most sums there can be
    return Book("paper", "USDT", 7, Decimal(1_000_000), Decimal(1_150_000), held, reserved, {}, marks)


def _around() -> Around:
    """Every limit has something to look at: no field is left as it is by default but the override."""
    recent = tuple(RecentOrder(NOW - (ORDERS - n) * SECOND // 5, s, Side.BUY, _ONE) for n, s in enumerate(SYMBOLS))
    groups = {f"cluster {n}": frozenset(SYMBOLS[n:POSITIONS:CLUSTERS]) for n in range(CLUSTERS - 1)}
    alike = {"strategies": frozenset(f"STR-{n:03}" for n in range(5))}
    around = Around(
        now=NOW,
        day_equity=Decimal(1_190_000),
        week_equity=Decimal(1_180_000),
        peak_equity=Decimal(1_240_000),
        deepest=Decimal("0.08"),
        open_risk=Decimal(12_000),
        orders=recent,
        last={symbol: LastTrade(Decimal("98.80"), NOW - SECOND) for symbol in SYMBOLS},
        sectors={f"sector {n}": frozenset(SYMBOLS[n::SECTORS]) for n in range(SECTORS)},
        clusters={**groups, **alike},
        strategies={f"STR-{n:03}": Decimal(9_000 + n) for n in range(20)},
        volatility=dict.fromkeys(SYMBOLS, Decimal("0.8")),
        kelly={f"STR-{n:03}": Decimal("2.5") for n in range(20)},
        strategy="STR-001",
        allocation=Decimal("0.25"),
        strategy_drawdown=Decimal("0.02"),
        strategy_held=Decimal("12.34567"),
        wide=_wide(),
    )
    left = {f.name for f in fields(Around) if not getattr(around, f.name)} - {"halts", "overrides"}
    if left:
        raise QuorumError(f"the benchmark leaves {', '.join(sorted(left))} empty", "fill them")
    return around


def _wide() -> Wide:
    """Every limit that can be of all accounts, over an account as large."""
    worth = Decimal(1_200_000)
    held = dict.fromkeys(SYMBOLS[:POSITIONS], Decimal("1213.77"))
    limits = {name: Decimal(getattr(LIMITS, name)) for name in SUMMED}
    return Wide(
        limits,
        equity=worth,
        funded=worth,
        day_equity=worth,
        week_equity=worth,
        deployed=Decimal(121_377),
        exposures=held,
        strategies={"STR-001": _ONE},
        orders=9,
    )


def _wish() -> Proposal:
    return Proposal(
        purpose=Purpose.SIGNAL,
        account="paper",
        symbol=SYMBOLS[0],
        side=Side.BUY,
        quantity=Decimal("3.21"),
        price=Decimal("98.76"),
        as_of=NOW,
        expires=NOW + 60 * SECOND,
        key="the benchmark",
        origin="DEC-20240603-001",
        exit=ExitPlan(Decimal("95.00"), (Decimal("110.00"),)),
    )
