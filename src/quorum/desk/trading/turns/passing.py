"""One pass over an account inside one transaction: decisions, crosses, risk's word, intents; nothing leaves yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.desk.desk import Accounting, Desk
from quorum.desk.trading.turns.asking import Asked, Place, ask, ask_stop, occasion
from quorum.desk.trading.turns.deployed import Wish
from quorum.desk.trading.turns.wanting import Change, change, chosen, stop_wanted, taken
from quorum.domain import (
    DAY,
    NO_EXIT,
    ZERO,
    Book,
    ExitPlan,
    Instrument,
    NotFound,
    Order,
    OrderStatus,
    Position,
    plain,
)
from quorum.execution import net
from quorum.execution.target import StrategyTarget

Key = tuple[str, str]


class Around(NamedTuple):
    """What a pass is held in: the account, the instant, whether a stop can rest at its venue, and who may open.

    `may_open` answers for a strategy and a symbol. `closes` are strategies that let go of all they hold, each with
    the decision that says so; `tightened` are stops by symbol that a breaker has moved nearer.
    """

    account: str
    now: int
    protects: bool
    may_open: Callable[[str, str], bool]
    closes: Mapping[str, str]
    tightened: Mapping[str, Decimal] = {}


@dataclass
class Pass:
    """What a pass came to: orders to send, orders to cancel first, and plain facts of it."""

    orders: list[Order] = field(default_factory=list)
    cancels: list[Order] = field(default_factory=list)
    crosses: list[dict[str, Any]] = field(default_factory=list)
    risk: list[dict[str, Any]] = field(default_factory=list)
    standing: list[dict[str, Any]] = field(default_factory=list)

    @property
    def moves(self) -> bool:
        return bool(self.orders or self.cancels or self.crosses)


def one_pass(desk: Desk, transaction: Accounting, wishes: Mapping[Key, Wish], around: Around) -> Pass:
    """Take what strategies have decided, and write what is to be traded for it; see `Passing`."""
    return Passing(desk, transaction, wishes, around).run()


class Passing:
    """A pass under way: strategies of one account and symbol are netted, what crosses is booked inside.

    A decision is taken once, whoever comes first: it stands in the account, which one transaction at a time changes.
    """

    def __init__(self, desk: Desk, transaction: Accounting, wishes: Mapping[Key, Wish], around: Around) -> None:
        self._desk, self._transaction, self._around = desk, transaction, around
        self._wishes = wishes
        self._marks = {w.instrument.symbol: w.instrument.price(w.stand.price) for w in wishes.values()}
        self._held: Mapping[Key, Position] = {}
        self._targets: dict[Key, StrategyTarget] = {}
        self._open: Mapping[str, Order] = {}
        self.found = Pass()

    def run(self) -> Pass:
        """Symbol by symbol."""
        transaction, account = self._transaction, self._around.account
        book = self._marked()
        self._held = transaction.holdings()
        self._targets = {target.key: target for target in transaction.targets()}
        self._open = {o.intent.client_order_id: o for o in self._desk.orders.of(account, only_open=True)}
        for key, target in tuple(self._targets.items()):
            self._keep(self._after_orders(target))
            if key[0] in self._around.closes:
                self._keep(self._targets[key].left())
        for key, wish in self._wishes.items():
            self._keep(taken(self._targets.get(key), wish, self._quantity(key), book.equity, self._around.now))
        changes: dict[str, dict[str, Change]] = defaultdict(dict)
        for key in self._targets:
            if (wanted := self._change(key)) is not None:
                changes[key[1]][key[0]] = wanted
        for symbol, by_strategy in sorted(changes.items()):
            self._trade(symbol, by_strategy)
        self.found.standing = [self._told(key) for key in sorted(self._targets)]
        return self.found

    def _marked(self) -> Book:
        """The account at the newest closes, each as of when it is the market's price."""
        times = {wish.instrument.symbol: wish.fresh for wish in self._wishes.values()}
        for time in sorted(set(times.values())):
            self._transaction.book({s: price for s, price in self._marks.items() if times[s] == time}, time)
        return self._transaction.book()

    def _quantity(self, key: Key) -> Decimal:
        position = self._held.get(key)
        return position.quantity if position else ZERO

    def _keep(self, target: StrategyTarget) -> None:
        if self._targets.get(target.key) != target:
            self._targets[target.key] = target
            self._transaction.keep_target(target)

    def _after_orders(self, target: StrategyTarget) -> StrategyTarget:
        """The target after what became of its orders: a stop that filled has left, what never arrived comes again."""
        stop = self._order(target.stop_id)
        if stop is not None and stop.status.terminal:
            target = replace(target.left() if stop.filled else target, stop_id="")
        order = self._order(target.order_id)
        if order is not None and order.status is OrderStatus.NEVER_ARRIVED and not order.filled:
            target = replace(target, entered=False)
        return target

    def _order(self, identity: str) -> Order | None:
        if not identity:
            return None
        try:
            return self._open.get(identity) or self._desk.orders.get(identity)
        except NotFound:  # of a rehearsal, which left nothing behind
            return None

    def _change(self, key: Key) -> Change | None:
        """What a strategy changes now; nothing while an order of it is open, or its stop has to go first."""
        target, held = self._targets[key], self._quantity(key)
        wish = self._wishes.get(key)
        if self._waits(key, target.stop_id) or (wish is None and key[0] not in self._around.closes):
            return None
        may_open = self._around.may_open(*key)
        wanted = change(target, held, wish, self._around.now, may_open)
        stop = self._open.get(target.stop_id)
        if wanted is not None:
            if stop is not None and wanted.reduces:
                self.found.cancels.append(stop)
                return None
            return wanted
        self._protect(key, stop)
        return None

    def _waits(self, key: Key, but: str) -> bool:
        strategy_id, symbol = key
        return any(
            name != but and order.intent.symbol == symbol and strategy_id in {p.strategy_id for p in order.intent.parts}
            for name, order in self._open.items()
        )

    def _protect(self, key: Key, stop: Order | None) -> None:
        """A stop for what is held rests at the venue; one of another level or size goes first."""
        wish, held = self._wishes.get(key), self._quantity(key)
        if stop is not None and not held:
            self.found.cancels.append(stop)
            return
        if wish is None or not self._around.protects or key[0] in self._around.closes or wish.of.paused:
            return
        trigger = self._stop(wish, held) if held else None
        if stop is not None:
            if stop.intent.terms.trigger != trigger or stop.remaining != abs(held):
                self.found.cancels.append(stop)
            return
        if trigger is None:
            return
        place = self._place(key[1], (key[0],))
        asked = ask_stop(self._transaction, key[0], held, trigger, place)
        if asked.order is not None and not asked.order.status.terminal:
            self._keep(replace(self._targets[key], stop_id=asked.order.intent.client_order_id))
            self.found.orders.append(asked.order)

    def _trade(self, symbol: str, changes: Mapping[str, Change]) -> None:
        """Net what strategies want of a symbol, book what crosses, and ask risk for the rest."""
        netted = net({name: one.quantity for name, one in changes.items()})
        price = self._marks.get(symbol) or self._transaction.book().marks[symbol]
        for cross in netted.crosses:
            names = (cross.buyer, cross.seller)
            key = f"{occasion(symbol, names, self._decided(symbol, names))}|{self._quantity((cross.seller, symbol))}"
            if self._transaction.cross(symbol, cross, price, (self._around.now, f"cross|{self._around.account}|{key}")):
                self.found.crosses.append({"symbol": symbol, **plain(cross), "price": plain(price)})
        parts = chosen(changes, {part.strategy_id: part.quantity for part in netted.parts})
        for name in changes:
            if name not in {part.strategy_id for part in netted.parts}:  # it crossed whole
                self._keep(replace(self._targets[name, symbol], entered=True))
        if parts:
            self._ask(symbol, changes, parts)

    def _decided(self, symbol: str, names: Iterable[str]) -> tuple[int, ...]:
        return tuple(self._targets[name, symbol].decided for name in names)

    def _ask(self, symbol: str, changes: Mapping[str, Change], parts: Mapping[str, Decimal]) -> None:
        """An order of these parts goes to risk; what risk has cut of an opening is not asked for again."""
        reduces = all(changes[name].reduces for name in parts)
        key = occasion(symbol, tuple(parts), self._decided(symbol, parts))
        plan = NO_EXIT if len(parts) > 1 else self._plan((*parts, symbol), sum(parts.values(), ZERO))
        asked = ask(self._transaction, Asked(parts, reduces, key), self._place(symbol, tuple(parts)), plan)
        self.found.risk.append(asked.risk)
        order = asked.order
        allowed = {} if order is None else {part.strategy_id: part.quantity for part in order.intent.parts}
        for name in parts:
            target = self._targets[name, symbol]
            if order is not None:
                target = replace(target, order_id=order.intent.client_order_id)
            if not reduces:
                goal = self._quantity((name, symbol)) + allowed.get(name, ZERO)
                target = replace(target, entered=True, goal=goal)
            self._keep(target)
        if order is not None and not order.status.terminal:
            self.found.orders.append(order)

    def _plan(self, key: tuple[str, ...], change: Decimal) -> ExitPlan:
        """The stop that an entry is made with, where there is one that protects it."""
        wish = self._wishes.get((key[0], key[1]))
        trigger = None if wish is None else self._stop(wish, change)
        return NO_EXIT if trigger is None else ExitPlan(trigger)

    def _stop(self, wish: Wish, held: Decimal) -> Decimal | None:
        """Where a holding is to leave: at the strategy's stop, or at a breaker's where that is nearer."""
        symbol, own = wish.instrument.symbol, stop_wanted(wish, held)
        level = self._around.tightened.get(symbol)
        if level is None or held * (self._marks[symbol] - level) <= 0:
            return own
        tight = wish.instrument.price(level)
        if own is None:
            return tight
        return max(own, tight) if held > 0 else min(own, tight)

    def _place(self, symbol: str, names: tuple[str, ...]) -> Place:
        """What an order of these strategies is asked with."""
        around, desk = self._around, self._desk
        wishes = [wish for name in names if (wish := self._wishes.get((name, symbol))) is not None]
        origins = dict.fromkeys([*(w.of.decision_id for w in wishes), *(around.closes.get(name, "") for name in names)])
        instrument = wishes[0].instrument if wishes else self._instrument(symbol)
        return Place(
            desk,
            around.account,
            around.now,
            instrument,
            min((wish.of.timeframe.nanoseconds for wish in wishes), default=DAY),
            max((wish.fresh for wish in wishes), default=0),
            tuple(origin for origin in origins if origin),
        )

    def _instrument(self, symbol: str) -> Instrument:
        """The steps of a symbol that no strategy looks at any more, by the bars that the lake has of it."""
        desk = self._desk
        known = next((info for info in desk.lake.series() if info.symbol == symbol), None)
        if known is None:
            raise NotFound(f"the lake has no bars of {symbol}", "import them, or close it by hand")
        return desk.settings.instruments.instrument(desk.lake.bars(symbol, known.timeframe, known.venue))

    def _told(self, key: Key) -> dict[str, Any]:
        """Where a strategy stands in a symbol, as plain facts."""
        target, wish = self._targets[key], self._wishes.get(key)
        return {
            "strategy_id": key[0],
            "symbol": key[1],
            "held": plain(self._quantity(key)),
            "goal": plain(target.goal),
            "weight": None if wish is None else wish.stand.weight,
            "decided": target.decided,
            "price": plain(target.price),
            "stop": None if wish is None or wish.stand.stop != wish.stand.stop else wish.stand.stop,
            "left": "" if wish is None else wish.stand.left,
            "paused": wish is not None and wish.of.paused,
        }
