"""A meeting: held once, kept with every reason, its choice queued, and what it learns changes the next one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.meeting.halls import COINS, NOW, configure, opened
from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.meeting import Convened, Purse, Wanted, look_back, run_meeting, update_map
from quorum.desk.meeting.fakes import Scripted
from quorum.desk.meeting.past import survivals
from quorum.desk.work import Assignment
from quorum.desk.work.meeting import brief_meeting, hold_meeting
from quorum.discovery import Proposal, read_cell
from quorum.domain import DecisionKind, UsageError, VirtualClock
from quorum.signals import read_spec
from quorum.validation.life import Idea, Status
from quorum.validation.life.status import TIERS

FAILED = {"verdict": "failed", "reason": "sharpe_below_threshold", "why": "sharpe is 0.1, above 0.5 is asked for"}


def passed(desk: Desk, strategy_id: str, *tiers: str) -> None:
    """Results of these tiers, all passed, the next one failed."""
    for tier in TIERS[: len(tiers) + 1]:
        verdict = {"verdict": "passed"} if tier in tiers else FAILED
        desk.life.results.keep(strategy_id, tier, 0, "VAL-1", {"verdict": verdict})


def test_a_meeting_queues_the_newest_and_most_feasible(home: Path) -> None:
    desk = opened(home, seats={})
    held = run_meeting(desk, Convened(seed=3))
    told = held.told
    assert re.fullmatch(r"MTG-\d{8}-001", held.meeting_id or "")
    assert list(held.queued) == ["STR-001", "STR-002", "STR-003"]
    assert len(told["selected"]) == 3
    assert [seat["seat"] for seat in told["seats"]] == ["strategist", "maverick", "data_curious"]
    assert told["seats"][2]["tests"] > 50
    scores = [p["score"] for p in told["proposals"] if p["chosen"]]
    assert scores == sorted(scores, reverse=True)
    for proposal in told["proposals"]:
        assert len(proposal["hypothesis"]) > 40
        read_cell(proposal["cell"])
        assert read_spec(proposal["strategy"]).name == proposal["name"]
    rejected = {one["name"]: one["reason"] for one in told["rejected"]}
    assert set(rejected) == {p["name"] for p in told["proposals"] if not p["chosen"]}
    assert all(rejected.values())


def test_what_is_queued_is_what_was_chosen_and_a_decision_with_all_that_it_follows_from(home: Path) -> None:
    desk = opened(home)
    held = run_meeting(desk, Convened(seed=3))
    chosen = {p["name"]: p for p in held.told["proposals"] if p["chosen"]}
    for candidate in desk.life.queue.listed():
        proposal = chosen[candidate.idea.name]
        assert candidate.status is Status.PENDING
        assert (candidate.idea.origin, candidate.idea.venue) == (proposal["by"], "sim")
        assert candidate.idea.hypothesis == proposal["hypothesis"]
        assert candidate.idea.strategy == proposal["strategy"]
        assert candidate.idea.weight == proposal["score"]
        assert set(candidate.idea.symbols) <= set(COINS)
    (decision,) = desk.decisions.recent(9, DecisionKind.MEETING)
    assert decision.decision_id == held.told["decision_id"]
    assert decision.choice.subject == held.meeting_id
    assert decision.choice.outcome["queued"] == list(held.queued)
    assert decision.choice.inputs["seed"] == 3
    assert len(decision.choice.inputs["series"]) == 9
    assert "STR-001" in decision.choice.rationale


def test_a_trial_writes_nothing_and_chooses_the_same(home: Path) -> None:
    desk = opened(home)
    tried = run_meeting(desk, Convened(seed=3, dry_run=True))
    assert tried.meeting_id is None
    assert tried.queued == ()
    assert desk.life.queue.listed() == []
    assert desk.life.books.meetings.listed() == []
    assert list(desk.decisions.recent(9)) == []
    assert run_meeting(desk, Convened(seed=3)).told["selected"] == tried.told["selected"]


def test_the_next_meeting_has_other_ideas(home: Path) -> None:
    desk = opened(home)
    first, second = run_meeting(desk, Convened(seed=3)), run_meeting(desk, Convened(seed=3))
    assert not set(first.queued) & set(second.queued)
    queued = {p["cell"] for p in first.told["proposals"] if p["chosen"]}
    anew = {p["cell"] for p in second.told["proposals"] if p["by"] == "strategist"}
    assert queued
    assert not queued & anew


def test_what_was_queued_is_refused_when_it_is_said_again(home: Path) -> None:
    keys = {"maverick": {"model": "test:one"}, "strategist": {"enabled": False}, "data_curious": {"enabled": False}}
    desk = opened(home, seats=keys)
    first, _ = modelled(desk, said())
    second, _ = modelled(desk, said({**SPEC, "name": "called_otherwise"}))
    assert first["queued"] == ["STR-001"]
    assert second["queued"] == []
    assert [one["reason"] for one in second["rejected"]] == ["it is STR-001 again (1.00 alike)"]


def test_a_meeting_is_held_once_for_its_occasion(home: Path) -> None:
    desk = opened(home)
    first = run_meeting(desk, Convened(key="WF-1/2/meeting"))
    assert run_meeting(desk, Convened(key="WF-1/2/meeting")).told == first.told
    assert len(desk.life.books.meetings.listed()) == 1
    assert len(desk.life.queue.listed()) == len(first.queued)


class Broken(RuntimeError):
    """The power cut."""


@pytest.mark.parametrize("step", ["queue", "decision", "close"])
def test_a_meeting_that_was_broken_off_is_finished_by_the_next_one(
    home: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = opened(home, proposals_per_seat=2)

    def cut(*_: Any, **__: Any) -> Any:
        raise Broken

    with monkeypatch.context() as patch:
        if step == "queue":
            patch.setattr(type(desk.life.queue), "add", cut)
        elif step == "decision":
            patch.setattr(type(desk.decisions), "record", cut)
        else:
            patch.setattr(type(desk.life.books.meetings), "change", cut)
        with pytest.raises(Broken):
            run_meeting(desk, Convened(key="one"))
    (record,) = desk.life.books.meetings.listed()
    assert record["status"] == "chosen"
    held = run_meeting(desk, Convened(key="one"))
    assert held.told["status"] == "held"
    assert len(held.queued) == len(record["ideas"]) > 0
    assert sorted(c.strategy_id for c in desk.life.queue.listed()) == sorted(held.queued)
    assert len(list(desk.decisions.recent(99, DecisionKind.MEETING))) == 1
    assert len(desk.life.books.meetings.listed()) == 1


def test_the_map_is_kept_and_steers_the_strategist(home: Path) -> None:
    desk = opened(home)
    first = run_meeting(desk, Convened(seed=1))
    for strategy_id in first.queued:
        passed(desk, strategy_id, "L0")
    assert update_map(desk) == len({c["key"] for c in desk.life.books.cells.listed()}) > 0
    assert update_map(desk) == 0
    tested = {c["key"]: c for c in desk.life.books.cells.listed()}
    assert all((c["survived"], c["passed"]) == (0, {"L0": c["tested"]}) for c in tested.values())
    second = run_meeting(desk, Convened(seed=1))
    aimed = {p["evidence"]["cell"] for p in second.told["proposals"] if p["by"] == "strategist"}
    assert not aimed & set(tested)
    assert second.told["most_tested"] in {key.split("/")[0] for key in tested}


def test_one_that_is_chosen_is_of_another_family_than_the_most_tested(home: Path) -> None:
    desk = opened(home, seats={"maverick": {"enabled": False}}, least_feasibility=0.0)
    ideas = [
        Idea({"name": f"idea_{k}", "long": f"roc(close, {k}) > 0"}, ("BTCUSDT",), "1d", "sim") for k in range(20, 26)
    ]
    for candidate in desk.life.queue.add(ideas, "test"):
        passed(desk, candidate.strategy_id)
    told = run_meeting(desk, Convened(seed=5)).told
    assert told["most_tested"] == "momentum"
    assert any(p["cell"].split("/")[0] != "momentum" for p in told["proposals"] if p["chosen"])


def test_it_is_told_whose_ideas_survived(home: Path) -> None:
    desk = opened(home)
    first = run_meeting(desk, Convened(seed=1))
    origins = [desk.life.queue.get(strategy_id).idea.origin for strategy_id in first.queued]
    passed(desk, first.queued[0], "L0", "L1", "L2", "L3")
    passed(desk, first.queued[1])
    records = run_meeting(desk, Convened(seed=2)).told["records"]
    assert sum(tally["tested"] for tally in records.values()) == 2
    assert records[origins[0]]["passed"]["L3"] == 1


def test_after_so_many_barren_meetings_the_theme_changes(home: Path) -> None:
    desk = opened(home, stagnation_meetings=2, themes=["open", "following"], select=1, proposals_per_seat=2)
    for number in range(2):
        held = run_meeting(desk)
        assert held.told["theme"] == "open"
        assert held.told["seed"] == number + 1
        for strategy_id in held.queued:
            desk.life.queue.move(strategy_id, Status.PENDING, Status.REJECTED, "test", "no")
    third = run_meeting(desk)
    assert third.told["theme"] == "following"
    families = {p["cell"].split("/")[0] for p in third.told["proposals"] if p["chosen"]}
    assert families <= {"trend", "momentum", "breakout"}


def test_a_theme_that_somebody_asked_for_is_for_that_meeting_only(home: Path) -> None:
    desk = opened(home, proposals_per_seat=1)
    assert run_meeting(desk, Convened(theme="following")).told["theme"] == "following"
    assert run_meeting(desk).told["theme"] == "open"


def test_ideas_on_their_way_and_survivors_keep_the_theme(home: Path) -> None:
    desk = opened(home, select=1, proposals_per_seat=2)
    (one,), (other,) = run_meeting(desk).queued, run_meeting(desk).queued
    held = desk.life.books.meetings.listed()
    passed(desk, other, "L0", "L1", "L2", "L3")
    lives = look_back(desk).lives
    assert survivals(held, lives, "L3") == [("open", None), ("open", True)]
    desk.life.queue.move(one, Status.PENDING, Status.REJECTED, "test", "no")
    assert survivals(held, look_back(desk).lives, "L3") == [("open", False), ("open", True)]


def learnt(desk: Desk, severity: str, *keywords: str) -> None:
    desk.life.books.learnings.open(
        {"key": "-".join(keywords), "severity": severity, "keywords": list(keywords), "title": "It lost every time"}
    )


def test_a_critical_learning_stops_the_ideas_that_it_speaks_of(home: Path) -> None:
    desk = opened(home)
    free = run_meeting(desk, Convened(seed=3, dry_run=True)).told
    family = free["proposals"][0]["cell"].split("/")[0]
    learnt(desk, "CRITICAL", family.replace("_", " ").title(), "overfitting")
    told = run_meeting(desk, Convened(seed=3)).told
    assert told["learnings"] == ["L-001"]
    reasons = [r["reason"] for r in told["rejected"]]
    assert f"L-001 stops it ({family}): It lost every time" in reasons
    assert not any(p["cell"].startswith(family) for p in told["proposals"] if p["chosen"])


def test_a_learning_that_a_person_wrote_into_the_file_is_heard(home: Path) -> None:
    desk = opened(home)
    (home / "knowledge" / "learnings.md").write_text(
        "# Learnings\n\n## L-001: Breakouts lost (2024-01-02)\n- **Source**: review\n- **Category**: strategy\n"
        "- **Severity**: CRITICAL\n- **Keywords**: breakout\n- **Learning**: They lost.\n- **Action**: Leave them.\n"
        "- **Frequency**: 3\n",
        encoding="utf-8",
    )
    assert run_meeting(desk).told["learnings"] == ["L-001"]


def test_the_files_show_what_was_queued_and_the_map(home: Path) -> None:
    desk = opened(home)
    held = run_meeting(desk, Convened(seed=3))
    passed(desk, held.queued[0], "L0")
    run_meeting(desk, Convened(seed=4))
    queue = (home / "pipeline" / "queue.yaml").read_text(encoding="utf-8")
    assert all(strategy_id in queue for strategy_id in held.queued)
    assert (home / "knowledge" / "strategies" / "STR-001" / "hypothesis.md").exists()
    (cell,) = desk.life.books.cells.listed()
    assert cell["key"] in (home / "knowledge" / "search-space-map.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("severity", "keywords"),
    [("HIGH", ("trend",)), ("CRITICAL", ("long", "overfitting")), ("CRITICAL", ("trend", "DOGE"))],
)
def test_other_learnings_stop_nothing(home: Path, severity: str, keywords: tuple[str, ...]) -> None:
    desk = opened(home)
    learnt(desk, severity, *keywords)
    told = run_meeting(desk, Convened(seed=3, dry_run=True)).told
    assert not any("stops it" in one["reason"] for one in told["rejected"])


def test_a_meeting_that_is_switched_off_is_skipped_with_a_decision(home: Path) -> None:
    desk = opened(home, enabled=False)
    held = run_meeting(desk)
    assert (held.told["status"], held.queued) == ("skipped", ())
    (decision,) = desk.decisions.recent(9, DecisionKind.MEETING)
    assert decision.choice.subject == held.meeting_id
    assert "switched off" in decision.choice.rationale
    assert run_meeting(desk, Convened(dry_run=True)).meeting_id is None


def test_a_strategy_that_nobody_can_read_any_more_is_named(home: Path) -> None:
    desk = opened(home)
    desk.life.queue.add([Idea("gone", ("BTCUSDT",), "1d")], "test")
    assert run_meeting(desk, Convened(dry_run=True)).told["unread"] == ["STR-001"]


def test_bad_input_is_refused(home: Path) -> None:
    with pytest.raises(UsageError, match="no theme 'fun'"):
        run_meeting(opened(home), Convened(theme="fun"))
    with pytest.raises(UsageError, match="no bars that an idea could be proposed on"):
        run_meeting(opened(home, symbols=["NONE"]))


def test_the_workflow_holds_the_same_meeting(home: Path) -> None:
    desk = opened(home)
    asked = Assignment("WF-1/2/meeting", "WF-1", "hold_meeting", "strategy-researcher", desk.clock.now(), {"seed": 3})
    told = hold_meeting(desk, asked)
    assert told["queued"] == hold_meeting(desk, asked)["queued"] == ["STR-001", "STR-002", "STR-003"]
    assert told["meeting_id"].endswith("-001")
    passed(desk, "STR-001", "L0")
    briefed = brief_meeting(desk, replace(asked, key="WF-2/1/briefing", task="brief_meeting"))
    assert (briefed["cells"], briefed["changed"], briefed["known"]) == (1, 1, 3)
    assert list(briefed["records"].values()) == [{"tested": 1, "L0": 1}]


SPEC: Mapping[str, Any] = {"name": "from_a_model", "summary": "x", "long": "close > sma(close, 30)", "hold": "10"}


def modelled(desk: Desk, *says: Proposal, **budget: Any) -> tuple[Mapping[str, Any], Scripted]:
    """A meeting in which the maverick is a model that says these."""
    seat = Scripted(*says)
    return run_meeting(desk, Convened(seed=3), seat).told, seat


def said(spec: Mapping[str, Any] = SPEC, symbols: tuple[str, ...] = ("BTCUSDT",), timeframe: str = "1d") -> Proposal:
    return Proposal(spec, symbols, timeframe, "It says why at some length.", "maverick")


def test_a_language_model_takes_a_seat(home: Path) -> None:
    desk = opened(home, seats={"maverick": {"model": "test:one"}}, most_per_family=3)
    told, seat = modelled(desk, said())
    (wanted,) = seat.asked
    assert isinstance(wanted, Wanted)
    assert wanted.series == {"1h": ["BTCUSDT", "ETHUSDT"], "1d": list(COINS)}
    assert "sma(x, n)" in wanted.brief
    mine = next(p for p in told["proposals"] if p["by"] == "maverick")
    assert (mine["venue"], mine["cell"]) == ("sim", "trend/crypto_one/weeks/long")
    assert told["seats"][1] == {"seat": "maverick", "spoke": "test:one", "proposals": 1}
    assert (told["calls"], told["spent"]) == (1, 0.01)


def test_what_a_model_says_is_judged_like_all_else(home: Path) -> None:
    wrong = {
        "no bars of 1d": said({**SPEC, "name": "one"}, symbols=("NONEUSDT",)),
        "no bars of 5m": said({**SPEC, "name": "two"}, timeframe="5m"),
        "there is no 'nothing'": said({"name": "three", "long": "close > nothing"}),
        "never enters": said({"name": "four", "long": "close < 0"}),
        "no book allows it": said({"name": "five", "short": "close < sma(close, 20)"}),
    }
    keys = {"maverick": {"model": "test:one"}, "strategist": {"enabled": False}, "data_curious": {"enabled": False}}
    told, _ = modelled(opened(home, seats=keys, proposals_per_seat=5), *wrong.values())
    assert told["queued"] == []
    for reason, proposal in wrong.items():
        (found,) = [one["reason"] for one in told["rejected"] if one["name"].startswith(proposal.name)]
        assert reason in found


def test_where_a_model_is_silent_the_rules_of_its_seat_speak(home: Path) -> None:
    desk = opened(home, seats={"maverick": {"model": "test:one"}}, budget={"calls": 0})
    told, _ = modelled(desk, said())
    seat = told["seats"][1]
    assert seat["spoke"] == "rules"
    assert seat["proposals"] > 0
    assert "budget of 0 calls" in seat["silent"]


def test_what_models_took_today_is_not_there_again(home: Path) -> None:
    keys = {"seats": {"maverick": {"model": "test:one"}}, "budget": {"money_per_day": 0.015, "money": 1.0}}
    assert modelled(opened(home, **keys), said())[0]["spent"] == 0.01
    later, _ = modelled(opened(home, hours=1, **keys), said())
    assert "0.0050 are left" in later["seats"][1]["silent"]
    tomorrow, _ = modelled(opened(home, hours=24, **keys), said())
    assert tomorrow["spent"] == 0.01


@pytest.mark.parametrize("end", ["tried", "broken"])
def test_what_models_took_counts_whatever_became_of_the_meeting(home: Path, end: str) -> None:
    keys: dict[str, Any] = {"seats": {"maverick": {"model": "test:one"}}}
    keys["budget"] = {"money_per_day": 0.015, "money": 1.0}
    keys["proposals_per_seat"] = 1
    desk = opened(home, **keys)

    class Cut(Scripted):
        def propose(self, wanted: Wanted, purse: Purse) -> Sequence[Proposal]:
            super().propose(wanted, purse)
            raise Broken

    if end == "tried":
        assert run_meeting(desk, Convened(dry_run=True), Scripted(said())).told["spent"] == 0.01
    else:
        with pytest.raises(Broken):
            run_meeting(desk, Convened(key="one"), Cut())
    later = run_meeting(opened(home, hours=1, **keys), Convened(key="one"), Scripted(said())).told
    assert "0.0050 are left" in later["seats"][1]["silent"]
    assert (later["status"], later["seed"]) == ("held", 1)


def test_an_idea_that_was_rejected_before_its_meeting_was_finished_is_not_queued_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = opened(home, proposals_per_seat=2)

    def cut(*_: Any, **__: Any) -> Any:
        raise Broken

    with monkeypatch.context() as patch:
        patch.setattr(type(desk.decisions), "record", cut)
        with pytest.raises(Broken):
            run_meeting(desk, Convened(key="one"))
    queued = [c.strategy_id for c in desk.life.queue.listed()]
    for identity in queued:
        desk.life.queue.move(identity, Status.PENDING, Status.REJECTED, "test", "it is over")
    assert sorted(run_meeting(desk, Convened(key="one")).queued) == sorted(queued)
    assert len(desk.life.queue.listed()) == len(queued)


def test_two_meetings_at_once_have_other_ideas(home: Path) -> None:
    configure(home, proposals_per_seat=2)
    desks = [open_desk(home, VirtualClock(NOW)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(run_meeting, desks)
    assert {one.told["seed"], other.told["seed"]} == {1, 2}
    assert not set(one.queued) & set(other.queued)
    assert len(desks[0].life.queue.listed()) == len(one.queued) + len(other.queued)


def test_a_purse_never_goes_below_nothing() -> None:
    purse = Purse(2, 0.03)
    purse.take(0.02)
    purse.give_back(0.01)
    assert (purse.calls, purse.made) == (1, 1)
    assert (purse.money, purse.spent) == (pytest.approx(0.02), pytest.approx(0.01))
    purse.take(0.02)
    with pytest.raises(Exception, match="2 calls is used up"):
        purse.take(0.0)
