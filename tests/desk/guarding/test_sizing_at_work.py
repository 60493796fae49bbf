"""Sizing by what a symbol moves and by what a strategy has earned: asked for in risk.yaml, it cuts, and says so."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from desk.markets import ENTRY, START, write_bars
from desk.offices import ask, at_work
from desk.trading.local import Dictated, Local, local
from desk.trading.practice import Plan, deploy_all
from quorum.desk import Desk
from quorum.desk.guarding import check_books, check_strategy
from quorum.domain import DAY, VirtualClock

NAN = float("nan")


def sized(home: Path, target: str, days: int) -> Desk:
    """A desk whose FLATUSDT has swung by 2 % a day on so many days before."""
    (home / "config" / "risk.yaml").write_text(f"books: {{crypto: {{volatility_target: {target}}}, equities: {{}}}}\n")
    past = [100.0 if k % 2 else 102.0 for k in range(days)]
    write_bars(home / "files" / "FLATUSDT.sim_1d.csv", past, hours=24, start=START - days * DAY)
    desk = at_work(home, VirtualClock(ENTRY))
    desk.lake.import_path(home / "files")
    return desk


def test_an_order_is_cut_to_what_moves_by_the_target_in_a_year(home: Path) -> None:
    desk = sized(home, "0.02", 200)
    record = ask(desk, "FLATUSDT")
    assert record.risk is not None
    assert record.reason.endswith("by volatility_target")
    (check,) = [check for check in record.risk["checks"] if check["name"] == "volatility_target"]
    assert float(check["limit"]) == pytest.approx(100_000 * 0.02 / (0.0198 * 365**0.5), rel=0.01)
    (order,) = desk.orders.of("paper")
    assert order.intent.reserve <= Decimal(check["limit"])
    (book,) = check_books(desk, "paper")["books"]
    (use,) = [use for use in book["limits"] if use["limit"] == "volatility_target"]
    assert (use["of"], use["allowed"]) == ("FLATUSDT", pytest.approx(float(check["limit"]), rel=0.01))
    assert 0.9 < use["share"] < 1


def test_what_is_not_known_for_long_enough_is_not_sized_and_opens_nothing(home: Path) -> None:
    record = ask(sized(home, "0.5", 40), "FLATUSDT")
    assert record.order is None
    assert "too few days" in record.reason
    assert "(volatility_target)" in record.reason


def test_without_the_key_nobody_looks(home: Path) -> None:
    record = ask(sized(home, "null", 40), "FLATUSDT")
    assert record.risk is not None
    assert record.order is not None
    assert "volatility_target" not in {check["name"] for check in record.risk["checks"]}


def test_a_strategy_takes_its_share_of_kelly_and_one_that_has_lost_takes_nothing(tmp_path: Path) -> None:
    with local(tmp_path, limits={"max_orders_per_minute": 1000, "kelly_share": 0.001}) as place:
        means = (0.002, -0.002)
        plans = [Plan(f"./{mean}.py", ("AAPL",), 0.05, {}, "1m", "alpaca", mean) for mean in means]
        good, bad = deploy_all(place.desk, *plans, account="shares")
        streams = Dictated(place.desk, wants=dict.fromkeys((good, bad), ("AAPL", 0.0, NAN)), prices={"AAPL": 100})
        place.turn(streams)
        assert "by kelly_share" in asked(place, streams, good)
        assert "has earned nothing" in asked(place, streams, bad)
        uses = {name: check_strategy(place.desk, name)["limits"] for name in (good, bad)}
        room = {name: use for name, used in uses.items() for use in used if use["limit"] == "kelly_share"}
        assert 0.8 < room[good]["share"] <= 1
        assert (room[bad]["allowed"], room[bad]["used"]) == (0, 0)


def asked(place: Local, streams: Dictated, name: str) -> str:
    """What risk says when one wants all of its share."""
    streams.wants[name] = ("AAPL", 1.0, NAN)
    place.later(60)
    (risk,) = place.turn(streams).risk
    place.turn(streams)
    return str(risk["reasons"])
