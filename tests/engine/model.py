"""The stated rules of a backtest, slowly and obviously: a list of fills, from which all else is added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isnan


@dataclass(frozen=True)
class Bar:
    fill: float
    high: float
    low: float
    close: float


@dataclass(frozen=True)
class Wish:
    weight: float
    stop: float
    target: float
    trail: float
    spread: float


@dataclass(frozen=True)
class Costs:
    fee: float
    slippage: float
    cash: float
    sizing: str
    size: float


@dataclass(frozen=True)
class Filled:
    bar: int
    quantity: float
    price: float
    fee: float


@dataclass
class Trip:
    """The fills between being flat and being flat again; `mark` is set when the bars end before that."""

    fills: list[Filled] = field(default_factory=list)
    reason: str = "open"
    mark: float | None = None
    last_bar: int = 0

    @property
    def side(self) -> int:
        return 1 if self.fills[0].quantity > 0 else -1

    @property
    def held(self) -> float:
        return sum(f.quantity for f in self.fills)

    def row(self) -> tuple[int, int, float, float, float, float, float, str]:
        into = [f for f in self.fills if f.quantity * self.side > 0]
        out = [(-f.quantity, f.price) for f in self.fills if f.quantity * self.side < 0]
        if self.mark is not None:
            out.append((self.held, self.mark))
        entered = sum(f.quantity for f in into)
        entry = sum(f.quantity * f.price for f in into) / entered
        leave = sum(q * p for q, p in out) / sum(q for q, _ in out)
        fees = sum(f.fee for f in self.fills)
        profit = sum(q * p for q, p in out) - sum(f.quantity * f.price for f in into) - fees
        return self.fills[0].bar, self.last_bar, entered, entry, leave, fees, profit, self.reason


class Account:
    """Everything that has been filled; cash and position are added up afresh whenever they are asked for."""

    def __init__(self, costs: Costs) -> None:
        self.costs = costs
        self.trips: list[Trip] = []
        self.extreme = 0.0
        self.last_target = 0.0

    @property
    def position(self) -> float:
        return 0.0 if not self.trips or self.trips[-1].reason != "open" else self.trips[-1].held

    @property
    def cash(self) -> float:
        return self.costs.cash - sum(f.quantity * f.price + f.fee for t in self.trips for f in t.fills)

    def execute(self, i: int, quantity: float, price: float) -> None:
        got = price * (1 + self.costs.slippage) if quantity > 0 else price * (1 - self.costs.slippage)
        self.trips[-1].fills.append(Filled(i, quantity, got, abs(quantity) * got * self.costs.fee))

    def leave(self, i: int, price: float, reason: str) -> None:
        self.execute(i, -self.position, price)
        self.trips[-1].reason, self.trips[-1].last_bar = reason, i

    def obey(self, i: int, bar: Bar, wish: Wish) -> None:
        """A target is traded when it differs from the one before: through zero by closing first."""
        if wish.weight == self.last_target:
            return
        self.last_target = wish.weight
        wanted = _quantity(wish, bar.fill, self.cash + self.position * bar.fill, self.costs)
        if self.position != 0 and (wanted == 0 or (wanted > 0) != (self.position > 0)):
            self.leave(i, bar.fill, "target")
        if wanted != 0 and self.position == 0:
            self.trips.append(Trip())
            self.extreme = bar.fill
        if wanted != self.position:
            self.execute(i, wanted - self.position, bar.fill)

    def guard(self, i: int, bar: Bar, wish: Wish) -> None:
        """Stops and targets inside the bar; the trailing stop knows the bars before this one."""
        if self.position == 0:
            return
        side = self.trips[-1].side
        level, why = _left_at(bar, wish, side, self.extreme)
        if why:
            self.leave(i, level, why)
        self.extreme = max(self.extreme, bar.high) if side > 0 else min(self.extreme, bar.low)


def simulate(bars: Sequence[Bar], wishes: Sequence[Wish], costs: Costs) -> tuple[list[float], list[Trip]]:
    """Equity at each close, and the round trips."""
    account, equity = Account(costs), [costs.cash]
    for i in range(1, len(bars)):
        account.obey(i, bars[i], wishes[i - 1])
        account.guard(i, bars[i], wishes[i - 1])
        equity.append(account.cash + account.position * bars[i].close)
    if account.position != 0:
        last = account.trips[-1]
        last.mark, last.last_bar = bars[-1].close, len(bars) - 1
    return equity, account.trips


def _quantity(wish: Wish, price: float, equity: float, costs: Costs) -> float:
    if costs.sizing == "units":
        return wish.weight * costs.size
    if equity <= 0:
        return 0.0
    if costs.sizing == "weight":
        return wish.weight * costs.size * equity / price
    if isnan(wish.spread) or wish.spread <= 0:
        return 0.0
    return wish.weight * min(costs.size * equity / wish.spread, equity / price)


def _left_at(bar: Bar, wish: Wish, side: int, extreme: float) -> tuple[float, str]:
    """Where and why the position is left in this bar; an empty reason when it is not."""
    stops = [s for s in (wish.stop, extreme - side * wish.trail) if not isnan(s)]
    if side > 0:
        stop = max(stops, default=None)
        if stop is not None and bar.low <= stop:
            return min(stop, bar.fill), "stop"
        if not isnan(wish.target) and bar.high >= wish.target:
            return max(wish.target, bar.fill), "limit"
        return 0.0, ""
    stop = min(stops, default=None)
    if stop is not None and bar.high >= stop:
        return max(stop, bar.fill), "stop"
    if not isnan(wish.target) and bar.low <= wish.target:
        return min(wish.target, bar.fill), "limit"
    return 0.0, ""
