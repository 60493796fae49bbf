"""The simulated venue in a process of its own: JSON lines over a Unix socket that only its owner may open."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import socketserver
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from quorum.domain import (
    BrokerError,
    BrokerUnreachable,
    Clock,
    Fill,
    OrderIntent,
    OrderStatus,
    QuorumError,
    VirtualClock,
    plain,
)
from quorum.execution import ABILITIES, Abilities, Broker, BrokerAccount, BrokerOrder
from quorum.execution.simulated import check_sound


def socket_path(workspace: Path) -> Path:
    """Where the venue of a workspace listens; short, since a socket's path may have 107 bytes at most."""
    name = hashlib.sha256(str(workspace.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"quorum-{os.getuid()}-{name}.sock"


class RequestClock(VirtualClock):
    """The instant of the request that is being answered."""

    def set(self, instant: int) -> None:
        self._now = instant


class BrokerServer(socketserver.ThreadingUnixStreamServer):
    """Answers requests for `broker`, one at a time; each names its instant, which `clock` then tells."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path, broker: Broker, clock: RequestClock) -> None:
        path.unlink(missing_ok=True)
        previous = os.umask(0o177)
        try:
            super().__init__(str(path), _Connection)
        finally:
            os.umask(previous)
        self._broker = broker
        self._clock = clock
        self._turn = threading.Lock()

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request, the broker's refusal, or why it could not tell what became of the request."""
        verbs: dict[str, Callable[[], Any]] = {
            "submit": lambda: self._broker.submit(OrderIntent.read(request["intent"])),
            "order": lambda: self._broker.order(request["id"], request.get("sent")),
            "open_orders": self._broker.open_orders,
            "cancel": lambda: self._broker.cancel(request["id"]),
            "cancel_all": self._broker.cancel_all,
            "account": self._broker.account,
        }
        with self._turn:
            self._clock.set(request["now"])
            try:
                return {"answer": plain(verbs[request["verb"]]())}
            except QuorumError as error:
                refused = isinstance(error, BrokerError) and not isinstance(error, BrokerUnreachable)
                return {"refused" if refused else "failed": [error.found, error.remedy]}


class _Connection(socketserver.StreamRequestHandler):
    server: BrokerServer

    def handle(self) -> None:
        """Answer until the client goes away; a request that it did not finish is none."""
        with suppress(ConnectionError):
            for line in self.rfile:
                if line.endswith(b"\n"):
                    self.wfile.write(json.dumps(self.server.answer(json.loads(line))).encode() + b"\n")


class RemoteBroker:
    """Broker whose venue listens at `path`; no answer within `timeout` seconds is BrokerUnreachable."""

    def __init__(self, path: Path, clock: Clock, timeout: float = 10.0) -> None:
        self._path = path
        self._clock = clock
        self._timeout = timeout

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        check_sound(intent)
        return _order(self._ask({"verb": "submit", "intent": plain(intent)}))

    @property
    def abilities(self) -> Abilities:
        return ABILITIES

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        answer = self._ask({"verb": "order", "id": client_order_id, "sent": sent})
        return None if answer is None else _order(answer)

    def open_orders(self) -> list[BrokerOrder]:
        return [_order(answer) for answer in self._ask({"verb": "open_orders"})]

    def cancel(self, client_order_id: str) -> BrokerOrder:
        return _order(self._ask({"verb": "cancel", "id": client_order_id}))

    def cancel_all(self) -> dict[str, str]:
        return dict(self._ask({"verb": "cancel_all"}))

    def account(self) -> BrokerAccount:
        answer = self._ask({"verb": "account"})
        return BrokerAccount(_exact(answer["cash"]), _exact(answer["positions"]))

    def _ask(self, request: dict[str, Any]) -> Any:
        text = json.dumps({**request, "now": self._clock.now()}).encode() + b"\n"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(self._timeout)
                line.connect(str(self._path))
                line.sendall(text)
                with line.makefile("rb") as stream:
                    answer = json.loads(stream.readline())
        except (OSError, ValueError) as error:
            raise BrokerUnreachable(
                f"the simulated venue gave no answer ({error})", "start it with `quorum broker serve`"
            ) from error
        if "failed" in answer:
            raise BrokerUnreachable(f"the simulated venue failed: {answer['failed'][0]}", answer["failed"][1])
        if "refused" in answer:
            raise BrokerError(*answer["refused"])
        return answer["answer"]


def _order(answer: Mapping[str, Any]) -> BrokerOrder:
    fills = tuple(Fill.read(f) for f in answer["fills"])
    status, quantity = OrderStatus(answer["status"]), Decimal(answer["quantity"])
    return BrokerOrder(answer["client_order_id"], status, fills, answer["detail"], answer["symbol"], quantity)


def _exact(lines: Mapping[str, str]) -> dict[str, Decimal]:
    return {key: Decimal(value) for key, value in lines.items()}
