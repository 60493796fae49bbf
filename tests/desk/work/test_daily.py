"""The start of a day: feeds, agents, artefacts, what the books may lose, and the verdict over all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.markets import ENTRY
from desk.offices import ask, at_work
from desk.work.drawn import A_DAY, AN_HOUR, START, answer, closes, end_of, looking_at, market
from quorum.desk import Desk, books
from quorum.desk.agents import Call, CallOutcome
from quorum.desk.guarding import looked
from quorum.domain import DAY, HOUR, SECOND, UsageError
from quorum.lake import Bars

UNWELL = {"health": "unhealthy", "reason": "it fell over", "mandatory": True}


def at(bars: Bars, *opens: int) -> Bars:
    """A series with bars at these opens."""
    time = np.array(opens, dtype=np.int64)
    return Bars(bars.symbol, "sim", bars.timeframe, time, np.full(len(time), 100.0))


@pytest.mark.parametrize(("late", "age", "fresh"), [(0, 0, True), (1, 0, True), (179, 2, True), (240, 4, False)])
def test_a_feed_is_as_old_as_the_bars_that_are_due(shared_desk: Desk, late: int, age: int, fresh: bool) -> None:
    bars = closes([100.0] * 100)
    found = answer(looking_at(shared_desk, bars), "verify_data_feeds", end_of(bars) + late * 60 * SECOND)
    assert (found["feeds"][0]["age_bars"], found["fresh"]) == (age, fresh)
    assert found["stale"] == ([] if fresh else ["BTCUSDT.sim 1h"])
    stricter = answer(looking_at(shared_desk, bars), "verify_data_feeds", end_of(bars) + HOUR, max_age_bars=0)
    assert stricter["fresh"] is False


@settings(max_examples=60)
@given(st.integers(2, 400), st.integers(0, 40 * 24 * 60))
def test_around_the_clock_every_whole_bar_since_is_due(shared_desk: Desk, rows: int, minutes: int) -> None:
    bars = closes([100.0] * rows)
    late = minutes * 60 * SECOND
    found = answer(looking_at(shared_desk, bars), "verify_data_feeds", end_of(bars) + late)
    assert found["feeds"][0]["age_bars"] == late // HOUR


@pytest.mark.parametrize(("days", "age"), [(3, 0), (4, 1), (5, 2), (11, 6)])
def test_a_weekend_is_no_delay_where_none_is_traded(shared_desk: Desk, days: int, age: int) -> None:
    weekdays = [START + k * DAY for k in range(47) if k % 7 < 5]  # up to Friday 2024-02-16
    bars = at(closes([1.0], "EURUSD", A_DAY), *weekdays)
    as_of = int(bars.time[-1]) + days * DAY
    found = answer(looking_at(shared_desk, bars), "verify_data_feeds", as_of, symbol="EURUSD", timeframe="1d")
    assert (found["feeds"][0]["calendar"], found["feeds"][0]["age_bars"]) == ("weekdays", age)


@pytest.mark.parametrize(("hours", "fresh"), [(20, True), (44, True), (24 * 6, False)])
def test_a_market_of_five_days_rests_from_friday_evening(shared_desk: Desk, hours: int, fresh: bool) -> None:
    week = [h for h in range(24 * 26) if h < 24 * 5 - 3 or h % 168 >= 166 or h % 168 < 24 * 5 - 3]
    bars = at(closes([1.0], "EURUSD"), *[START + h * HOUR for h in week])  # up to a Friday, 21:00
    assert int(bars.time[-1]) == START + (24 * 26 - 4) * HOUR
    found = answer(looking_at(shared_desk, bars), "verify_data_feeds", end_of(bars) + hours * HOUR, symbol="EURUSD")
    assert (found["feeds"][0]["calendar"], found["fresh"]) == ("24/5", fresh)


def test_holes_are_counted_and_other_series_do_not_decide(shared_desk: Desk) -> None:
    whole, old = closes([100.0] * 200), closes([5.0] * 50, "OLDUSDT")
    holed = at(whole, *[int(t) for k, t in enumerate(whole.time) if k not in (20, 21, 90)])
    found = answer(looking_at(shared_desk, holed, old), "verify_data_feeds", end_of(whole))
    assert (found["fresh"], found["series"], found["with_gaps"]) == (True, 2, 1)
    assert found["stale"] == ["OLDUSDT.sim 1h"]
    mine = next(f for f in found["feeds"] if f["symbol"] == "BTCUSDT")
    assert (mine["gaps"], mine["missing_bars"]) == (2, 3)
    assert mine["last_gap"] == {"start": "2024-01-04T18:00:00Z", "missing": 1}
    every = answer(looking_at(shared_desk, holed, old), "verify_data_feeds", end_of(whole), symbol="")
    assert every["fresh"] is False


def test_a_series_that_is_not_there_is_not_fresh(shared_desk: Desk) -> None:
    found = answer(looking_at(shared_desk, market(50)), "verify_data_feeds", START + 50 * HOUR, symbol="NOUSDT")
    assert (found["fresh"], found["asked_for"]) == (False, [])


def paper_trade(desk: Desk, symbol: str) -> None:
    record = ask(desk, symbol)
    assert record.order is not None
    assert record.order["status"] == "filled"


def test_equity_is_that_of_the_book_at_the_newest_closes(desk: Desk) -> None:
    paper_trade(desk, "SURGEUSDT")
    as_of = ENTRY + 5 * HOUR
    book = books(desk, "paper").book
    close = float(desk.lake.bars("SURGEUSDT", AN_HOUR).as_of(as_of).close[-1])
    worth = float(book.cash) + float(book.quantity("SURGEUSDT")) * close
    found = answer(desk, "drawdown_status", as_of, account="paper")["accounts"][0]
    assert found["equity"] == pytest.approx(worth, abs=1e-6)
    assert found["funded"] == 100_000
    midnight = float(desk.lake.bars("SURGEUSDT", AN_HOUR).as_of(as_of // DAY * DAY).close[-1])
    peak = worth + float(book.quantity("SURGEUSDT")) * (midnight - close)
    assert (found["peak"], found["peak_at"][:10]) == (pytest.approx(peak, abs=1e-6), "2024-01-12")
    assert found["drawdown"] == pytest.approx(1 - worth / peak, abs=1e-12)
    assert worth > 100_000


def test_a_fall_counts_from_the_peak_and_from_the_capital(desk: Desk) -> None:
    paper_trade(desk, "CRASHUSDT")
    as_of = ENTRY + 30 * HOUR
    book = books(desk, "paper").book
    close = float(desk.lake.bars("CRASHUSDT", AN_HOUR).as_of(as_of).close[-1])
    worth = float(book.cash) + float(book.quantity("CRASHUSDT")) * close
    found = answer(desk, "drawdown_status", as_of)
    paper = found["accounts"][0]
    assert paper["peak"] == pytest.approx(100_000, abs=1e-6)
    assert paper["drawdown"] == pytest.approx(1 - worth / 100_000, rel=1e-9)
    assert paper["total_loss"] == pytest.approx(paper["drawdown"], rel=1e-9)
    assert found["worst"] == paper["drawdown"] > 0
    assert (paper["max_day_loss"], paper["max_week_loss"]) == (0.03, 0.05)
    assert (paper["breaker"], paper["actions"]) == (None, [])
    budget = answer(desk, "daily_risk_budget", as_of, account="paper")["accounts"][0]
    assert budget["floor"] == 80_000
    assert budget["left"]["total"] == pytest.approx(worth - 80_000, rel=1e-9)
    assert budget["budget"] == min(budget["left"].values())
    assert budget["per_trade"] == pytest.approx(0.005 * worth, rel=1e-9)
    assert budget["open_risk"] == 0, "the price is beyond the stop"
    assert budget["trades"] == int(budget["budget"] // budget["per_trade"])
    midnight = as_of // DAY * DAY
    before = float(desk.lake.bars("CRASHUSDT", AN_HOUR).as_of(midnight).close[-1])
    assert budget["today"] == pytest.approx(float(book.quantity("CRASHUSDT")) * (close - before), abs=1e-6)


def test_a_trade_after_the_instant_is_not_seen(desk: Desk) -> None:
    earlier = answer(desk, "drawdown_status", ENTRY - HOUR, account="paper")["accounts"][0]
    paper_trade(desk, "CRASHUSDT")
    later = answer(desk, "drawdown_status", ENTRY - HOUR, account="paper")["accounts"][0]
    assert {**later, "opened": False} == earlier


def test_a_limit_that_is_nearly_used_up_is_a_warning(desk: Desk) -> None:
    paper_trade(desk, "SURGEUSDT")
    found = answer(desk, "position_limits", ENTRY + HOUR, account="paper")
    lines = {line["limit"]: line for line in found["accounts"][0]["limits"]}
    book = books(desk, "paper").book
    assert lines["max_position"]["used"] == pytest.approx(float(book.exposure("SURGEUSDT")))
    assert lines["max_deployed"]["share"] == lines["max_deployed"]["used"] / lines["max_deployed"]["allowed"]
    named = [w for w in found["warnings"] if "max_position" in w]
    assert bool(named) is (lines["max_position"]["share"] >= 0.8)
    assert lines["risk_per_trade"]["used"] is None


def test_sectors_clusters_and_limits_of_the_whole_desk_are_among_them(home: Path) -> None:
    (home / "config" / "risk.yaml").write_text("desk: {max_deployed: 0.5}\nsectors: {one: [SURGEUSDT]}\n")
    desk = at_work(home)
    paper_trade(desk, "SURGEUSDT")
    found = answer(desk, "position_limits", ENTRY + HOUR, account="paper")
    lines = {line["limit"]: line for line in found["accounts"][0]["limits"]}
    assert lines["max_sector one"]["used"] == pytest.approx(lines["max_position"]["used"])
    assert lines["desk_max_deployed"]["setting"] == 0.5
    assert lines["desk_max_deployed"]["used"] == pytest.approx(lines["max_deployed"]["used"])


def test_what_open_stops_may_lose_is_not_counted_on_twice(desk: Desk) -> None:
    paper_trade(desk, "SURGEUSDT")
    budget = answer(desk, "daily_risk_budget", ENTRY + HOUR, account="paper")["accounts"][0]
    assert 0 < budget["open_risk"] < budget["budget"]
    assert budget["trades"] == int((budget["budget"] - budget["open_risk"]) // budget["per_trade"])
    assert budget["open_risk"] == float(looked(desk, "paper", ENTRY + HOUR).around.open_risk)


def test_an_account_that_is_not_open_yet_stands_at_its_cash(desk: Desk) -> None:
    found = answer(desk, "position_limits", ENTRY)
    assert [(a["account"], a["opened"], a["equity"]) for a in found["accounts"]] == [
        ("paper", False, 100_000.0),
        ("paper-usd", False, 100_000.0),
    ]
    assert desk.accounts.listed() == []
    with pytest.raises(UsageError, match="no account 'live'"):
        answer(desk, "drawdown_status", ENTRY, account="live")


def write(home: Path, name: str, content: bytes = b"tree\n") -> None:
    path = home / "models" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_a_workspace_without_models_is_in_order(desk: Desk) -> None:
    found = answer(desk, "validate_models", ENTRY)
    assert (found["models"], found["valid"], found["note"]) == ([], True, "there are no models yet")


def test_artefacts_are_hashed_and_what_nobody_could_load_is_named(desk: Desk) -> None:
    home = desk.workspace.home
    write(home, "trend/1/model.txt")
    write(home, "trend/2/model.pkl")
    write(home, "trend/3/model.txt", b"")
    write(home, "parameter_analysis.json", b"{}")
    (home / "models" / "trend" / "4").mkdir()
    (home / "models" / "production").symlink_to("trend/1")
    (home / "models" / "candidate_model").symlink_to("trend/9")
    found = answer(desk, "validate_models", ENTRY)
    sound = [m["path"] for m in found["models"] if m["fault"] is None]
    assert "trend/1/model.txt" in sound
    assert next(m for m in found["models"] if m["path"] == "trend/1/model.txt")["bytes"] == 5
    assert {b["path"]: b["fault"] for b in found["broken"]} == {
        "trend/2/model.pkl": "a pickle, which is never loaded",
        "trend/3/model.txt": "an empty file",
        "trend/4": "an empty version",
        "candidate_model": "a link that leads nowhere",
    }
    assert found["links"] == {"candidate_model": None, "production": "trend/1"}
    assert found["valid"] is False


def test_agents_are_as_well_as_their_last_calls(desk: Desk) -> None:
    assert answer(desk, "check_agents", ENTRY)["ready"] is True
    now = desk.clock.now()
    desk.staff.calls.record_all([failed(f"{k}", "risk-manager", now - (9 - k) * SECOND) for k in range(5)])
    found = answer(desk, "check_agents", ENTRY)
    assert (found["ready"], found["mandatory_missing"]) == (False, ["risk-manager"])
    assert found["agents"]["risk-manager"]["health"] == "unhealthy"


def failed(key: str, agent: str, began: int) -> Call:
    return Call(key, began, agent, agent, "drawdown_status", "W", CallOutcome.ERROR, 0.1, "it fell over")


FEEDS = {"fresh": True, "asked_for": ["BTCUSDT.sim 1h"], "stale": []}
AGENTS = {"ready": True, "mandatory_missing": [], "agents": {}}
DRAWDOWN = {"within_limits": True, "accounts": [{"within_limits": True}]}
LOST = {"account": "paper", "within_limits": False, "total_loss": 0.25, "max_total_loss": 0.2}


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({}, []),
        ({"feeds": {**FEEDS, "fresh": False, "stale": ["BTCUSDT.sim 1h"]}}, ["stale feeds: BTCUSDT.sim 1h"]),
        ({"feeds": {**FEEDS, "fresh": False, "asked_for": []}}, ["the lake has no series of what the run is about"]),
        ({"feeds": None}, ["the feeds were not verified"]),
        ({"agents": {"status": "skipped"}}, ["the agents were not checked"]),
        (
            {"agents": {"mandatory_missing": ["risk-manager"], "agents": {"risk-manager": UNWELL}}},
            ["risk-manager is unhealthy: it fell over"],
        ),
        ({"drawdown": {"accounts": [LOST]}}, ["paper has lost 25.0% of its capital, the limit is 20%"]),
        ({"drawdown": None, "feeds": None}, ["the feeds were not verified", "the drawdown is not known"]),
    ],
)
def test_the_pipeline_is_ready_when_everything_is(
    shared_desk: Desk, changed: Mapping[str, Any], reasons: Sequence[str]
) -> None:
    inputs = {"feeds": FEEDS, "agents": AGENTS, "drawdown": DRAWDOWN, **changed}
    found = answer(shared_desk, "initialise_pipeline", ENTRY, inputs)
    assert (found["ready"], found["reasons"]) == (not reasons, reasons)
