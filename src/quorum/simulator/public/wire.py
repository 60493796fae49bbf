"""A client's WebSocket on a public stream: what it says, pings and their answers, and how the connection ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from time import monotonic
from typing import Any, NamedTuple

from aiohttp import WSMsgType, web

from quorum.simulator.public.asking import Pace
from quorum.simulator.serving import Line, Simulation

_ENDED = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)
_SAID = (WSMsgType.TEXT, WSMsgType.BINARY)
GOING = 1001


class Manners(NamedTuple):
    """How a venue keeps a connection.

    Seconds between its pings (0: none) and to answer them, seconds it lasts (0: for ever), messages a second that a
    client may send (0: any), and seconds of silence of both sides that end it (0: none).
    """

    ping: float = 0.0
    pong: float = 0.0
    lasts: float = 0.0
    messages: int = 0
    silence: float = 0.0


class Wire:
    """One connection; `hear` gets each text of the client."""

    def __init__(self, simulation: Simulation, request: web.Request, line: Line, ws: web.WebSocketResponse) -> None:
        self._simulation = simulation
        self._request = request
        self._line = line
        self._ws = ws
        self._asked: dict[bytes, float] = {}
        self._endings: list[asyncio.Future[bool]] = []
        self._scale = 1 / simulation.options.timers
        self._heard = monotonic()

    async def attend(
        self, manners: Manners, hear: Callable[[str | bytes], None], *beside: Coroutine[Any, Any, None]
    ) -> None:
        """Until the connection ends; what is done `beside` ends with it."""
        tasks = [asyncio.ensure_future(each) for each in beside]
        tasks += [asyncio.ensure_future(each) for each in self._watches(manners)]
        pace = Pace(manners.messages, self._scale)
        try:
            while not self._ws.closed:
                said = await self._ws.receive()
                if said.type in _ENDED:
                    return
                self._heard = monotonic()
                if manners.messages and not pace.allows():
                    await self._ws.close(code=1008, message=b"Too many requests")
                    return
                if said.type in _SAID:
                    hear(said.data)
                elif said.type is WSMsgType.PING and not self._line.mute:
                    await self._ws.pong(said.data)
                elif said.type is WSMsgType.PONG:
                    self._answered(bytes(said.data))
        except ConnectionError:
            return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *self._endings, return_exceptions=True)

    def _watches(self, manners: Manners) -> Iterator[Coroutine[Any, Any, None]]:
        if manners.ping:
            yield self._pings(manners)
        if manners.silence:
            yield self._listen(manners.silence)

    async def close(self, seconds: float = 0.0) -> None:
        """End the connection, so many seconds from now."""
        await self.wait(seconds)
        self._end(GOING)

    async def wait(self, seconds: float) -> None:
        """Let so many of the venue's seconds pass."""
        await asyncio.sleep(seconds * self._scale)

    def _end(self, code: int, why: bytes = b"") -> None:
        """Close in a task of its own: the reading ends first, and with it what goes on beside it."""
        if not self._ws.closed:
            self._endings.append(asyncio.ensure_future(self._ws.close(code=code, message=why)))

    async def _pings(self, manners: Manners) -> None:
        while not self._ws.closed:
            await asyncio.sleep(manners.ping * self._scale)
            now = monotonic()
            if self._asked and now - min(self._asked.values()) >= manners.pong * self._scale:
                self._end(1008, b"Pong timeout")
                return
            if self._line.mute or self._simulation.pingless:
                continue
            payload = str(self._simulation.shown_now() // 1_000_000).encode()
            self._asked.setdefault(payload, now)  # the clock may stand, and payloads with it
            await self._ws.ping(payload)

    async def _listen(self, silence: float) -> None:
        """End a connection on which neither side has said anything for so long."""
        while (left := max(self._heard, self._line.spoke) + silence * self._scale - monotonic()) > 0:
            await asyncio.sleep(left)
        self._end(GOING)

    def _answered(self, payload: bytes) -> None:
        """A pong with the payload of a ping answers it and those before it; any other answers nothing."""
        sent = self._asked.get(payload)
        if sent is not None:
            self._asked = {each: at for each, at in self._asked.items() if at > sent}
