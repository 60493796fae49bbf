"""The doors of the account, its activities, and what the venue says of itself: clock, calendar, assets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from quorum.domain import SECOND, ZERO
from quorum.simulator.alpaca.asking import instant, listing_named, missing, whole
from quorum.simulator.alpaca.forms import account_form, asset_form, fee_form, fill_form, local
from quorum.simulator.alpaca.listings import is_pair
from quorum.simulator.alpaca.records import Worth
from quorum.simulator.alpaca.refusals import BAD_REQUEST, Complaint
from quorum.simulator.core import NEW_YORK, Always, is_open
from quorum.simulator.serving import Simulation

_MOST = 100
_ANNOUNCED = ("dividend", "merger", "spinoff", "split")


class Account:
    """/v2/account, its activities, /v2/clock, /v2/calendar, /v2/assets and /v2/corporate_actions/announcements."""

    def __init__(self, simulation: Simulation, worth: Worth) -> None:
        self._worth = worth
        self._simulation = simulation
        self._exchange = simulation.exchange

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, with its method."""
        return [
            web.get("/v2/account", self.account),
            web.get("/v2/account/activities", self.activities),
            web.get("/v2/account/activities/{kind}", self.activities),
            web.get("/v2/clock", self.clock),
            web.get("/v2/calendar", self.calendar),
            web.get("/v2/assets", self.assets),
            web.get("/v2/assets/{symbol:.+}", self.asset),
            web.get("/v2/corporate_actions/announcements", self.announced),
            web.get("/v2/corporate_actions/announcements/{id}", self.announcement),
        ]

    async def account(self, request: web.Request) -> web.Response:
        """What the account is worth and may buy."""
        session = self._exchange.hours.session(self._simulation.clock.now())
        before = self._worth.at(session.open - 1) or self._worth.opening
        return web.json_response(account_form(self._simulation, before))

    async def activities(self, request: web.Request) -> web.Response:
        """Fills and crypto fees, by kind and time, newest first unless asked, a page at a time."""
        query = request.query
        kinds = set((request.match_info.get("kind") or query.get("activity_types", "FILL,CFEE")).split(","))
        rows = [row for row in self._rows(query) if row["activity_type"] in kinds]
        if query.get("direction", "desc") != "asc":
            rows.reverse()
        if token := query.get("page_token"):
            ids = [row["id"] for row in rows]
            if token not in ids:
                raise Complaint(422, BAD_REQUEST, "invalid page_token")
            rows = rows[ids.index(token) + 1 :]
        return web.json_response(rows[: whole(request, "page_size", _MOST, _MOST)])

    def _rows(self, query: Any) -> Iterable[dict[str, Any]]:
        after, until = (instant(query, name) for name in ("after", "until"))
        done: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        for fill in self._exchange.floor.fills:
            done[fill.order_id] += fill.quantity
            if (after is not None and fill.at <= after) or (until is not None and fill.at >= until):
                continue
            if query.get("date") and local(fill.at)[:10] != query["date"]:
                continue
            if not self._simulation.visible(self._exchange.floor.orders[fill.order_id]):
                continue
            yield fill_form(self._exchange, fill, done[fill.order_id])
            if fill.fee:
                yield fee_form(fill)

    async def clock(self, request: web.Request) -> web.Response:
        """The venue's time, whether it is open, and when that changes."""
        now, hours = self._simulation.shown_now(), self._exchange.hours
        session = hours.session(now)
        runs = is_open(hours, now)
        following = hours.session(session.close)
        return web.json_response(
            {
                "timestamp": local(now)[:19] + f".{now % SECOND:09d}" + local(now)[19:],
                "is_open": runs,
                "next_open": local(following.open if runs else session.open),
                "next_close": local(session.close),
            }
        )

    async def calendar(self, request: web.Request) -> web.Response:
        """Sessions from `start` to `end`, both dates included."""
        today = date.fromisoformat(local(self._simulation.clock.now())[:10])
        first = _date(request, "start", today - timedelta(days=365))
        last = _date(request, "end", today + timedelta(days=365))
        span = (_midnight(first), _midnight(last + timedelta(days=1)))
        always = isinstance(self._exchange.hours, Always)
        return web.json_response(
            [
                {
                    "date": session.date,
                    "open": "00:00" if always else local(session.open)[11:16],
                    "close": "23:59" if always else local(session.close)[11:16],
                    "session_open": "0000" if always else "0400",
                    "session_close": "2359" if always else "2000",
                }
                for session in self._exchange.hours.sessions(*span)
            ]
        )

    async def assets(self, request: web.Request) -> web.Response:
        """What is traded here."""
        wanted, status = request.query.get("asset_class"), request.query.get("status", "active")
        found = [
            asset_form(each)
            for each in self._exchange.listings.values()
            if wanted in (None, "crypto" if is_pair(each) else "us_equity")
        ]
        return web.json_response(found if status in ("active", "all") else [])

    async def asset(self, request: web.Request) -> web.Response:
        """One asset by its symbol or id."""
        listing = listing_named(self._exchange, request.match_info["symbol"])
        if listing is None:
            raise missing(f"asset for {request.match_info['symbol']}")
        return web.json_response(asset_form(listing))

    async def announced(self, request: web.Request) -> web.Response:
        """Dividends, splits and the like: there are none here."""
        wanted = [name for name in request.query.get("ca_types", "").lower().split(",") if name]
        if not wanted or any(name not in _ANNOUNCED for name in wanted):
            raise Complaint(422, BAD_REQUEST, f"ca_types must be of {', '.join(_ANNOUNCED)}")
        since, until = (_date(request, name, date.min) for name in ("since", "until"))
        if date.min in (since, until) or not timedelta(0) <= until - since <= timedelta(days=90):
            raise Complaint(422, BAD_REQUEST, "since and until are required, and no more than 90 days apart")
        return web.json_response([])

    async def announcement(self, request: web.Request) -> web.Response:
        """One of them: there is none."""
        raise missing("announcement")


def _date(request: web.Request, name: str, usual: date) -> date:
    try:
        return date.fromisoformat(request.query.get(name, usual.isoformat())[:10])
    except ValueError:
        raise Complaint(422, BAD_REQUEST, f"invalid {name}") from None


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).timestamp()) * SECOND
