"""Words of the domain for tests: plain ones to vary, and strategies of any."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from quorum.domain import (
    MINUTE,
    Book,
    Direction,
    ExitPlan,
    Fill,
    OrderIntent,
    Position,
    Proposal,
    Purpose,
    Side,
    View,
    parse_instant,
)

NOW = parse_instant("2024-06-03T12:00:00Z")
SYMBOLS = ("BTCUSDT", "ETHUSDT", "AAPL")


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    """Decimals from `low` to `high` in units of the last of `places` digits."""
    return st.integers(low, high).map(lambda units: Decimal(units).scaleb(-places))


QUANTITIES = decimals(1, 10**12, 8)
PRICES = decimals(1, 10**7, 2)
AMOUNTS = decimals(-(10**15), 10**15, 8) | st.sampled_from([Decimal("1E+3"), Decimal("-0.00"), Decimal("1E-18")])
INSTANTS = st.integers(-(2**62), 2**62)
NAMES = st.text(max_size=6)


def amounts_of(amounts: st.SearchStrategy[Decimal]) -> st.SearchStrategy[dict[str, Decimal]]:
    return st.dictionaries(st.sampled_from(SYMBOLS), amounts, max_size=3)


POSITIONS = st.builds(Position, st.sampled_from(SYMBOLS), AMOUNTS, AMOUNTS, AMOUNTS)
EXITS = st.builds(ExitPlan, st.none() | PRICES, st.lists(PRICES, max_size=3).map(tuple), st.none() | INSTANTS)
FILLS = st.builds(Fill, NAMES, NAMES, NAMES, st.sampled_from(Side), QUANTITIES, PRICES, AMOUNTS, NAMES, INSTANTS)
PROPOSALS = st.builds(
    Proposal,
    st.sampled_from(Purpose),
    NAMES,
    st.sampled_from(SYMBOLS),
    st.sampled_from(Side),
    QUANTITIES,
    PRICES,
    INSTANTS,
    INSTANTS,
    NAMES,
    NAMES,
    EXITS,
)
INTENTS = st.builds(
    OrderIntent,
    NAMES,
    NAMES,
    NAMES,
    st.sampled_from(SYMBOLS),
    st.sampled_from(Side),
    QUANTITIES,
    PRICES,
    PRICES,
    AMOUNTS,
    st.sampled_from(Purpose),
    NAMES,
    st.integers(0, 10**6),
    INSTANTS,
    INSTANTS,
    EXITS,
)
BOOKS = st.builds(
    Book,
    NAMES,
    NAMES,
    st.integers(0, 10**6),
    AMOUNTS,
    AMOUNTS,
    st.lists(POSITIONS, max_size=3).map(lambda held: {p.symbol: p for p in held}),
    amounts_of(AMOUNTS),
    amounts_of(QUANTITIES),
    amounts_of(PRICES),
)


def fill(side: Side, size: Decimal | str, paid: Decimal | str, **changed: Any) -> Fill:
    """A fill of BTCUSDT without a fee."""
    values: dict[str, Any] = {
        "fill_id": "Q1-1",
        "client_order_id": "Q1",
        "symbol": "BTCUSDT",
        "side": side,
        "quantity": Decimal(size),
        "price": Decimal(paid),
        "fee": Decimal(0),
        "fee_currency": "USDT",
        "time": NOW,
    }
    return Fill(**{**values, **changed})


def intent(**changed: Any) -> OrderIntent:
    """To buy 10 BTCUSDT at about 100, no worse than 101, within an hour."""
    values: dict[str, Any] = {
        "intent_id": "INT-1",
        "client_order_id": "Q1",
        "account": "paper",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "quantity": Decimal(10),
        "price": Decimal(100),
        "collar": Decimal(101),
        "reserve": Decimal(1010),
        "purpose": Purpose.SIGNAL,
        "decision_id": "DEC-20240603-001",
        "account_version": 1,
        "created_at": NOW,
        "expires_at": NOW + 60 * MINUTE,
    }
    return OrderIntent(**{**values, **changed})


def proposal(**changed: Any) -> Proposal:
    """A wish to buy 10 BTCUSDT at 100, for a plan."""
    values: dict[str, Any] = {
        "purpose": Purpose.PLAN,
        "account": "paper",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "quantity": Decimal(10),
        "price": Decimal(100),
        "as_of": NOW,
        "expires": NOW + 60 * MINUTE,
        "key": "an occasion",
        "origin": "DEC-20240603-001",
    }
    return Proposal(**{**values, **changed})


def view(**changed: Any) -> View:
    """A bullish view: in at 99..100, out at 95, or at 110 and 120."""
    values: dict[str, Any] = {
        "source": "smc",
        "symbol": "BTCUSDT",
        "time": NOW,
        "direction": Direction.BULLISH,
        "confidence": 0.7,
        "valid_minutes": 60,
        "rationale": "it rises",
        "entry": (99.0, 100.0),
        "stop": 95.0,
        "targets": (110.0, 120.0),
    }
    return View(**{**values, **changed})
