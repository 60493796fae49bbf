"""One pass over an account inside one transaction: decisions, crosses, risk's word, intents; nothing leaves yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from quorum.desk.desk import Accounting, Desk
from quorum.desk.trading.turns.asking import Asked, Place, ask, ask_stop, occasion
from quorum.desk.trading.turns.deployed import Wish
from quorum.desk.trading.turns.market import Around, Key, Pass
from quorum.desk.trading.turns.protecting import in_the_way, resting, room
from quorum.desk.trading.turns.wanting import Change, change, chosen, kept_from, stop_wanted, taken
from quorum.domain import (
    DAY,
    ENDED_SHORT,
    MINUTE,
    NO_EXIT,
    SECOND,
    ZERO,
    Book,
    ExitPlan,
    Instrument,
    NotFound,
    Order,
    OrderStatus,
    Position,
    Purpose,
    iso,
    plain,
)
from quorum.engine.cycle import VALID_BARS
from quorum.execution import net
from quorum.execution.target import StrategyTarget

FIRST_PAUSE, LONGEST_PAUSE = 5 * SECOND, 5 * MINUTE
"""How long what lets go waits after it failed: as long as it has tried already, within these (ns)."""
_GIVEN_UP = ENDED_SHORT - {OrderStatus.NEVER_ARRIVED}


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
        self._book = transaction.book()
        self._idle: list[Key] = []
        self.found = Pass()

    def run(self) -> Pass:
        """Symbol by symbol."""
        transaction, account = self._transaction, self._around.account
        self._book = book = self._marked()
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
        # what lets go comes first: it may pay for what opens
        for symbol in sorted(changes, key=lambda s: (not any(c.reduces for c in changes[s].values()), s)):
            self._trade(symbol, changes[symbol])
        busy = {order.intent.symbol for order in self.found.orders}
        for key in self._idle:
            if key[1] not in busy:
                self._protect(key)
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
        """The target after what became of its orders: a stop that filled has left, what never arrived comes again.

        What opens and ended short on its way through nothing is not asked for again.
        """
        stop = self._order(target.stop_id)
        if stop is not None and stop.status.terminal:
            target = replace(target.left() if stop.filled else target, stop_id="")
        order = self._order(target.order_id)
        if order is not None and order.status is OrderStatus.NEVER_ARRIVED and not order.filled:
            target = replace(target, entered=False)
        held = self._quantity(target.key)
        opens = not target.entered and held * (target.goal - held) >= 0
        if order is not None and opens and order.status in _GIVEN_UP and order.intent.purpose is not Purpose.REDUCTION:
            target = replace(target, entered=True, goal=held)
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
        if self._waits(key, target) or (wish is None and key[0] not in self._around.closes):
            return None
        wanted = change(target, held, wish, self._around.now, not self._around.barred(*key))
        if wanted is None or self._is_held_up(key, wanted):
            self._idle.append(key)
            return None
        stop = self._open.get(target.stop_id)
        if stop is not None and wanted.reduces:
            self.found.cancels.append(stop)
            return None
        return wanted

    def _is_held_up(self, key: Key, wanted: Change) -> bool:
        """Whether a change waits: its market is closed, or what lets go has just failed."""
        around, symbol = self._around, key[1]
        closed = around.market.closed(symbol)
        wish = self._wishes.get(key)
        until = around.now + VALID_BARS * (DAY if wish is None else wish.of.timeframe.nanoseconds)
        if closed and around.market.hold(symbol, wanted.quantity, until) is None:
            self.found.waits[key] = closed
            return True
        order, target = self._order(self._targets[key].order_id), self._targets[key]
        if order is None or not wanted.reduces or order.filled or order.status not in _GIVEN_UP:
            return False
        ended = order.intent.created_at
        pause = min(max(ended - target.decided, FIRST_PAUSE), LONGEST_PAUSE)
        if around.now >= ended + pause:
            return False
        self.found.waits[key] = f"its last order was {order.status}; the next one may leave at {iso(ended + pause)}"
        return True

    def _waits(self, key: Key, target: StrategyTarget) -> bool:
        """Whether an order of the strategy is open beside its stop; one that opens what is unwanted now is to go."""
        strategy_id, symbol = key
        orders = [
            order
            for name, order in self._open.items()
            if name != target.stop_id and order.intent.symbol == symbol and strategy_id in _owners(order)
        ]
        want = target.goal - self._quantity(key)
        for order in orders:
            opens = order.intent.purpose is not Purpose.REDUCTION
            if opens and order.intent.side.sign * want <= 0 and order not in self.found.cancels:
                self.found.cancels.append(order)
        return bool(orders)

    def _protect(self, key: Key) -> None:
        """A stop for what is held rests at the venue; one of another level or size goes first."""
        wish, held, stop = self._wishes.get(key), self._quantity(key), self._open.get(self._targets[key].stop_id)
        if stop is not None and not held:
            self.found.cancels.append(stop)
            return
        abilities = self._around.market.abilities
        if wish is None or not abilities.protects or key[0] in self._around.closes or wish.of.paused:
            return
        trigger = self._stop(wish, held) if held else None
        stops = {o.intent.client_order_id: o.remaining for o in self._stops(key[1])}
        part = room(self._targets[key].stop_id, held, self._book.quantity(key[1]), stops)
        if stop is not None:
            if stop.intent.terms.trigger != trigger or stop.remaining != abs(part):
                self.found.cancels.append(stop)
            return
        if trigger is None or not part or self._is_barred(key[1]):
            return
        asked = ask_stop(self._transaction, key[0], part, trigger, self._place(key[1], (key[0],)))
        if asked.order is not None and not asked.order.status.terminal:
            self._keep(replace(self._targets[key], stop_id=asked.order.intent.client_order_id))
            self.found.orders.append(asked.order)

    def _stops(self, symbol: str) -> list[Order]:
        """The stops of a symbol that rest, or are to from now on; without those that are to go."""
        leaving = {order.intent.client_order_id for order in self.found.cancels}
        stops = resting(symbol, (*self._open.values(), *self.found.orders))
        return [order for order in stops if order.intent.client_order_id not in leaving]

    def _is_barred(self, symbol: str) -> bool:
        """Whether an open order keeps a stop from resting; one that opens and was not filled at once gives way."""
        if not self._around.market.abilities.exclusive:
            return False
        orders = [o for o in self._open.values() if o.intent.symbol == symbol and not o.intent.terms.kind.waits]
        for order in orders:
            late = order.intent.purpose is not Purpose.REDUCTION and order.intent.created_at < self._around.now
            if late and order not in self.found.cancels:
                self.found.cancels.append(order)
        return bool(orders)

    def _trade(self, symbol: str, changes: Mapping[str, Change]) -> None:
        """Net what strategies want of a symbol, book what crosses, and ask risk for the rest."""
        netted = net({name: one.quantity for name, one in changes.items()})
        price = self._marks.get(symbol) or self._transaction.book().marks[symbol]
        for cross in netted.crosses:
            names = (cross.buyer, cross.seller)
            key = f"{occasion(symbol, names, self._decided(symbol, names))}|{self._quantity((cross.seller, symbol))}"
            if self._transaction.cross(symbol, cross, price, (self._around.now, f"cross|{self._around.account}|{key}")):
                self.found.crosses.append({"symbol": symbol, **plain(cross), "price": plain(price)})
        if netted.crosses:
            self._held = self._transaction.holdings()
        parts = chosen(changes, {part.strategy_id: part.quantity for part in netted.parts})
        stops = in_the_way(
            sum(parts.values(), ZERO),
            self._book.quantity(symbol),
            self._stops(symbol),
            self._around.market.abilities.exclusive,
        )
        for name in changes:
            if name not in {part.strategy_id for part in netted.parts}:  # it crossed whole
                self._keep(replace(self._targets[name, symbol], entered=True))
        if stops:
            self.found.cancels += stops
        elif parts and not self._is_refused(symbol, changes, parts) and not self._is_short(symbol, parts, price):
            self._ask(symbol, changes, parts)

    def _is_refused(self, symbol: str, changes: Mapping[str, Change], parts: Mapping[str, Decimal]) -> bool:
        """Whether what takes strategies out, and opens something for the account by it, waits: a halt stands, or risk
        has refused it within the last bar. What lets go of the account's holding waits for nobody."""
        held, total = self._book.quantity(symbol), sum(parts.values(), ZERO)
        if held * total < 0 or not all(changes[name].reduces for name in parts):
            return False
        halted = next(filter(None, (self._around.barred(name, symbol) for name in parts)), "")
        refused = [self._targets[name, symbol].refused for name in parts]
        until = max(refused) + self._place(symbol, tuple(parts)).length
        if not halted and (not all(refused) or self._around.now >= until):
            return False
        why = halted or f"risk has refused it; asked again at {iso(until // SECOND * SECOND)}"
        what = f"{plain(abs(total))} {symbol} go beyond the account's {plain(held)}, and {why}"
        self.found.waits |= dict.fromkeys([(name, symbol) for name in parts], what)
        return True

    def _is_short(self, symbol: str, parts: Mapping[str, Decimal], price: Decimal) -> bool:
        """Whether the buying power does not do for what opens; it waits for what lets go, where there is any."""
        held, total = self._book.quantity(symbol), sum(parts.values(), ZERO)
        opens = abs(total) - (min(abs(held), abs(total)) if held * total < 0 else ZERO)
        if not opens:
            return False
        worst = price * (1 + self._desk.limits(self._around.account).price_collar_bps / 10_000)
        missing = self._around.market.short_by(opens * worst)
        if not missing:
            return False
        why = f"{opens} {symbol} at up to {plain(worst)} need {missing:.2f} more than the account's buying_power"
        pays = any(o.intent.purpose is Purpose.REDUCTION and not o.intent.terms.kind.waits for o in self._leaving())
        for name in parts:
            self.found.waits[name, symbol] = why
            if not pays:
                self.found.short[name, symbol] = why
        return True

    def _leaving(self) -> list[Order]:
        return [*self._open.values(), *self.found.orders]

    def _decided(self, symbol: str, names: Iterable[str]) -> tuple[int, ...]:
        return tuple(self._targets[name, symbol].decided for name in names)

    def _ask(self, symbol: str, changes: Mapping[str, Change], parts: Mapping[str, Decimal]) -> None:
        """An order of these parts goes to risk; what risk has cut of an opening is not asked for again."""
        reduces = all(changes[name].reduces for name in parts)
        key = occasion(symbol, tuple(parts), self._decided(symbol, parts))
        if reduces:
            key += "".join(f"|{plain(self._quantity((name, symbol)))}" for name in parts)
        plan = NO_EXIT if len(parts) > 1 else self._plan((*parts, symbol), sum(parts.values(), ZERO))
        before = [order for name in parts if (order := self._order(self._targets[name, symbol].order_id)) is not None]
        place = self._place(symbol, tuple(parts))
        hold = self._around.market.hold(symbol, sum(parts.values(), ZERO), place.now + VALID_BARS * place.length)
        asked = ask(self._transaction, Asked(parts, reduces, key, before, hold), place, plan)
        self.found.risk.append(asked.risk)
        order = asked.order
        allowed = {} if order is None else {part.strategy_id: part.quantity for part in order.intent.parts}
        for name in parts:
            target = self._targets[name, symbol]
            if order is not None:
                target = replace(target, order_id=order.intent.client_order_id)
            elif reduces:
                target = replace(target, refused=self._around.now)
            if reasons := [reason for reason in asked.risk["reasons"] if not reason.endswith(" by lot")]:
                target = replace(target, said=f"{asked.risk['decision_id']}: {'; '.join(reasons)}")
            if not reduces and not asked.rest:
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

    def _kept_from(self, key: Key) -> str:
        wish = self._wishes.get(key)
        barred = self._around.barred(*key)
        return (
            "" if wish is None else kept_from(self._targets[key], self._quantity(key), wish, (self._around.now, barred))
        )

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
            "waits": self.found.waits.get(key) or self._kept_from(key),
            "said": target.said,
        }


def _owners(order: Order) -> set[str]:
    return {part.strategy_id for part in order.intent.parts}
