"""One client's stream: messages in order through a bounded queue, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from aiohttp import web

from quorum.domain import SECOND
from quorum.simulator.faults import MESSAGE, Fault, FaultKind
from quorum.simulator.serving.simulation import Simulation

_WAITING = 10_000
_GARBAGE = '{"stream":"trade_updates","data":{"event":'
Encode = Callable[[Any], str | bytes]


class Said(NamedTuple):
    """A message on its way: of a channel and a symbol, or an answer that no fault touches; `end` closes after it."""

    channel: str | None
    symbol: str | None
    message: Any
    end: bool = False


class Line:
    """A WebSocket that is written in order by one task; a client too slow for its queue is disconnected."""

    def __init__(self, simulation: Simulation, ws: web.WebSocketResponse, request: web.Request, encode: Encode) -> None:
        self._simulation = simulation
        self._ws = ws
        self._request = request
        self._encode = encode
        self._queue: asyncio.Queue[Said] = asyncio.Queue(_WAITING)
        self._stalled: dict[tuple[str | None, str | None], int] = {}
        self._mute = 0
        self._kept: list[Any] = []
        simulation.spawn(self._write())

    def answer(self, message: Any, end: bool = False) -> None:
        """Say something that answers the client, and close the stream after it where that is the `end`."""
        self._put(Said(None, None, message, end))

    def tell(self, channel: str, symbol: str | None, message: Any) -> None:
        """Say something of a channel."""
        self._put(Said(channel, symbol, message))

    @property
    def waiting(self) -> int:
        """Messages that have not been written yet; 0 for a stream that has ended."""
        return 0 if self._ws.closed else self._queue.qsize()

    @property
    def mute(self) -> bool:
        """Whether not even a ping comes through."""
        return self._mute > self._simulation.clock.now()

    def _put(self, said: Said) -> None:
        try:
            self._queue.put_nowait(said)
        except asyncio.QueueFull:
            self._simulation.spawn(self._ws.close(code=1008, message=b"slow client"))

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
        channel, now = said.channel, self._simulation.clock.now()
        if any(self._stalled.get((channel, symbol), 0) > now for symbol in {None, said.symbol}):
            return
        fault = self._simulation.faults.draw(MESSAGE, f"STREAM {said.channel}", said.symbol)
        if fault is not None:
            await self._spoil(fault, said)
            return
        await self._send(self._encode(said.message))
        while self._kept:
            await self._send(self._encode(self._kept.pop(0)))

    async def _spoil(self, fault: Fault, said: Said) -> None:
        frame = self._encode(said.message)
        if fault.kind is FaultKind.DUPLICATE:
            await self._send(frame)
            await self._send(frame)
        elif fault.kind is FaultKind.REORDER:
            self._kept.append(said.message)
        elif fault.kind is FaultKind.STALL:
            self._stalled[said.channel, fault.symbol] = self._until(fault)
        elif fault.kind is FaultKind.MUTE:
            self._mute = self._until(fault)
        elif fault.kind is FaultKind.BAD_FRAME:
            await self._send(_GARBAGE if isinstance(frame, str) else _GARBAGE.encode())
            await self._send(frame)
        elif fault.kind is FaultKind.TORN_FRAME:
            await self._send(frame[: len(frame) // 2])
        elif fault.kind is FaultKind.CLOSE:
            await self._ws.close(code=fault.answers(1001))
        elif fault.kind is FaultKind.CUT:
            reset(self._request)

    def _until(self, fault: Fault) -> int:
        return self._simulation.clock.now() + int(fault.lasts(10) * SECOND)

    async def _send(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            await self._ws.send_str(frame)
        else:
            await self._ws.send_bytes(frame)


def reset(request: web.Request) -> None:
    """End the connection of a request by RST, without another byte."""
    transport = request.transport
    if transport is None:
        return
    found = transport.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
