"""What is handed up: a loss near its limit or past a breaker, bars that stopped coming, a model that is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.markets import ENTRY
from desk.offices import ask
from desk.work.drawn import answer, closes, end_of, looking_at
from quorum.desk import Desk
from quorum.desk.notices import Event, concern
from quorum.desk.work.concerns import BREAKERS, drawdown_concern, loss_concern, stopped
from quorum.domain import HOUR, Severity, UsageError, iso


def only(found: Any) -> Any:
    (told,) = found
    return told


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        (0.0, None),
        (0.0399, None),
        (0.0401, "approaching"),
        (0.0499, "approaching"),
        (0.05, "reached"),
        (1.0, "reached"),
    ],
)
def test_a_loss_is_handed_up_from_four_fifths_of_its_limit_on(lost: float, says: str | None) -> None:
    found = list(loss_concern("paper", "weekly", lost, 0.05, "20240603"))
    assert [told["message"].split(", ")[1] for told in found] == ([f"{says} the 5% limit"] if says else [])
    assert all(told["severity"] == "high" for told in found)


def test_the_specification_s_own_example_is_said_in_its_words() -> None:
    told = concern("risk-manager", only(loss_concern("paper", "weekly", 0.047, 0.05, "20240603")))
    assert (told.event, told.severity, told.recommended_action) == (
        Event.DRAWDOWN_WARNING,
        Severity.RED,
        "Reduce position sizes",
    )
    assert told.message == "Weekly loss of account paper is 4.7%, approaching the 5% limit"


def test_the_whole_limit_is_an_emergency() -> None:
    assert only(loss_concern("paper", "total", 0.17, 0.20, "20240603"))["severity"] == "high"
    assert only(loss_concern("paper", "total", 0.20, 0.20, "20240603"))["severity"] == "critical"


@given(st.floats(0, 1))
def test_a_drawdown_is_told_once_for_each_breaker(drawdown: float) -> None:
    found = list(drawdown_concern("paper", drawdown, "2024-06-03T00:00:00Z"))
    passed = [line for line in BREAKERS if line <= drawdown]
    assert [told["key"] for told in found] == [
        f"paper/drawdown/{line:.2f}/2024-06-03T00:00:00Z" for line in passed[-1:]
    ]
    assert [told["severity"] for told in found] == [("critical" if line >= 0.2 else "high") for line in passed[-1:]]


@pytest.mark.parametrize(("late", "count"), [(0, 0), (3, 0), (4, 1), (400, 1)])
def test_a_feed_that_has_stopped_is_told_of_once_for_its_newest_bar(late: int, count: int) -> None:
    bars = closes([100.0] * 100)
    found = list(stopped(bars, end_of(bars) + late * HOUR))
    assert [told["key"] for told in found] == [f"BTCUSDT.sim 1h/{iso(end_of(bars))}"] * count


def test_the_daily_look_and_the_cycle_tell_of_a_feed_under_one_key(shared_desk: Desk) -> None:
    bars, late = closes([100.0] * 100), 9 * HOUR
    daily = answer(looking_at(shared_desk, bars), "verify_data_feeds", end_of(bars) + late)
    assert only(daily["concerns"]) == only(stopped(bars, end_of(bars) + late))
    assert answer(looking_at(shared_desk, bars), "verify_data_feeds", end_of(bars))["concerns"] == []


def test_a_fall_of_the_account_is_handed_up_by_the_risk_manager_s_task(desk: Desk) -> None:
    ask(desk, "CRASHUSDT")
    fallen = answer(desk, "drawdown_status", ENTRY + 30 * HOUR, account="paper")
    assert fallen["accounts"][0]["drawdown"] > 0
    assert fallen["accounts"][0]["week_loss"] > 0
    lost = fallen["accounts"][0]["week_loss"]
    told = answer(desk, "drawdown_status", ENTRY + 30 * HOUR, account="paper", weekly_loss=lost, daily_loss=1.0)
    assert [c["key"].split("/")[1:3] for c in told["concerns"]] == [["weekly", "reached"]]
    near = answer(desk, "drawdown_status", ENTRY + 30 * HOUR, account="paper", weekly_loss=lost / 0.9, daily_loss=1.0)
    assert [c["key"].split("/")[1:3] for c in near["concerns"]] == [["weekly", "approaching"]]
    with pytest.raises(UsageError, match="weekly_loss = 'much'"):
        answer(desk, "drawdown_status", ENTRY, account="paper", weekly_loss="much")


def test_a_broken_model_is_an_issue_for_whoever_mends_it(desk: Desk, home: Path) -> None:
    (home / "models" / "v1").mkdir(parents=True)
    (home / "models" / "v1" / "model.pkl").write_bytes(b"x")
    told = only(answer(desk, "validate_models", ENTRY)["concerns"])
    assert (told["event"], told["recommended_action"]) == ("known_issue", "Mend or remove models/v1/model.pkl")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"event": "alrt", "key": "1", "message": "x"}, "did you mean 'alert'"),
        ({"event": "alert", "message": "x"}, "alert has no key"),
        ({"event": "alert", "key": "1"}, "alert has no summary"),
        ({"event": "alert", "key": "1", "message": "x", "severity": "huge"}, "'huge' is no severity"),
    ],
)
def test_a_concern_that_is_none_is_refused(facts: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        concern("smc", facts)
