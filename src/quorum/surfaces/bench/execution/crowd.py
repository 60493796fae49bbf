"""Many processes that propose at once on a book near its limits: nothing may exceed one, nothing may pass a veto."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from quorum.bootstrap import open_desk
from quorum.desk import Desk, books, make_workspace
from quorum.desk.desk import Accounting
from quorum.desk.facts import verdict_facts
from quorum.desk.guarding import surroundings
from quorum.domain import (
    HOUR,
    Choice,
    Clock,
    DecisionKind,
    Fill,
    Instrument,
    OrderEvent,
    OrderStatus,
    Proposal,
    Purpose,
    QuorumError,
    Side,
    StoreError,
    SystemClock,
    Vetoed,
    plain,
)
from quorum.engine import intend, judge
from quorum.execution.ledger import CAPITAL
from quorum.risk import LastTrade
from quorum.surfaces.bench.execution.hurried import HurriedClock
from quorum.surfaces.bench.measure import Measure

PROCESSES, PROPOSALS = 8, 10_000
SYMBOLS = tuple(f"{name}USDT" for name in "ABCDEFGH")
PRICE, TICK, LOT = Decimal(100), Decimal("0.01"), Decimal("0.001")
MOST = Decimal("0.60")
NEAR = Decimal("0.95")
SPEED = 60.0
"""A minute in a second: at the rate of a crowd a minute of the desk would else hold more orders than it ever does."""
FEE = 100_000
"""One part of so many: what trades cost in all must not reach a limit of losses, which would then veto everything."""
WAITING = 10
"""As many orders stay open before one of them is cancelled."""
LIMITS = """\
books:
  crypto: {max_deployed: 0.60, max_position: 1, max_sector: 1, max_cluster: 1, risk_per_trade: 1, min_reward_risk: 0,
    max_orders_per_minute: 1000000, duplicate_seconds: 0, max_order_notional: null}
  equities: {}
"""


def crowd(processes: int = PROCESSES, proposals: int = PROPOSALS, *, apart: bool = True) -> list[Measure]:
    """Breaches and bypasses of `proposals` by `processes` on one account at 95 % of `max_deployed`.

    Each proposes, and what passes fills, is cancelled or stays open at random; holdings are let go now and then, so
    that the room opens and closes. After every proposal the book is added up once more within the transaction, without
    what risk has added up. At the end all that happened is told over again from intents, events and fills alone, and
    every intent is held against the decision that approved it. Unless they are `apart` the processes are threads of
    this one, each with a desk of its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "desk"
        make_workspace(home, ("momentum",))
        (home / "config" / "risk.yaml").write_text(LIMITS, encoding="utf-8")
        clock = HurriedClock(SystemClock().now(), time.monotonic_ns(), SPEED)
        desk = open_desk(home, clock)
        account = desk.account_for("USDT")
        _fill_up(desk, account)
        started = time.monotonic()
        each = [proposals // processes + (n < proposals % processes) for n in range(processes)]
        told = _run((home, account), clock, each) if apart else _threads((home, account), clock, each)
        seconds = time.monotonic() - started
        found = Counter[str]()
        for one in told:
            found.update(one)
        rows = desk.rows(("intent", "decision", "order_event", "fill", "balance"))
        found["breaches"] += beyond(rows, MOST)
        bypassed, balanced = _bypassed(rows), books(desk, account).audit
    what = f"{proposals:,} proposals of {processes} processes at {NEAR:.0%} of max_deployed"
    passed = f"{found['approved']:,} approved, {found['shrunk']:,} cut, {found['vetoed']:,} vetoed"
    return [
        Measure("crowd_breaches", f"{what}: approvals beyond a limit ({passed})", found["breaches"], "", target=0),
        Measure("crowd_bypasses", f"{what}: intents that no verdict let pass", bypassed, "", target=0),
        Measure("crowd_faults", "faults of the ledger afterwards", len(balanced.faults), "", target=0),
        Measure(
            "crowd_proposal", "one proposal, checked, decided and committed", found["ns"] / proposals / 1e6, "CPU ms"
        ),
        Measure("crowd_rate", "proposals committed on the one account", proposals / seconds, "1/s"),
    ]


def propose(where: tuple[Path, str], clock: Clock, count: int, seed: int) -> dict[str, int]:
    """What one process found in `count` proposals: verdicts, and approvals that exceeded the limit.

    `where` is the workspace's folder and the account.
    """
    (home, account), draw, found = where, random.Random(seed), Counter[str]()
    desk = open_desk(home, clock)
    spent = time.process_time_ns()
    for number in range(count):
        while not _proposed(desk, draw, (account, f"{seed}/{number}"), found):
            found["again"] += 1  # the store was held for too long: nothing was committed
    found["ns"] = time.process_time_ns() - spent
    return dict(found)


def answer(words: Sequence[str]) -> None:
    """Write what a process found that was given its home, account, clock, count and seed as words."""
    home, account, start, since, count, seed = words
    clock = HurriedClock(int(start), int(since), SPEED)
    sys.stdout.write(json.dumps(propose((Path(home), account), clock, int(count), int(seed))))


def _proposed(desk: Desk, draw: random.Random, what: tuple[str, str], found: Counter[str]) -> bool:
    """One proposal in a transaction of its own; False where the store was not to be had."""
    account, key = what
    try:
        waiting = desk.orders.of(account, only_open=True)
        with desk.accounts.transaction(account) as transaction:
            if len(waiting) > WAITING:
                _end(desk, transaction, draw.choice(waiting).intent.client_order_id)
            verdict = _one(desk, transaction, draw, key)
            beyond = _deployed(desk, transaction, account)
    except StoreError:
        return False
    found[verdict] += 1
    found["breaches"] += beyond
    return True


def _threads(where: tuple[Path, str], clock: HurriedClock, each: list[int]) -> list[dict[str, int]]:
    with ThreadPoolExecutor(len(each)) as threads:
        return list(threads.map(lambda turn: propose(where, clock, turn[1], turn[0]), enumerate(each)))


def _run(where: tuple[Path, str], clock: HurriedClock, each: list[int]) -> list[dict[str, int]]:
    """Every process at once, each from a start of its own."""
    asks = f"import sys; from {__name__} import answer; answer(sys.argv[1:])"
    command = [sys.executable, "-P", "-c", asks, *map(str, where), str(clock.start), str(clock.since)]
    running = [
        subprocess.Popen([*command, str(count), str(seed)], stdout=subprocess.PIPE, text=True)
        for seed, count in enumerate(each)
    ]
    answers = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise QuorumError("a process of the crowd ended in an error", "see what it wrote above")
    return [json.loads(answer) for answer in answers]


def _fill_up(desk: Desk, account: str) -> None:
    """Holdings at 95 % of the limit."""
    with desk.accounts.transaction(account) as transaction:
        book = transaction.value({symbol: LastTrade(PRICE, desk.clock.now()) for symbol in SYMBOLS}, desk.clock.now())
        quantity = (book.equity * MOST * NEAR / PRICE / len(SYMBOLS)).quantize(LOT)
        for symbol in SYMBOLS:
            _traded(desk, transaction, _wish(desk, account, (symbol, Side.BUY, quantity), f"start/{symbol}"), "fill")


def _one(desk: Desk, transaction: Accounting, draw: random.Random, key: str) -> str:
    """One proposal: mostly to buy, now and then to let go; what becomes of it is drawn."""
    book = transaction.book()
    symbol = draw.choice(SYMBOLS)
    held, lets_go = book.quantity(symbol), draw.random() < 0.3
    size = (Decimal(draw.randint(1, 60)) * book.equity / 1_000 / PRICE).quantize(LOT)
    side = Side.SELL if lets_go and held > 0 else Side.BUY
    wish = _wish(desk, book.account, (symbol, side, min(size, held) if side is Side.SELL else size), key)
    return _traded(desk, transaction, wish, draw.choice(("fill", "fill", "cancel", "open")))


def _wish(desk: Desk, account: str, what: tuple[str, Side, Decimal], key: str) -> Proposal:
    symbol, side, quantity = what
    purpose = Purpose.REDUCTION if side is Side.SELL else Purpose.PLAN
    now = desk.clock.now()
    return Proposal(purpose, account, symbol, side, quantity, PRICE, now, now + HOUR, key, "DEC-20240101-001")


def _traded(desk: Desk, transaction: Accounting, wish: Proposal, then: str) -> str:
    """Risk's word on it, on record, and the intent with what becomes of it, as the desk does it."""
    book, limits, steps = transaction.book(), desk.limits(wish.account), _steps(wish.symbol)
    around = surroundings(desk, transaction, book, wish)
    around = replace(around, last={wish.symbol: LastTrade(PRICE, wish.as_of)})
    verdict = judge(wish, book, limits, steps, around)
    facts: dict[str, Any] = {"proposal": plain(wish), **verdict_facts(verdict)}
    choice = Choice(DecisionKind.RISK, wish.symbol, wish.as_of, {"limits": plain(limits)}, facts, "the crowd")
    decided = transaction.record(choice).decision_id
    if not isinstance(verdict, Vetoed):
        wanted = intend(wish, verdict, decided, book, (limits, steps))
        identity = transaction.intend(wanted).intent.client_order_id
        _play(transaction, identity, wish, wanted.quantity, then)
    return str(facts["verdict"])


def _play(transaction: Accounting, identity: str, wish: Proposal, quantity: Decimal, then: str) -> None:
    """Let it fill at its price, end, or stay open for a while."""
    if then == "open" and wish.side is Side.BUY:
        return
    for status in (OrderStatus.SENT, OrderStatus.ACCEPTED):
        transaction.append(OrderEvent(identity, status, wish.as_of))
    if then == "fill":
        fee = quantity * PRICE / FEE
        fill = Fill(f"F-{identity}", identity, wish.symbol, wish.side, quantity, PRICE, fee, "USDT", wish.as_of)
        transaction.book_fill(fill)
    else:
        transaction.append(OrderEvent(identity, OrderStatus.CANCELLED, wish.as_of))


def _end(desk: Desk, transaction: Accounting, identity: str) -> None:
    """End an open order, unless another process has ended it already."""
    transaction.append(OrderEvent(identity, OrderStatus.CANCELLED, desk.clock.now()))


def _steps(symbol: str) -> Instrument:
    return Instrument(symbol, "sim", symbol.removesuffix("USDT"), "USDT", TICK, LOT)


def _deployed(desk: Desk, transaction: Accounting, account: str) -> int:
    """1 where what is held and reserved exceeds the limit by the book as it is now, added up here once more."""
    book = transaction.book()
    held = sum((abs(p.quantity) * book.marks.get(s, PRICE) for s, p in book.positions.items()), Decimal(0))
    reserved = sum(book.reserved.values(), Decimal(0))
    worth = book.cash + sum((p.quantity * book.marks.get(s, PRICE) for s, p in book.positions.items()), Decimal(0))
    return int(held + reserved > worth * MOST)


def beyond(rows: Mapping[str, Sequence[Mapping[str, Any]]], most: Decimal) -> int:
    """How often what was held and open went beyond `most` of the equity, told from what happened, in its order.

    All of it happened at one price, and no two of the crowd's transactions at the same time.
    """
    intents = {row["client_order_id"]: row for row in rows["intent"]}
    fills = {row["fill_id"]: row for row in rows["fill"]}
    paid_in = -sum(Decimal(r["amount"]) for r in rows["balance"] if r["ledger_account"] == CAPITAL)
    happened = [(int(row["created_at"]), 0, name, row) for name, row in intents.items()]
    happened += [(int(e["time"]), int(e["sequence"]), e["client_order_id"], e) for e in rows["order_event"]]
    still: dict[str, Decimal] = {}
    held, worth, found = Decimal(0), Decimal(paid_in), 0
    for _, number, name, row in sorted(happened, key=lambda one: one[:2]):
        buys = intents[name]["side"] == Side.BUY.value
        if not number:
            still[name] = Decimal(row["quantity"]) if buys else Decimal(0)
            found += (held + sum(still.values())) * PRICE > worth * most
        elif row["fill_id"] is not None:
            fill = fills[row["fill_id"]]
            held += Decimal(fill["quantity"]) * (1 if buys else -1)
            worth -= Decimal(fill["fee"])
        if number and OrderStatus(row["status"]).terminal:
            still.pop(name)
    return found


def _bypassed(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> int:
    """Intents without an approval of their own, or for more than it let pass."""
    decided = {row["decision_id"]: json.loads(row["outcome"]) for row in rows["decision"] if row["kind"] == "risk"}
    wrong = 0
    for intent in rows["intent"]:
        word = decided.get(intent["decision_id"], {"verdict": "none", "quantity": "0"})
        passed = word["verdict"] in ("approved", "shrunk")
        wrong += not passed or Decimal(intent["quantity"]) > Decimal(word["quantity"])
    return wrong
