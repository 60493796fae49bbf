"""Alpaca's trade updates by WebSocket: they make the desk look earlier, and decide nothing."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from quorum.adapters.keys import Secret
from quorum.domain import BrokerError, QuorumError

CHANNEL = "trade_updates"
_LARGEST = 2**20
_LOG = logging.getLogger("quorum.trade_updates")
_LOG.setLevel(logging.INFO)  # below it, frames are logged, and one of them holds the keys
_REMEDY = "it connects again by itself; orders are asked for over REST meanwhile"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for an answer, of silence before a look, before the first new try, and before later ones at most."""

    answer: float = 10.0
    silence: float = 30.0
    first: float = 0.5
    longest: float = 30.0


class TradeUpdates:
    """Listens at `address` in a thread of its own until it is stopped; whoever starts it stops it.

    `heard` is given the client order id of each update, maybe twice, maybe never. `look` asks for every open order
    over REST and says whether there was news: it is called after every connecting, after a message that is none, and
    after silence; news in silence means that the stream is mute, and it connects anew. `tell` hears a line when the
    stream breaks.
    """

    def __init__(
        self,
        address: str,
        keys: tuple[Secret, Secret],
        heard: Callable[[str], object],
        look: Callable[[], bool],
        patience: Patience = Patience(),
        tell: Callable[[str], object] = lambda line: None,
    ) -> None:
        parts = urlsplit(address)
        scheme = "wss" if parts.scheme in ("https", "wss") else "ws"
        self._address = f"{scheme}://{parts.netloc}/stream"
        self._keys = keys
        self._heard = heard
        self._look = look
        self._patience = patience
        self._tell = tell
        self._stop = threading.Event()
        self._listening = threading.Event()
        self._thread: threading.Thread | None = None
        self.connections = 0

    def __enter__(self) -> TradeUpdates:
        self._thread = threading.Thread(target=self._run, name="trade updates", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(self._patience.answer)

    @property
    def listening(self) -> bool:
        """Whether the stream is open and was taken."""
        return self._listening.is_set()

    def _run(self) -> None:
        jitter, failed = Random(), 0
        while not self._stop.is_set():
            before = self.connections
            try:
                self._listen()
            except (OSError, TimeoutError, WebSocketException, BrokerError) as error:
                self._tell(f"trade updates: {_words(error)}; {_REMEDY}")
            self._listening.clear()
            failed = 0 if self.connections > before else failed + 1
            most = min(self._patience.first * 2**failed, self._patience.longest)
            self._stop.wait(jitter.uniform(most / 2, most))

    def _listen(self) -> None:
        """One connection, from its opening to its end."""
        wait = self._patience
        with connect(
            self._address,
            open_timeout=wait.answer,
            close_timeout=1,
            ping_interval=wait.silence,
            ping_timeout=wait.answer,
            max_size=_LARGEST,
            logger=_LOG,
        ) as line:
            self._introduce(line)
            self.connections += 1
            self._listening.set()
            self._ask()
            while not self._stop.is_set():
                self._hear(line)

    def _introduce(self, line: ClientConnection) -> None:
        key, secret = self._keys
        told = {"key_id": key.reveal(), "secret_key": secret.reveal()}
        line.send(json.dumps({"action": "authenticate", "data": told}))
        answer = self._next(line, self._patience.answer)
        if _data(answer).get("status") != "authorized":
            raise BrokerError("the keys were refused", "check them")
        line.send(json.dumps({"action": "listen", "data": {"streams": [CHANNEL]}}))
        if CHANNEL not in (_data(self._next(line, self._patience.answer)).get("streams") or ()):
            raise BrokerError("the stream was refused", "see whether the account may listen")

    def _hear(self, line: ClientConnection) -> None:
        """One message, or what silence means."""
        try:
            message = self._next(line, self._patience.silence)
        except TimeoutError:
            if self._ask():
                raise BrokerError(f"the stream was mute for {self._patience.silence:g} s and there was news") from None
            return
        order = _data(message).get("order")
        name = order.get("client_order_id") if isinstance(order, dict) else None
        if isinstance(name, str):
            self._heard(name)
        else:
            self._ask()  # a message that cannot be read may have been an update

    def _next(self, line: ClientConnection, seconds: float) -> Any:
        """The next message, None for one that cannot be read. TimeoutError when there is none, or it is to stop."""
        slices = max(1, round(seconds / 0.2))
        for turn in range(slices):
            try:
                said = line.recv(seconds / slices)
                break
            except TimeoutError:
                if self._stop.is_set() or turn == slices - 1:
                    raise
        try:
            return json.loads(said)
        except ValueError:
            return None

    def _ask(self) -> bool:
        """A look; one that fails is told, and is no news."""
        try:
            return not self._stop.is_set() and self._look()
        except QuorumError as error:
            self._tell(f"trade updates: {error}")
            return False


def _data(message: Any) -> dict[str, Any]:
    found = message.get("data") if isinstance(message, dict) else None
    return found if isinstance(found, dict) else {}


def _words(error: Exception) -> str:
    return error.found if isinstance(error, QuorumError) else f"the stream broke off ({type(error).__name__})"
