"""What a venue's hours, means and rules of orders do to a turn: nothing is sent that it would refuse."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import pytest

from desk.trading.local import Dictated, Local, local
from desk.trading.practice import Plan, deploy_all
from quorum.desk import books
from quorum.desk.trading.turns import Turn, attributions, kept_back
from quorum.domain import DecisionKind, Halt, Hold, OrderKind, OrderStatus, Scope, Severity, parse_instant

NAN = float("nan")
MORNING = parse_instant("2026-11-20T13:00:00Z")  # 08:00 in New York
ROOMY = {"max_orders_per_minute": 1000}


def dictated(place: Local, *shares: float) -> Dictated:
    """So many strategies on AAPL at 100, none of which wants anything yet."""
    plans = [Plan(f"./{i}.py", ("AAPL",), share, {}, "1m", "alpaca") for i, share in enumerate(shares)]
    ids = deploy_all(place.desk, *plans, account="shares")
    return Dictated(place.desk, wants=dict.fromkeys(ids, ("AAPL", 0.0, NAN)), prices={"AAPL": 100, "MSFT": 400})


def held(place: Local) -> dict[str, int]:
    return {one.strategy_id: int(one.quantity) for one in attributions(place.desk)}


def minute(place: Local, streams: Dictated, **wants: float) -> Turn:
    """A minute later the strategies A, B, … want so much; one turn and another, since fills come after the answer."""
    for name, weight in wants.items():
        symbol, _, stop = streams.wants[name]
        streams.wants[name] = (symbol, weight, stop)
    place.later(60)
    turn = place.turn(streams)
    again = place.turn(streams)
    again.orders = [*turn.orders, *again.orders]
    return again


def test_nothing_is_sent_to_a_closed_market_and_it_is_said(tmp_path: Path) -> None:
    with local(tmp_path, MORNING, hours="calendar") as place:
        streams = dictated(place, 0.0505)
        turn = minute(place, streams, **{"STR-001": 1.0})
        assert (turn.orders, turn.errors) == ([], {})
        assert turn.standing[0]["waits"] == "the market of AAPL is closed until 2026-11-20T14:30:00Z"
        assert place.happened("accepted", "declined") == []
        place.later(89 * 60)
        streams.decided["STR-001"] = place.clock.now()  # as a bar of the day would still be young
        assert [order["status"] for order in minute(place, streams).orders] == ["filled"]


def test_where_it_is_asked_for_whole_shares_go_into_the_opening(tmp_path: Path) -> None:
    with local(tmp_path, parse_instant("2026-11-20T14:25:00Z"), hours="calendar") as place:
        streams = dictated(place, 0.0505)
        streams.wants["STR-001"] = ("AAPL", 1.0, NAN)
        place.later(60)
        (order,) = place.turn(streams, auctions=True).orders
        assert order["status"] == "accepted"
        (sent,) = place.desk.orders.of("shares")
        assert (sent.intent.terms.hold, sent.intent.quantity) == (Hold.OPG, 50)
        assert place.turn(streams, auctions=True).orders == []
        place.later(4 * 60)
        place.priced("AAPL", 101)
        place.later(1)
        place.turn(streams)
        assert held(place) == {"STR-001": 50}


def test_no_order_takes_the_account_through_nothing(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY) as place:
        streams = dictated(place, 0.0705, 0.0305)
        minute(place, streams, **{"STR-001": 1.0, "STR-002": -1.0})
        minute(place, streams)
        assert held(place) == {"STR-001": 70, "STR-002": -30}
        turn = minute(place, streams, **{"STR-001": 0.0})
        assert [(o["side"], o["quantity"], o["purpose"]) for o in turn.orders] == [
            ("sell", "40", "reduction"),
            ("sell", "30", "target"),
        ]
        assert held(place) == {"STR-001": 0, "STR-002": -30}
        turn = minute(place, streams, **{"STR-001": 1.0, "STR-002": 0.0})  # buys 70 and 30, and holds -30
        assert place.happened("declined") == []
        assert held(place) == {"STR-001": 70, "STR-002": 0}
        assert books(place.desk, "shares").balanced


def test_a_flip_to_as_much_on_the_other_side_is_no_duplicate(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY) as place:
        streams = dictated(place, 0.0505)
        minute(place, streams, **{"STR-001": 1.0})
        minute(place, streams, **{"STR-001": -1.0})
        minute(place, streams)
        assert held(place)["STR-001"] <= -49


def test_what_opens_beyond_nothing_is_judged_and_a_halt_stops_it(tmp_path: Path) -> None:
    with local(tmp_path, limits={**ROOMY, "allow_short": False}) as place:
        streams = dictated(place, 0.0705, 0.0305)
        minute(place, streams, **{"STR-001": 1.0})
        minute(place, streams, **{"STR-002": -1.0})
        assert held(place) == {"STR-001": 70, "STR-002": -30}
        minute(place, streams, **{"STR-001": 0.0})
        assert held(place) == {"STR-001": 30, "STR-002": -30}  # the account may hold nothing short
        minute(place, streams, **{"STR-002": 0.0})
        assert held(place) == {"STR-001": 0, "STR-002": 0}  # they cross


def test_what_risk_refuses_beyond_nothing_is_asked_for_once_a_bar(tmp_path: Path) -> None:
    """As what opens is asked for once: no decision of risk at each turn; a holding to cross with ends the wait."""
    with local(tmp_path, limits={**ROOMY, "allow_short": False}) as place:
        streams = dictated(place, 0.0705, 0.0305)
        minute(place, streams, **{"STR-001": 1.0})
        minute(place, streams, **{"STR-002": -1.0})
        asked = len(minute(place, streams, **{"STR-001": 0.0}).risk)  # lets go of 40; 30 would open a short
        before = judged(place)
        for _ in range(30):  # five minutes
            place.later(10)
            said = place.turn(streams).risk
            asked += len(said)
            assert all(one["reasons"] == ["the book may not sell short (allow_short is false)"] for one in said)
        assert judged(place) - before == 5
        assert asked <= 7
        (one, _) = place.turn(streams).standing
        assert "30 AAPL go beyond the account's 0, and risk has refused it; asked again at " in one["waits"]
        streams.wants["STR-002"] = ("AAPL", 0.0, NAN)
        assert place.turn(streams).crosses
        assert held(place) == {"STR-001": 0, "STR-002": 0}


def judged(place: Local) -> int:
    """How many decisions of risk there are."""
    return len([row for row in place.desk.rows(("decision",))["decision"] if row["kind"] == DecisionKind.RISK])


def test_while_a_halt_stands_risk_is_not_asked_what_goes_beyond_nothing(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY) as place:
        streams = dictated(place, 0.0705, 0.0305)
        minute(place, streams, **{"STR-001": 1.0, "STR-002": -1.0})
        minute(place, streams)
        halt = Halt(Scope.STRATEGY, "STR-001", Severity.RED, "a test", "ada", place.clock.now())
        place.desk.halts.raise_(halt)
        minute(place, streams, **{"STR-001": 0.0})
        before = judged(place)
        waits = "30 AAPL go beyond the account's 0, and strategy STR-001 is halted (RED): a test"
        assert minute(place, streams).standing[0]["waits"] == waits
        assert judged(place) == before
        place.desk.halts.lift(halt, "ada", "looked at it")
        place.turn(streams)  # at once
        place.turn(streams)
        assert held(place)["STR-001"] == 0


def test_why_a_strategy_opens_nothing_is_said(tmp_path: Path) -> None:
    """A halt, a pause of the desk, risk's word, a decision that is too old, or from before the deployment."""
    with local(tmp_path, limits={**ROOMY, "max_position": 0.02}) as place:
        streams = dictated(place, 0.0505)
        halt = Halt(Scope.DESK, "", Severity.BLACK, "a test", "ada", place.clock.now())
        place.desk.halts.raise_(halt)
        turn = minute(place, streams, **{"STR-001": 1.0})
        assert turn.standing[0]["waits"] == "desk is halted (BLACK): a test"
        assert why(place) == "desk is halted (BLACK)"
        place.later(300)
        said = place.turn(streams).standing[0]["waits"]
        assert "is too old to open anything by" in said
        place.desk.halts.lift(halt, "ada", "looked at it")
        minute(place, streams, **{"STR-001": 0.9})
        assert minute(place, streams).standing[0]["said"] == why(place)
        assert why(place).endswith("cut from 45 to 19 by max_position")
        minute(place, streams, **{"STR-001": 0.0})
        assert why(place) == ""
        minute(place, streams, **{"STR-001": 0.0001})
        assert why(place) == "its share of the equity buys less than a lot"


def why(place: Local) -> str:
    return "; ".join(one["why"] for one in kept_back(place.desk))


def test_a_halted_one_lets_go_up_to_nothing_and_goes_on_when_it_is_resumed(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY) as place:
        streams = dictated(place, 0.0705, 0.0305)
        minute(place, streams, **{"STR-001": 1.0, "STR-002": -1.0})
        minute(place, streams)
        halt = Halt(Scope.STRATEGY, "STR-001", Severity.RED, "a test", "ada", place.clock.now())
        place.desk.halts.raise_(halt)
        minute(place, streams, **{"STR-001": 0.0})
        assert held(place)["STR-001"] == 30
        place.desk.halts.lift(halt, "ada", "looked at it")
        place.later(600)
        minute(place, streams)
        assert held(place)["STR-001"] == 0


def test_a_reduction_that_the_venue_refused_is_tried_again_ever_more_patiently(tmp_path: Path) -> None:
    with local(tmp_path) as place:
        streams = dictated(place, 0.0505)
        minute(place, streams, **{"STR-001": 1.0})
        place.client.post("/sim/faults", json=[{"fault": "reject", "symbol": "AAPL", "times": 4}]).raise_for_status()
        turn = minute(place, streams, **{"STR-001": 0.0})
        assert [order["status"] for order in turn.orders] == ["rejected"]
        assert turn.orders[0]["detail"]
        told = [one.notice.occurrence.summary for one in place.desk.outbox.listed(10)]
        assert f"sell 0 of 50 AAPL: rejected, {turn.orders[0]['detail']}" in told
        assert "may leave at" in turn.standing[0]["waits"]
        for _ in range(40):
            place.later(5)
            place.turn(streams)
        assert len(place.desk.orders.of("shares")) == 6  # one buy, four refused, one that sold
        assert held(place) == {"STR-001": 0}


def test_stops_give_way_to_orders_and_come_back(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY) as place:
        streams = dictated(place, 0.0705, 0.0305)
        streams.wants = {"STR-001": ("AAPL", 0.0, 95.0), "STR-002": ("AAPL", 0.0, 96.0)}
        for wants in ({"STR-001": 1.0}, {"STR-002": 1.0}, {"STR-001": 0.0}, {"STR-002": -1.0}, {"STR-001": 1.0}):
            minute(place, streams, **wants)
            minute(place, streams)
            opened = place.desk.orders.of("shares", only_open=True)
            assert all(o.intent.terms.kind is OrderKind.STOP for o in opened)
            net = sum(held(place).values())
            assert sum(o.remaining for o in opened) <= max(net, 0)
            if all(quantity >= 0 for quantity in held(place).values()):
                assert sum(o.remaining for o in opened) == net
        assert place.happened("declined") == []
        assert held(place) == {"STR-001": 70, "STR-002": -30}
        assert sum(o.remaining for o in opened) == 40  # of 70, since the account holds 40
        place.priced("AAPL", 94.0)
        streams.prices["AAPL"] = 94.0
        minute(place, streams)
        assert held(place)["STR-001"] == 0
        assert books(place.desk, "shares").balanced


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
def test_whatever_strategies_want_the_venue_never_refuses_and_the_books_are_its_own(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)
    with local(tmp_path, limits=ROOMY) as place:
        streams = dictated(place, 0.07, 0.05, 0.03)
        price = 100.0
        for _ in range(12):
            price = round(price * (1 + luck.uniform(-0.01, 0.01)), 2)
            place.priced("AAPL", price)
            streams.prices["AAPL"] = price
            for name in streams.wants:
                if luck.random() < 0.5:
                    weight = luck.choice([-1.0, -0.5, 0.0, 0.5, 1.0])
                    stop = price * (1 - 0.02 * (1 if weight > 0 else -1)) if luck.random() < 0.7 else NAN
                    streams.wants[name] = ("AAPL", weight, stop)
            turn = minute(place, streams)
            assert not turn.errors
        assert place.happened("declined") == []
        assert [o for o in place.desk.orders.of("shares") if o.status is OrderStatus.REJECTED] == []
        report = books(place.desk, "shares")
        assert report.balanced, (report.differences, report.audit.faults)


def test_an_entry_that_rests_goes_when_its_strategy_wants_out(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY) as place:
        streams = dictated(place, 0.9)
        minute(place, streams, **{"STR-001": 1.0})
        assert held(place) == {"STR-001": 500}  # all that was shown
        turn = minute(place, streams, **{"STR-001": 0.0})
        assert [o["status"] for o in turn.orders] == ["filled"]
        assert held(place) == {"STR-001": 0}
        assert place.desk.orders.of("shares", only_open=True) == []
        assert books(place.desk, "shares").balanced


def test_what_is_sold_pays_for_what_is_bought(tmp_path: Path) -> None:
    with local(tmp_path, limits=ROOMY, multiplier=Decimal(1)) as place:
        streams = dictated(place, 0.9, 0.6)
        streams.wants["STR-002"] = ("MSFT", 0.0, NAN)
        for symbol, price in streams.prices.items():
            place.priced(symbol, price, bid_size=5000, ask_size=5000)
        minute(place, streams, **{"STR-001": 1.0})
        turn = minute(place, streams, **{"STR-002": 1.0})
        assert "buying_power" in turn.errors["STR-002"]
        assert turn.orders == []
        turn = minute(place, streams, **{"STR-001": 0.0})
        assert [(o["side"], o["symbol"], o["status"]) for o in turn.orders] == [
            ("sell", "AAPL", "filled"),
            ("buy", "MSFT", "filled"),
        ]
        assert place.happened("declined") == []
        assert held(place) == {"STR-001": 0, "STR-002": 149}
