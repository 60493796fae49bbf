"""What limits beyond the book look at, at one instant: losses, recent orders, last trades, groups, halts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.domain import ZERO, Proposal, Side, UsageError
from quorum.risk.overrides import Override
from quorum.risk.sizing import steady
from quorum.risk.wide import Wide

Groups = Mapping[str, frozenset[str]]


class RecentOrder(NamedTuple):
    """An order that was intended at `time` (ns UTC)."""

    time: int
    symbol: str
    side: Side
    quantity: Decimal


class LastTrade(NamedTuple):
    """The newest trade of a symbol: its price, and when it was (ns UTC)."""

    price: Decimal
    time: int


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a book and a proposal at `now` (ns UTC); money is in the book's currency.

    `day_equity` and `week_equity` are the book's at the start of the day and the week, `peak_equity` its highest since
    it was opened or a person resumed it, all net of what was paid in or out since; `deepest` the deepest fall from
    that peak, a fraction. `open_risk` is what the stops of open positions and orders may still lose. `orders` are the
    account's of the last minute at least, oldest first; `last` the newest trades by symbol.

    `sectors` are symbols by sector, `clusters` what moves together: strategies or symbols. `strategies` are exposures
    by strategy, open orders included; `volatility` is what a symbol moves in a year, `kelly` Kelly's fraction of a
    strategy, negative for one that loses, both as far as the past is long enough to say. `strategy` is the proposal's
    with its `allocation` (a fraction of the book), the fall from its own peak and `strategy_held`, its own signed
    quantity of the symbol, None where that is not known. `wide` are the limits over all accounts, None without any.
    `halts` are the reasons of halts that cover the proposal, `overrides` a person's.
    UsageError, with the field's name, for a number that makes no sense.
    """

    now: int
    day_equity: Decimal
    week_equity: Decimal
    peak_equity: Decimal
    deepest: Decimal = ZERO
    open_risk: Decimal = ZERO
    orders: tuple[RecentOrder, ...] = ()
    last: Mapping[str, LastTrade] = field(default_factory=dict)
    sectors: Groups = field(default_factory=dict)
    clusters: Groups = field(default_factory=dict)
    strategies: Mapping[str, Decimal] = field(default_factory=dict)
    volatility: Mapping[str, Decimal] = field(default_factory=dict)
    kelly: Mapping[str, Decimal] = field(default_factory=dict)
    strategy: str | None = None
    allocation: Decimal | None = None
    strategy_drawdown: Decimal = ZERO
    strategy_held: Decimal | None = None
    wide: Wide | None = None
    halts: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        for name in ("day_equity", "week_equity", "peak_equity"):
            _need(getattr(self, name).is_finite(), name, getattr(self, name))
        for name in ("deepest", "open_risk", "strategy_drawdown"):
            _need(_sound(getattr(self, name)), name, getattr(self, name))
        _need(self.allocation is None or _sound(self.allocation), "allocation", self.allocation)
        _need(self.strategy_held is None or self.strategy_held.is_finite(), "strategy_held", self.strategy_held)
        for symbol, trade in self.last.items():
            _need(_sound(trade.price) and trade.price > 0, f"last[{symbol}]", trade.price)
        for name, exposure in self.strategies.items():
            _need(_sound(exposure), f"strategies[{name}]", exposure)
        for symbol, moves in self.volatility.items():
            _need(_sound(moves), f"volatility[{symbol}]", moves)
        for name, fraction in self.kelly.items():
            _need(fraction.is_finite(), f"kelly[{name}]", fraction)
        times = [order.time for order in self.orders]
        if times != sorted(times):
            raise UsageError("the recent orders around a book are not in the order of time", "give the oldest first")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Around:
        """What was around, from its plain form."""
        exact: dict[str, Any] = {
            name: None if values[name] is None else Decimal(values[name])
            for name in ("day_equity", "week_equity", "peak_equity", "deepest", "open_risk", "allocation")
        }
        groups = {name: {key: frozenset(of) for key, of in values[name].items()} for name in ("sectors", "clusters")}
        read = {
            **exact,
            **groups,
            "strategy_drawdown": Decimal(values["strategy_drawdown"]),
            "strategy_held": None if values.get("strategy_held") is None else Decimal(values["strategy_held"]),
            "orders": tuple(RecentOrder(t, s, Side(side), Decimal(q)) for t, s, side, q in values["orders"]),
            "last": {symbol: LastTrade(Decimal(price), time) for symbol, (price, time) in values["last"].items()},
            "strategies": {name: Decimal(exposure) for name, exposure in values["strategies"].items()},
            **{n: {k: Decimal(v) for k, v in values.get(n, {}).items()} for n in ("volatility", "kelly")},
            "wide": Wide.read(values.get("wide")),
            "halts": tuple(values["halts"]),
            "overrides": tuple(Override.read(one) for one in values["overrides"]),
        }
        return cls(**{**values, **read})

    def about(self, proposal: Proposal) -> Around:
        """Only what a check of `proposal` looks at: the same verdict, and short enough to be stored with it."""
        symbol, touched = proposal.symbol, set(self.touched(proposal.symbol))
        clusters = {name: members for name, members in self.clusters.items() if name in touched}
        named = {*(member for members in clusters.values() for member in members), self.strategy}
        in_sector = any(symbol in members for members in self.sectors.values())
        sectors = {n: members for n, members in self.sectors.items() if symbol in members or not in_sector}
        near = {symbol, *(member for members in (*clusters.values(), *sectors.values()) for member in members)}
        seen = None if self.sectors and not in_sector else frozenset(near)
        return replace(
            self,
            wide=self.wide and self.wide.about(seen, frozenset(name for name in named if name)),
            last={symbol: self.last[symbol]} if symbol in self.last else {},
            sectors=sectors,
            clusters=clusters,
            strategies={name: exposure for name, exposure in self.strategies.items() if name in named},
            volatility={symbol: self.volatility[symbol]} if symbol in self.volatility else {},
            kelly={name: fraction for name, fraction in self.kelly.items() if name == self.strategy},
        )

    def adds(self, proposal: Proposal) -> bool:
        """Whether the strategy is known to open or to add by it, whatever its account does."""
        return self.strategy_held is not None and self.strategy_held * proposal.side.sign >= 0

    def lets_go(self, proposal: Proposal) -> bool:
        """Whether the strategy is known to let go of no more than it holds by it, whatever its account does."""
        held = self.strategy_held
        return held is not None and held * proposal.side.sign < 0 and proposal.quantity <= abs(held)

    def steady(self, symbol: str, target: Decimal) -> Decimal:
        """The fraction of equity that a symbol may take to move by `target` a year; 0 where its past is too short."""
        return steady(target, self.volatility.get(symbol, ZERO))

    def staked(self, strategy: str, share: Decimal) -> Decimal:
        """That share of Kelly's fraction of a strategy; 0 for one that loses or whose past is too short."""
        return share * max(self.kelly.get(strategy, ZERO), ZERO)

    def touched(self, symbol: str) -> list[str]:
        """The clusters that an order of `symbol` adds to."""
        own = self.strategy
        return [name for name, members in self.clusters.items() if symbol in members or own in members]


def _sound(value: Decimal) -> bool:
    return value.is_finite() and value >= 0


def _need(holds: bool, name: str, value: object) -> None:
    if not holds:
        raise UsageError(f"{name} = {value} around a book makes no sense", "give a finite number that is not negative")
