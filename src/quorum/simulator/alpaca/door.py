"""Before every door: keys, the rate limit with its headers, and errors said as Alpaca says them."""

from __future__ import annotations

from collections import defaultdict, deque
from time import monotonic

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from quorum.domain import SECOND
from quorum.simulator.alpaca.refusals import MISSING, Complaint, complaint_of
from quorum.simulator.core import Refused
from quorum.simulator.serving import Simulation, web_date

KEY, SECRET = "APCA-API-KEY-ID", "APCA-API-SECRET-KEY"  # names of headers
_MINUTE = 60.0
_OPEN = ("/stream", "/v2/iex", "/v2/sip", "/v2/test", "/v1beta3/crypto/us")
_DATA = ("/v2/stocks/", "/v1beta3/crypto/us/", "/v1beta1/", "/v1/corporate-actions")


class Rate:
    """Requests of the last minute, by what they count against; the minute is the machine's."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: defaultdict[str, deque[float]] = defaultdict(deque)

    def take(self, name: str) -> tuple[int, float]:
        """How many are left after this one, -1 where it is one too many, and the seconds until one is free."""
        now, seen = monotonic(), self._seen[name]
        while seen and now - seen[0] >= _MINUTE:
            seen.popleft()
        if len(seen) >= self._most:
            return -1, _MINUTE - (now - seen[0])
        seen.append(now)
        return self._most - len(seen), _MINUTE - (now - seen[0])


def allowed(simulation: Simulation, key: str | None, secret: str | None) -> bool:
    """Whether the keys are the run's, and have not been revoked."""
    return not simulation.revoked and (key, secret) == tuple(simulation.options.keys)


def doorkeeper(simulation: Simulation) -> Middleware:
    """What stands before the doors of a run."""
    rate = Rate(simulation.options.rate)

    @web.middleware
    async def keep(request: web.Request, handler: Handler) -> web.StreamResponse:
        streams = request.path in _OPEN or request.headers.get("Upgrade", "").lower() == "websocket"
        if streams or request.path.startswith("/sim/"):
            return await handler(request)
        headers: dict[str, str] = {}
        try:
            _authorise(simulation, request)
            headers = _count(simulation, rate, request)
            answer = await handler(request)
        except Refused as refusal:
            answer = complaint_of(refusal).response()
        except Complaint as complaint:
            answer = complaint.response()
        except web.HTTPNotFound:
            answer = Complaint(404, MISSING, "endpoint not found").response()
        except web.HTTPException as error:
            answer = Complaint(error.status, error.status * 100_000 + 10_000, error.reason.lower()).response()
        answer.headers.update(headers)
        answer.headers["Date"] = web_date(simulation.shown_now())
        return answer

    return keep


def _authorise(simulation: Simulation, request: web.Request) -> None:
    key, secret = request.headers.get(KEY), request.headers.get(SECRET)
    if not key or not secret:
        raise Complaint(401, 40110000, "request is not authorized")
    if not allowed(simulation, key, secret):
        raise Complaint(403, 40310000, "forbidden.")


def _count(simulation: Simulation, rate: Rate, request: web.Request) -> dict[str, str]:
    if not simulation.options.rate:
        return {}
    data = request.path.startswith(_DATA)
    left, wait = rate.take("data" if data else "trading")
    if left < 0:
        raise Complaint(429, 42910000, "rate limit exceeded")
    reset = simulation.clock.now() // SECOND + int(wait) + 1
    return {
        "X-RateLimit-Limit": str(simulation.options.rate),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(reset),
    }
