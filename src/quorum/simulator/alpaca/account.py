"""The doors of the account, its activities, and what the venue says of itself: clock, calendar, assets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from aiohttp import web

from quorum.domain import SECOND, ZERO
from quorum.simulator.alpaca.asking import day_of, instant, listing_named, missing, whole
from quorum.simulator.alpaca.forms import ACTIVITIES, account_form, asset_form, fee_form, fill_form, local, move_form
from quorum.simulator.alpaca.records import Worth
from quorum.simulator.alpaca.refusals import BAD_REQUEST, Complaint
from quorum.simulator.core import NEW_YORK, Always, Session, is_open
from quorum.simulator.serving import Simulation

_MOST = 100
_DATES = {"TRADING": "date", "SETTLEMENT": "settlement_date"}


class Account:
    """/v2/account, its activities, /v2/clock, /v2/calendar and /v2/assets."""

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
        ]

    async def account(self, request: web.Request) -> web.Response:
        """What the account is worth and may buy."""
        session = self._exchange.hours.session(self._simulation.clock.now())
        before = self._worth.at(session.open - 1) or self._worth.opening
        return web.json_response(account_form(self._simulation, before))

    async def activities(self, request: web.Request) -> web.Response:
        """Fills, crypto fees and what other hands moved, by kind and time, newest first unless asked, in pages."""
        query = request.query
        kinds = _kinds(request)
        rows = sorted(
            (row for row in self._rows(query) if row["activity_type"] in kinds), key=lambda row: row["id"][:17]
        )
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

        def asked(at: int) -> bool:
            day = not query.get("date") or local(at)[:10] == query["date"]
            return day and (after is None or at > after) and (until is None or at < until)

        yield from (move_form(move, number) for number, move in enumerate(self._exchange.floor.moves) if asked(move.at))
        done: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        for fill in self._exchange.floor.fills:
            done[fill.order_id] += fill.quantity
            if not asked(fill.at) or not self._simulation.visible(self._exchange.floor.orders[fill.order_id]):
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
        """Sessions that trade, or settle, from `start` to `end`, both dates included."""
        today = date.fromisoformat(local(self._simulation.clock.now())[:10])
        first = day_of(request, "start", today - timedelta(days=365))
        last = day_of(request, "end", today + timedelta(days=365))
        wanted = request.query.get("date_type", "TRADING").upper()
        if wanted not in _DATES:
            raise Complaint(422, BAD_REQUEST, f"date_type must be {' or '.join(_DATES)}")
        span = (_midnight(first - timedelta(days=10)), _midnight(last + timedelta(days=10)))
        sessions = self._exchange.hours.sessions(*span)
        rows = [self._day(session, after.date) for session, after in pairwise(sessions)]
        return web.json_response([row for row in rows if str(first) <= row[_DATES[wanted]] <= str(last)])

    def _day(self, session: Session, settles: str) -> dict[str, Any]:
        always = isinstance(self._exchange.hours, Always)
        return {
            "date": session.date,
            "open": "00:00" if always else local(session.open)[11:16],
            "close": "23:59" if always else local(session.close)[11:16],
            "session_open": "0000" if always else "0400",
            "session_close": "2359"
            if always
            else local(self._exchange.hours.day(session.open).close)[11:16].replace(":", ""),
            "settlement_date": settles,
        }

    async def assets(self, request: web.Request) -> web.Response:
        """What is traded here, by class, exchange and attributes."""
        query = request.query
        attributes = {name for name in query.get("attributes", "").split(",") if name}
        found = [
            form
            for form in map(asset_form, self._exchange.listings.values())
            if query.get("asset_class") in (None, "", form["class"])
            and query.get("exchange") in (None, "", form["exchange"])
            and (not attributes or attributes & set(form["attributes"]))
        ]
        return web.json_response(found if query.get("status", "active") in ("active", "all") else [])

    async def asset(self, request: web.Request) -> web.Response:
        """One asset by its symbol or id."""
        listing = listing_named(self._exchange, request.match_info["symbol"])
        if listing is None:
            raise missing(f"asset for {request.match_info['symbol']}")
        return web.json_response(asset_form(listing))


def _kinds(request: web.Request) -> set[str]:
    """The kinds of activity that are asked for; Complaint for one that is none."""
    asked, category = (
        request.match_info.get("kind") or request.query.get("activity_types"),
        request.query.get("category"),
    )
    if asked and category:
        raise Complaint(422, BAD_REQUEST, "only one of activity_types and category is allowed")
    if category not in (None, "", "trade_activity", "non_trade_activity"):
        raise Complaint(422, BAD_REQUEST, f"invalid category {category!r}")
    kinds = {"FILL"} if category == "trade_activity" else set(ACTIVITIES) - ({"FILL"} if category else set())
    found = set(asked.split(",")) if asked else kinds
    if unknown := sorted(found - set(ACTIVITIES)):
        raise Complaint(422, BAD_REQUEST, f"invalid activity type {unknown[0]!r}")
    return found


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).timestamp()) * SECOND
