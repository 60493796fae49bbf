"""How long an order takes from its committed intent to the venue's door."""

from __future__ import annotations

import json
import socket
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from quorum.bootstrap import open_desk
from quorum.desk import Desk, make_workspace
from quorum.domain import (
    HOUR,
    Choice,
    DecisionKind,
    OrderIntent,
    OrderStatus,
    Proposal,
    Purpose,
    QuorumError,
    Side,
    plain,
)
from quorum.execution import make_intent
from quorum.surfaces.bench.measure import Measure

ORDERS, WARM_UP = 500, 20
ALLOWED_MS = 2.0
ACCOUNT, SYMBOL = "wire", "AAPL"
_KEYS = "ALPACA_API_KEY=PKBENCH\nALPACA_SECRET_KEY=bench\n"
_WHEN = "2026-11-20T17:00:00Z"


def wire(orders: int = ORDERS) -> list[Measure]:
    """Intent to wire, in turn with bare commits of the same disk, both with synchronous=FULL.

    An order's time runs from the end of the transaction that wrote its intent until the whole request has arrived at
    a server on loopback: the commit of SENT, the look at the halts, the request itself.
    """
    took: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder, _Door() as door, _commits(Path(folder)) as commit:
        desk = _desk(Path(folder) / "desk", door.port)
        sender = desk.sender(ACCOUNT)
        for number in range(orders + WARM_UP):
            bare.append(commit(number))
            order = _intended(desk, number)
            started = time.monotonic()
            sent = sender.send(order)
            if sent.status is not OrderStatus.ACCEPTED:
                raise QuorumError(f"the benchmark's order is {sent.status}", "see its venue")
            took.append((door.heard - started) * 1_000)
    ours, floor = took[WARM_UP:], bare[WARM_UP:]
    late, allowed = _p99(ours), _p99(floor) + ALLOWED_MS
    said = "one bare FULL commit"
    return [
        Measure("wire_p99", "intent to wire, p99", late, "ms", _p99(floor), f"{said}, p99", allowed),
        Measure("wire_p50", "intent to wire, median", median(ours), "ms", median(floor), f"{said}, median"),
    ]


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98]


def _desk(home: Path, port: int) -> Desk:
    make_workspace(home, ("momentum",))
    accounts = home / "config" / "accounts.yaml"
    line = (
        f"  {ACCOUNT}: {{book: equities, currency: USD, cash: 100000, venue: alpaca,"
        f' host: "http://127.0.0.1:{port}", keys: "file:keys.env"}}\n'
    )
    accounts.write_text(f"accounts:\n{line}", encoding="utf-8")
    keys = home / "keys.env"
    keys.touch(0o600)
    keys.write_text(_KEYS, encoding="utf-8")
    desk = open_desk(home)
    desk.account_for("USD", ACCOUNT)
    return desk


def _intended(desk: Desk, number: int) -> Any:
    """An order whose intent is committed and that was never sent."""
    now = desk.clock.now()
    wish = Proposal(
        purpose=Purpose.REDUCTION,
        account=ACCOUNT,
        symbol=SYMBOL,
        side=Side.SELL,
        quantity=Decimal(1),
        price=Decimal(100),
        as_of=now,
        expires=now + HOUR,
        key=f"wire {number}",
        origin="the benchmark",
    )
    with desk.accounts.transaction(ACCOUNT) as transaction:
        said = {"proposal": plain(wish), "verdict": "approved", "quantity": "1", "reasons": []}
        decision = transaction.record(Choice(DecisionKind.RISK, SYMBOL, now, {}, said, "the benchmark's"))
        version = transaction.book().version
        intent = make_intent(wish, Decimal(1), Decimal(99), decision.decision_id, version, now)
        return transaction.intend(_small(intent))


def _small(intent: OrderIntent) -> OrderIntent:
    return replace(intent, reserve=Decimal(0))


@contextmanager
def _commits(folder: Path) -> Iterator[Any]:
    """Milliseconds of one row's commit, as a function."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE row (n INTEGER, text TEXT)"):
        connection.execute(line)

    def commit(number: int) -> float:
        started = time.monotonic()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO row VALUES (?, ?)", (number, "x" * 200))
        connection.execute("COMMIT")
        return (time.monotonic() - started) * 1_000

    try:
        yield commit
    finally:
        connection.close()


class _Door:
    """A server that notes when a whole request has arrived, and takes every order."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.heard = 0.0
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> _Door:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line:
            content = b""
            while part := line.recv(65_536):
                content += part
                head, found, body = content.partition(b"\r\n\r\n")
                if found and len(body) >= _length(head):
                    self.heard = time.monotonic()
                    said = json.dumps(_said(head.split(b" ", 2)[1].decode(), body)).encode()
                    line.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + _sized(said))
                    content = b""


def _length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)


def _sized(body: bytes) -> bytes:
    return b"content-length: %d\r\n\r\n" % len(body) + body


def _said(path: str, body: bytes) -> Any:
    if path.startswith("/v2/account"):
        return {"cash": "100000", "currency": "USD"}
    if path.startswith("/v2/positions"):
        return []
    form = json.loads(body)
    return {**form, "id": form["client_order_id"], "status": "new", "submitted_at": _WHEN, "filled_qty": "0"}
