"""A run of the venue as one value: exchange, market, clock, faults, and who listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any

from quorum.domain import SECOND, ZERO, Money, QuorumError, Side, UsageError
from quorum.simulator.core import (
    Always,
    Exchange,
    Hours,
    Journal,
    Kind,
    Life,
    Listing,
    Mode,
    NewYork,
    Placed,
    Terms,
    Ticket,
    Top,
)
from quorum.simulator.faults import NEEDS_SYMBOL, Fault, FaultKind, Faults
from quorum.simulator.prices import Bar, Past, Prices, Tape
from quorum.simulator.serving.clock import SpeedClock
from quorum.simulator.serving.options import ALWAYS, Options

Watcher = Callable[[str, Top, Bar | None], None]
Change = tuple[Callable[[], object], Callable[[], object] | None]
_AT_ONCE = 50  # prices
_MODES = {
    FaultKind.CANCEL_ONLY: Mode.CANCEL_ONLY,
    FaultKind.POST_ONLY: Mode.POST_ONLY,
    FaultKind.MAINTENANCE: Mode.MAINTENANCE,
}


class Simulation:
    """What requests act on. One thread, one event loop: nothing here is shared with another."""

    def __init__(self, options: Options, listings: Iterable[Listing], journal: Journal, currency: str = "USD") -> None:
        self.options = options
        hours: Hours = Always() if options.hours == ALWAYS else NewYork()  # before the clock runs: it takes a while
        self.clock = SpeedClock(options.start, options.speed if options.recording is None else 0)
        opening = Money(options.cash, currency)
        self.exchange = Exchange(listings, journal, self.clock, hours, opening, options.seed)
        self.exchange.terms = Terms(options.multiplier)
        self.faults = Faults(self.clock, self.exchange.emit, options.seed)
        self.tapes = {symbol: Tape() for symbol in self.exchange.listings}
        self.pasts = {s: self._past(each) for s, each in self.exchange.listings.items()}
        self.skew = 0
        self.revoked = False
        self.pingless = False
        self.on_shutdown: list[Callable[[float], object]] = []
        self.on_mode: list[Callable[[Mode], object]] = []
        self.on_unreachable: list[Callable[[float], object]] = []
        self.closing = asyncio.Event()
        self._hidden: dict[str, int] = {}
        self._ends: list[tuple[int, Callable[[], object]]] = []  # when a change of the venue is over
        self._watchers: list[Watcher] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self.plant(options.faults)

    def plant(self, faults: Sequence[Fault]) -> list[str]:
        """Let `faults` wait from now on; their names. UsageError for one of a symbol that is not traded here."""
        refuse_strangers(faults, self.exchange.listings)
        return self.faults.plant(faults)

    @property
    def closed(self) -> bool:
        """Whether the venue is in maintenance: it answers nobody."""
        return self.exchange.mode is Mode.MAINTENANCE

    def shown_now(self) -> int:
        """The time that the venue tells, wrong if its clock is."""
        return self.clock.now() + self.skew

    def visible(self, order: Placed | None) -> bool:
        """Whether anybody is shown an order."""
        return order is not None and self._hidden.get(order.order_id, 0) <= self.clock.now()

    def hide(self, order_id: str, until: int) -> None:
        """Show the order to nobody before `until`."""
        self._hidden[order_id] = until

    def hidden_until(self, order_id: str) -> int:
        """When an order appears; 0 for one that is not hidden."""
        return self._hidden.get(order_id, 0)

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` each touch, and the minute that closed with it."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Tell `watcher` no more."""
        self._watchers.remove(watcher)

    def moved(self, symbol: str, top: Top) -> None:
        """The market of `symbol` moved to `top`."""
        closed = self.tapes[symbol].record(top)
        self.exchange.quote(symbol, top)
        for watcher in list(self._watchers):
            watcher(symbol, top, closed)

    async def play(self, prices: Prices) -> None:
        """Let everything happen that is due by now: prices, faults of the venue, the end of orders.

        Streams are written in between, so that a venue that is behind fills no client's queue.
        """
        for number, (symbol, top) in enumerate(prices.due(self.clock.now()), 1):
            if self.exchange.trades_now(symbol, extended=True):
                self.moved(symbol, top)
            if not number % _AT_ONCE:
                await asyncio.sleep(0)
        self.settle()

    def settle(self) -> None:
        """Let what is due by now happen at once: faults of the venue begin and end, orders expire."""
        for fault in self.faults.due():
            self.act(fault)
        now = self.clock.now()
        over = sorted((each for each in self._ends if each[0] <= now), key=lambda each: each[0])
        self._ends = [each for each in self._ends if each[0] > now]
        for _, end in over:
            end()
        self.exchange.expire()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of the venue's clock, or until the run ends."""
        until = self.clock.now() + int(seconds * SECOND)
        while (left := until - self.clock.now()) > 0 and not self.closing.is_set():
            await asyncio.sleep(min(max(left / SECOND / (self.clock.speed or 1), 0.001), 0.05))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do `work` beside everything else; what of it is left when the run ends is dropped."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def end(self) -> None:
        """Drop what still waits."""
        self.closing.set()
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def act(self, fault: Fault) -> None:
        """Let a fault of the venue happen, and end when its time is over."""
        symbol = fault.symbol or ""
        done: dict[FaultKind, Change] = {
            FaultKind.CLOCK: (lambda: self._skew(fault.lasts(-5)), lambda: self._skew(0)),
            FaultKind.REVOKED: (lambda: self._revoke(True), lambda: self._revoke(False)),
            FaultKind.NO_PINGS: (lambda: self._silence(True), lambda: self._silence(False)),
            FaultKind.SHUTDOWN: (lambda: _each(self.on_shutdown, fault.lasts(5)), None),
            FaultKind.UNREACHABLE: (lambda: _each(self.on_unreachable, fault.lasts(10)), None),
            **{kind: self._modes(mode) for kind, mode in _MODES.items()},
            FaultKind.HALT: (
                lambda: self.exchange.suspend(symbol, True),
                lambda: self.exchange.suspend(symbol, False),
            ),
            FaultKind.NO_FILL: (lambda: self._withhold(symbol, True), lambda: self._withhold(symbol, False)),
            FaultKind.FOREIGN_ORDER: (lambda: self._foreign(fault), None),
            FaultKind.FOREIGN_POSITION: (lambda: self.exchange.adjust(symbol, fault.quantity, fault.name), None),
        }
        begin, over = done[fault.kind]
        try:
            begin()
        except QuorumError:
            return  # the exchange refused, and its journal says so
        if over is not None and fault.lasting > 0:
            self._ends.append((self.clock.now() + int(fault.lasting * SECOND), over))

    def _skew(self, seconds: float) -> None:
        self.skew = int(seconds * SECOND)

    def _revoke(self, revoked: bool) -> None:
        self.revoked = revoked

    def _silence(self, pingless: bool) -> None:
        self.pingless = pingless

    def _modes(self, mode: Mode) -> Change:
        return lambda: self._switch(mode), lambda: self._switch(Mode.ONLINE)

    def _switch(self, mode: Mode) -> None:
        self.exchange.mode = mode
        _each(self.on_mode, mode)

    def _withhold(self, symbol: str, withheld: bool) -> None:
        (self.exchange.withheld.add if withheld else self.exchange.withheld.discard)(symbol)
        self.exchange.match(symbol)

    def _foreign(self, fault: Fault) -> None:
        name = self.exchange.new_id("foreign", len(self.exchange.floor.orders))
        life = Life.GTC if self.exchange.listings[fault.symbol or ""].round_clock else Life.DAY
        ticket = Ticket(name, fault.symbol or "", fault.side, Kind.MARKET, life, fault.quantity, origin="manual")
        self.exchange.place(ticket)
        self.exchange.match(ticket.symbol)

    def _past(self, listing: Listing) -> Past:
        always = listing.round_clock or self.options.hours == ALWAYS
        price = float(self.exchange.mark(listing.symbol))
        sessions = None if always else self.exchange.hours.sessions
        return Past(listing, price, self.clock.now(), self.options.seed, sessions)

    def touch(self, symbol: str) -> Top:
        """The touch of `symbol`, or one of its last price where nothing has moved yet."""
        known = self.exchange.tops.get(symbol)
        price = self.exchange.mark(symbol)
        return known or Top(self.clock.now(), price, ZERO, price, ZERO, price, ZERO)

    def close_side(self, symbol: str) -> Side:
        """The side that takes off what is held of `symbol`."""
        return Side.SELL if self.exchange.floor.held(symbol) > 0 else Side.BUY


def refuse_strangers(faults: Iterable[Fault], known: Collection[str]) -> None:
    """Nothing, where the symbols that `faults` need are `known`; UsageError with the first that is not."""
    for fault in faults:
        if fault.kind in NEEDS_SYMBOL and fault.symbol not in known:
            raise UsageError(
                f"fault {fault.kind.value}: {fault.symbol} is not traded here", f"choose of {', '.join(known)}"
            )


def _each(hearers: Iterable[Callable[[Any], object]], told: Any) -> None:
    for hear in hearers:
        hear(told)
