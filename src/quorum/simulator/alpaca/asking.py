"""Requests read: a body becomes a ticket, or the complaint that Alpaca would make of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from aiohttp import web

from quorum.domain import Side, UsageError, parse_instant
from quorum.simulator.alpaca.listings import asset_id, is_pair, spoken
from quorum.simulator.alpaca.refusals import BAD_REQUEST, MISSING, UNPROCESSABLE, Complaint
from quorum.simulator.core import Exchange, Kind, Life, Listing, Ticket

_LONGEST_ID, _LARGEST = 128, Decimal("1e12")
_INTENTS = ("buy_to_open", "buy_to_close", "sell_to_open", "sell_to_close")
_PAIR_LIVES, _PAIR_KINDS = (Life.GTC, Life.IOC), (Kind.MARKET, Kind.LIMIT, Kind.STOP_LIMIT)


async def body_of(request: web.Request) -> dict[str, Any]:
    """The body of a request; Complaint when it is no JSON object."""
    try:
        found = json.loads(await request.read())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Complaint(400, 40010000, "request body format is invalid")
    return found


def listing_named(exchange: Exchange, name: str) -> Listing | None:
    """The listing with that symbol, with or without its slash, or with that asset id."""
    for listing in exchange.listings.values():
        if name in (listing.symbol, spoken(listing.symbol), asset_id(listing.symbol)):
            return listing
    return None


def ticket_of(exchange: Exchange, body: Mapping[str, Any], usual_id: str) -> Ticket:
    """The order that `body` asks for; Complaint for what can be seen without the account."""
    side, kind, life = (_word(body, name, each) for name, each in _WORDS.items())
    listing = listing_named(exchange, str(body.get("symbol", "")))
    symbol = listing.symbol if listing else str(body.get("symbol", ""))
    ticket = Ticket(
        client_order_id=client_id_of(body) or usual_id,
        symbol=symbol,
        side=side,
        kind=kind,
        life=life,
        quantity=number(body, "qty"),
        notional=number(body, "notional"),
        limit=number(body, "limit_price"),
        stop=number(body, "stop_price"),
        trail=number(body, "trail_price"),
        trail_part=percent(body, "trail_percent"),
        extended=_flag(body, "extended_hours") and (listing is None or not is_pair(listing)),
    )
    if listing is not None:
        (_pair if is_pair(listing) else _share)(ticket)
    _intended(exchange, ticket, body)
    return ticket


_WORDS: dict[str, type[Any]] = {"side": Side, "type": Kind, "time_in_force": Life}


def number(body: Mapping[str, Any], name: str) -> Decimal | None:
    """A number of the body, given as text or as a number; None where it is absent. Complaint when it is none."""
    value = body.get(name)
    if value in (None, ""):
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InvalidOperation
        found = Decimal(str(value))
    except InvalidOperation:
        raise Complaint(422, BAD_REQUEST, f"invalid {name}") from None
    if not found.is_finite() or found <= 0:
        raise Complaint(422, BAD_REQUEST, f"{name} must be > 0")
    if found > _LARGEST:
        raise Complaint(422, BAD_REQUEST, f"{name} {value} is too large")
    return found


def percent(body: Mapping[str, Any], name: str) -> Decimal | None:
    """A percentage of the body as a fraction; None where it is absent."""
    found = number(body, name)
    return None if found is None else found / 100


def whole(request: web.Request, name: str, usual: int, most: int) -> int:
    """A count of the query; Complaint when it is none or out of bounds."""
    try:
        found = int(request.query.get(name, usual))
    except ValueError:
        found = 0
    if not 1 <= found <= most:
        raise Complaint(422, BAD_REQUEST, f"{name} must be between 1 and {most}")
    return found


def instant(query: Mapping[str, str], name: str) -> int | None:
    """An instant of the query (ns UTC); None where it is absent. Complaint when it is none."""
    if not query.get(name):
        return None
    try:
        return parse_instant(query[name].replace(" ", "+"))  # a plus sign that was not escaped
    except UsageError:
        raise Complaint(422, BAD_REQUEST, f"invalid {name}") from None


def day_of(request: web.Request, name: str, usual: date) -> date:
    """A date of the query; Complaint when it is none."""
    try:
        return date.fromisoformat(request.query.get(name, usual.isoformat())[:10])
    except ValueError:
        raise Complaint(422, BAD_REQUEST, f"invalid {name}") from None


def terms_of(body: Mapping[str, Any], ticket: Ticket) -> dict[str, Decimal | Life]:
    """What a replacement of `ticket` changes; `trail` is in the unit that it was placed with."""
    trails = ticket.trail_part is not None
    found: dict[str, Decimal | Life | None] = {
        "quantity": number(body, "qty"),
        "limit": number(body, "limit_price"),
        "stop": number(body, "stop_price"),
        "trail": None if trails else number(body, "trail"),
        "trail_part": percent(body, "trail") if trails else None,
        "life": _word(body, "time_in_force", Life) if body.get("time_in_force") else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def client_id_of(body: Mapping[str, Any]) -> str | None:
    """The client's id of a body, if it has one; Complaint when it is too long."""
    found = body.get("client_order_id")
    if found is not None and (not isinstance(found, str) or len(found) > _LONGEST_ID):
        raise Complaint(422, BAD_REQUEST, f"client_order_id must be no more than {_LONGEST_ID} characters")
    return found or None


def _word(body: Mapping[str, Any], name: str, words: type[Any]) -> Any:
    value = body.get(name)
    if value in (None, ""):
        raise Complaint(422, BAD_REQUEST, f"{name} is required")
    try:
        return words(value)
    except ValueError:
        raise Complaint(422, BAD_REQUEST, f"invalid {name} {value!r}") from None


def _intended(exchange: Exchange, ticket: Ticket, body: Mapping[str, Any]) -> None:
    """What a client means to do to its position is what the order does to it, where it says so."""
    meant = body.get("position_intent")
    if meant is None:
        return
    if meant not in _INTENTS:
        raise Complaint(422, BAD_REQUEST, "invalid position_intent specified")
    closes = exchange.floor.held(ticket.symbol) * ticket.side.sign < 0
    found = f"{ticket.side.value}_to_{'close' if closes else 'open'}"
    if meant != found:
        raise Complaint(422, UNPROCESSABLE, f"position intent mismatch, inferred: {found}, specified: {meant}")


def _flag(body: Mapping[str, Any], name: str) -> bool:
    found = body.get(name)
    if not isinstance(found, bool | None):
        raise Complaint(422, BAD_REQUEST, f"invalid {name} {found!r}")
    return bool(found)


def _share(ticket: Ticket) -> None:
    if ticket.extended and (ticket.kind is not Kind.LIMIT or ticket.life not in (Life.DAY, Life.GTC)):
        raise Complaint(422, UNPROCESSABLE, "extended hours order must be DAY or GTC limit orders")
    fractional = ticket.notional is not None or (ticket.quantity is not None and ticket.quantity % 1 != 0)
    if ticket.notional is not None and ticket.notional < 1:
        raise Complaint(422, BAD_REQUEST, "notional must be >= 1.00")
    if fractional and ticket.life is not Life.DAY:
        raise Complaint(422, UNPROCESSABLE, "fractional orders must be DAY orders")
    if ticket.life in (Life.OPG, Life.CLS) and ticket.kind.stopped:
        raise Complaint(422, UNPROCESSABLE, f"{ticket.life.value} orders must be market or limit orders")
    if ticket.life in (Life.IOC, Life.FOK) and ticket.kind.stopped:
        raise Complaint(422, UNPROCESSABLE, f"{ticket.life.value} orders must be market or limit orders")
    if fractional and ticket.kind is Kind.TRAILING:
        raise Complaint(422, UNPROCESSABLE, "fractional orders must be market, limit, stop or stop_limit orders")


def _pair(ticket: Ticket) -> None:
    if ticket.life not in _PAIR_LIVES:
        raise Complaint(422, UNPROCESSABLE, "invalid crypto time_in_force")
    if ticket.kind not in _PAIR_KINDS:
        raise Complaint(422, UNPROCESSABLE, "invalid order type for crypto order")
    if ticket.notional is not None and ticket.notional < 1:
        raise Complaint(422, BAD_REQUEST, "notional must be >= 1.00")


def missing(what: str) -> Complaint:
    """The complaint about something that is not there."""
    return Complaint(404, MISSING, f"{what} not found")
