"""What the simulated venue promises beyond every broker, whoever answers: to be run over each kind of door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from execution.venues import CASH, Venue, Venues, at, listed, printed, wish
from quorum.domain import BrokerError, Hold, OrderKind, OrderStatus, OrderTerms, Side, Trade
from quorum.execution import BrokerOrder, VenueCosts

COSTS = VenueCosts(fee_bps=Decimal(10), slippage_bps=Decimal(2), max_volume_share=Decimal("0.1"))
S = OrderStatus


def facts(answer: BrokerOrder | None) -> tuple[OrderStatus, list[tuple[str, str]]]:
    """Status, and quantity and price of every fill."""
    assert answer is not None
    return answer.status, [(f"{f.quantity.normalize():f}", f"{f.price:.2f}") for f in answer.fills]


def now(venue: Venue, minutes: float, number: int = 1) -> BrokerOrder:
    """The order as it is that many minutes after the first instant."""
    venue.clock.advance_to(at(minutes))
    answer = venue.broker.order(f"Q{number}")
    assert answer is not None
    return answer


class BrokerContract:
    """Subclasses give the fixture `venues`."""

    def test_the_same_id_twice_is_one_order_whatever_it_asks(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100"), printed(1, "110")])
        first = venue.broker.submit(wish())
        held = venue.broker.account()
        assert facts(first) == (S.FILLED, [("10", "100.00")])
        venue.clock.advance_to(at(1))
        for again in (wish(), wish(quantity="99", side=Side.SELL), wish(symbol="ETHUSDT")):
            assert venue.broker.submit(again) == first
        assert venue.broker.account() == held

    def test_an_order_waits_for_the_first_print_at_or_after_it(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "90"), printed(3, "101"), printed(4, "102")])
        venue.clock.advance_to(at(1))
        assert facts(venue.broker.submit(wish())) == (S.ACCEPTED, [])
        assert facts(now(venue, 2.9)) == (S.ACCEPTED, [])
        filled = now(venue, 10)
        assert facts(filled) == (S.FILLED, [("10", "101.00")])
        assert filled.fills[0].time == at(3)
        at_once = venues.open([printed(0, "90")])
        assert facts(at_once.broker.submit(wish())) == (S.FILLED, [("10", "90.00")])

    def test_a_fill_takes_its_share_of_the_volume_and_the_rest_waits(self, venues: Venues) -> None:
        volumes = ("30", "0.005", "20.0199", "100")
        prints = [printed(n, "100", volume) for n, volume in enumerate(volumes)]
        venue = venues.open(prints, VenueCosts(Decimal(0), Decimal(0), Decimal("0.1")))
        venue.broker.submit(wish())
        assert facts(now(venue, 0)) == (S.PARTIALLY_FILLED, [("3", "100.00")])
        assert facts(now(venue, 1)) == (S.PARTIALLY_FILLED, [("3", "100.00")])
        assert facts(now(venue, 2)) == (S.PARTIALLY_FILLED, [("3", "100.00"), ("2.001", "100.00")])
        done = now(venue, 3)
        assert facts(done) == (S.FILLED, [("3", "100.00"), ("2.001", "100.00"), ("4.999", "100.00")])
        assert len({fill.fill_id for fill in done.fills}) == 3
        assert now(venue, 30) == done

    @pytest.mark.parametrize(("side", "collar"), [(Side.BUY, "101"), (Side.SELL, "99")])
    def test_no_fill_is_worse_than_the_collar(self, venues: Venues, side: Side, collar: str) -> None:
        def off(steps: str) -> str:
            return str(100 + side.sign * Decimal(steps))

        prints = [printed(n, off(steps), "10") for n, steps in enumerate(("1.01", "1", "5", "-3", "0.99"))]
        venue = venues.open(prints, VenueCosts(Decimal(0), Decimal(0), Decimal("0.3")))
        venue.broker.submit(wish(side=side, collar=Decimal(collar)))
        answer = now(venue, 10)
        assert [f.price for f in answer.fills] == [Decimal(off(steps)) for steps in ("1", "-3", "0.99")]
        assert facts(answer)[0] is S.PARTIALLY_FILLED

    def test_slippage_counts_against_the_collar(self, venues: Venues) -> None:
        costs = VenueCosts(Decimal(0), Decimal(10), Decimal(1))
        venue = venues.open([printed(0, "100"), printed(1, "99.90")], costs)
        venue.broker.submit(wish(collar=Decimal("100.05")))
        assert facts(now(venue, 5)) == (S.FILLED, [("10", "100.00")])

    @pytest.mark.parametrize(
        ("side", "symbol", "price", "fee"),
        [
            (Side.BUY, "BTCUSDT", "100.04", "0.30012000"),
            (Side.SELL, "BTCUSDT", "99.98", "0.29994000"),
            (Side.BUY, "ETHUSDT", "100.05", "0.30015000"),
            (Side.SELL, "ETHUSDT", "99.95", "0.29985000"),
        ],
    )
    def test_golden_costs_are_the_taker_s_to_the_tick(
        self, venues: Venues, side: Side, symbol: str, price: str, fee: str
    ) -> None:
        venue = venues.open([printed(0, "100.01", "30", symbol)], COSTS)
        (fill,) = venue.broker.submit(wish(side=side, symbol=symbol)).fills
        assert (str(fill.price), str(fill.fee), fill.fee_currency) == (price, fee, "USDT")
        assert fill.quantity == 3

    def test_a_fee_is_rounded_up_to_its_last_digit(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "33.33")], VenueCosts(Decimal("0.001"), Decimal(0), Decimal(1)))
        (fill,) = venue.broker.submit(wish(quantity="0.001")).fills
        assert fill.fee == Decimal("0.00000001")

    def test_at_its_expiry_an_order_may_still_fill_and_after_it_keeps_what_it_has(self, venues: Venues) -> None:
        prints = [printed(0, "100", "2"), printed(60, "100", "3"), printed(60.1, "100", "50")]
        venue = venues.open(prints)
        venue.broker.submit(wish())
        assert facts(now(venue, 60)) == (S.PARTIALLY_FILLED, [("2", "100.00"), ("3", "100.00")])
        ended = now(venue, 61)
        assert facts(ended) == (S.EXPIRED, [("2", "100.00"), ("3", "100.00")])
        assert ended.detail
        assert now(venue, 90) == ended == venue.broker.cancel("Q1") == venue.broker.submit(wish())

    def test_what_comes_after_its_expiry_does_not_trade(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100"), printed(90, "100")])
        venue.clock.advance_to(at(90))
        assert facts(venue.broker.submit(wish())) == (S.EXPIRED, [])

    def test_cancelling_ends_the_rest_and_keeps_the_fills_so_far(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100", "2"), printed(1, "100", "3"), printed(2, "100", "50")])
        venue.broker.submit(wish())
        venue.clock.advance_to(at(1))
        cancelled = venue.broker.cancel("Q1")
        assert facts(cancelled) == (S.CANCELLED, [("2", "100.00"), ("3", "100.00")])
        assert now(venue, 5) == cancelled == venue.broker.cancel("Q1")
        assert venue.broker.account().positions == {"BTCUSDT": Decimal(5)}

    def test_what_is_open_is_listed_and_ends_at_one_word(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100", "2"), printed(1, "100", "3")])
        for number in (1, 2, 3):
            venue.door().submit(wish(number))
        assert [order.client_order_id for order in venue.door().open_orders()] == ["Q1", "Q2", "Q3"]
        (first, *_) = venue.door().open_orders()
        assert (first.symbol, first.quantity, facts(first)) == (
            "BTCUSDT",
            Decimal(10),
            (S.PARTIALLY_FILLED, [("2", "100.00")]),
        )
        assert venue.door().cancel_all() == {}
        assert venue.broker.open_orders() == []
        assert {facts(now(venue, 5, number))[0] for number in (1, 2, 3)} == {S.CANCELLED}

    @pytest.mark.parametrize(("side", "limit", "prints"), [(Side.BUY, "99", "-1 -1.5"), (Side.SELL, "101", "1 1.5")])
    def test_a_limit_order_waits_for_its_price_and_gets_it(
        self, venues: Venues, side: Side, limit: str, prints: str
    ) -> None:
        levels = ["0", "-0.5" if side is Side.BUY else "0.5", *prints.split()]
        venue = venues.open([printed(n, str(100 + Decimal(step)), "50") for n, step in enumerate(levels)], COSTS)
        asked = wish(side=side, collar=Decimal(limit), terms=OrderTerms(OrderKind.LIMIT))
        assert facts(venue.broker.submit(asked)) == (S.ACCEPTED, [])
        assert facts(now(venue, 1)) == (S.ACCEPTED, [])
        assert facts(now(venue, 3)) == (S.FILLED, [("5", f"{Decimal(limit):.2f}"), ("5", f"{Decimal(limit):.2f}")])

    def test_a_limit_order_that_is_met_at_once_takes_what_there_is(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100"), printed(1, "98")])
        asked = wish(collar=Decimal("100.5"), terms=OrderTerms(OrderKind.LIMIT))
        assert facts(venue.broker.submit(asked)) == (S.FILLED, [("10", "100.00")])

    @pytest.mark.parametrize(("kind", "price"), [(OrderKind.STOP, "94.00"), (OrderKind.STOP_LIMIT, "95.00")])
    def test_a_stop_waits_for_its_trigger(self, venues: Venues, kind: OrderKind, price: str) -> None:
        venue = venues.open([printed(n, p) for n, p in enumerate(("100", "96", "94", "95", "93"))])
        terms = OrderTerms(kind, trigger=Decimal(95))
        collar = Decimal(90) if kind is OrderKind.STOP else Decimal(95)
        assert facts(venue.broker.submit(wish(side=Side.SELL, collar=collar, terms=terms))) == (S.ACCEPTED, [])
        assert facts(now(venue, 1)) == (S.ACCEPTED, [])
        assert facts(now(venue, 4)) == (S.FILLED, [("10", price)])

    def test_what_is_not_filled_at_once_ends_at_once_where_it_was_asked(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100", "40"), printed(1, "100")], COSTS)
        ended = venue.broker.submit(wish(terms=OrderTerms(hold=Hold.IOC)))
        assert (ended.status, [f.quantity for f in ended.fills]) == (S.EXPIRED, [Decimal(4)])

    def test_a_day_order_ends_at_midnight(self, venues: Venues) -> None:
        venue = venues.open([printed(13 * 60, "100")])
        venue.broker.submit(wish(expires_at=at(2_000), terms=OrderTerms(hold=Hold.DAY)))
        assert facts(now(venue, 13 * 60)) == (S.EXPIRED, [])

    def test_a_venue_says_what_it_can_do_and_refuses_the_rest(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100")])
        assert Hold.OPG not in venue.broker.abilities.holds
        with pytest.raises(BrokerError, match="no auction"):
            venue.broker.submit(wish(terms=OrderTerms(hold=Hold.OPG)))
        assert venue.broker.order("Q1") is None

    def test_there_is_nothing_to_cancel_of_an_order_that_never_was(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100")])
        with pytest.raises(BrokerError, match="there is no order Q1 to cancel"):
            venue.broker.cancel("Q1")
        assert facts(venue.broker.submit(wish())) == (S.FILLED, [("10", "100.00")])

    def test_an_id_that_was_unknown_once_never_arrives(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100")])
        assert venue.broker.order("Q1") is None
        for door in (venue.broker, venue.door()):
            with pytest.raises(BrokerError, match="order Q1 was given up before it arrived"):
                door.submit(wish())
            assert door.order("Q1") is None
        assert venue.broker.account().positions == {}
        assert facts(venue.broker.submit(wish(2)))[0] is S.FILLED

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"symbol": "DOGEUSDT"}, "DOGEUSDT is not traded here"),
            ({"quantity": Decimal(0)}, "a quantity of 0 makes no sense"),
            ({"quantity": Decimal("NaN")}, "a quantity of NaN makes no sense"),
            ({"quantity": Decimal("0.0004")}, "a quantity of 0.0004 is less than a lot; lots are 0.001"),
            ({"collar": Decimal("NaN")}, "a collar of NaN makes no sense"),
            ({"collar": Decimal("99.995"), "terms": OrderTerms(OrderKind.LIMIT)}, "limit of 99.995 is off the tick"),
        ],
    )
    def test_what_cannot_trade_here_is_refused_and_leaves_no_order(
        self, venues: Venues, changed: dict[str, Any], reason: str
    ) -> None:
        venue = venues.open([printed(0, "100")])
        with pytest.raises(BrokerError, match=reason):
            venue.broker.submit(replace(wish(), **changed))
        assert venue.broker.order("Q1") is None

    def test_an_account_begins_with_its_opening_and_shows_no_closed_position(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100"), printed(1, "120")])
        opening = venue.broker.account()
        assert (opening.cash, opening.positions) == ({"USDT": CASH.amount}, {})
        venue.broker.submit(wish())
        assert venue.broker.account().cash == {"USDT": Decimal(9000)}
        venue.clock.advance_to(at(1))
        venue.broker.submit(wish(2, side=Side.SELL))
        closed = venue.broker.account()
        assert (closed.cash, closed.positions) == ({"USDT": Decimal(10_200)}, {})

    def test_every_door_shows_the_same_venue(self, venues: Venues) -> None:
        venue = venues.open([printed(0, "100", "20"), printed(1, "101", "200")], COSTS)
        one, other = venue.door(), venue.door()
        assert one.account() == other.account()
        first = one.submit(wish())
        assert other.order("Q1") == first == other.submit(wish())
        venue.clock.advance_to(at(1))
        assert other.order("Q1") == one.order("Q1")
        assert one.account() == other.account() == venue.door().account()
        assert other.order("Q2") is None
        with pytest.raises(BrokerError):
            one.submit(wish(2))

    @pytest.mark.parametrize("seed", range(3))
    def test_whatever_happens_the_account_is_what_its_fills_add_up_to(self, venues: Venues, seed: int) -> None:
        random = Random(seed)
        prints = _walk(random)
        venue = venues.open(prints, COSTS)
        wishes = []
        for number in range(1, 9):
            venue.clock.advance_to(at(random.uniform(number * 8, number * 8 + 7)))
            side, collar = random.choice(((Side.BUY, Decimal(101)), (Side.SELL, Decimal(99))))
            size, symbol = random.choice(("1", "7", "30")), random.choice(("BTCUSDT", "ETHUSDT"))
            wishes.append(wish(number, size, side, collar=collar, symbol=symbol, expires_at=at(number * 8 + 25)))
            venue.door().submit(wishes[-1])
            if number % 3 == 0:
                venue.broker.cancel(f"Q{number - 1}")
        venue.clock.advance_to(at(200))
        cash, held = {"USDT": CASH.amount}, dict.fromkeys(("BTCUSDT", "ETHUSDT"), Decimal(0))
        for asked in wishes:
            answer = venue.broker.order(asked.client_order_id)
            assert answer is not None
            assert answer.status.terminal
            filled = sum((f.quantity for f in answer.fills), Decimal(0))
            assert (filled == asked.quantity) == (answer.status is S.FILLED)
            assert filled <= asked.quantity
            assert [f.time for f in answer.fills] == sorted(f.time for f in answer.fills)
            for fill in answer.fills:
                assert asked.side.sign * (fill.price - asked.collar) <= 0
                assert fill.price % listed(fill.symbol).tick == fill.quantity % listed(fill.symbol).lot == 0
                assert fill.time <= asked.expires_at
                assert (fill.symbol, fill.side, fill.client_order_id) == (
                    asked.symbol,
                    asked.side,
                    asked.client_order_id,
                )
                cash["USDT"] -= fill.side.sign * fill.notional + fill.fee
                held[fill.symbol] += fill.side.sign * fill.quantity
        account = venue.door().account()
        assert cash["USDT"] != CASH.amount
        assert account.cash == cash
        assert account.positions == {symbol: q for symbol, q in held.items() if q}


def _walk(random: Random) -> Sequence[Trade]:
    prices = {"BTCUSDT": Decimal(100), "ETHUSDT": Decimal(100)}
    prints = []
    for minute in range(120):
        symbol = random.choice(list(prices))
        prices[symbol] += Decimal(random.randint(-60, 60)).scaleb(-2)
        prints.append(printed(minute, str(prices[symbol]), str(random.randint(1, 80)), symbol))
    return prints
