"""How fast the kill switch is: with a venue that refuses a third, an engine that hangs, a store that is locked."""

from __future__ import annotations

import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from quorum.bootstrap import close_everywhere, halt_trading, open_desk, serve_broker
from quorum.desk import Desk, make_workspace
from quorum.desk.trading.reconciling.written import take_written
from quorum.domain import (
    HOUR,
    SECOND,
    ZERO,
    Choice,
    DecisionKind,
    OrderKind,
    OrderTerms,
    Proposal,
    Purpose,
    QuorumError,
    Scope,
    Side,
    SystemClock,
    iso,
    plain,
)
from quorum.execution import make_intent
from quorum.surfaces.bench.measure import Measure

TRIALS, KILLS, ORDERS, REFUSED = 200, 5, 100, 0.3
ACCOUNT, PRICE = "paper", Decimal(100)
SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT", "EEEUSDT")
STEP = SECOND // 2
BARS = 16_000
LOOKS = 1.9
"""How long close-all looks and tries, in seconds: what is left by then it has to say, too, within its two."""
REASON = ("benchmark", "the kill switch is measured")


def killing(trials: int = TRIALS, kills: int = KILLS, bars: int = BARS) -> list[Measure]:
    """The halt's record to the last cancel done, at 100 open orders; then trials of close-all against a flaky venue.

    The engine is a worker of the workspace that was stopped dead while it held the engine's lock; in every other trial
    the store is locked too, so that orders leave by the file. At the end books and venue are compared.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "desk"
        ground = stack.enter_context(_ground(home, bars))
        kill = [ground.kill() for _ in range(kills)]
        looked = statistics.median(ground.looks)
        stack.enter_context(_hung_engine(home))
        done = [ground.trial(Random(number), locked=number % 2 == 1) for number in range(trials)]
        wrong = ground.differences()
    slowest, middle = max(one.seconds for one in done), statistics.median(one.seconds for one in done)
    left = sum(not one.accounted for one in done)
    flat = sum(one.flat for one in done)
    turned = sum(one.turned for one in done)
    killed, look = statistics.median(kill), "the venue's list of them"
    what = f"{trials} trials, engine hung, {REFUSED:.0%} refused"
    return [
        Measure("kill", f"halt's record to last cancel written, {ORDERS} orders", killed, "ms", looked, look, 50.0),
        Measure("flat", f"close-all, the slowest of {what}", slowest, "s", middle, "the median trial", target=2.0),
        Measure("flat_trials", f"trials that ended flat, of {trials}", flat, "trials"),
        Measure("unexplained", f"neither flat nor explained: {what}", left, "trials", target=0.0),
        Measure("turned", "positions that close-all turned round", turned, "positions", target=0.0),
        Measure("kill_books", "differences of books and venue at the end", wrong, "lines", target=0.0),
    ]


@dataclass(frozen=True, slots=True)
class _Trial:
    """How long it took, whether it was flat, whether what was left was told, and positions that went through zero."""

    seconds: float
    flat: bool
    accounted: bool
    turned: int


@dataclass
class _Flaky:
    """The venue's answers, its clock half a second on with each; of what changes something it refuses some."""

    answer: Any
    now: int
    step: int = STEP
    chance: Random | None = None
    heard: int = 0

    def __call__(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.now += self.step
        moved = {**request, "now": self.now}
        verb = request["verb"]
        if verb in ("cancel", "cancel_all"):
            self.heard = SystemClock().now()
        if self.chance is not None and verb in ("submit", "cancel") and self.chance.random() < REFUSED:
            return {"refused": ["the venue is busy", "ask again"]}
        if self.chance is not None and verb == "cancel_all":
            return self._some(moved)
        return dict(self.answer(moved))

    def _some(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A cancel-all that leaves some orders open, and says which."""
        assert self.chance is not None
        left = {}
        for order in self.answer({**request, "verb": "open_orders"})["answer"]:
            name = order["client_order_id"]
            if self.chance.random() < REFUSED:
                left[name] = "the venue is busy"
            else:
                self.answer({**request, "verb": "cancel", "id": name})
        return {"answer": left}


@dataclass
class _Ground:
    """A workspace with its venue, on which everything happens."""

    home: Path
    desk: Desk
    venue: _Flaky
    count: int = 0
    looks: list[float] = field(default_factory=list)

    def kill(self) -> float:
        """Milliseconds from the halt's file to the last cancel as the venue hears it."""
        self.venue.step = STEP // 1000
        for _ in range(ORDERS):
            self._order(SYMBOLS[self.count % len(SYMBOLS)], resting=True)
        began = time.monotonic()
        self.desk.broker(ACCOUNT, self.desk.clock).open_orders()
        self.looks.append((time.monotonic() - began) * 1e3)
        halt_trading(self.home, (Scope.DESK, ""), REASON, follow=False)
        recorded = (self.home / "state" / "halts.json").stat().st_ctime_ns
        if self.desk.broker(ACCOUNT, self.desk.clock).open_orders():
            raise QuorumError("the halt left orders open", "this is a bug: report it")
        self.venue.step = STEP
        self._lift()
        return (self.venue.heard - recorded) / 1e6

    def trial(self, chance: Random, *, locked: bool) -> _Trial:
        """Five positions and ten open orders, closed while the venue refuses."""
        for symbol in SYMBOLS:
            self._order(symbol, resting=False)
            self._order(symbol, resting=True)
            self._order(symbol, resting=True)
        broker = self.desk.broker(ACCOUNT, self.desk.clock)
        before = broker.account().positions
        if set(before) != set(SYMBOLS):
            raise QuorumError(f"the trial begins with {sorted(before)}", "this is a bug: report it")
        self.venue.chance = chance
        with _locked(self.home) if locked else ExitStack():
            began = time.monotonic()
            found = close_everywhere(self.home, ACCOUNT, REASON, Decimal("0.1"), deadline=LOOKS, follow=False)
            seconds = time.monotonic() - began
        self.venue.chance = None
        after = {symbol: quantity for symbol, quantity in broker.account().positions.items() if quantity}
        still = [order.client_order_id for order in broker.open_orders()]
        flat, turned = not after and not still, sum(quantity < 0 for quantity in after.values())
        self._lift()
        self._settle()
        return _Trial(seconds, flat, bool(flat or found["failed"]), turned)

    def differences(self) -> int:
        """Lines on which books and venue differ, once what was written beside the store is taken in."""
        from quorum.desk import books

        self._settle()
        return len(books(self.desk, ACCOUNT).differences)

    def _settle(self) -> None:
        take_written(self.desk, ACCOUNT)
        sender = self.desk.sender(ACCOUNT)
        for order in self.desk.orders.of(ACCOUNT, only_open=True):
            sender.follow(order)

    def _lift(self) -> None:
        for halt in self.desk.halts.standing():
            self.desk.halts.lift(halt, *REASON)

    def _order(self, symbol: str, *, resting: bool) -> None:
        """Buy one at the market, or leave a buy order far below it."""
        self.count += 1
        now = self.desk.clock.now()
        price = PRICE / 2 if resting else PRICE
        wish = Proposal(
            purpose=Purpose.PLAN,
            account=ACCOUNT,
            symbol=symbol,
            side=Side.BUY,
            quantity=Decimal(1),
            price=price,
            as_of=now,
            expires=now + HOUR,
            key=f"benchmark {self.count}",
            origin="",
        )
        facts = {"proposal": plain(wish), "verdict": "approved", "quantity": "1", "reasons": [], "checks": []}
        with self.desk.accounts.transaction(ACCOUNT) as transaction:
            risk = transaction.record(Choice(DecisionKind.RISK, symbol, now, {}, facts, "the benchmark trades"))
            collar = price if resting else price * 2
            intent = make_intent(wish, Decimal(1), collar, risk.decision_id, 0, now)
            terms = OrderTerms(OrderKind.LIMIT) if resting else OrderTerms()
            order = transaction.intend(replace(intent, terms=terms))
        order = self.desk.sender(ACCOUNT).send(order)
        while not resting and order.filled == ZERO:
            order = self.desk.sender(ACCOUNT).follow(order)


@contextmanager
def _ground(home: Path, count: int) -> Iterator[_Ground]:
    """A workspace whose venue has a process of its own, as far as its callers can tell."""
    make_workspace(home, None)
    (home / "config" / "execution.yaml").write_text(
        "simulated_venue: {process: own_process, max_volume_share: 1}\n", encoding="utf-8"
    )
    (home / "config" / "accounts.yaml").write_text(
        f"accounts:\n  {ACCOUNT}: {{book: crypto, currency: USDT, cash: 10000000}}\n", encoding="utf-8"
    )
    now = SystemClock().now()
    begins = (now // SECOND - count) * SECOND
    _write_prices(home / "data", begins, count)
    desk = open_desk(home)
    desk.lake.import_path(home / "data")
    desk.account_for("USDT", ACCOUNT)
    server = serve_broker(home, ACCOUNT)
    venue = _Flaky(server.answer, begins + 10 * SECOND)
    vars(server)["answer"] = venue
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield _Ground(home, desk, venue)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _write_prices(folder: Path, begins: int, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for symbol in SYMBOLS:
        rows = (f"{iso(begins + n * SECOND)},100.00,100.01,99.99,100.00,1000" for n in range(count))
        text = "\n".join(("time,open,high,low,close,volume", *rows, ""))
        (folder / f"{symbol}.binance_1s.csv").write_text(text, encoding="utf-8")


@contextmanager
def _hung_engine(home: Path) -> Iterator[None]:
    """A worker that holds the engine's lock and does nothing any more."""
    command = [sys.executable, "-m", "quorum", "up", "--role", "worker", "--home", str(home)]
    worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        lock = home / "worker.lock"
        while not lock.exists() or str(worker.pid) not in lock.read_text(encoding="utf-8"):
            if time.monotonic() > until or worker.poll() is not None:
                raise QuorumError("the benchmark's worker did not start", "see `quorum doctor`")
            time.sleep(0.1)
        _stop(worker.pid, home, until)
        yield
    finally:
        worker.kill()
        worker.wait()


def _stop(pid: int, home: Path, until: float) -> None:
    """Stop a process dead between two of its writes: what else is locked is the trial's to say."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        try:
            with _locked(home):
                return
        except sqlite3.OperationalError:
            os.kill(pid, signal.SIGCONT)
            if time.monotonic() > until:
                raise
        time.sleep(0.05)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """The store, in which somebody has begun to write and does not end."""
    connection = sqlite3.connect(home / "desk.db", isolation_level=None)
    try:
        connection.execute("begin immediate")
        yield
    finally:
        connection.close()
