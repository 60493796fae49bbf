"""Orders that belong together, as Alpaca takes them: brackets, one cancels other, one triggers other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from quorum.domain import ZERO, Side
from quorum.simulator.alpaca.asking import number, ticket_of
from quorum.simulator.alpaca.listings import is_pair
from quorum.simulator.alpaca.refusals import BAD_REQUEST, UNPROCESSABLE, Complaint
from quorum.simulator.core import Exchange, Kind, Life, Ticket

SIMPLE = "simple"
_CLASSES = (SIMPLE, "bracket", "oco", "oto")
_CENT = Decimal("0.01")
_AFTER, _RIVALS = "after", "rivals"  # the exchange puts the id of the first order in their place


def tickets_of(exchange: Exchange, body: Mapping[str, Any]) -> list[Ticket]:
    """The order that `body` asks for and those that come with it, the first one first; Complaint where they are wrong.

    A body without a client's id gets one of the exchange; the legs always do.
    """
    ids = _new_ids(exchange)
    word = body.get("order_class") or SIMPLE
    if word not in _CLASSES:
        raise Complaint(422, BAD_REQUEST, f"invalid order_class {word!r}")
    if word == SIMPLE:
        return [ticket_of(exchange, body, next(ids))]
    if word == "oco":
        return _rivals(exchange, body, ids)
    return _followed(exchange, body, ids, str(word))


def _followed(exchange: Exchange, body: Mapping[str, Any], ids: Iterator[str], word: str) -> list[Ticket]:
    first = ticket_of(exchange, body, next(ids))
    profit, loss = _part(body, "take_profit"), _part(body, "stop_loss")
    if word == "bracket":
        _needs(word, profit, "take_profit.limit_price")
        _needs(word, loss, "stop_loss.stop_price")
    elif (profit is None) == (loss is None):
        raise Complaint(422, UNPROCESSABLE, "oto orders require either take_profit or stop_loss")
    _advanced(exchange, first, word)
    rivals = _RIVALS if profit and loss else None
    legs = [replace(e, side=_other(first.side), after=_AFTER, rivals=rivals) for e in _legs(first, profit, loss, ids)]
    base = first.limit or first.stop or exchange.mark(first.symbol)
    _apart(first.side, base, profit, loss)
    return [replace(each, label=word) for each in (first, *legs)]


def _rivals(exchange: Exchange, body: Mapping[str, Any], ids: Iterator[str]) -> list[Ticket]:
    profit, loss = _part(body, "take_profit"), _part(body, "stop_loss")
    _needs("oco", profit, "take_profit.limit_price")
    _needs("oco", loss, "stop_loss.stop_price")
    if body.get("type") != Kind.LIMIT.value:
        raise Complaint(422, UNPROCESSABLE, "oco orders must be limit orders")
    given = {key: value for key, value in body.items() if key not in ("limit_price", "stop_price")}
    first = ticket_of(exchange, given | {"limit_price": (profit or {}).get("limit_price")}, next(ids))
    _advanced(exchange, first, "oco")
    if exchange.floor.held(first.symbol) * first.side.sign >= 0:
        raise Complaint(422, UNPROCESSABLE, "oco orders must be exit orders")
    _apart(_other(first.side), exchange.mark(first.symbol), profit, loss)
    both = (first, *_legs(first, None, loss, ids))
    return [replace(each, rivals=_RIVALS, label="oco") for each in both]


def _legs(
    first: Ticket, profit: dict[str, Any] | None, loss: dict[str, Any] | None, ids: Iterator[str]
) -> Iterator[Ticket]:
    bare = replace(first, limit=None, stop=None)
    if profit is not None:
        limit = number(profit, "limit_price")
        yield replace(bare, client_order_id=next(ids), kind=Kind.LIMIT, limit=limit)
    if loss is not None:
        stop, limit = number(loss, "stop_price"), number(loss, "limit_price")
        kind = Kind.STOP if limit is None else Kind.STOP_LIMIT
        yield replace(bare, client_order_id=next(ids), kind=kind, stop=stop, limit=limit)


def _part(body: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    found = body.get(name)
    if found is None or found == {}:
        return None
    if not isinstance(found, dict):
        raise Complaint(422, BAD_REQUEST, f"invalid {name}")
    needed = "limit_price" if name == "take_profit" else "stop_price"
    if number(found, needed) is None:
        raise Complaint(422, UNPROCESSABLE, f"{name}.{needed} is required")
    return found


def _needs(word: str, part: dict[str, Any] | None, name: str) -> None:
    if part is None:
        raise Complaint(422, UNPROCESSABLE, f"{word} orders require {name}")


def _advanced(exchange: Exchange, first: Ticket, word: str) -> None:
    """What no order with legs may be."""
    listing = exchange.listings.get(first.symbol)
    if listing is not None and is_pair(listing):
        raise Complaint(422, UNPROCESSABLE, f"crypto orders not allowed for advanced order_class: {word}")
    if first.quantity is None or first.quantity % 1:
        raise Complaint(422, UNPROCESSABLE, "fractional orders must be simple orders")
    if first.life not in (Life.DAY, Life.GTC):
        raise Complaint(422, UNPROCESSABLE, f"{word} orders must have time_in_force day or gtc")
    if first.kind is Kind.TRAILING or first.extended:
        what = "extended hours" if first.extended else "trailing_stop"
        raise Complaint(422, UNPROCESSABLE, f"{what} orders must be simple orders")


def _apart(entry: Side, base: Decimal, profit: dict[str, Any] | None, loss: dict[str, Any] | None) -> None:
    """The profit lies beyond the stop, and the stop a cent at least behind the base price, seen from the entry."""
    gain = number(profit, "limit_price") if profit else None
    stop = number(loss, "stop_price") if loss else None
    above, below = (">", "<=") if entry is Side.BUY else ("<", ">=")
    sign = entry.sign
    if gain is not None and stop is not None and (gain - stop) * sign <= 0:
        raise Complaint(422, UNPROCESSABLE, f"take_profit.limit_price must be {above} stop_loss.stop_price")
    facts = {"base_price": f"{base.normalize():f}"}
    if stop is not None and base > ZERO and (base - stop) * sign < _CENT:
        found = f"stop_loss.stop_price must be {below} base_price {'-' if sign > 0 else '+'} 0.01"
        raise Complaint(422, UNPROCESSABLE, found, facts)
    if gain is not None and base > ZERO and (gain - base) * sign < _CENT:
        least = ">=" if entry is Side.BUY else "<="
        found = f"take_profit.limit_price must be {least} base_price {'+' if sign > 0 else '-'} 0.01"
        raise Complaint(422, UNPROCESSABLE, found, facts)


def _other(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY


def _new_ids(exchange: Exchange) -> Iterator[str]:
    count = len(exchange.floor.orders)
    while True:
        count += 1
        yield exchange.new_id("client", count)
