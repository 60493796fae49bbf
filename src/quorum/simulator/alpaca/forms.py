"""The JSON of Alpaca's trading API: orders, positions, the account, assets, activities."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from quorum.domain import DAY, SECOND, ZERO, Position, Side, iso
from quorum.simulator.alpaca.listings import asset_id, is_pair, name_of, spoken
from quorum.simulator.core import NEW_YORK, Adjusted, Exchange, Listing, Placed, State, Traded
from quorum.simulator.serving import Simulation

ACTIVITIES = (
    *("FILL", "ACATC", "ACATS", "CFEE", "CIL", "CSD", "CSW", "DIV", "DIVCGL", "DIVCGS", "DIVNRA", "DIVROC", "DIVTXEX"),
    *(
        "DIVWH",
        "EXTRD",
        "FEE",
        "FXTRD",
        "INT",
        "INTPNL",
        "JNL",
        "JNLC",
        "JNLS",
        "MA",
        "MEM",
        "NC",
        "OCT",
        "OPASN",
        "OPCSH",
    ),
    *("OPEXC", "OPEXP", "OPTRD", "PTC", "REORG", "SPIN", "SPLIT", "SWP", "TRANS", "VOF", "WH"),
)
_CENT, _RATE = Decimal("0.01"), Decimal("0.000001")


def text(value: Decimal | None) -> str | None:
    """A number as Alpaca writes it."""
    return None if value is None else f"{value.normalize():f}"


def money(value: Decimal) -> str:
    """An amount of dollars, to the cent and without idle zeros."""
    return f"{value.quantize(_CENT).normalize():f}"


def local(at: int) -> str:
    """An instant with New York's offset."""
    return datetime.fromtimestamp(at // SECOND, NEW_YORK).isoformat()


def class_of(listing: Listing) -> str:
    """The class of an asset."""
    return "crypto" if is_pair(listing) else "us_equity"


def status_of(exchange: Exchange, order: Placed) -> str:
    """The status of an order; one that waits for its market is `accepted`, one that waits for another `held`."""
    if order.state is State.NEW and held(exchange, order):
        return "held"
    if order.state is State.NEW and not exchange.trades_now(order.ticket.symbol, order.ticket.extended):
        return "accepted"
    return order.state.value


def held(exchange: Exchange, order: Placed) -> bool:
    """Whether the venue holds an order back: the legs of an entry, and the stop beside a profit's limit."""
    stop = order.ticket.rivals is not None and order.ticket.kind.stopped and not order.triggered
    return exchange.floor.waits(order) or stop


def intent_of(order: Placed) -> str:
    """What the order does to its position."""
    return f"{order.ticket.side.value}_to_{'close' if order.ticket.closing else 'open'}"


def order_form(exchange: Exchange, order: Placed, status: str | None = None) -> dict[str, Any]:
    """An order."""
    ticket, listing = order.ticket, exchange.listings[order.ticket.symbol]

    def when(*states: State) -> str | None:
        return iso(order.ended) if order.ended is not None and order.state in states else None

    return {
        "id": order.order_id,
        "client_order_id": ticket.client_order_id,
        "created_at": iso(order.at),
        "updated_at": iso(order.updated),
        "submitted_at": iso(order.at),
        "filled_at": when(State.FILLED),
        "expired_at": when(State.EXPIRED),
        "canceled_at": when(State.CANCELED),
        "failed_at": when(State.REJECTED),
        "replaced_at": when(State.REPLACED),
        "replaced_by": order.replaced_by,
        "replaces": order.replaces,
        "asset_id": asset_id(ticket.symbol),
        "symbol": ticket.symbol,
        "asset_class": class_of(listing),
        "notional": text(ticket.notional),
        "qty": text(ticket.quantity),
        "filled_qty": text(order.filled),
        "filled_avg_price": text(order.average_price),
        "order_class": ticket.label or ("" if is_pair(listing) else "simple"),
        "order_type": ticket.kind.value,
        "type": ticket.kind.value,
        "side": ticket.side.value,
        "time_in_force": ticket.life.value,
        "limit_price": text(ticket.limit) if ticket.kind.limited else None,
        "stop_price": text(order.stop) if ticket.kind.stopped else None,
        "status": status or status_of(exchange, order),
        "extended_hours": ticket.extended,
        "legs": None,
        "trail_percent": text(None if ticket.trail_part is None else 100 * ticket.trail_part),
        "trail_price": text(ticket.trail),
        "hwm": text(order.best),
        "position_intent": intent_of(order),
        "subtag": None,
        "source": None,
    }


def nested_form(exchange: Exchange, order: Placed, status: str | None = None) -> dict[str, Any]:
    """An order with its legs, where it has any."""
    family = (exchange.floor.orders[name] for name in exchange.floor.families.get(order.ticket.family, ()))
    legs = [order_form(exchange, each) for each in family if is_leg(each) and each.replaced_by is None]
    return order_form(exchange, order, status) | {"legs": None if is_leg(order) else legs or None}


def is_leg(order: Placed) -> bool:
    """Whether an order came with another: it waits for it, or is the stop beside it."""
    return order.ticket.after is not None or (order.ticket.label == "oco" and order.ticket.kind.stopped)


def position_form(simulation: Simulation, held: Position) -> dict[str, Any]:
    """A holding at the last price."""
    exchange = simulation.exchange
    listing = exchange.listings[held.symbol]
    price, before = exchange.mark(held.symbol), last_day(simulation, listing)
    average = abs(held.cost / held.quantity)
    value, gain, today = held.quantity * price, held.unrealised(price), held.quantity * (price - before)
    worth = {
        "avg_entry_price": text(average.quantize(Decimal("1e-9"))),
        "market_value": money(value),
        "cost_basis": money(held.cost),
        "unrealized_pl": money(gain),
        "unrealized_plpc": text((gain / abs(held.cost)).quantize(_RATE) if held.cost else ZERO),
        "unrealized_intraday_pl": money(today),
        "unrealized_intraday_plpc": text(((price - before) / before).quantize(_RATE)),
        "current_price": text(price),
        "lastday_price": text(before),
        "change_today": text(((price - before) / before).quantize(_RATE)),
    }
    reserved = min(exchange.floor.promised(held.symbol, simulation.close_side(held.symbol)), abs(held.quantity))
    return {
        "asset_id": asset_id(held.symbol),
        "symbol": spoken(held.symbol),
        "exchange": listing.instrument.venue,
        "asset_class": class_of(listing),
        "asset_marginable": not is_pair(listing),
        "qty": text(held.quantity),
        "qty_available": text(abs(held.quantity) - reserved),
        "side": "long" if held.quantity > 0 else "short",
        **worth,
        "usd": worth,
    }


def last_day(simulation: Simulation, listing: Listing) -> Decimal:
    """The close before the session that runs; its first price where the run has no day behind it."""
    session = simulation.exchange.hours.session(simulation.clock.now())
    past = simulation.pasts[listing.symbol]
    closes = past.minutes(session.open - 5 * DAY, session.open).close
    return listing.instrument.price(closes[-1].item()) if len(closes) else listing.price


def account_form(simulation: Simulation, last_equity: Decimal) -> dict[str, Any]:
    """The account; `last_equity` is what it was worth at the close before."""
    exchange, means, options = simulation.exchange, simulation.exchange.means, simulation.options
    gross, power = means.long - means.short, money(means.buying_power)
    form: dict[str, Any] = {
        "id": asset_id(f"account:{options.seed}"),
        "account_number": f"PA{options.keys.key[-10:]}",
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "currency": exchange.floor.currency,
        "cash": text(means.cash),
        "portfolio_value": text(means.equity),
        "equity": text(means.equity),
        "last_equity": money(last_equity),
        "buying_power": power,
        "regt_buying_power": power,
        "daytrading_buying_power": power,
        "options_buying_power": "0",
        "non_marginable_buying_power": money(means.free),
        "multiplier": text(options.multiplier),
        "long_market_value": money(means.long),
        "short_market_value": money(means.short),
        "position_market_value": money(gross),
        "initial_margin": money(gross / options.multiplier),
        "maintenance_margin": money(gross * Decimal("0.3")),
        "last_maintenance_margin": money(gross * Decimal("0.3")),
        "sma": "0",
        "accrued_fees": "0",
        "shorting_enabled": exchange.terms.shorting and options.multiplier > 1,
        "trade_suspended_by_user": '"suspend_trade": true' in exchange.floor.notes.get("configurations", ""),
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "created_at": iso(exchange.floor.opened),
        "options_approved_level": "0",
        "options_trading_level": "0",
    }
    return form | ({"pattern_day_trader": False, "daytrade_count": 0} if options.retired_fields else {})


def asset_form(listing: Listing) -> dict[str, Any]:
    """An asset."""
    pair = is_pair(listing)
    extra = {"min_order_size": "0.000000001", "min_trade_increment": "0.000000001", "price_increment": "0.01"}
    return {
        "id": asset_id(listing.symbol),
        "class": class_of(listing),
        "exchange": listing.instrument.venue,
        "symbol": listing.symbol,
        "name": name_of(listing.symbol),
        "status": "active",
        "tradable": listing.tradable,
        "marginable": not pair,
        "shortable": listing.shortable,
        "easy_to_borrow": listing.shortable,
        "fractionable": listing.fractional,
        "maintenance_margin_requirement": 100 if pair else 30,
        "attributes": [] if pair else ["fractional_eh_enabled", "overnight_tradable"],
        **(extra if pair else {}),
    }


def fill_form(exchange: Exchange, fill: Traded, done: Decimal) -> dict[str, Any]:
    """A fill as an activity; `done` is what of the order has filled with it."""
    order = exchange.floor.orders[fill.order_id]
    leaves = max((order.quantity or ZERO) - done, ZERO)
    return {
        "id": activity_id(fill.at, fill.fill_id),
        "activity_type": "FILL",
        "transaction_time": iso(fill.at),
        "type": "partial_fill" if leaves else "fill",
        "price": text(fill.price),
        "qty": text(fill.quantity),
        "side": fill.side.value,
        "symbol": fill.symbol,
        "leaves_qty": text(leaves),
        "order_id": fill.order_id,
        "cum_qty": text(done),
        "order_status": State.PARTIAL.value if leaves else State.FILLED.value,
    }


def fee_form(fill: Traded) -> dict[str, Any]:
    """The fee of a crypto fill as an activity: in coins for a buyer, in dollars for a seller."""
    coins = fill.side is Side.BUY
    return {
        "id": activity_id(fill.at, f"{fill.fill_id[:-4]}fee0"),
        "activity_type": "CFEE",
        "date": local(fill.at)[:10],
        "net_amount": "0" if coins else f"-{text(fill.fee)}",
        "description": "Coin Pair Transaction Fee",
        "symbol": spoken(fill.symbol),
        "qty": f"-{text(fill.fee)}" if coins else "0",
        "price": text(fill.price),
        "status": "executed",
        "order_id": fill.order_id,
    }


def move_form(move: Adjusted, number: int) -> dict[str, Any]:
    """What other hands moved as an activity: cash that came or went, or shares.

    Where its detail begins with an activity's name, as in `DIV AAPL`, it is that, of the symbol behind it.
    """
    word, _, rest = move.detail.partition(" ")
    cash = move.symbol is None
    usual = ("CSD" if move.quantity > 0 else "CSW") if cash else "JNLS"
    symbol = move.symbol or (rest if word in ACTIVITIES else "")
    return {
        "id": activity_id(move.at, str(uuid.uuid5(uuid.NAMESPACE_OID, f"move {number}"))),
        "activity_type": word if word in ACTIVITIES else usual,
        "date": local(move.at)[:10],
        "net_amount": text(move.quantity) if cash else "0",
        "description": move.detail,
        "status": "executed",
        **({"symbol": spoken(symbol)} if symbol else {}),
        **({} if cash else {"qty": text(move.quantity), "price": text(move.price)}),
    }


def activity_id(at: int, name: str) -> str:
    """The id of an activity, in the order of its time."""
    digits = iso(at // 1_000_000 * 1_000_000).translate(str.maketrans("", "", "-:TZ"))
    whole, _, part = digits.partition(".")
    return f"{whole}{part:0<3}::{name}"
