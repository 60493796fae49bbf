"""Requests that go wrong: the faults before an answer, instead of it and in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from quorum.domain import SECOND
from quorum.simulator.faults import AFTER, BEFORE, LISTED, VENUE, Fault, FaultKind
from quorum.simulator.serving.line import reset
from quorum.simulator.serving.simulation import Simulation

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]
Complaint = Callable[[int], dict[str, Any]]
CONTROL = "/sim/"
_PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_K = FaultKind
_REMEMBERED = 16


class Spoiler:
    """Acts out the faults of requests; `complaint` is the venue's JSON for a status."""

    def __init__(self, simulation: Simulation, complaint: Complaint) -> None:
        self._simulation = simulation
        self._complaint = complaint
        self._before: dict[str, bytes] = {}  # what the newest paths answered last

    async def spoil(self, request: web.Request, handler: Next) -> web.StreamResponse:
        """The answer to a request, as right or as wrong as the faults want it."""
        if request.path.startswith(CONTROL):
            return await handler(request)
        place, faults = f"{request.method} {request.path}", self._simulation.faults
        try:
            body = await request.read()
        except ConnectionError:
            return web.Response(status=400)  # the client broke off
        symbol = symbol_of(request, body)
        if (fault := faults.draw(VENUE, place, symbol)) is not None:
            self._simulation.act(fault)
        if (fault := faults.draw(BEFORE, place, symbol)) is not None:
            if fault.kind is not _K.DELAY:
                return await self._instead(fault, request, handler)
            await self._simulation.sleep(fault.lasts(1))
        if self._simulation.closed:
            return await self._status(request, 503)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await handler(request)
        fault = faults.draw(AFTER, place, symbol)
        if fault is not None:
            return await self._afterwards(fault, request, handler)
        answer = await handler(request)
        if request.method == "GET" and isinstance(answer, web.Response) and isinstance(answer.body, bytes):
            self._list(request.path, answer, place, symbol)
        return answer

    async def _instead(self, fault: Fault, request: web.Request, handler: Next) -> web.StreamResponse:
        if fault.kind is _K.RESET:
            return _cut(request)
        if fault.kind is _K.HALF_OPEN:
            return await self._silence(request, fault.lasts(3600))
        if fault.kind is _K.LATE:
            self._simulation.spawn(self._late(fault.lasts(10), request, handler))
            return await self._status(request, fault.answers(504))
        if fault.kind is _K.HTML:
            status = fault.answers(502)
            return web.Response(status=status, text=_PAGE.format(f"{status} Bad Gateway"), content_type="text/html")
        usual = {_K.RATE_LIMIT: (429, 1.0), _K.BANNED: (418, 120.0)}.get(fault.kind)
        if usual is None:
            return await self._status(request, fault.answers(503))
        answer = self._json(usual[0])
        answer.headers["Retry-After"] = f"{fault.lasts(usual[1]):g}"
        return answer

    async def _late(self, seconds: float, request: web.Request, handler: Next) -> None:
        await self._simulation.sleep(seconds)
        if not self._simulation.closing.is_set():
            await handler(request)

    async def _afterwards(self, fault: Fault, request: web.Request, handler: Next) -> web.StreamResponse:
        known = len(self._simulation.exchange.floor.orders)
        answer = await handler(request)
        if fault.kind is _K.RESET_AFTER:
            return _cut(request)
        if fault.kind is _K.SLOW:
            await self._simulation.sleep(fault.lasts(1))
            return answer
        if fault.kind is _K.HIDDEN:
            until = self._simulation.clock.now() + int(fault.lasts(10) * SECOND)
            for order_id in list(self._simulation.exchange.floor.orders)[known:]:
                self._simulation.hide(order_id, until)
            return await self._status(request, fault.answers(504))
        if fault.kind is _K.ERROR_AFTER:
            return await self._status(request, fault.answers(500))
        body = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b"{}"
        if fault.kind is _K.MALFORMED:
            broken = body[:-1] + b",,"
            return web.Response(status=answer.status, body=broken, content_type="application/json")
        return await _torn(request, answer.status, body)

    def _list(self, path: str, answer: web.Response, place: str, symbol: str | None) -> None:
        """Let the list of an answer miss rows, or begin with rows of the list before it."""
        body = bytes(answer.body) if isinstance(answer.body, bytes) else b""
        before = self._before.pop(path, b"")
        self._before[path] = body
        if len(self._before) > _REMEMBERED:
            del self._before[next(iter(self._before))]
        fault = self._simulation.faults.draw(LISTED, place, symbol)
        if fault is None:
            return
        said, last = _json(body), _json(before)
        where, there = _list_in(said), _list_in(last)
        if where is not None:
            rows = _at(said, where)
            old = _at(last, there) if there is not None else []
            wrong = rows[::2] if fault.kind is _K.MISSING_ROWS else old[-fault.counts(1) :] + rows
            answer.body = json.dumps(_with(said, where, wrong)).encode()

    async def _status(self, request: web.Request, status: int) -> web.StreamResponse:
        return await self._silence(request, 3600) if status == 0 else self._json(status)

    def _json(self, status: int) -> web.Response:
        return web.json_response(self._complaint(status), status=status)

    async def _silence(self, request: web.Request, seconds: float) -> web.StreamResponse:
        """Nothing, for so long; an open connection that says no word."""
        await self._simulation.sleep(seconds)
        return _cut(request)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body or b"null")
    except ValueError:
        return None


def _list_in(said: Any) -> tuple[str, ...] | None:
    """Where the first list with rows is, by the keys that lead to it; None where there is none."""
    if isinstance(said, list):
        return () if said else None
    for key, value in said.items() if isinstance(said, dict) else ():
        if (rest := _list_in(value)) is not None:
            return (key, *rest)
    return None


def _at(said: Any, path: tuple[str, ...]) -> list[Any]:
    for key in path:
        said = said[key]
    return list(said)


def _with(said: Any, path: tuple[str, ...], rows: list[Any]) -> Any:
    return said | {path[0]: _with(said[path[0]], path[1:], rows)} if path else rows


def symbol_of(request: web.Request, body: bytes) -> str | None:
    """The symbol that a request is about: of its body, of its query, or the end of its path."""
    said = _json(body)
    if isinstance(said, dict) and isinstance(said.get("symbol"), str):
        return str(said["symbol"])
    found = request.query.get("symbol") or request.query.get("symbols") or request.query.get("pair")
    return found or request.path.rpartition("/")[2] or None


def _cut(request: web.Request) -> web.Response:
    reset(request)
    return web.Response()


async def _torn(request: web.Request, status: int, body: bytes) -> web.StreamResponse:
    answer = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
    answer.content_length = len(body)
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    await asyncio.sleep(0)
    if request.transport is not None:
        request.transport.close()
    return answer
