"""The door of the portfolio's history: equity and profit through time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from aiohttp import web

from quorum.domain import DAY, HOUR, MINUTE, SECOND, ZERO, UsageError, parse_instant
from quorum.simulator.alpaca.asking import instant
from quorum.simulator.alpaca.forms import local
from quorum.simulator.alpaca.records.worth import Worth
from quorum.simulator.alpaca.refusals import BAD_REQUEST, UNPROCESSABLE, Complaint
from quorum.simulator.serving import Simulation

_PERIOD = re.compile(r"([1-9]\d{0,3})([DWMAY])")
_DAYS = {"D": 1, "W": 7, "M": 30, "A": 365, "Y": 365}
_LENGTHS = {"1Min": MINUTE, "5Min": 5 * MINUTE, "15Min": 15 * MINUTE, "1H": HOUR, "1D": DAY}
_REPORTING = ("market_hours", "extended_hours", "continuous")
_MOST = 30 * DAY


class Point(NamedTuple):
    """A moment of the history: where its window begins (ns UTC), and what the account was worth at its end."""

    time: int
    equity: Decimal


class Portfolio:
    """/v2/account/portfolio/history."""

    def __init__(self, simulation: Simulation, worth: Worth) -> None:
        self._simulation = simulation
        self._worth = worth

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door."""
        return [web.get("/v2/account/portfolio/history", self.history)]

    async def history(self, request: web.Request) -> web.Response:
        """Equity, profit and its part of the first value, at each step of a span."""
        query = request.query
        start, end = self._span(query)
        name = query.get("timeframe") or _usual(end - start)
        if name not in _LENGTHS:
            raise Complaint(422, BAD_REQUEST, f"invalid timeframe {name!r}: {', '.join(_LENGTHS)}")
        if name != "1D" and end - start > _MOST:
            raise Complaint(422, UNPROCESSABLE, "only 1D timeframe is allowed for periods longer than 30 days")
        reporting = query.get("intraday_reporting", "market_hours")
        if reporting not in _REPORTING:
            raise Complaint(422, BAD_REQUEST, f"invalid intraday_reporting {reporting!r}")
        points = self._days(start, end) if name == "1D" else self._steps(start, end, _LENGTHS[name], reporting)
        reset = query.get("pnl_reset", "per_day")
        if reset not in ("per_day", "no_reset"):
            raise Complaint(422, BAD_REQUEST, f"invalid pnl_reset {reset!r}")
        return web.json_response(_form(points, name, reset == "per_day" and name != "1D"))

    def _span(self, query: Any) -> tuple[int, int]:
        now = self._simulation.clock.now()
        if all(query.get(each) for each in ("start", "end", "period")):
            raise Complaint(422, BAD_REQUEST, "only two of start, end and period can be specified")
        start, end = instant(query, "start"), instant(query, "end")
        if end is None and query.get("date_end"):
            end = _last_of(query["date_end"])
        found = _PERIOD.fullmatch(query.get("period", "1M").upper())
        if found is None:
            raise Complaint(422, BAD_REQUEST, f"invalid period {query['period']!r}")
        length = int(found[1]) * _DAYS[found[2]] * DAY
        if start is not None and end is None and query.get("period"):
            end = start + length
        end = min(now if end is None else end, now)
        start = end - length if start is None else start
        if start > end:
            raise Complaint(422, BAD_REQUEST, "start must be before end")
        return start, end

    def _days(self, start: int, end: int) -> list[Point]:
        sessions = self._simulation.exchange.hours.sessions(start, end + 1)
        return [Point(each.open, self._worth.at(min(each.close - 1, end))) for each in sessions]

    def _steps(self, start: int, end: int, length: int, reporting: str) -> list[Point]:
        hours, found = self._simulation.exchange.hours, []
        for time in range(-(-start // length) * length, end + 1, length):
            session = hours.session(time)
            if reporting == "continuous" or session.open <= time < session.close:
                found.append(Point(time, self._worth.at(min(time + length - 1, end))))
        return found


def _usual(span: int) -> str:
    if span < 7 * DAY:
        return "1Min"
    return "15Min" if span < _MOST else "1D"


def _last_of(date: str) -> int:
    try:
        return parse_instant(f"{date[:10]}T00:00:00Z") + DAY - SECOND
    except UsageError:
        raise Complaint(422, BAD_REQUEST, "invalid date_end") from None


def _form(points: list[Point], timeframe: str, daily: bool) -> dict[str, Any]:
    """The answer; with `daily` profit begins anew at each day of New York."""
    first = next((point for point in points if point.equity), None)
    base = first.equity if first is not None else ZERO
    gains, against, day = [], base, ""
    last = base
    for point in points:
        if daily and local(point.time)[:10] != day:
            day, against = local(point.time)[:10], last
        gains.append((point.equity - against if point.equity else ZERO, against))
        last = point.equity or last
    return {
        "timestamp": [point.time // SECOND for point in points],
        "equity": [float(point.equity) for point in points],
        "profit_loss": [float(gain) for gain, _ in gains],
        "profit_loss_pct": [float(gain / of) if of else 0.0 for gain, of in gains],
        "base_value": float(base),
        "base_value_asof": local(first.time)[:10] if first is not None else None,
        "timeframe": timeframe,
        "cashflow": {},
    }
