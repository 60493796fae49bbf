"""Many processes that propose at once on a book near its limits: nothing may exceed one, nothing may pass a veto."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
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
    Vetoed,
    plain,
)
from quorum.engine import intend, judge
from quorum.risk import LastTrade
from quorum.surfaces.bench.measure import Measure

PROCESSES, PROPOSALS = 8, 10_000
SYMBOLS = tuple(f"{name}USDT" for name in "ABCDEFGH")
PRICE, TICK, LOT = Decimal(100), Decimal("0.01"), Decimal("0.001")
MOST = Decimal("0.60")
NEAR = Decimal("0.95")
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
    what risk has added up, and at the end every intent is held against the decision that approved it. Unless they are
    `apart` the processes are threads of this one, each with a desk of its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "desk"
        make_workspace(home, ("momentum",))
        (home / "config" / "risk.yaml").write_text(LIMITS, encoding="utf-8")
        desk = open_desk(home)
        account = desk.account_for("USDT")
        _fill_up(desk, account)
        started = time.monotonic()
        each = [proposals // processes + (n < proposals % processes) for n in range(processes)]
        told = _run(home, account, each) if apart else _threads(home, account, each)
        seconds = time.monotonic() - started
        found = Counter[str]()
        for one in told:
            found.update(one)
        bypassed, balanced = _bypassed(desk), books(desk, account).audit
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


def propose(home: Path, account: str, count: int, seed: int) -> dict[str, int]:
    """What one process found in `count` proposals: verdicts, and approvals that exceeded the limit."""
    desk, draw, found = open_desk(home), random.Random(seed), Counter[str]()
    spent = time.process_time_ns()
    for number in range(count):
        while not _proposed(desk, draw, (account, f"{seed}/{number}"), found):
            found["again"] += 1  # the store was held for too long: nothing was committed
    found["ns"] = time.process_time_ns() - spent
    return dict(found)


def answer(words: Sequence[str]) -> None:
    """Write what a process found that was given its home, account, count and seed as words."""
    home, account, count, seed = words
    sys.stdout.write(json.dumps(propose(Path(home), account, int(count), int(seed))))


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


def _threads(home: Path, account: str, each: list[int]) -> list[dict[str, int]]:
    with ThreadPoolExecutor(len(each)) as threads:
        return list(threads.map(lambda turn: propose(home, account, turn[1], turn[0]), enumerate(each)))


def _run(home: Path, account: str, each: list[int]) -> list[dict[str, int]]:
    """Every process at once, each from a start of its own."""
    asks = f"import sys; from {__name__} import answer; answer(sys.argv[1:])"
    command = [sys.executable, "-c", asks, str(home), account]
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
        fee = quantity * PRICE / 1_000
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


def _bypassed(desk: Desk) -> int:
    """Intents without an approval of their own, or for more than it let pass."""
    rows = desk.rows(("intent", "decision"))
    decided = {row["decision_id"]: json.loads(row["outcome"]) for row in rows["decision"] if row["kind"] == "risk"}
    wrong = 0
    for intent in rows["intent"]:
        word = decided.get(intent["decision_id"], {"verdict": "none", "quantity": "0"})
        passed = word["verdict"] in ("approved", "shrunk")
        wrong += not passed or Decimal(intent["quantity"]) > Decimal(word["quantity"])
    return wrong
