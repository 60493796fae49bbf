"""Alpaca's errors: a status, a code and a message, and which of the exchange's reasons they stand for."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from quorum.domain import UsageError
from quorum.simulator.core import Reason, Refused

BAD_REQUEST, FORBIDDEN, MISSING, UNPROCESSABLE = 40010001, 40310000, 40410000, 42210000
_CODES: dict[Reason, tuple[int, int]] = {
    Reason.DUPLICATE: (422, BAD_REQUEST),
    Reason.UNKNOWN_SYMBOL: (422, UNPROCESSABLE),
    Reason.NOT_TRADABLE: (422, UNPROCESSABLE),
    Reason.UNCLEAR: (422, BAD_REQUEST),
    Reason.QUANTITY: (422, BAD_REQUEST),
    Reason.LOT: (403, FORBIDDEN),
    Reason.TICK: (422, UNPROCESSABLE),
    Reason.TOO_SMALL: (403, FORBIDDEN),
    Reason.NO_FUNDS: (403, FORBIDDEN),
    Reason.NO_SHARES: (403, FORBIDDEN),
    Reason.NO_SHORTS: (403, FORBIDDEN),
    Reason.CROSSES_OWN: (403, FORBIDDEN),
    Reason.WINDOW: (422, UNPROCESSABLE),
    Reason.RESTRICTED: (403, FORBIDDEN),
    Reason.NOT_FOUND: (404, MISSING),
    Reason.ENDED: (422, UNPROCESSABLE),
}
_WORDS = {
    418: "banned",
    429: "rate limit exceeded",
    500: "internal server error occurred",
    502: "bad gateway",
    503: "service unavailable",
    504: "request timed out",
}


class Complaint(UsageError):
    """An answer of Alpaca that is an error: its status and its JSON."""

    def __init__(self, status: int, code: int, message: str, facts: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, **(facts or {})}

    def response(self) -> web.Response:
        """The answer."""
        return web.json_response(self.body, status=self.status)


def complaint_of(refusal: Refused) -> Complaint:
    """What Alpaca says where the exchange refuses."""
    status, code = _CODES[refusal.reason]
    message, facts = refusal.found, dict(refusal.facts)
    if refusal.reason is Reason.TICK:
        message = f"{message}. sub-penny increment does not fulfill minimum pricing criteria"
    related = facts.pop("related_orders", None)
    shown: dict[str, Any] = facts
    if refusal.reason in (Reason.NO_SHARES, Reason.NO_FUNDS, Reason.CROSSES_OWN):
        return Complaint(status, code, message, shown | ({"related_orders": related.split()} if related else {}))
    return Complaint(status, code, message)


def plain_complaint(status: int) -> dict[str, Any]:
    """The JSON of a status that a fault wants."""
    return {"code": status * 100_000 + 10_000 * (status >= 500), "message": _WORDS.get(status, "error")}
