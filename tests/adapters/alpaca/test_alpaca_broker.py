"""Alpaca as a Broker, over the simulated exchange: orders, fills, cancels, the account."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from adapters.alpaca.alpaca_desk import Desk, desk_at, secrets, wish
from quorum.adapters.alpaca.trading import AlpacaBroker, Line
from quorum.domain import (
    HOUR,
    BrokerError,
    BrokerUnreachable,
    Hold,
    OrderKind,
    OrderStatus,
    OrderTerms,
    QuorumError,
    Side,
)
from quorum.execution import BrokerOrder

D = Decimal
S = OrderStatus


def facts(answer: BrokerOrder | None) -> tuple[OrderStatus, list[tuple[str, str]]]:
    assert answer is not None
    return answer.status, [(f"{f.quantity.normalize():f}", f"{f.price:.2f}") for f in answer.fills]


def test_a_market_order_rests_nowhere_beyond_its_collar() -> None:
    with desk_at() as desk:
        assert facts(desk.broker.submit(wish())) == (S.ACCEPTED, [])
        filled = desk.broker.order("Q1")
        assert facts(filled) == (S.FILLED, [("10", "100.01")])
        assert filled is not None
        assert (filled.symbol, filled.quantity) == ("AAPL", D(10))
        desk.priced("AAPL", 105)
        desk.broker.submit(wish(2))
        assert facts(desk.broker.order("Q2")) == (S.ACCEPTED, [])
        kinds = [(row["type"], row["limit_price"]) for row in desk.client.get("/v2/orders?status=all").json()]
        assert kinds == [("limit", "101")] * 2


def test_the_same_id_twice_is_one_order() -> None:
    with desk_at() as desk:
        desk.broker.submit(wish())
        again = desk.broker.submit(wish(quantity="3"))
        assert facts(again) == (S.FILLED, [("10", "100.01")])
        assert len(desk.happened("accepted")) == 1


def test_fills_come_in_parts_with_ids_that_stay() -> None:
    with desk_at() as desk:
        desk.priced("AAPL", 100, bid_size=4, ask_size=4)
        desk.broker.submit(wish())
        first = desk.broker.order("Q1")
        assert facts(first) == (S.PARTIALLY_FILLED, [("4", "100.01")])
        desk.priced("AAPL", 100.5, bid_size=100, ask_size=100)
        last, afresh = desk.broker.order("Q1"), desk.door().order("Q1")
        assert facts(last) == (S.FILLED, [("4", "100.01"), ("6", "100.51")])
        assert last == afresh
        assert first is not None
        assert last is not None
        assert last.fills[0] == first.fills[0]


def test_a_pair_pays_its_fee_in_what_was_bought_and_in_dollars_when_it_is_sold() -> None:
    with desk_at() as desk:
        buy = wish(1, "0.02", symbol="BTC/USD", price=D(50_000), collar=D(51_000))
        desk.broker.submit(buy)
        bought = desk.broker.order("Q1")
        assert bought is not None
        (fill,) = bought.fills
        assert (fill.fee, fill.fee_currency, fill.fee_in_base) == (D("0.00005"), "BTC", D("0.00005"))
        held = desk.broker.account()
        assert held.positions == {"BTC/USD": D("0.01995")}
        desk.broker.submit(wish(2, "0.01", Side.SELL, symbol="BTC/USD", price=D(50_000), collar=D(49_000)))
        sold = desk.broker.order("Q2")
        assert sold is not None
        (fill,) = sold.fills
        assert (fill.fee_currency, fill.fee) == ("USD", fill.notional * D("0.0025"))
        cash = D(100_000) - bought.fills[0].notional + fill.notional - fill.fee
        assert desk.broker.account().cash == {"USD": cash}


def test_short_holdings_are_below_zero() -> None:
    with desk_at() as desk:
        desk.broker.submit(wish(side=Side.SELL))
        assert desk.broker.account().positions == {"AAPL": D(-10)}


def test_a_stop_waits_for_its_trigger_and_holds_its_collar() -> None:
    with desk_at() as desk:
        desk.broker.submit(wish())
        terms = OrderTerms(OrderKind.STOP, trigger=D(95))
        stop = wish(2, side=Side.SELL, collar=D(90), terms=terms, expires_at=wish().expires_at + 1000 * HOUR)
        assert facts(desk.broker.submit(stop)) == (S.ACCEPTED, [])
        assert [order.client_order_id for order in desk.door().open_orders()] == ["Q2"]
        desk.priced("AAPL", 94)
        assert facts(desk.broker.order("Q2")) == (S.FILLED, [("10", "93.99")])


def test_cancelling_ends_the_rest_and_keeps_the_fills() -> None:
    with desk_at() as desk:
        desk.priced("AAPL", 100, ask_size=4)
        desk.broker.submit(wish())
        cancelled = desk.broker.cancel("Q1")
        assert facts(cancelled) == (S.CANCELLED, [("4", "100.01")])
        assert desk.broker.cancel("Q1") == cancelled == desk.broker.order("Q1")
        with pytest.raises(BrokerError, match="there is no order Q7 to cancel"):
            desk.broker.cancel("Q7")


def test_an_order_past_its_approval_is_cancelled_when_it_is_looked_at() -> None:
    with desk_at() as desk:
        far = wish(collar=D(90), terms=OrderTerms(OrderKind.LIMIT))
        desk.broker.submit(far)
        desk.later(3599)
        assert facts(desk.broker.order("Q1")) == (S.ACCEPTED, [])
        desk.later(2)
        assert facts(desk.broker.order("Q1")) == (S.CANCELLED, [])


def test_what_is_open_is_listed_over_many_pages_and_ends_at_one_word() -> None:
    with desk_at() as desk:
        for number in range(1, 24):
            if number % 4 == 0:
                desk.later(1)
            body = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "limit", "time_in_force": "day"}
            desk.client.post("/v2/orders", json={**body, "limit_price": "50", "client_order_id": f"Q{number}"})
        paged = AlpacaBroker(Line(desk.address.url, secrets(desk.address), desk.clock), desk.clock, page=5)
        for listed in (paged.open_orders(), desk.broker.open_orders()):
            assert [order.client_order_id for order in listed] == [f"Q{n}" for n in range(1, 24)]
        assert desk.broker.cancel_all() == {}
        assert desk.broker.open_orders() == []


def test_nobody_knows_of_an_order_before_it_can_no_longer_arrive() -> None:
    with desk_at() as desk:
        sent = desk.clock.now()
        with pytest.raises(BrokerUnreachable, match="no order Q1 yet, 0 s after it was sent; it may still arrive"):
            desk.broker.order("Q1", sent)
        desk.later(74)
        with pytest.raises(BrokerUnreachable):
            desk.broker.order("Q1", sent)
        desk.later(1)
        assert desk.broker.order("Q1", sent) is None
        assert desk.broker.order("Q1") is None


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"quantity": D("NaN")}, "qty NaN makes no sense; give a number above 0"),
        ({"quantity": D(-3)}, "qty -3 makes no sense"),
        ({"collar": D("0")}, "limit_price 0 makes no sense"),
        ({"symbol": "NOPE"}, "alpaca does not know NOPE; check the symbol"),
        ({"symbol": "BTCUSD"}, "alpaca writes this pair as BTC/USD"),
        ({"collar": D("100.001"), "terms": OrderTerms(OrderKind.LIMIT)}, "limit_price 100.001 is off the step of 0.01"),
        ({"quantity": D("1.5"), "terms": OrderTerms(OrderKind.LIMIT)}, "hold for the day only, not gtc"),
        ({"quantity": D("1.5"), "terms": OrderTerms(hold=Hold.OPG)}, "the opening takes whole shares"),
        ({"symbol": "BTC/USD", "terms": OrderTerms(hold=Hold.OPG)}, "no opening of a pair"),
        ({"quantity": D(100_000)}, "code 40310000.*insufficient buying power.*cost_basis 10100000.00.; sell first"),
        ({"quantity": D("0.5"), "side": Side.SELL, "collar": D(99)}, "sold short"),
    ],
)
def test_what_cannot_be_placed_is_refused_with_the_field_and_the_rule(changed: dict[str, Any], found: str) -> None:
    with desk_at() as desk:
        with pytest.raises(BrokerError, match=found) as refusal:
            desk.broker.submit(wish(**changed))
        assert not isinstance(refusal.value, BrokerUnreachable)
        assert refusal.value.remedy
        assert desk.happened("accepted") == []


def test_an_opening_order_has_its_window() -> None:
    with desk_at(hours="calendar") as desk:
        with pytest.raises(BrokerError, match=r"42210000.*opg orders.*after 19:00 and before 09:28"):
            desk.broker.submit(wish(terms=OrderTerms(hold=Hold.OPG)))
        desk.later(8 * 3600)
        assert facts(desk.broker.submit(wish(2, terms=OrderTerms(hold=Hold.OPG)))) == (S.ACCEPTED, [])


def test_shares_that_an_order_holds_and_trades_with_oneself_are_refused_with_the_order() -> None:
    with desk_at() as desk:
        desk.broker.submit(wish())
        limit = OrderTerms(OrderKind.LIMIT)
        desk.broker.submit(wish(2, side=Side.SELL, collar=D(120), terms=limit))
        with pytest.raises(BrokerError, match=r"held_for_orders 10.*cancel the orders that hold it"):
            desk.broker.submit(wish(3, side=Side.SELL, collar=D(120), terms=limit))
        with pytest.raises(BrokerError, match=r"wash trade.*existing_order_id .*cancel the order on the other side"):
            desk.broker.submit(wish(4, collar=D(121), terms=limit))


def test_keys_that_are_revoked_are_refused_in_words_and_shown_nowhere() -> None:
    with desk_at() as desk:
        desk.broker.account()
        desk.planted({"fault": "revoked", "on": "GET /v2/account"})
        acts = (
            desk.broker.account,
            desk.broker.open_orders,
            desk.broker.cancel_all,
            lambda: desk.broker.submit(wish()),
        )
        for act in acts:
            with pytest.raises(BrokerError, match=r"refuses the keys \(403.*not revoked") as refusal:
                act()
            assert not isinstance(refusal.value, BrokerUnreachable)
            _shows_no_key(desk, refusal.value)


def _shows_no_key(desk: Desk, error: QuorumError) -> None:
    shown = f"{error!r} {error} {error.__cause__!r} {error.__context__!r} {vars(desk.broker)!r}"
    assert desk.address.keys.key not in shown
    assert desk.address.keys.secret not in shown


def test_it_asks_as_often_as_the_venue_says_it_takes() -> None:
    with desk_at(rate=1_000_000) as desk:
        began = time.monotonic()
        for _ in range(160):  # 100 at once and 150 a minute would take 24 s
            desk.broker.account()
        assert time.monotonic() - began < 15


def test_what_a_holding_cost_is_told_with_it() -> None:
    with desk_at() as desk:
        desk.client.post("/sim/positions", json={"symbol": "MSFT", "quantity": "2"}).raise_for_status()
        told = desk.broker.account()
        assert (told.positions, told.paid) == ({"MSFT": Decimal(2)}, {"MSFT": Decimal(400)})
