"""A trader against `quorum sim`, killed and started again: `python -m quorum.surfaces.bench.execution.lives`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from quorum.bootstrap import open_desk, serve_simulation
from quorum.bootstrap.simulation.broker import broker_at
from quorum.desk import Desk, make_workspace
from quorum.desk.desk import Accounting, Accounts
from quorum.desk.trading import reconcile
from quorum.domain import (
    HOUR,
    BrokerError,
    BrokerUnreachable,
    Choice,
    Clock,
    DecisionKind,
    NotFound,
    Order,
    OrderIntent,
    OrderKind,
    OrderStatus,
    OrderTerms,
    Proposal,
    Purpose,
    Side,
    iso,
    parse_instant,
    plain,
)
from quorum.execution import Abilities, Broker, BrokerAccount, BrokerOrder, make_intent, next_attempt
from quorum.surfaces.bench.execution.hurried import HurriedClock
from quorum.surfaces.bench.execution.schedules import SYMBOLS, Schedule, Wish, schedule
from quorum.surfaces.bench.execution.truth import Found, compared

ACCOUNT, CASH = "sim", Decimal(10_000_000)
START = parse_instant("2026-11-20T17:00:00Z")
SPEED, TICKS, PAUSE, TIMEOUT, LONGEST = 50.0, 50.0, 0.1, 0.15, 45.0
CHEAP, PRICE = Decimal(1), Decimal(100)
DEAR = {"BTC/USD": Decimal(200_000)}
_SHARES_DEAR = Decimal(2_000)
MARKS = {"AAPL": Decimal(230), "MSFT": Decimal(430), "BTC/USD": Decimal(60_000)}


Answer = TypeVar("Answer")


class Mortal:
    """Counts effects and kills this process at one."""

    def __init__(self, effect: int | None, within: bool) -> None:
        self._left = effect
        self._within = within

    def step(self) -> None:
        """An effect is about to happen, or has happened."""
        if self._left is None:
            return
        self._left -= 1
        if self._left == 0:
            if not self._within:
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Timer(0.003, os.kill, (os.getpid(), signal.SIGKILL)).start()


class MortalBroker:
    """A Broker whose client may die before, within or after a request."""

    def __init__(self, inner: Broker, mortal: Mortal) -> None:
        self._inner = inner
        self._mortal = mortal

    @property
    def abilities(self) -> Abilities:
        """See Broker."""
        return self._inner.abilities

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """See Broker."""
        return self._asked(lambda: self._inner.submit(intent))

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        """See Broker."""
        return self._asked(lambda: self._inner.order(client_order_id, sent))

    def open_orders(self) -> Sequence[BrokerOrder]:
        """See Broker."""
        return self._asked(self._inner.open_orders)

    def cancel(self, client_order_id: str) -> BrokerOrder:
        """See Broker."""
        return self._asked(lambda: self._inner.cancel(client_order_id))

    def cancel_all(self) -> Mapping[str, str]:
        """See Broker."""
        return self._asked(self._inner.cancel_all)

    def account(self) -> BrokerAccount:
        """See Broker."""
        return self._asked(self._inner.account)

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        self._mortal.step()
        answer = ask()
        self._mortal.step()
        return answer


class MortalAccounts:
    """Accounts whose process may die right before or after a commit."""

    def __init__(self, inner: Accounts, mortal: Mortal) -> None:
        self._inner = inner
        self._mortal = mortal

    def transaction(self, account: str) -> AbstractContextManager[Accounting]:
        """See UnitOfWork."""
        return self._opened(account)

    @contextmanager
    def _opened(self, account: str) -> Iterator[Accounting]:
        with self._inner.transaction(account) as transaction:
            yield transaction
            self._mortal.step()
        self._mortal.step()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def run_one(template: Path, seed: int) -> Found:
    """One schedule from its first life to its last, and what the venue's journal says of it."""
    planned, folder = schedule(seed), Path(tempfile.mkdtemp(prefix="quorum-faults-"))
    try:
        home = _copied(template, folder / "desk", planned)
        journal = folder / "sim.jsonl"
        told, sim = _venue(planned, journal, folder)
        try:
            began = time.monotonic_ns()
            clock = HurriedClock(_instant(told["url"]), began, SPEED)
            lives: list[Mortal] = [Mortal(death.effect, death.within) for death in planned.deaths]
            lives.append(Mortal(None, False))
            ends = [_child(partial(_live, home, planned, told, clock, mortal), folder) for mortal in lives]
        finally:
            os.kill(sim, signal.SIGTERM)
            os.waitpid(sim, 0)
        said = (folder / "child.err").read_text() if (folder / "child.err").exists() else ""
        ended = [] if ends[-1] == 0 else [f"the last life ended with {ends[-1]}: {said[-1500:]}"]
        return compared(seed, home, journal, ends.count(-signal.SIGKILL), ended)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_template(home: Path) -> Path:
    """A workspace with the account, its store brought up to date; made in a process of its own."""

    def make() -> None:
        make_workspace(home, ("momentum",))
        for file in (home / "config").glob("*.yaml"):
            file.unlink()
        cash = f"{{book: equities, currency: USD, cash: {CASH}}}"
        (home / "config" / "accounts.yaml").write_text(f"accounts:\n  {ACCOUNT}: {cash}\n")
        open_desk(home).account_for("USD", ACCOUNT)

    _child(make, home.parent)
    return home


def _live(home: Path, planned: Schedule, told: Mapping[str, str], clock: HurriedClock, mortal: Mortal) -> None:
    """Come to life, reconcile, trade what is not traded yet, and leave when nothing is open any more."""
    desk = _desk(home, told, clock, mortal)
    until = time.monotonic() + LONGEST
    with desk.accounts.transaction(ACCOUNT) as transaction:
        transaction.book(MARKS)  # what a desk sees before it trades
    if not _reconciled(desk):
        time.sleep(PAUSE)
    for wish in planned.wishes:
        _trade(desk, wish)
    while not _reconciled(desk) or desk.orders.of(ACCOUNT, only_open=True):
        if time.monotonic() > until:
            left = desk.orders.of(ACCOUNT, only_open=True)
            raise TimeoutError(f"not done: open {left}, halts {desk.halts.standing()}")
        time.sleep(PAUSE)
        for wish in planned.wishes:
            _trade(desk, wish)


def _reconciled(desk: Desk) -> bool:
    try:
        return reconcile(desk, ACCOUNT).clean
    except BrokerUnreachable:
        return False


def _trade(desk: Desk, wish: Wish) -> None:
    """Bring one wish as far as it goes now: committed, sent, cancelled; once, whoever died before."""
    order = _order(desk, wish)
    sender = desk.sender(ACCOUNT)
    if order.status is OrderStatus.INTENDED:
        order = sender.send(order)
    if order.status is OrderStatus.UNKNOWN:
        order = sender.follow(order)  # at once: an order that appears later must not be given up by then
    if wish.cancelled and not order.status.terminal and order.status is not OrderStatus.UNKNOWN:
        with suppress(BrokerError):
            sender.cancel(order, "it is not wanted any more")


def _order(desk: Desk, wish: Wish) -> Order:
    """The order of a wish: the newest attempt at it, a new one when no attempt arrived."""
    wanted = _intent(desk, wish)
    attempt = 1
    while True:
        try:
            order = desk.orders.get(wanted.client_order_id)
        except NotFound:
            return _commit(desk, wish, attempt)
        if order.status is not OrderStatus.NEVER_ARRIVED:
            return order
        attempt += 1
        wanted = next_attempt(_intent(desk, wish), attempt)


def _commit(desk: Desk, wish: Wish, attempt: int) -> Order:
    first = _intent(desk, wish)
    with desk.accounts.transaction(ACCOUNT) as transaction:
        proposal = plain(_proposal(wish, desk.clock.now()))
        outcome = {"proposal": proposal, "verdict": "approved", "quantity": plain(wish.quantity), "reasons": []}
        risk = transaction.record(Choice(DecisionKind.RISK, wish.symbol, desk.clock.now(), {}, outcome, "room is left"))
        intent = first if attempt == 1 else next_attempt(first, attempt)
        version = transaction.book().version
        return transaction.intend(replace(intent, decision_id=risk.decision_id, account_version=version))


def _proposal(wish: Wish, now: int) -> Proposal:
    expires = now + HOUR
    key = f"wish {wish.number}"
    origin = "DEC-20261120-001"
    return Proposal(Purpose.PLAN, ACCOUNT, wish.symbol, wish.side, wish.quantity, PRICE, now, expires, key, origin)


def _intent(desk: Desk, wish: Wish) -> OrderIntent:
    now = desk.clock.now()
    buys = wish.side is Side.BUY
    dear = DEAR.get(wish.symbol, _SHARES_DEAR)
    collar = CHEAP if buys is wish.rests else dear
    made = make_intent(_proposal(wish, now), wish.quantity, collar, "", 0, now)
    kind = OrderKind.LIMIT if wish.rests else OrderKind.MARKET
    return replace(made, terms=OrderTerms(kind))


def _desk(home: Path, told: Mapping[str, str], clock: HurriedClock, mortal: Mortal) -> Desk:
    desk = open_desk(home, clock)

    def expiry(client_order_id: str) -> int | None:
        with suppress(NotFound):
            return desk.orders.get(client_order_id).intent.expires_at
        return None

    venue_ = broker_at(told["url"], (told["key"], told["secret"]), clock, expiry, TIMEOUT)
    broker = MortalBroker(venue_, mortal)

    def venue(account: str, clock: Clock) -> Broker:
        return broker

    return replace(desk, accounts=cast("Accounts", MortalAccounts(desk.accounts, mortal)), broker=venue)


def _venue(planned: Schedule, journal: Path, folder: Path) -> tuple[dict[str, str], int]:
    """The venue in a process of its own, once it answers: where, and its process id."""
    script = folder / "faults.json"
    script.write_text(json.dumps({"faults": list(planned.faults)}))
    usual = {"speed": SPEED, "ticks": TICKS, "rate": 0, "symbols": SYMBOLS, "cash": CASH}
    options = {**usual, "start": iso(START), "seed": planned.seed, "journal": journal}
    reading, writing = os.pipe()

    def tell(address: Any) -> None:
        text = json.dumps({"url": address.url, **address.keys._asdict()})
        os.write(writing, text.encode() + b"\n")

    pid = _fork(lambda: serve_simulation("alpaca", options, script, (), tell), folder)
    os.close(writing)
    with open(reading, encoding="utf-8") as answers:
        line = answers.readline()
    if not line:
        raise TimeoutError(f"the venue did not start: {(folder / 'child.err').read_text()}")
    return json.loads(line), pid


def _instant(url: str) -> int:
    """What the venue's clock shows."""
    from urllib.request import urlopen

    with urlopen(f"{url}/sim/state", timeout=5) as answer:
        return parse_instant(json.load(answer)["now"])


def _copied(template: Path, home: Path, planned: Schedule) -> Path:
    shutil.copytree(template, home, ignore=shutil.ignore_patterns("desk.db*"))
    source, target = sqlite3.connect(template / "desk.db"), sqlite3.connect(home / "desk.db")
    source.backup(target)
    source.close()
    target.close()
    way = "adopt" if planned.foreign else "halt"
    keys = f"{{foreign_positions: {way}, cash: {way}, foreign_orders: {'cancel' if planned.foreign else 'halt'}}}"
    (home / "config" / "execution.yaml").write_text(f"reconciliation: {keys}\n")
    return home


def _child(work: Callable[[], object], folder: Path) -> int:
    """Do `work` in a forked process; how it ended: 0, 1 for an exception, -9 for a kill."""
    pid = _fork(work, folder)
    until = time.monotonic() + LONGEST + 15
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _fork(work: Callable[[], object], folder: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:  # noqa: BLE001 - the end of a process: whatever it was is written down
        with (folder / "child.err").open("a", encoding="utf-8") as file:
            traceback.print_exc(file=file)
        os._exit(1)
    os._exit(0)


def main(first: int, count: int) -> None:
    """Run schedules and write a line of JSON for each."""
    with tempfile.TemporaryDirectory() as folder:
        template = make_template(Path(folder) / "desk")
        for seed in range(first, first + count):
            sys.stdout.write(json.dumps(plain(run_one(template, seed))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
