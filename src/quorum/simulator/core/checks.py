"""What the exchange refuses before it accepts: each check names its reason and its facts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from quorum.domain import ZERO, Side
from quorum.simulator.core.floor import Floor
from quorum.simulator.core.hours import Hours
from quorum.simulator.core.means import Means, Terms, worst
from quorum.simulator.core.words import Kind, Life, Listing, Mode, Placed, Reason, Refused, Ticket, Top

_LARGEST, _FINEST = Decimal("1e12"), Decimal("1e-9")  # what 28 digits compute exactly


class Sight(NamedTuple):
    """What the checks look at, at one instant; `leaving` is the order that a replacement takes the place of."""

    at: int
    floor: Floor
    listings: Mapping[str, Listing]
    hours: Hours
    terms: Terms
    means: Means
    mark: Decimal
    leaving: Placed | None = None
    mode: Mode = Mode.ONLINE
    top: Top | None = None


def admit(ticket: Ticket, sight: Sight) -> None:
    """Nothing, where the exchange takes `ticket`; Refused with the first reason where it does not."""
    for check in (_known, _clear, _trail, _restricted, _steps, _window, _holding, _funds, _crossing):
        check(ticket, sight)


def listing_of(ticket: Ticket, listings: Mapping[str, Listing]) -> Listing:
    """The listing of a ticket's symbol; Refused when there is none, or none that trades."""
    found = listings.get(ticket.symbol)
    if found is None:
        raise Refused(Reason.UNKNOWN_SYMBOL, f'asset "{ticket.symbol}" not found', {"symbol": ticket.symbol})
    if not found.tradable:
        raise Refused(Reason.NOT_TRADABLE, f'asset "{ticket.symbol}" is not tradable', {"symbol": ticket.symbol})
    return found


def _known(ticket: Ticket, sight: Sight) -> None:
    listing_of(ticket, sight.listings)
    if ticket.client_order_id in sight.floor.by_client_id:
        raise Refused(Reason.DUPLICATE, "client_order_id must be unique")


def _clear(ticket: Ticket, sight: Sight) -> None:
    amounts = {"qty": ticket.quantity, "notional": ticket.notional}
    prices = {"limit_price": ticket.limit, "stop_price": ticket.stop}
    prices |= {"trail_price": ticket.trail, "trail_percent": ticket.trail_part}
    for name, value in (amounts | prices).items():
        if value is not None and (not value.is_finite() or value <= 0):
            reason = Reason.QUANTITY if name in amounts else Reason.UNCLEAR
            raise Refused(reason, f"{name} must be > 0", {"field": name})
        if value is not None and (value > _LARGEST or value % _FINEST):
            raise Refused(Reason.UNCLEAR, f"{name} {value} is too large or too fine", {"field": name})
    if (ticket.quantity is None) == (ticket.notional is None):
        raise Refused(Reason.QUANTITY, "qty or notional is required, not both", {"field": "qty"})
    for name, needed, value in (
        ("limit_price", ticket.kind.limited, ticket.limit),
        ("stop_price", ticket.kind.stopped and ticket.kind is not Kind.TRAILING, ticket.stop),
    ):
        if needed != (value is not None):
            verb = "require" if needed else "must not have"
            raise Refused(Reason.UNCLEAR, f"{ticket.kind.value} orders {verb} a {name}", {"field": name})


def _trail(ticket: Ticket, sight: Sight) -> None:
    trails = (ticket.trail is not None) + (ticket.trail_part is not None)
    if trails != (ticket.kind is Kind.TRAILING):
        found = "trailing_stop orders must specify one of trail_price and trail_percent, and no other orders any"
        raise Refused(Reason.UNCLEAR, found, {"field": "trail_price"})
    if ticket.trail_part is not None and ticket.trail_part >= 1:
        raise Refused(Reason.UNCLEAR, "trail_percent must be < 100", {"field": "trail_percent"})


def _restricted(ticket: Ticket, sight: Sight) -> None:
    """What an exchange that is not wholly open refuses."""
    if sight.mode in (Mode.CANCEL_ONLY, Mode.MAINTENANCE):
        raise Refused(Reason.RESTRICTED, f"the market is in {sight.mode.value} mode")
    if sight.mode is Mode.POST_ONLY and not _rests(ticket, sight.top):
        raise Refused(Reason.RESTRICTED, "the market is in post_only mode, and the order would trade at once")


def _rests(ticket: Ticket, top: Top | None) -> bool:
    if ticket.kind is not Kind.LIMIT or ticket.limit is None or top is None:
        return False
    return (top.price(ticket.side) - ticket.limit) * ticket.side.sign > 0


def _steps(ticket: Ticket, sight: Sight) -> None:
    listing = sight.listings[ticket.symbol]
    tick, lot = listing.instrument.tick, listing.instrument.lot
    for name, price in (("limit_price", ticket.limit), ("stop_price", ticket.stop), ("trail_price", ticket.trail)):
        if price is not None and price % tick:
            raise Refused(Reason.TICK, f"invalid {name} {price}", {"field": name, "tick": str(tick)})
    whole = ticket.quantity is not None and not ticket.quantity % lot
    if not whole and not listing.fractional:
        raise Refused(Reason.LOT, f'asset "{ticket.symbol}" is not fractionable', {"field": "qty", "lot": str(lot)})
    value = ticket.notional or (ticket.quantity or ZERO) * worst(ticket, sight.mark)
    if value < listing.instrument.min_notional:
        least = listing.instrument.min_notional
        raise Refused(Reason.TOO_SMALL, f"cost basis must be >= minimal amount of order {least}", {"least": str(least)})


def _window(ticket: Ticket, sight: Sight) -> None:
    if ticket.life is Life.OPG and not sight.hours.takes_opening(sight.at):
        raise Refused(Reason.WINDOW, "opg orders must be submitted after 7:00pm and before 9:28am")
    if ticket.life is Life.CLS and not sight.hours.takes_closing(sight.at):
        raise Refused(Reason.WINDOW, "cls orders must be submitted after 7:00pm and before 3:50pm")


def _holding(ticket: Ticket, sight: Sight) -> None:
    """A reduction takes no more than is there and not promised; a sale of nothing held is a short."""
    if ticket.after is not None:
        return  # it takes off what the order before it brings
    listing = sight.listings[ticket.symbol]
    held = sight.floor.held(ticket.symbol) * -ticket.side.sign
    wanted = ticket.quantity if ticket.quantity is not None else (ticket.notional or ZERO) / sight.mark
    if held > 0:
        promised = min(sight.floor.promised(ticket.symbol, ticket.side) - _leaving(ticket, sight), held)
        if wanted > held - promised:
            raise _too_few(ticket, wanted, held, promised, sight.floor)
    elif ticket.side is Side.SELL:
        if listing.round_clock:
            base = listing.instrument.base
            found = f"insufficient balance for {base} (requested: {wanted}, available: 0)"
            raise Refused(Reason.NO_SHARES, found, {"symbol": ticket.symbol, "available": "0"})
        if not (sight.terms.shorting and listing.shortable and sight.terms.multiplier > 1):
            raise Refused(Reason.NO_SHORTS, "account is not allowed to short")
        if wanted % listing.instrument.lot:
            raise Refused(Reason.NO_SHORTS, "fractional orders cannot be sold short")


def _too_few(ticket: Ticket, wanted: Decimal, held: Decimal, promised: Decimal, floor: Floor) -> Refused:
    available = held - promised
    facts = {
        "available": f"{available.normalize():f}",
        "existing_qty": f"{held.normalize():f}",
        "held_for_orders": f"{promised.normalize():f}",
        "symbol": ticket.symbol,
        "related_orders": " ".join(
            o.order_id for o in floor.open_orders(ticket.symbol) if o.ticket.side is ticket.side
        ),
    }
    return Refused(
        Reason.NO_SHARES,
        f"insufficient qty available for order (requested: {wanted}, available: {facts['available']})",
        facts,
    )


def _funds(ticket: Ticket, sight: Sight) -> None:
    held = sight.floor.held(ticket.symbol) * ticket.side.sign
    if ticket.after is not None or held < 0 or (ticket.side is Side.SELL and sight.listings[ticket.symbol].round_clock):
        return
    price = worst(ticket, sight.mark)
    cost = ticket.notional or (ticket.quantity or ZERO) * price
    has = sight.means.free if sight.listings[ticket.symbol].round_clock else sight.means.buying_power
    has += _leaving(ticket, sight) * price
    if cost > has:
        facts = {"buying_power": f"{has:.2f}", "cost_basis": f"{cost:.2f}"}
        raise Refused(Reason.NO_FUNDS, "insufficient buying power", facts)


def _crossing(ticket: Ticket, sight: Sight) -> None:
    """No order that could trade with another of the same account."""
    for other in sight.floor.open_orders(ticket.symbol):
        if other.ticket.side is ticket.side or other is sight.leaving or sight.floor.waits(other):
            continue
        if ticket.family and ticket.family == other.ticket.family:
            continue
        if ticket.kind is Kind.LIMIT is other.ticket.kind:
            buy, sell = sorted((ticket, other.ticket), key=lambda t: t.side is Side.SELL)
            if (buy.limit or ZERO) < (sell.limit or ZERO):
                continue
        what = "limit" if other.ticket.kind is Kind.LIMIT else "market/stop"
        raise Refused(
            Reason.CROSSES_OWN,
            "potential wash trade detected. use complex orders",
            {"existing_order_id": other.order_id, "reject_reason": f"opposite side {what} order exists"},
        )


def _leaving(ticket: Ticket, sight: Sight) -> Decimal:
    """What is promised by the order that goes, or by a rival, and so is free for `ticket`."""
    if sight.leaving is not None:
        return sight.leaving.remaining
    known = (o.remaining for o in sight.floor.open_orders(ticket.symbol) if o.ticket.rivals == ticket.rivals)
    return max(known, default=ZERO) if ticket.rivals else ZERO
