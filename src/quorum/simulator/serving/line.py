"""One client's stream: messages in order through a bounded queue, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import defaultdict, deque
from collections.abc import Callable
from time import monotonic
from typing import Any, NamedTuple

from aiohttp import web

from quorum.domain import SECOND
from quorum.simulator.faults import MESSAGE, Fault, FaultKind
from quorum.simulator.serving.frames import fragments, ill_text, spoiled
from quorum.simulator.serving.simulation import Simulation

_WAITING = 10_000
_REMEMBERED = 100  # messages of a channel that can be replayed
_GARBAGE = '{"stream":"trade_updates","data":{"event":'
_K = FaultKind
_CHANGED = (_K.ABSURD, _K.WRONG_TYPE, _K.UNKNOWN_FIELD, _K.UNKNOWN_EVENT, _K.HUGE_FRAME)
Encode = Callable[[Any], str | bytes]


class Said(NamedTuple):
    """A message on its way: of a channel and a symbol, or an answer that no fault touches; `end` closes after it.

    `part` is what of its channel it is.
    """

    channel: str | None
    symbol: str | None
    message: Any
    end: bool = False
    part: str = ""


class Line:
    """A WebSocket that is written in order by one task; a client too slow for its queue is cut off.

    Whoever made it ends it.
    """

    def __init__(self, simulation: Simulation, ws: web.WebSocketResponse, request: web.Request, encode: Encode) -> None:
        self._simulation = simulation
        self._ws = ws
        self._request = request
        self._encode = encode
        self._queue: asyncio.Queue[Said] = asyncio.Queue(_WAITING)
        self._stalled: dict[tuple[str | None, str | None], int] = {}
        self._mute = 0
        self._kept: list[tuple[int, Any]] = []
        self._sent: defaultdict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=_REMEMBERED))
        self._turns = 0
        self.spoke = monotonic()  # when something was said last
        self._writing = simulation.spawn(self._write())

    def answer(self, message: Any, end: bool = False) -> None:
        """Say something that answers the client, and close the stream after it where that is the `end`."""
        self._put(Said(None, None, message, end))

    def tell(self, channel: str, symbol: str | None, message: Any, part: str = "") -> None:
        """Say something of a channel, `part` of what it tells."""
        self._put(Said(channel, symbol, message, part=part))

    def end(self) -> None:
        """The client has gone: nothing waits for it any more."""
        self._writing.cancel()

    @property
    def waiting(self) -> int:
        """Messages that have not been written yet; 0 for a stream that has ended."""
        return 0 if self._writing.done() else self._queue.qsize()

    @property
    def mute(self) -> bool:
        """Whether not even a ping comes through."""
        return self._mute > self._simulation.clock.now()

    def _put(self, said: Said) -> None:
        if self._writing.done():
            return
        self.spoke = monotonic()
        try:
            self._queue.put_nowait(said)
        except asyncio.QueueFull:  # who does not read takes no closing frame either
            self._writing.cancel()
            reset(self._request)

    async def _write(self) -> None:
        while not self._ws.closed:
            said = await self._queue.get()
            try:
                await self._say(said)
            except (ConnectionError, RuntimeError):
                return  # the client has gone

    async def _say(self, said: Said) -> None:
        if self.mute:
            return
        if said.channel is None:
            await self._send(self._encode(said.message))
            if said.end:
                await self._ws.close()
            return
        now = self._simulation.clock.now()
        if self._simulation.closed or any(
            self._stalled.get((said.channel, symbol), 0) > now for symbol in {None, said.symbol}
        ):
            return
        fault = self._simulation.faults.draw(MESSAGE, f"STREAM {said.channel}", said.symbol, said.part)
        if fault is not None:
            await self._spoil(fault, said)
            return
        await self._tell(said)

    async def _tell(self, said: Said) -> None:
        """The message, and then those that were to come after it."""
        self._sent[said.channel or ""].append(said.message)
        await self._send(self._encode(said.message))
        kept, self._kept = self._kept, []
        for left, message in kept:
            if left > 1:
                self._kept.append((left - 1, message))
            else:
                await self._send(self._encode(message))

    async def _spoil(self, fault: Fault, said: Said) -> None:
        if fault.kind in _CHANGED:
            self._turns += 1
            await self._tell(said._replace(message=spoiled(fault, said.message, self._turns - 1)))
        elif fault.kind is _K.DUPLICATE:
            await self._tell(said)
            await self._send(self._encode(said.message))
        elif fault.kind is _K.REORDER:
            self._kept.append((fault.counts(1), said.message))
        elif fault.kind is _K.REPLAY:
            for message in list(self._sent[said.channel or ""])[-fault.counts(10) :]:
                await self._send(self._encode(message))
            await self._tell(said)
        elif fault.kind is _K.STALL:
            self._stalled[said.channel, fault.symbol] = self._until(fault)
        elif fault.kind is _K.MUTE:
            self._mute = self._until(fault)
        else:
            await self._break(fault, self._encode(said.message))

    async def _break(self, fault: Fault, frame: str | bytes) -> None:
        """Faults of frames and of the connection."""
        if fault.kind is _K.BAD_FRAME:
            await self._send(_GARBAGE if isinstance(frame, str) else _GARBAGE.encode())
            await self._send(frame)
        elif fault.kind is _K.TORN_FRAME:
            await self._send(frame[: len(frame) // 2])
        elif fault.kind is _K.FRAGMENTED:
            self._raw(b"".join(fragments(frame, fault.counts(3))))
        elif fault.kind is _K.BAD_TEXT:
            self._raw(ill_text())
            await self._send(frame)
        elif fault.kind is _K.CLOSE:
            await self._ws.close(code=fault.answers(1001))
        elif fault.kind is _K.DROP:
            finish(self._request)
        elif fault.kind is _K.CUT:
            reset(self._request)

    def _until(self, fault: Fault) -> int:
        return self._simulation.clock.now() + int(fault.lasts(10) * SECOND)

    async def _send(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            await self._ws.send_str(frame)
        else:
            await self._ws.send_bytes(frame)

    def _raw(self, wire: bytes) -> None:
        if self._request.transport is not None:
            self._request.transport.write(wire)


def finish(request: web.Request) -> None:
    """End the connection of a request by FIN, without a closing frame."""
    if request.transport is not None:
        request.transport.close()


def reset(request: web.Request) -> None:
    """End the connection of a request by RST, without another byte."""
    transport = request.transport
    if transport is None:
        return
    found = transport.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
