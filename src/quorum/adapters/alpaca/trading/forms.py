"""From an intent to the body that Alpaca takes: https://docs.alpaca.markets (POST /v2/orders)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from quorum.adapters.alpaca.trading.words import is_pair, named, written
from quorum.domain import AimedIntent, BrokerError, Hold, OrderIntent, OrderKind, OrderTerms, Side
from quorum.execution import Abilities

ABILITIES = Abilities(enforces_collar=False, exclusive=True, between="/")
"""A market-on-open order is the one that may fill beyond its collar."""

_CENT, _FINE, _ONE = Decimal("0.01"), Decimal("0.0001"), Decimal(1)
_LONGEST_ID = 128
Step = Callable[[str], Decimal]


def body_of(intent: OrderIntent, step: Step) -> dict[str, str]:
    """The order of an intent; `step` is asked for the price step of a pair. BrokerError for what cannot be placed.

    A market order goes as a limit order at its collar and a stop as a stop-limit order there, so that the venue itself
    keeps the collar; an opening order at the market alone goes as it is. The collar is rounded to the price step so
    that it is never worse.
    """
    _sound(intent)
    pair, terms = is_pair(intent.symbol), intent.terms
    body = {
        "symbol": intent.symbol,
        "qty": written(intent.quantity),
        "side": intent.side.value,
        "time_in_force": _life(intent, pair),
        "client_order_id": intent.client_order_id,
    }
    if terms.kind is OrderKind.MARKET and terms.hold is Hold.OPG:
        return {**body, "type": "market"}
    if terms.kind in (OrderKind.MARKET, OrderKind.STOP):
        limit = inward(intent.collar, step(intent.symbol) if pair else step_of_share(intent.collar), intent.side)
    else:
        limit = _on_step("limit_price", intent.collar, intent, step)
    if not terms.kind.waits or terms.trigger is None:
        return {**body, "type": "limit", "limit_price": written(limit)}
    stop = _on_step("stop_price", terms.trigger, intent, step)
    return {**body, "type": "stop_limit", "limit_price": written(limit), "stop_price": written(stop)}


def step_of_share(price: Decimal) -> Decimal:
    """The step of a share's price: a cent from one dollar on, a hundredth of one below."""
    return _CENT if price >= 1 else _FINE


def inward(price: Decimal, step: Decimal, side: Side) -> Decimal:
    """`price` on the step, never worse for who trades on `side`."""
    rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
    return (price / step).to_integral_value(rounding) * step


def _on_step(field: str, price: Decimal, intent: OrderIntent, step: Step) -> Decimal:
    fine = step(intent.symbol) if is_pair(intent.symbol) else step_of_share(price)
    if price % fine:
        raise BrokerError(f"{intent.symbol}: {field} {price} is off the step of {fine}", "put the price on the step")
    return price


def _sound(intent: OrderIntent) -> None:
    """Refuse what no answer of the venue is needed for."""
    for field, value in (("qty", intent.quantity), ("limit_price", intent.collar)):
        if not value.is_finite() or value <= 0:
            raise BrokerError(f"{intent.symbol}: {field} {value} makes no sense", "give a number above 0")
    if isinstance(intent, AimedIntent):
        raise BrokerError(f"{intent.symbol}: alpaca takes quantities, not aims", "size the order first")
    if len(intent.client_order_id) > _LONGEST_ID:
        raise BrokerError(f"client_order_id has more than {_LONGEST_ID} characters", "this is a bug: report it")
    spelt = named(intent.symbol, "crypto" if is_pair(intent.symbol) else "")
    if spelt != intent.symbol:
        raise BrokerError(f"{intent.symbol}: alpaca writes this pair as {spelt}", f"trade it as {spelt}")


def _life(intent: OrderIntent, pair: bool) -> str:
    terms, whole = intent.terms, not intent.quantity % _ONE
    if pair:
        return _life_of_pair(intent.symbol, terms)
    if terms.hold is Hold.OPG:
        if not whole:
            raise BrokerError(f"{intent.symbol}: qty {intent.quantity} is not whole", "the opening takes whole shares")
        return "opg"
    if whole:
        return "day" if terms == OrderTerms() else terms.hold.value
    if terms.hold is Hold.DAY or terms == OrderTerms():
        return "day"
    raise BrokerError(
        f"{intent.symbol}: parts of a share ({intent.quantity}) hold for the day only, not {terms.hold}",
        "round it to whole shares, or let it hold for the day",
    )


def _life_of_pair(symbol: str, terms: OrderTerms) -> str:
    if terms.hold is Hold.OPG:
        raise BrokerError(f"{symbol}: there is no opening of a pair", "let it hold gtc or ioc")
    if terms.hold is Hold.DAY:
        raise BrokerError(f"{symbol}: a pair has no day (time_in_force day)", "let it hold gtc or ioc")
    return terms.hold.value
