"""The doors of corporate actions: as market data, and as announcements of the trading API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from quorum.simulator.alpaca.announced.terms import NEEDS, action_of, cusip
from quorum.simulator.alpaca.asking import day_of, missing, whole
from quorum.simulator.alpaca.forms import local
from quorum.simulator.alpaca.refusals import BAD_REQUEST, Complaint
from quorum.simulator.core import Noted
from quorum.simulator.serving import Simulation, said

_NOTE = "action:"
_PATH = "/v2/corporate_actions/announcements"
_USUAL, _MOST = 100, 1_000
_KINDS = {
    "cash_dividend": ("dividend", "cash"),
    "stock_dividend": ("dividend", "stock"),
    "cash_merger": ("merger", "merger_completion"),
    "stock_merger": ("merger", "merger_completion"),
    "stock_and_cash_merger": ("merger", "merger_completion"),
    "spin_off": ("spinoff", "spinoff"),
    "forward_split": ("split", "stock_split"),
    "reverse_split": ("split", "reverse_split"),
    "unit_split": ("split", "unit_split"),
}
_ANNOUNCED = ("dividend", "merger", "spinoff", "split")
_DATES = ("declaration_date", "ex_date", "record_date", "payable_date")


class Actions:
    """Corporate actions that were announced. They are told, and change neither holdings nor prices."""

    def __init__(self, simulation: Simulation, actions: Iterable[dict[str, Any]]) -> None:
        self._simulation = simulation
        self._exchange = simulation.exchange
        for action in actions:
            self._keep(action)

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, with its method."""
        return [
            web.get("/v1/corporate-actions", self.listed),
            web.get(_PATH, self.announcements),
            web.get(f"{_PATH}/{{id}}", self.announcement),
            web.post("/sim/actions", said(self.announce)),
        ]

    def announce(self, body: Any) -> Any:
        """Announce a corporate action, or a list of them; their ids."""
        rows = body if isinstance(body, list) else [body]
        actions = [action_of(row, f"action {number} of the request") for number, row in enumerate(rows, 1)]
        return [self._keep(action) for action in actions]

    async def listed(self, request: web.Request) -> web.Response:
        """Actions by symbol, CUSIP, kind and the day of their processing, a list for each kind, a page at a time."""
        rows, limit = self._asked(request), whole(request, "limit", _USUAL, _MOST)
        if token := request.query.get("page_token"):
            ids = [row["id"] for row in rows]
            if token not in ids:
                raise Complaint(400, BAD_REQUEST, "invalid page_token")
            rows = rows[ids.index(token) + 1 :]
        found: dict[str, list[dict[str, Any]]] = {}
        for row in rows[:limit]:
            form = {name: value for name, value in row.items() if name not in ("type", "declaration_date")}
            found.setdefault(f"{row['type']}s", []).append(form)
        more = rows[limit - 1]["id"] if len(rows) > limit else None
        return web.json_response({"corporate_actions": found, "next_page_token": more})

    async def announcements(self, request: web.Request) -> web.Response:
        """Dividends, mergers, spin-offs and splits whose date lies in a span of 90 days at most."""
        wanted = [name for name in request.query.get("ca_types", "").lower().split(",") if name]
        if not wanted or any(name not in _ANNOUNCED for name in wanted):
            raise Complaint(422, BAD_REQUEST, f"ca_types must be of {', '.join(_ANNOUNCED)}")
        since, until = (day_of(request, name, date.min) for name in ("since", "until"))
        if date.min in (since, until) or not timedelta(0) <= until - since <= timedelta(days=90):
            raise Complaint(422, BAD_REQUEST, "since and until are required, and no more than 90 days apart")
        by = request.query.get("date_type", "ex_date")
        if by not in _DATES:
            raise Complaint(422, BAD_REQUEST, f"date_type must be of {', '.join(_DATES)}")
        rows = [form for form in map(_announcement, self._all()) if form is not None and form["ca_type"] in wanted]
        shown = [
            row
            for row in rows
            if since.isoformat() <= str(row[by] or "") <= until.isoformat()
            and _is(request, "symbol", row["initiating_symbol"], row["target_symbol"])
            and _is(request, "cusip", row["initiating_original_cusip"], row["target_original_cusip"])
        ]
        return web.json_response(shown)

    async def announcement(self, request: web.Request) -> web.Response:
        """One of them."""
        for row in self._all():
            form = _announcement(row)
            if form is not None and form["id"] == request.match_info["id"]:
                return web.json_response(form)
        raise missing("announcement")

    def _asked(self, request: web.Request) -> list[dict[str, Any]]:
        query = request.query
        if query.get("sort", "asc").lower() not in ("asc", "desc"):
            raise Complaint(400, BAD_REQUEST, "sort must be asc or desc")
        ids, symbols, cusips, kinds = (_names(query, name) for name in ("ids", "symbols", "cusips", "types"))
        if unknown := sorted(kinds - set(NEEDS)):
            raise Complaint(400, BAD_REQUEST, f"invalid type {unknown[0]!r}")
        today = date.fromisoformat(local(self._exchange.clock.now())[:10])
        first, last = (day_of(request, name, today).isoformat() for name in ("start", "end"))
        rows = [
            row
            for row in self._all()
            if (row["id"] in ids if ids else first <= row["process_date"] <= last)
            and (not symbols or symbols & _of(row, "symbol"))
            and (not cusips or cusips & _of(row, "cusip"))
            and (not kinds or row["type"] in kinds)
        ]
        return sorted(
            rows, key=lambda row: str(row["process_date"]), reverse=query.get("sort", "asc").lower() == "desc"
        )

    def _all(self) -> list[dict[str, Any]]:
        return [json.loads(text) for name, text in self._exchange.floor.notes.items() if name.startswith(_NOTE)]

    def _keep(self, action: dict[str, Any]) -> str:
        """Its id, which follows from its terms: an action that was announced before is the same one."""
        terms = json.dumps(action, sort_keys=True)
        identity = self._exchange.new_id(f"action:{terms}", 0)
        if f"{_NOTE}{identity}" not in self._exchange.floor.notes:
            kept = json.dumps({"id": identity, **action})
            self._exchange.emit(Noted(self._exchange.clock.now(), f"{_NOTE}{identity}", kept))
        return identity


def _names(query: Mapping[str, str], name: str) -> set[str]:
    return {each for each in query.get(name, "").split(",") if each}


def _of(row: Mapping[str, Any], ending: str) -> set[str]:
    return {str(value) for name, value in row.items() if name.endswith(ending)}


def _is(request: web.Request, name: str, *values: str | None) -> bool:
    return name not in request.query or request.query[name] in values


def _announcement(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """An action as an announcement; None for a kind that has none."""
    words = _KINDS.get(row["type"])
    if words is None:
        return None
    own = next(
        row[n] for n in ("symbol", "source_symbol", "old_symbol", "acquirer_symbol", "acquiree_symbol") if n in row
    )
    other = next((row[n] for n in ("new_symbol", "acquiree_symbol") if row.get(n, own) != own), None)
    share = row["type"] == "stock_dividend"
    return {
        "id": row["id"],
        "corporate_action_id": f"{cusip(own)}_{row['process_date'].replace('-', '')}",
        "ca_type": words[0],
        "ca_sub_type": words[1],
        "initiating_symbol": own,
        "initiating_original_cusip": cusip(own),
        "target_symbol": other,
        "target_original_cusip": cusip(other) if other else None,
        "declaration_date": row.get("declaration_date"),
        "effective_date": row.get("effective_date", row.get("ex_date")),
        "ex_date": row.get("ex_date"),
        "record_date": row.get("record_date"),
        "payable_date": row["payable_date"],
        "cash": str(row.get("cash_rate", 0 if share or "new_rate" in row else row.get("rate", 0))),
        "old_rate": str(row.get("old_rate", row.get("source_rate", row.get("acquiree_rate", 1)))),
        "new_rate": str(row.get("new_rate", row.get("acquirer_rate", 1 + row["rate"] if share else 1))),
    }
