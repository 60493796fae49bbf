"""What every broker promises, whatever its venue: to be run over each of them in a market that the test moves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Protocol

import pytest

from quorum.domain import BrokerError, BrokerUnreachable, Hold, OrderIntent, OrderKind, OrderStatus, OrderTerms, Side
from quorum.execution import Broker, BrokerOrder

D = Decimal
S = OrderStatus


class Market(Protocol):
    """A venue with one symbol, last traded at 100, an account with enough cash, and time that stands."""

    symbol: str
    currency: str

    @property
    def broker(self) -> Broker:
        """The first door."""
        ...

    def door(self) -> Broker:
        """Another door, which remembers nothing."""
        ...

    def wish(self, number: int = 1, quantity: str = "10", side: Side = Side.BUY, **changed: Any) -> OrderIntent:
        """An intent whose collar is one away from 100, approved for an hour."""
        ...

    def price(self, last: str, size: str | None = None) -> None:
        """A second later, `size` (or any amount) can be had at `last`."""
        ...

    def later(self, seconds: float) -> None:
        """Time passes, and nothing trades."""
        ...


class EveryBroker:
    """Subclasses give the fixture `market`."""

    def test_the_same_id_twice_is_one_order(self, market: Market) -> None:
        market.price("100")
        market.broker.submit(market.wish())
        for again in (market.wish(), market.wish(quantity="7")):
            assert market.broker.submit(again) == known(market)
        assert facts(known(market)) == (S.FILLED, "10")
        assert market.broker.account().positions == {market.symbol: D(10)}

    @pytest.mark.parametrize(("side", "beyond", "within"), [(Side.BUY, "102", "100.5"), (Side.SELL, "98", "99.5")])
    def test_no_fill_is_worse_than_the_collar(self, market: Market, side: Side, beyond: str, within: str) -> None:
        market.price(beyond)
        market.broker.submit(market.wish(side=side))
        assert facts(known(market)) == (S.ACCEPTED, "0")
        market.price(within)
        (fill,) = known(market).fills
        assert (fill.price, fill.side, fill.symbol) == (D(within), side, market.symbol)

    def test_what_is_filled_in_parts_keeps_its_fills_and_every_door_shows_them(self, market: Market) -> None:
        market.price("100", "4")
        market.broker.submit(market.wish())
        first = known(market)
        assert facts(first) == (S.PARTIALLY_FILLED, "4")
        market.price("100.5", "100")
        done = known(market)
        assert facts(done) == (S.FILLED, "10")
        assert done.fills[: len(first.fills)] == first.fills
        assert [fill.time for fill in done.fills] == sorted(fill.time for fill in done.fills)
        assert len({fill.fill_id for fill in done.fills}) == len(done.fills)
        assert market.door().order("Q1") == done == known(market)

    def test_cancelling_ends_the_rest_and_keeps_the_fills(self, market: Market) -> None:
        market.price("100", "4")
        market.broker.submit(market.wish())
        cancelled = market.broker.cancel("Q1")
        assert facts(cancelled) == (S.CANCELLED, "4")
        market.price("100", "100")
        assert known(market) == cancelled == market.broker.cancel("Q1")
        assert market.door().account().positions == {market.symbol: D(4)}

    def test_what_is_open_is_listed_and_ends_at_one_word(self, market: Market) -> None:
        market.price("105", "1")
        for number in (1, 2, 3):
            market.later(1)
            market.broker.submit(market.wish(number))
        listed = market.door().open_orders()
        assert [(o.client_order_id, o.symbol, o.quantity) for o in listed] == [
            (f"Q{n}", market.symbol, D(10)) for n in (1, 2, 3)
        ]
        assert market.door().cancel_all() == {}
        assert market.broker.open_orders() == []
        assert {known(market, number).status for number in (1, 2, 3)} == {S.CANCELLED}

    def test_a_limit_order_waits_for_its_price(self, market: Market) -> None:
        market.price("100")
        market.broker.submit(market.wish(collar=D(99), terms=OrderTerms(OrderKind.LIMIT)))
        assert facts(known(market)) == (S.ACCEPTED, "0")
        market.price("98", "100")
        assert facts(known(market)) == (S.FILLED, "10")
        assert all(fill.price <= 99 for fill in known(market).fills)

    @pytest.mark.parametrize("kind", [OrderKind.STOP, OrderKind.STOP_LIMIT])
    def test_a_stop_waits_for_its_trigger(self, market: Market, kind: OrderKind) -> None:
        market.price("100")
        terms = OrderTerms(kind, trigger=D(95))
        market.broker.submit(market.wish(side=Side.SELL, collar=D(90), terms=terms))
        market.price("96")
        assert facts(known(market)) == (S.ACCEPTED, "0")
        market.price("94")
        market.price("94")
        assert facts(known(market)) == (S.FILLED, "10")

    def test_what_cannot_be_had_at_once_ends_at_once_where_it_was_asked(self, market: Market) -> None:
        market.price("100", "4")
        market.broker.submit(market.wish(terms=OrderTerms(hold=Hold.IOC)))
        ended = known(market)
        assert ended.status in (S.EXPIRED, S.CANCELLED)
        assert facts(ended)[1] == "4"

    def test_an_order_ends_with_its_approval_and_keeps_what_it_has(self, market: Market) -> None:
        market.price("100", "4")
        market.broker.submit(market.wish())
        market.later(3601)
        ended = known(market)
        assert ended.status in (S.EXPIRED, S.CANCELLED)
        market.price("100", "100")
        assert facts(known(market))[1] == "4"

    def test_there_is_nothing_to_cancel_of_an_order_that_never_was(self, market: Market) -> None:
        with pytest.raises(BrokerError, match="there is no order Q1 to cancel"):
            market.broker.cancel("Q1")

    @pytest.mark.parametrize(
        "changed",
        [
            {"symbol": "NOSUCH"},
            *({"quantity": D(number)} for number in ("0", "-1", "NaN", "Infinity")),
            {"collar": D("NaN")},
            {"collar": D("99.12345"), "terms": OrderTerms(OrderKind.LIMIT)},
            {"collar": D(102), "terms": OrderTerms(OrderKind.STOP_LIMIT, Hold.GTC, D("101.12345"))},
        ],
    )
    def test_what_cannot_trade_is_refused_and_leaves_no_order(self, market: Market, changed: dict[str, Any]) -> None:
        market.price("100")
        with pytest.raises(BrokerError) as refusal:
            market.broker.submit(market.wish(**changed))
        assert not isinstance(refusal.value, BrokerUnreachable)
        assert market.broker.order("Q1") is None
        assert market.broker.open_orders() == []

    def test_what_it_cannot_do_it_refuses(self, market: Market) -> None:
        market.price("100")
        for hold in set(Hold) - market.broker.abilities.holds:
            with pytest.raises(BrokerError):
                market.broker.submit(market.wish(terms=OrderTerms(hold=hold)))
        assert market.broker.open_orders() == []

    def test_the_account_is_what_its_fills_add_up_to(self, market: Market) -> None:
        market.price("100")
        opening = market.broker.account()
        assert opening.positions == {}
        cash, held = opening.cash[market.currency], D(0)
        for number, (side, quantity) in enumerate(
            [(Side.BUY, "10"), (Side.SELL, "3"), (Side.SELL, "7"), (Side.SELL, "2"), (Side.BUY, "2")]
        ):
            market.price(f"{100 + number / 10:.2f}")
            market.broker.submit(market.wish(number, quantity, side))
            for fill in known(market, number).fills:
                cash -= fill.side.sign * fill.notional + fill.fee
                held += fill.side.sign * fill.quantity
        assert held == 0
        assert market.door().account().cash == {market.currency: cash}
        assert market.door().account().positions == {}


def known(market: Market, number: int = 1) -> BrokerOrder:
    """The order as the first door has it now."""
    found = market.broker.order(f"Q{number}")
    assert found is not None
    return found


def facts(order: BrokerOrder) -> tuple[OrderStatus, str]:
    """Status, and how much has filled."""
    return order.status, f"{sum((fill.quantity for fill in order.fills), D(0)).normalize():f}"
