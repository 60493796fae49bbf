"""A small market with strategies, sectors and clusters, and its limits told a second time, plainly and in fractions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from random import Random

from quorum.domain import (
    DAY,
    MINUTE,
    NO_EXIT,
    SECOND,
    Book,
    ExitPlan,
    Instrument,
    Position,
    Proposal,
    Purpose,
    Side,
    parse_instant,
)
from quorum.risk import Around, LastTrade, RecentOrder, RiskLimits

SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
STRATEGIES = ("STR-001", "STR-002", "STR-003")
SECTORS = {"metal": frozenset({"AAA", "BBB"}), "grain": frozenset({"CCC"})}
CLUSTERS = {"trend": frozenset({"STR-001", "STR-002"}), "twins": frozenset({"AAA", "CCC"})}
VOLATILITY = {"AAA": Decimal("0.5"), "BBB": Decimal("0.8"), "CCC": Decimal("0.1")}
KELLY = {"STR-001": Decimal(3), "STR-002": Decimal("-0.5")}
LOT, TICK = Decimal("0.001"), Decimal("0.01")
START = parse_instant("2024-06-03T12:00:00Z")


@dataclass
class Open:
    """An order that is open: what it may cost (0 for one that closes), whose it is."""

    symbol: str
    strategy: str
    side: Side
    quantity: Decimal
    worst: Decimal
    closes: bool


@dataclass
class World:
    """An account as a bookkeeper would keep it on paper, and the chance that moves it."""

    random: Random
    limits: RiskLimits
    now: int = START
    cash: Decimal = Decimal(10_000)
    marks: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(SYMBOLS, Decimal(100)))
    held: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    open: list[Open] = field(default_factory=list)
    recent: list[RecentOrder] = field(default_factory=list)
    peak: Decimal = Decimal(10_000)
    deepest: Decimal = Decimal(0)
    halts: tuple[str, ...] = ()
    fallen: dict[str, Decimal] = field(default_factory=dict)

    def quantity(self, symbol: str) -> Decimal:
        return sum((q for (one, _), q in self.held.items() if one == symbol), Decimal(0))

    @property
    def equity(self) -> Decimal:
        return self.cash + sum((q * self.marks[symbol] for (symbol, _), q in self.held.items()), Decimal(0))

    @property
    def fall(self) -> Decimal:
        return max(Decimal(0), 1 - self.equity / self.peak)

    def symbol_exposure(self, symbol: str) -> Fraction:
        reserved = sum((o.quantity * o.worst for o in self.open if o.symbol == symbol and not o.closes), Decimal(0))
        return Fraction(abs(self.quantity(symbol)) * self.marks[symbol] + reserved)

    def strategy_exposure(self, strategy: str) -> Fraction:
        value = sum((abs(q) * self.marks[s] for (s, own), q in self.held.items() if own == strategy), Decimal(0))
        mine = (o for o in self.open if o.strategy == strategy and not o.closes)
        return Fraction(value + sum((o.quantity * o.worst for o in mine), Decimal(0)))

    def book(self) -> Book:
        quantities = {s: self.quantity(s) for s in SYMBOLS}
        reserved: dict[str, Decimal] = {}
        closing: dict[str, Decimal] = {}
        for order in self.open:
            into, amount = (closing, order.quantity) if order.closes else (reserved, order.quantity * order.worst)
            into[order.symbol] = into.get(order.symbol, Decimal(0)) + amount
        positions = {s: Position(s, q, q * 100) for s, q in quantities.items() if q}
        return Book("paper", "USD", 1, self.cash, Decimal(10_000), positions, reserved, closing, dict(self.marks))

    def around(self, strategy: str) -> Around:
        return Around(
            now=self.now,
            day_equity=Decimal(10_000),
            week_equity=Decimal(10_100),
            peak_equity=self.peak,
            deepest=self.deepest,
            orders=tuple(self.recent),
            last={s: LastTrade(mark, self.now - SECOND) for s, mark in self.marks.items() if s != "DDD"}
            | {"DDD": LastTrade(self.marks["DDD"] * Decimal("1.03"), self.now - 20 * MINUTE)},
            sectors=SECTORS,
            clusters=CLUSTERS,
            strategies={name: _exact(self.strategy_exposure(name)) for name in STRATEGIES},
            volatility=VOLATILITY,
            kelly=KELLY,
            strategy=strategy,
            strategy_drawdown=self.fallen.get(strategy, Decimal(0)),
            halts=self.halts,
        )

    def wish(self) -> Proposal:
        random, side = self.random, self.random.choice((Side.BUY, Side.BUY, Side.SELL))
        symbol = random.choice(SYMBOLS)
        price = self.marks[symbol] + random.randint(-300, 300) * TICK
        stop, target = price - side.sign * random.randint(50, 900) * TICK, price + side.sign * 20
        return Proposal(
            purpose=random.choice((Purpose.TARGET, Purpose.PLAN, Purpose.SIGNAL)),
            account="paper",
            symbol=symbol,
            side=side,
            quantity=random.choice((1, 10, 500, 5_000, 30_000, 90_000)) * random.choice((1, 1, 2, 3)) * LOT,
            price=price,
            as_of=self.now,
            expires=self.now + DAY,
            key="a world",
            origin="DEC-20240603-001",
            exit=random.choice((NO_EXIT, ExitPlan(stop, (target,)), ExitPlan(stop, (target,)))),
        )

    def move(self) -> None:
        """Something happens: prices move, time passes, an order fills at its worst or is cancelled."""
        happened = self.random.choice(("marks", "time", "fill", "fill", "fill", "cancel", "crash"))
        if happened == "marks":
            for symbol in SYMBOLS:
                self.marks[symbol] += self.random.randint(-150, 160) * TICK
        if happened == "crash":
            self.marks = {symbol: (mark * Decimal("0.88")).quantize(TICK) for symbol, mark in self.marks.items()}
        self.now += self.random.choice((0, 1, 30)) * SECOND if happened == "time" else 0
        if happened in ("fill", "cancel") and self.open:
            order = self.open.pop(self.random.randrange(len(self.open)))
            if happened == "fill":
                self.fill(order)
        self.peak = max(self.peak, self.equity)
        self.deepest = max(self.deepest, self.fall)

    def fill(self, order: Open) -> None:
        change = order.side.sign * order.quantity
        self.cash -= change * order.worst
        if order.closes:  # what closes is taken off whoever holds the symbol
            for owner in [own for (s, own), q in self.held.items() if s == order.symbol and q * change < 0]:
                part = min(abs(change), abs(self.held[order.symbol, owner])) * order.side.sign
                self.held[order.symbol, owner] += part
                change -= part
        if change:
            key = (order.symbol, order.strategy)
            self.held[key] = self.held.get(key, Decimal(0)) + change


def instrument(symbol: str) -> Instrument:
    return Instrument(symbol, "alpaca", symbol, "USD", TICK, LOT)


def broken(world: World, wish: Proposal, strategy: str, size: Decimal, worst: Decimal) -> Iterator[str]:
    """The limits that an order of `size` would break, all open ones filled, told from the world alone."""
    cost = Fraction(size * worst)
    for name, used, most in _rooms(world, wish, strategy):
        if used + cost > most:
            yield name
    assert world.limits.max_order_lots is not None
    if size > world.limits.max_order_lots * LOT:
        yield "max_order_lots"
    if size * wish.price < world.limits.min_order_notional:
        yield "min_order_notional"
    if wish.exit.stop is not None:
        lost = Fraction(size * wish.side.sign * (wish.price - wish.exit.stop))
        yield from (name for name, most in _stakes(world) if lost > most)
    yield from _shut(world, wish, strategy, size, worst)


def _rooms(world: World, wish: Proposal, strategy: str) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Name, what is used, and the most of it, in money."""
    limits, equity = world.limits, Fraction(max(world.equity, Decimal(0)))
    sector = next((members for members in SECTORS.values() if wish.symbol in members), {"DDD"})
    gross = sum(map(world.symbol_exposure, SYMBOLS), Fraction(0))
    yield "max_position", world.symbol_exposure(wish.symbol), equity * Fraction(limits.max_position)
    yield "max_deployed", gross, equity * Fraction(limits.max_deployed)
    yield "max_leverage", gross, equity * Fraction(limits.max_leverage)
    yield "max_strategy", world.strategy_exposure(strategy), equity * Fraction(limits.max_strategy)
    yield "max_sector", sum(map(world.symbol_exposure, sector), Fraction(0)), equity * Fraction(limits.max_sector)
    yield "max_order_notional", Fraction(0), Fraction(limits.max_order_notional or 0)
    if limits.volatility_target is not None:
        moves = VOLATILITY.get(wish.symbol)
        steady = Fraction(limits.volatility_target) / Fraction(moves) if moves else Fraction(0)
        yield "volatility_target", world.symbol_exposure(wish.symbol), equity * steady
    if limits.kelly_share is not None:
        best = Fraction(limits.kelly_share * max(KELLY.get(strategy, Decimal(0)), Decimal(0)))
        yield "kelly_share", world.strategy_exposure(strategy), equity * best
    for members in CLUSTERS.values():
        if strategy in members or wish.symbol in members:
            used = (world.strategy_exposure(m) if m in STRATEGIES else world.symbol_exposure(m) for m in members)
            yield "max_cluster", sum(used, Fraction(0)), equity * Fraction(limits.max_cluster)
    if wish.side is Side.BUY:
        reserved = sum((o.quantity * o.worst for o in world.open if not o.closes), Decimal(0))
        yield "cash", Fraction(reserved), Fraction(world.cash) + equity * Fraction(limits.max_borrowed)


def _stakes(world: World) -> Iterator[tuple[str, Fraction]]:
    """Name, and the most that a stop may lose."""
    limits, now = world.limits, Fraction(world.equity)
    yield "risk_per_trade", max(now, Fraction(0)) * Fraction(limits.risk_per_trade)
    for start, share in (
        (10_000, limits.max_day_loss),
        (10_100, limits.max_week_loss),
        (10_000, limits.max_total_loss),
    ):
        yield "risk_budget", start * Fraction(share) - (start - now)


def _shut(world: World, wish: Proposal, strategy: str, size: Decimal, worst: Decimal) -> Iterator[str]:
    limits, now = world.limits, Fraction(world.equity)
    trade = world.around(strategy).last[wish.symbol]
    near = Fraction(limits.max_from_last_bps) / 10_000 * Fraction(trade.price)
    minute = [order for order in world.recent if order.time >= world.now - MINUTE]
    same = (wish.symbol, wish.side)
    just = [o for o in world.recent if o.time >= world.now - limits.duplicate_seconds * SECOND]
    shut = {
        "halt": bool(world.halts),
        "drawdown": max(world.fall, world.deepest) >= limits.no_entries_at,
        "strategy_red_at": world.fallen.get(strategy, Decimal(0)) >= limits.strategy_red_at,
        "max_day_loss": 10_000 - now >= 10_000 * Fraction(limits.max_day_loss),
        "max_week_loss": 10_100 - now >= 10_100 * Fraction(limits.max_week_loss),
        "max_total_loss": now <= 10_000 * (1 - Fraction(limits.max_total_loss)),
        "allow_short": wish.side is Side.SELL and not limits.allow_short,
        "min_reward_risk": wish.purpose is Purpose.SIGNAL
        and (wish.exit.stop is None or (wish.reward_risk or 0) < limits.min_reward_risk),
        "max_orders_per_minute": len(minute) >= limits.max_orders_per_minute,
        "last_trade_seconds": world.now - trade.time > limits.last_trade_seconds * SECOND,
        "max_from_last_bps": max(abs(wish.price - trade.price), abs(worst - trade.price)) > near,
        "duplicate_seconds": limits.duplicate_seconds > 0
        and any((o.symbol, o.side) == same and o.quantity in (wish.quantity, size) for o in just),
    }
    yield from (name for name, is_shut in shut.items() if is_shut)


def _exact(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def some_limits(random: Random) -> RiskLimits:
    """Limits of which each may be the one that binds."""

    def among(*texts: str) -> Decimal:
        return Decimal(random.choice(texts))

    return RiskLimits(
        risk_per_trade=among("0.005", "0.02", "1"),
        max_position=among("0.1", "0.4", "1"),
        max_deployed=among("0.6", "1", "2"),
        max_total_loss=among("0.2", "0.5"),
        min_reward_risk=among("1", "1.5", "3"),
        min_order_notional=among("0", "10", "200"),
        price_collar_bps=among("0", "50", "100"),
        allow_short=random.random() < 0.8,
        max_borrowed=among("0", "0.5"),
        max_day_loss=among("0.02", "0.05", "1"),
        max_week_loss=among("0.03", "0.1", "1"),
        max_strategy=among("0.1", "0.4", "1"),
        max_sector=among("0.2", "0.6", "2"),
        max_cluster=among("0.15", "0.5", "2"),
        max_leverage=among("0.5", "1", "3"),
        max_order_notional=among("500", "3000", "1000000"),
        max_order_lots=among("4000", "50000", "1000000"),
        max_orders_per_minute=random.choice((2, 5, 60, 60)),
        max_from_last_bps=among("150", "500", "1000"),
        last_trade_seconds=random.choice((600, 3_600)),
        duplicate_seconds=random.choice((0, 5, 120)),
        volatility_target=random.choice((None, None, Decimal("0.05"), Decimal("0.3"))),
        kelly_share=random.choice((None, None, None, Decimal("0.1"), Decimal(1))),
        strategy_red_at=among("0.05", "0.1"),
        halve_at=among("0.02", "0.1"),
    )


def some_world(seed: int) -> World:
    random = Random(seed)
    world = World(random, some_limits(random))
    world.fallen = {name: Decimal(random.choice(("0", "0", "0.06", "0.2"))) for name in STRATEGIES}
    world.peak = Decimal(random.choice((10_000, 10_000, 10_300)))
    world.halts = random.choice(((), (), (), (), (), ("RED: STR-001 has fallen",)))
    return world
