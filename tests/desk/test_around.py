"""What a vote is held in: news, extreme bars, a desk that is paused or halted, agents that failed, past votes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.markets import ENTRY, closes, flat, write_bars
from desk.offices import ask, at_work
from quorum.desk import Desk, Question, convene, replay
from quorum.desk.system import Person, SystemState
from quorum.desk.work import Assignment, run_task
from quorum.domain import HOUR, MINUTE, Timeframe, iso

ME = Person("me")
FREE = (
    (),
    (SystemState.STARTING,),
    (SystemState.STARTING, SystemState.OPERATIONAL),
    (SystemState.STARTING, SystemState.DEGRADED),
    (SystemState.STARTING, SystemState.STOPPING),
)
HELD = ((SystemState.STARTING, SystemState.PAUSED), (SystemState.STARTING, SystemState.HALTED))


def moved(desk: Desk, *states: SystemState) -> Desk:
    for state in states:
        desk.states.move(state, ME, "the news of today")
    return desk


def around(desk: Desk, decision_id: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = desk.decisions.get(decision_id).choice.inputs["around"]
    return found


def identical(desk: Desk, decision_id: str) -> bool:
    return replay(desk, decision_id).verdict == "identical"


@pytest.mark.parametrize("states", FREE, ids=lambda states: states[-1] if states else "never started")
def test_single_commands_trade_unless_the_desk_is_held(desk: Desk, states: tuple[SystemState, ...]) -> None:
    record = ask(moved(desk, *states), "FLATUSDT")
    assert record.order is not None
    assert not around(desk, record.decision_id)["extreme"]


@pytest.mark.parametrize("states", HELD, ids=lambda states: states[-1])
def test_nothing_is_opened_while_the_desk_is_held(desk: Desk, states: tuple[SystemState, ...]) -> None:
    record = ask(moved(desk, *states), "FLATUSDT")
    assert (record.risk, record.order) == (None, None)
    assert record.reason == f"the desk is {states[-1]}: the news of today"
    assert desk.orders.of("paper") == []
    assert around(desk, record.decision_id)["extreme"]
    assert identical(desk, record.decision_id)
    desk.states.move(SystemState.OPERATIONAL, ME, "it has passed")
    assert ask(desk, "FLATUSDT").order is not None


def test_a_holding_is_left_also_while_the_desk_is_held(desk: Desk) -> None:
    ask(desk, "CRASHUSDT")
    left = ask(moved(desk, SystemState.STARTING, SystemState.HALTED), "CRASHUSDT", 3)
    assert left.risk is not None
    assert left.order is not None
    assert (left.risk["proposal"]["purpose"], left.order["status"]) == ("reduction", "filled")


@pytest.mark.parametrize(("ahead", "told"), [(31, ""), (30, "statement"), (-60, "statement"), (-61, "")])
def test_news_is_on_record_with_the_vote(home: Path, ahead: int, told: str) -> None:
    event = f"  - {{name: statement, at: {iso(ENTRY + ahead * MINUTE)}}}\n"
    (home / "config" / "events.yaml").write_text(f"events:\n{event}", encoding="utf-8")
    desk = at_work(home)
    record = ask(desk, "FLATUSDT", paper=False)
    assert around(desk, record.decision_id)["news"] == told
    assert identical(desk, record.decision_id)


def test_an_extreme_bar_is_on_record_with_the_vote(desk: Desk, tmp_path: Path) -> None:
    prices = closes(flat)
    prices[300] *= 1.2
    desk.lake.import_path(write_bars(tmp_path / "WILDUSDT.sim_1h.csv", prices))
    start = ENTRY - 260 * HOUR
    told = []
    for bars in (300, 301, 302):  # known at the close of the bar
        record = convene(desk, Question("WILDUSDT", Timeframe.parse("1h"), start + bars * HOUR))
        told.append(around(desk, record.decision_id)["extreme"])
        assert identical(desk, record.decision_id)
    assert told[:2] == [False, True]


@pytest.mark.parametrize("more", ["pool: hedge", "pool: log_odds", "weights_from: reliability"])
def test_what_past_votes_teach_is_on_record_and_replayed(home: Path, more: str) -> None:
    path = home / "config" / "consensus.yaml"
    text = path.read_text(encoding="utf-8").replace("pool: file4", "").replace("weights_from: fixed", "")
    text = text.replace("required_participants: [momentum]", "required_participants: [momentum, smc]")
    path.write_text(text.replace("consensus:\n", f"consensus:\n  {more}\n"), encoding="utf-8")
    desk = at_work(home)
    first = ask(desk, "FLATUSDT", paper=False)
    assert any("nothing" in note or "no outcomes" in note or "0 signals" in note for note in first.consensus["notes"])
    for hours in (-40, -30, -20, -10):
        ask(desk, "FLATUSDT", hours, paper=False)
    ask(desk, "CRASHUSDT", paper=False)
    later = ask(desk, "FLATUSDT", 300, paper=False)
    experts = desk.decisions.get(later.decision_id).choice.inputs["rules"]["experts"]
    assert later.consensus["notes"] == list(experts["says"])
    assert later.consensus["notes"] != first.consensus["notes"]
    assert identical(desk, later.decision_id)
    assert identical(desk, first.decision_id)


# The vote of a run: what becomes of an analyst by what the run knows of it.

LATEST, ANSWER = "latest_bars", "view"


def assignment(task: str, inputs: Mapping[str, Any], source: str = "momentum", hours: int = 0) -> Assignment:
    at = ENTRY + hours * HOUR
    params = {"symbol": "FLATUSDT", "timeframe": "1h", "source": source, "as_of": iso(at)}
    return Assignment(f"WF-1/{task}/{hours}", "WF-1", task, "somebody", at, params, inputs)


def answered(desk: Desk, latest: Mapping[str, Any]) -> Mapping[str, Any]:
    return run_task(desk, ANSWER, assignment(ANSWER, {"latest": latest}))


def failing(status: str) -> Callable[[Desk, Mapping[str, Any]], Any]:
    return lambda desk, latest: {"status": status, "reason": "the sky fell"}


def of_another_run(desk: Desk, latest: Mapping[str, Any]) -> Mapping[str, Any]:
    earlier = run_task(desk, LATEST, assignment(LATEST, {}, hours=-1))
    return answered(desk, earlier)


CASES: list[tuple[str, Callable[[Desk, Mapping[str, Any]], Any], str, str]] = [
    ("it answered", answered, "for_bullish", ""),
    ("it failed", failing("failed"), "", "agent failed: the sky fell"),
    ("it cannot be had", failing("unavailable"), "", "agent failed: the sky fell"),
    ("it was left out", failing("skipped"), "abstain", "abstained: it was not asked"),
    ("no step asks it", lambda desk, latest: None, "abstain", "abstained: it was not asked"),
    ("its word is an old one", of_another_run, "abstain", "abstained: its word is a cached one, which makes no entry"),
]


@pytest.mark.parametrize(("told", "choice", "why"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_analyst_in_a_run(desk: Desk, told: Callable[[Desk, Mapping[str, Any]], Any], choice: str, why: str) -> None:
    latest = run_task(desk, LATEST, assignment(LATEST, {}))
    evaluation = run_task(
        desk, "signal_aggregation", assignment("vote", {"latest": latest, "momentum": told(desk, latest)})
    )
    assert [vote["choice"] for vote in evaluation["votes"]] == ([choice] if choice else [])
    assert [absence["why"] for absence in evaluation["consensus"]["absent"]] == ([why] if why else [])
    assert around(desk, evaluation["decision_id"])["failed"] == ({} if choice else {"momentum": "the sky fell"})
    assert identical(desk, evaluation["decision_id"])


def test_an_analyst_whose_bars_came_late_abstains_in_the_replay_too(desk: Desk, tmp_path: Path) -> None:
    desk.lake.import_path(write_bars(tmp_path / "SOONUSDT.sim_1h.csv", closes(flat)[:260]))
    asked = assignment(LATEST, {}, hours=2)
    latest = run_task(desk, LATEST, replace(asked, params={**asked.params, "symbol": "SOONUSDT"}))
    assert latest["behind_bars"] == 2
    word = answered(desk, latest)
    evaluation = run_task(desk, "signal_aggregation", assignment("vote", {"latest": latest, "momentum": word}, hours=2))
    (vote,) = evaluation["votes"]
    assert (vote["choice"], vote["reason"]) == ("abstain", "bar late: the newest is 2 bars behind")
    assert identical(desk, evaluation["decision_id"])


def test_an_entry_of_a_run_is_refused_while_the_desk_is_held(desk: Desk) -> None:
    latest = run_task(desk, LATEST, assignment(LATEST, {}))
    inputs = {"latest": latest, "momentum": answered(desk, latest)}
    evaluation = run_task(desk, "signal_aggregation", assignment("vote", inputs))
    moved(desk, SystemState.STARTING, SystemState.PAUSED)
    inputs = {"latest": latest, "evaluation": evaluation}
    risk = run_task(desk, "trade_approval", assignment("risk", inputs))
    assert (risk["risk_approved"], risk["verdict"]) == (False, "nothing_to_trade")
    assert risk["reason"] == "the desk is paused: the news of today"


def told(desk: Desk) -> list[str]:
    return [one.notice.occurrence.event.value for one in desk.outbox.listed()]


def test_people_are_told_of_a_trade_once(desk: Desk) -> None:
    latest = run_task(desk, LATEST, assignment(LATEST, {}))
    inputs = {"latest": latest, "momentum": answered(desk, latest)}
    inputs["evaluation"] = run_task(desk, "signal_aggregation", assignment("vote", inputs))
    inputs["risk"] = run_task(desk, "trade_approval", replace(assignment("risk", inputs), execution="paper"))
    for _ in range(2):
        sent = run_task(desk, "execute_or_notify", replace(assignment("sent", inputs), execution="paper"))
    assert sent["order"]["status"] == "filled"
    assert told(desk) == ["trade_executed"]


def test_people_are_told_of_a_veto_of_risk_once(home: Path) -> None:
    path = home / "config" / "risk.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("min_order_notional: 10", "min_order_notional: 1e9"))
    desk = at_work(home)
    latest = run_task(desk, LATEST, assignment(LATEST, {}))
    inputs = {"latest": latest, "momentum": answered(desk, latest)}
    inputs["evaluation"] = run_task(desk, "signal_aggregation", assignment("vote", inputs))
    risk = [run_task(desk, "trade_approval", assignment("risk", inputs)) for _ in range(2)]
    assert risk[0]["verdict"] == "vetoed"
    assert risk[0] == risk[1]
    assert told(desk) == ["risk_veto"]


def test_a_vote_that_a_person_should_look_at_is_escalated_once(home: Path) -> None:
    path = home / "config" / "consensus.yaml"
    text = path.read_text(encoding="utf-8").replace("[momentum]", "[momentum, smc]", 1)
    path.write_text(text.replace("approval_threshold: 0.6", "approval_threshold: 0.5"), encoding="utf-8")
    desk = at_work(home)
    latest = run_task(desk, LATEST, assignment(LATEST, {}))
    word = answered(desk, latest)
    bullish = word["signals"][0]
    against = {**bullish, "source": "smc", "direction": "bearish", "stop": 200.0, "targets": [20.0]}
    inputs = {"latest": latest, "momentum": word, "smc": {**word, "source": "smc", "signals": [against]}}
    for _ in range(2):
        evaluation = run_task(desk, "signal_aggregation", assignment("vote", inputs))
    assert evaluation["consensus"]["escalate"]
    (escalation,) = desk.outbox.escalations()
    assert escalation.document()["type"] == "consensus_escalated"
    assert evaluation["decision_id"] in escalation.concern.recommended_action
    assert told(desk) == ["consensus_escalated"]
