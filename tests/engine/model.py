"""The stated rules of a backtest, slowly and obviously: a list of payments, from which cash is added up afresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, fsum, isnan, sqrt
from typing import NamedTuple

from quorum.engine import Terms

YEAR = 365 * 86_400 * 10**9
NOTHING = float("nan")
Table = Sequence[Sequence[float]]


class Levels(NamedTuple):
    stop: float
    target: float
    trail: float


@dataclass(frozen=True)
class World:
    """Bars as [bar][symbol], NaN where a symbol has none; `spread` and `impact` as the kernel is given them."""

    time: Sequence[int]
    open: Table
    high: Table
    low: Table
    close: Table
    volume: Table
    funding: Table
    spread: Table
    impact: Table
    closes_only: bool = False


class Filled(NamedTuple):
    bar: int
    decided: int
    symbol: int
    quantity: float
    price: float
    fee: float
    reason: str
    before: float
    after: float


class Trip(NamedTuple):
    """From flat to flat, or to the last bar when still open."""

    symbol: int
    entry: int
    exit: int
    entered: float
    entry_price: float
    exit_price: float
    fees: float
    profit: float
    reason: str


@dataclass
class Order:
    """A target on its way; `goal` is the quantity that it leads to, None until a price made it one."""

    decided: int
    weight: float
    goal: float | None = None


@dataclass
class Desk:
    """One backtest under way."""

    world: World
    wanted: Mapping[int, Sequence[float]]
    levels: Sequence[Levels] | None
    terms: Terms
    held: list[float]
    last: list[float]
    orders: dict[int, Order] = field(default_factory=dict)
    best: float = NOTHING
    payments: list[float] = field(default_factory=list)
    carried: list[float] = field(default_factory=list)
    fills: list[Filled] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    unfilled: int = 0

    @property
    def cash(self) -> float:
        return fsum([self.terms.starting_equity, *self.payments, *self.carried])

    @property
    def late(self) -> bool:
        return self.terms.fill in ("next_close", "next_vwap") and not self.world.closes_only

    @property
    def presized(self) -> bool:
        return self.terms.fill == "next_open_presized"

    def run(self) -> None:
        for i in range(len(self.world.time)):
            self.pay_for_holding(i)
            if self.late or self.terms.fill == "same_close":
                self.guard(i)
            if not self.presized:
                self.take_over(i if self.terms.fill == "same_close" else i - 1)
                self.size([self.price(i, j) for j in range(len(self.held))], None)
            self.trade(i)
            if not (self.late or self.terms.fill == "same_close"):
                self.guard(i)
            self.mark(i)
            if self.presized and i < len(self.world.time) - 1:
                self.take_over(i)
                self.size(self.last, self.equity[-1])
        self.unfilled += len(self.orders)

    def price(self, i: int, j: int) -> float:
        """What an order gets in bar i before slippage and impact."""
        w = self.world
        if self.terms.fill in ("next_close", "same_close"):
            return w.close[i][j]
        if self.terms.fill == "next_vwap":
            return (w.high[i][j] + w.low[i][j] + w.close[i][j]) / 3
        return w.open[i][j]

    def pay_for_holding(self, i: int) -> None:
        """Funding on what is held into the bar, at its open; borrowing for what is short since the bar before."""
        for j, held in enumerate(self.held):
            if held == 0:
                continue
            start = self.world.open[i][j]
            self.carried.append(-held * (self.last[j] if isnan(start) else start) * self.world.funding[i][j])
            if held < 0:
                years = (self.world.time[i] - self.world.time[i - 1]) / YEAR
                self.carried.append(held * self.last[j] * self.terms.borrow_rate * years)

    def take_over(self, row: int) -> None:
        """The targets decided at the close of bar `row` replace the orders of their symbols."""
        for j, weight in enumerate(self.wanted.get(row, [])):
            if not isnan(weight):
                self.unfilled += j in self.orders
                self.orders[j] = Order(row, weight)

    def size(self, prices: Sequence[float], worth: float | None) -> None:
        """Orders become quantities at these prices and the equity `worth`, without one at that of these prices."""
        if worth is None:
            shown = [last if isnan(price) else price for price, last in zip(prices, self.last, strict=True)]
            worth = self.cash + fsum(h * p for h, p in zip(self.held, shown, strict=True) if h != 0)
        for j, order in list(self.orders.items()):
            if order.goal is None and not isnan(prices[j]):
                spread = self.world.spread[order.decided][j]
                order.goal = self.whole(self.quantity(order.weight, prices[j], spread, self.held[j] * prices[j], worth))
                if abs(order.goal - self.held[j]) <= 1e-12 * abs(self.held[j]):
                    del self.orders[j]

    def quantity(self, weight: float, price: float, spread: float, value: float, worth: float) -> float:
        """How many units a target means."""
        t = self.terms
        base = self.cash + value if t.sizing == "cash" else worth
        if t.sizing == "units":
            return weight * t.size
        if base <= 1e-12 * t.starting_equity:
            return 0.0
        if t.sizing == "weight":
            return weight * t.size * base / price
        if t.sizing == "cash":
            paid = price * (1 + t.slippage_bps / 1e4)
            return weight * t.size * base / (paid + paid * t.fee_bps / 1e4 + t.fee_per_unit)
        if isnan(spread) or spread <= 0:
            return 0.0
        if t.sizing == "volatility":
            return weight * min(t.size / spread, 1) * base / price
        return weight * min(t.size * base / spread, base / price)

    def whole(self, quantity: float) -> float:
        """In whole lots, towards 0."""
        lot = self.terms.lot
        return quantity if not lot else (1 if quantity > 0 else -1) * floor(abs(quantity) / lot + 1e-9) * lot

    def trade(self, i: int) -> None:
        """Fill the orders of the symbols that have a price, under a cap each up to a share of the bar's volume."""
        for j, order in sorted(self.orders.items()):
            price = self.price(i, j)
            if order.goal is None or isnan(price):
                continue
            rest = order.goal - self.held[j]
            most = abs(rest)
            if self.terms.fill == "volume_capped":
                most = min(most, self.whole(self.terms.volume_share * self.world.volume[i][j]))
            if most > 0:
                side, before = (1 if rest > 0 else -1), self.held[j]
                self.fill(i, order.decided, j, side * most, price, "target")
                self.held[j] = self.after(j, side * most)
                if before * self.held[j] <= 0:
                    self.best = price
            if self.held[j] == order.goal:
                del self.orders[j]

    def guard(self, i: int) -> None:
        """Leave inside the bar at the levels known at the close before it, if they came with a target of this side."""
        if self.levels is None or i == 0 or self.held[0] == 0:
            return
        held, side = self.held[0], 1 if self.held[0] > 0 else -1
        at = {row: w[0] for row, w in self.wanted.items() if row < i}
        level, why = self.left_at(i, side)
        if why and at[max(at)] * side >= 0:
            self.fill(i, i - 1, 0, -held, level, why)
            self.held[0] = 0.0
            self.unfilled += self.orders.pop(0, None) is not None
        high, low = self.world.high[i][0], self.world.low[i][0]
        self.best = max(self.best, high) if side > 0 else min(self.best, low)

    def left_at(self, i: int, side: int) -> tuple[float, str]:
        """Where and why the position is left in this bar; an empty reason when it is not."""
        assert self.levels is not None
        at = self.levels[i - 1]
        start, high, low = (column[i][0] for column in (self.world.open, self.world.high, self.world.low))
        stops = [s for s in (at.stop, self.best - side * at.trail) if not isnan(s)]
        if side > 0:
            if stops and low <= max(stops):
                return min(max(stops), start), "stop"
            if high >= at.target:
                return max(at.target, start), "limit"
            return 0.0, ""
        if stops and high >= min(stops):
            return max(min(stops), start), "stop"
        if low <= at.target:
            return min(at.target, start), "limit"
        return 0.0, ""

    def fill(self, i: int, decided: int, j: int, quantity: float, price: float, why: str) -> None:
        t = self.terms
        moved = self.world.impact[i][j] * sqrt(abs(quantity)) if t.impact else 0.0
        worse = 0.0 if why == "limit" else t.slippage_bps / 1e4 + moved
        paid = price * (1 + worse) if quantity > 0 else price * max(1 - worse, 0)
        bps = t.maker_bps if why == "limit" and t.maker_bps is not None else t.fee_bps
        fee = abs(quantity) * paid * bps / 1e4 + abs(quantity) * t.fee_per_unit
        fee = max(fee, t.minimum_fee) if t.minimum_fee else fee
        self.payments.extend([-quantity * paid, -fee])
        after = 0.0 if why != "target" else self.after(j, quantity)
        self.fills.append(Filled(i, decided, j, quantity, paid, fee, why, self.held[j], after))

    def after(self, j: int, quantity: float) -> float:
        """What is held after a fill of the order: its goal when it is whole; what rounding leaves over is nothing."""
        goal, held = self.orders[j].goal, self.held[j]
        assert goal is not None
        if quantity == goal - held:
            return goal
        return 0.0 if abs(held + quantity) <= 1e-12 * abs(held) else held + quantity

    def mark(self, i: int) -> None:
        self.last = [last if isnan(now) else now for now, last in zip(self.world.close[i], self.last, strict=True)]
        self.equity.append(self.cash + fsum(h * p for h, p in zip(self.held, self.last, strict=True) if h != 0))


def simulate(
    world: World, wanted: Mapping[int, Sequence[float]], levels: Sequence[Levels] | None, terms: Terms
) -> Desk:
    """The desk after the last bar."""
    m = len(world.close[0])
    desk = Desk(world, wanted, levels, terms, [0.0] * m, [NOTHING] * m)
    desk.run()
    return desk


def round_trips(desk: Desk) -> list[Trip]:
    """The fills paired: closed ones in the order in which they ended, then the open ones by symbol."""
    parts: dict[int, list[Filled]] = {}
    found = []
    for f in desk.fills:
        under_way = parts.setdefault(f.symbol, [])
        if f.before * f.after < 0:
            share = abs(f.before) / abs(f.quantity)
            under_way.append(f._replace(quantity=-f.before, fee=f.fee * share))
            found.append(_trip(under_way, f.bar, f.reason))
            parts[f.symbol] = [f._replace(quantity=f.after, fee=f.fee * (1 - share))]
        else:
            under_way.append(f)
            if f.after == 0:
                found.append(_trip(under_way, f.bar, f.reason))
                parts[f.symbol] = []
    end = len(desk.world.time) - 1
    for j, under_way in sorted(parts.items()):
        if under_way:
            rest = Filled(end, end, j, -desk.held[j], desk.last[j], 0.0, "open", desk.held[j], 0.0)
            found.append(_trip([*under_way, rest], end, "open"))
    return found


def _trip(fills: Sequence[Filled], end: int, reason: str) -> Trip:
    side = 1 if fills[0].quantity > 0 else -1
    into, out = ([f for f in fills if f.quantity * s > 0] for s in (side, -side))
    entered = fsum(f.quantity for f in into)
    entry, leave = (fsum(f.quantity * f.price for f in part) / fsum(f.quantity for f in part) for part in (into, out))
    fees = fsum(f.fee for f in fills)
    profit = -fsum(f.quantity * f.price for f in fills) - fees
    return Trip(fills[0].symbol, fills[0].bar, end, entered, entry, leave, fees, profit, reason)
