"""How the account is set, and what the exchange makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from aiohttp import web

from quorum.simulator.alpaca.asking import body_of
from quorum.simulator.alpaca.refusals import BAD_REQUEST, FORBIDDEN, Complaint
from quorum.simulator.core import Noted, Ticket
from quorum.simulator.serving import Simulation

NAME = "configurations"
_USUAL: dict[str, Any] = {
    "no_shorting": False,
    "suspend_trade": False,
    "fractional_trading": True,
    "max_margin_multiplier": "4",
    "trade_confirm_email": "all",
    "ptp_no_exception_entry": False,
    "max_options_trading_level": 0,
}
_RETIRED = {"dtbp_check": "entry", "pdt_check": "entry"}
_CHOICES: dict[str, tuple[Any, ...]] = {
    **{name: (True, False) for name, value in _USUAL.items() if isinstance(value, bool)},
    "max_margin_multiplier": ("1", "2", "4"),
    "trade_confirm_email": ("all", "none"),
    "max_options_trading_level": (0, 1, 2, 3),
    "dtbp_check": ("both", "entry", "exit"),
    "pdt_check": ("both", "entry", "exit"),
}


class Settings:
    """/v2/account/configurations: read and changed; shorting, parts of shares, lending and trading itself heed it."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._exchange = simulation.exchange
        self._apply()

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, with its method."""
        path = "/v2/account/configurations"
        return [web.get(path, self.shown), web.patch(path, self.change)]

    @property
    def values(self) -> dict[str, Any]:
        """Every setting by its name."""
        kept: dict[str, Any] = json.loads(self._exchange.floor.notes.get(NAME, "{}"))
        return _USUAL | (_RETIRED if self._simulation.options.retired_fields else {}) | kept

    def admit(self, ticket: Ticket) -> None:
        """Nothing, where the account may place `ticket`; Complaint where its settings forbid it."""
        values = self.values
        if values["suspend_trade"]:
            raise Complaint(403, FORBIDDEN, "new orders are rejected by user request")
        parts = ticket.notional is not None or (ticket.quantity is not None and ticket.quantity % 1 != 0)
        listing = self._exchange.listings.get(ticket.symbol)
        if parts and not values["fractional_trading"] and listing is not None and not listing.round_clock:
            raise Complaint(403, FORBIDDEN, "fractional trading is disabled by user request")

    async def shown(self, request: web.Request) -> web.Response:
        """How the account is set."""
        return web.json_response(self.values)

    async def change(self, request: web.Request) -> web.Response:
        """Set what the body names; Complaint for a value that is none."""
        body, known = await body_of(request), self.values
        for name, value in body.items():
            if name in known and not any(type(value) is type(each) and value == each for each in _CHOICES[name]):
                raise Complaint(422, BAD_REQUEST, f"invalid {name} {value!r}")
        kept = {name: body.get(name, value) for name, value in known.items()}
        self._exchange.emit(Noted(self._exchange.clock.now(), NAME, json.dumps(kept)))
        self._apply()
        return web.json_response(self.values)

    def _apply(self) -> None:
        values, lent = self.values, self._simulation.options.multiplier
        most = min(lent, Decimal(values["max_margin_multiplier"]))
        self._exchange.terms = replace(self._exchange.terms, multiplier=most, shorting=not values["no_shorting"])
