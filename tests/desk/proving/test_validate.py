"""A run of the validation: claims, the three ways of a gate, retries, what is told, what is kept."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from desk.proving.scripted import (
    FLAWED,
    MEETING,
    NEARLY,
    PASSES,
    SHORT,
    WEAK,
    Engine,
    Scripted,
    ideas,
    queued,
    result,
)
from quorum.desk import Desk
from quorum.desk.notices import Event
from quorum.desk.proving import Asked, Skills, plan, validate
from quorum.domain import Choice, DecisionKind, IllegalMove, Loss, NotFound, QuorumError, UsageError
from quorum.validation.ladder import Tier
from quorum.validation.life import Status

NONE = Skills()


def stand(desk: Desk, *names: str) -> list[str]:
    return [desk.life.queue.get(name).status.value for name in names]


def with_workers(desk: Desk, workers: Scripted) -> Desk:
    return replace(desk, executor=workers)


def test_all_passed_go_on_together_in_the_same_run(desk: Desk) -> None:
    names = queued(desk, 3)
    workers = Scripted()
    run = validate(with_workers(desk, workers), Asked(), NONE)
    assert [[p["tier"] for p in batch] for batch in workers.batches] == [[t] * 3 for t in ("L0", "L1", "L2", "L3")]
    assert [opened["gate"]["branch"] for opened in run["rounds"]] == ["all_passed"] * 4
    assert stand(desk, *names) == ["L3_PASSED"] * 3
    assert (run["passed"], run["failed"], run["meeting"]) == (3, 0, None)


def test_what_l2_chose_is_what_l3_checks(desk: Desk) -> None:
    queued(desk, 1)
    workers = Scripted()
    validate(with_workers(desk, workers), Asked(), NONE)
    assert [batch[0]["params"] for batch in workers.batches] == [{}, {}, {}, {"fast": 12.0}]


def test_of_a_mixed_tier_those_that_passed_go_on_and_the_others_do_not(desk: Desk) -> None:
    good, weak, bad, short = queued(desk, 4)
    script = {(weak, "L1"): [WEAK], (bad, "L0"): [FLAWED], (short, "L0"): [SHORT]}
    run = validate(with_workers(desk, Scripted(script)), Asked(), NONE)
    assert stand(desk, good, weak, bad, short) == ["L3_PASSED", "REJECTED_AUTO_RETRY", "REJECTED", "INCONCLUSIVE"]
    assert [opened["gate"]["branch"] for opened in run["rounds"]] == ["mixed", "mixed", "all_passed", "all_passed"]
    assert run["by_strategy"][bad]["reason"] == "fundamental_strategy_flaw"
    assert desk.life.queue.get(bad).reason == "fundamental_strategy_flaw: it sees the future"
    assert (run["passed"], run["failed"], run["inconclusive"]) == (1, 2, 1)


def test_a_failure_that_may_be_mended_is_mended_and_goes_on(desk: Desk) -> None:
    good, weak = queued(desk, 2)
    asked: list[str] = []

    def mend(desk: Desk, strategy_id: str) -> None:
        asked.append(strategy_id)
        for before, after in ((Status.FIXABLE_FAILURE, Status.RETRYING), (Status.RETRYING, Status.L1_PASSED)):
            desk.life.queue.move(strategy_id, before, after, "auto-retry", "a wider stop")

    run = validate(with_workers(desk, Scripted({(weak, "L1"): [WEAK]})), Asked(), Skills(mend=mend))
    assert asked == [weak]
    assert stand(desk, good, weak) == ["L3_PASSED", "L3_PASSED"]
    assert run["by_strategy"][weak]["mended"]


def test_at_one_tier_a_failure_waits_for_its_fix(desk: Desk) -> None:
    good, weak = queued(desk, 2)
    broken = with_workers(desk, Scripted({(weak, "L1"): [WEAK]}))
    validate(broken, Asked(tier=Tier.L0), NONE)
    assert stand(desk, good, weak) == ["L0_PASSED", "L0_PASSED"]
    validate(broken, Asked(tier=Tier.L1), NONE)
    assert stand(desk, good, weak) == ["L1_PASSED", "FIXABLE_FAILURE"]


def with_meetings(desk: Desk, engine: Engine, workers: Scripted) -> Desk:
    """A desk whose strategy meetings are asked for and never held."""
    folder = desk.workspace.config / "workflows"
    folder.mkdir(exist_ok=True)
    (folder / "strategy_meeting.yaml").write_text(MEETING)
    return replace(desk, executor=workers, workflows=engine)  # type: ignore[arg-type]


@pytest.mark.parametrize(("failing", "meets"), [(1, False), (2, False), (3, True), (4, True)])
def test_more_than_half_or_all_failing_schedule_one_meeting_and_people_are_told(
    desk: Desk, failing: int, meets: bool
) -> None:
    names, engine = queued(desk, 4), Engine()
    script = {(name, "L0"): [FLAWED] for name in names[:failing]}
    run = validate(with_meetings(desk, engine, Scripted(script)), Asked(tier=Tier.L0), NONE)
    told = [t.notice.occurrence for t in desk.outbox.listed() if t.notice.occurrence.event == Event.ALERT]
    assert [o.details["failed"] for o in told] == ([names[:failing]] if meets else [])
    asked = [found for found, request in desk.runs.entered(0) if request["workflow"] == "strategy_meeting"]
    assert list(engine.asked) == asked
    assert len(asked) == meets, run["meeting"]
    assert (run["meeting"] or {}).get("workflow_id") == (asked[0] if meets else None)


def test_a_run_of_many_tiers_schedules_one_meeting_and_one_under_way_is_enough(desk: Desk) -> None:
    names, engine = queued(desk, 5), Engine()
    script = {**{(name, "L0"): [FLAWED] for name in names[:3]}, **{(name, "L1"): [FLAWED] for name in names[3:]}}
    at_work = with_meetings(desk, engine, Scripted(script))
    run = validate(at_work, Asked(), NONE)
    assert [opened["gate"]["branch"] for opened in run["rounds"]] == ["escalated", "escalated"]
    assert len(engine.asked) == 1
    engine.under_way = [SimpleNamespace(identity="WF-1", workflow="strategy_meeting", status="enqueued")]
    desk.life.queue.add(ideas(2, "CRASHUSDT"), "test")
    again = validate(with_meetings(desk, engine, Scripted(otherwise=FLAWED)), Asked(), NONE)
    assert again["meeting"] | {"why": ""} == {
        "workflow_id": "WF-1",
        "scheduled": False,
        "found": "one is under way already",
        "tier": "L0",
        "why": "",
    }
    assert len(engine.asked) == 1


def test_a_strategy_that_fails_alone_is_no_reason_for_a_meeting(desk: Desk) -> None:
    queued(desk, 1)
    assert validate(with_workers(desk, Scripted(otherwise=FLAWED)), Asked(), NONE)["meeting"] is None


@pytest.mark.parametrize(
    ("said", "tries", "verdict", "status"),
    [
        ([Loss.TIMEOUT, PASSES], 2, "passed", "L0_PASSED"),
        ([Loss.TIMEOUT, Loss.TIMEOUT], 2, "timeout", "REJECTED"),
        ([Loss.CRASH, Loss.CRASH, Loss.CRASH, PASSES], 4, "passed", "L0_PASSED"),
        ([Loss.CRASH] * 5, 4, "error", "ERROR"),
        ([Loss.CRASH, Loss.TIMEOUT, PASSES], 2, "timeout", "REJECTED"),
        ([Loss.MEMORY, PASSES], 1, "error", "ERROR"),
        ([Loss.ERROR, PASSES], 1, "error", "ERROR"),
        ([{"tier": "L0"}, PASSES], 1, "error", "ERROR"),
    ],
)
def test_a_timeout_is_tried_again_once_and_a_crash_three_times(
    desk: Desk, said: list[Any], tries: int, verdict: str, status: str
) -> None:
    hurt, well = queued(desk, 2)
    run = validate(with_workers(desk, Scripted({(hurt, "L0"): said})), Asked(tier=Tier.L0), NONE)
    lines = [line for line in run["workers"] if line["strategy_id"] == hurt]
    assert [line["attempt"] for line in lines] == list(range(1, tries + 1))
    assert run["by_strategy"][hurt]["attempt"] == tries
    assert run["by_strategy"][hurt]["verdict"] == verdict
    assert stand(desk, hurt, well) == [status, "L0_PASSED"]


def test_a_timeout_at_a_tier_with_retries_waits_for_its_fix(desk: Desk) -> None:
    (slow,) = queued(desk, 1)
    slowly = with_workers(desk, Scripted({(slow, "L1"): [Loss.TIMEOUT]}))
    validate(slowly, Asked(tier=Tier.L0), NONE)
    validate(slowly, Asked(tier=Tier.L1), NONE)
    assert stand(desk, slow) == ["FIXABLE_FAILURE"]
    with pytest.raises(UsageError, match=r"STR-001 is FIXABLE_FAILURE: timeout: .*; mend it: `quorum retry STR-001`"):
        validate(slowly, Asked((slow,)), NONE)
    assert desk.life.queue.get(slow).reason.startswith("timeout: ")


def test_an_answer_that_is_no_result_is_an_error_with_its_place(desk: Desk) -> None:
    odd, other, well = queued(desk, 3)
    bad = {**result("L0", PASSES).told(), "seed": "seven"}
    script = {(odd, "L0"): [bad], (other, "L0"): [result("L1", PASSES).told()]}
    run = validate(with_workers(desk, Scripted(script)), Asked(tier=Tier.L0), NONE)
    assert stand(desk, odd, other, well) == ["ERROR", "ERROR", "L0_PASSED"]
    assert "result.seed is 'seven'" in run["by_strategy"][odd]["why"]
    assert "result.tier is 'L1', not L0" in run["by_strategy"][other]["why"]
    assert {line["strategy_id"]: line["exit"] for line in run["workers"]}[odd] == "malformed"
    assert desk.life.results.of(odd) == []


def test_the_result_is_kept_before_the_strategy_is_moved(desk: Desk) -> None:
    (name,) = queued(desk, 1)
    kept: list[int] = []

    class Watching:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, word: str) -> Any:
            return getattr(self._inner, word)

        def move(self, *given: Any, **facts: Any) -> Any:
            kept.append(len(desk.life.results.of(name)))
            return self._inner.move(*given, **facts)

    watched = replace(desk, life=desk.life._replace(queue=Watching(desk.life.queue)))
    run = validate(with_workers(watched, Scripted()), Asked(tier=Tier.L0), NONE)
    assert kept == [0, 1]
    (found,) = desk.life.results.of(name)
    assert (found["run_id"], found["tier"], found["attempt"]) == (run["run_id"], "L0", 0)


def test_a_run_that_fails_fast_gives_the_others_back(desk: Desk) -> None:
    first, second, third = queued(desk, 3)
    path = desk.workspace.config / "parallel-validation.yaml"
    path.write_text("parallel_validation: {fail_fast: true}\n")
    script = {(second, "L0"): [FLAWED]}
    run = validate(with_workers(desk, Scripted(script)), Asked(), NONE)
    assert stand(desk, first, second, third) == ["L0_PASSED", "REJECTED", "PENDING"]
    assert [opened["tier"] for opened in run["rounds"]] == ["L0"]


def test_every_move_of_a_run_is_a_decision_in_its_name(stored: Desk) -> None:
    (name,) = queued(stored, 1)
    run = validate(with_workers(stored, Scripted()), Asked(tier=Tier.L0), NONE)
    moves = stored.life.queue.moves(name)
    assert [(m.before, m.after, m.by) for m in moves[1:]] == [
        ("PENDING", "L0_VALIDATING", run["run_id"]),
        ("L0_VALIDATING", "L0_PASSED", run["run_id"]),
    ]
    decided: Choice = stored.decisions.get(moves[-1].decision_id or "").choice
    assert (decided.kind, decided.subject) == (DecisionKind.STATUS, name)


def test_the_critic_is_heard_on_l2_where_there_are_doubts(desk: Desk) -> None:
    nearly, doubted, clean = queued(desk, 3)
    asked: list[tuple[str, str]] = []

    def critic(desk: Desk, candidate: Any, found: Any) -> Any:
        asked.append((candidate.strategy_id, candidate.status.value))
        return PASSES if candidate.strategy_id == nearly else FLAWED

    script = {
        (nearly, "L2"): [NEARLY],
        (doubted, "L2"): [result("L2", PASSES, critic=("oos_is",)).told()],
        (nearly, "L1"): [PASSES],
    }
    validate(with_workers(desk, Scripted(script)), Asked(), Skills(critic=critic))
    assert asked == [(nearly, "L2_VALIDATING"), (doubted, "L2_VALIDATING")]
    assert stand(desk, nearly, doubted, clean) == ["L3_PASSED", "REJECTED", "L3_PASSED"]


def test_those_that_come_through_are_handed_on(desk: Desk) -> None:
    (name,) = queued(desk, 1)

    def assess(desk: Desk, strategy_id: str) -> None:
        desk.life.queue.move(strategy_id, Status.L3_PASSED, Status.RISK_ASSESSED, "risk", "it fits")
        desk.life.queue.move(strategy_id, Status.RISK_ASSESSED, Status.AWAITING_HUMAN, "risk", "ask me")

    run = validate(with_workers(desk, Scripted()), Asked(), Skills(assess=assess))
    assert stand(desk, name) == ["AWAITING_HUMAN"]
    assert run["by_strategy"][name]["status"] == "AWAITING_HUMAN"


def fails(*given: Any) -> Any:
    raise RuntimeError("this skill is broken")


@pytest.mark.parametrize("broken", ["parallel", "critic", "mend", "assess"])
def test_whichever_skill_breaks_every_strategy_ends_with_a_decision(desk: Desk, broken: str) -> None:
    good, weak, doubted = queued(desk, 3)
    script = {(weak, "L1"): [WEAK], (doubted, "L2"): [result("L2", PASSES, critic=("oos_is",)).told()]}
    workers = Scripted(script, breaks=RuntimeError("no workers") if broken == "parallel" else None)
    skills = Skills() if broken == "parallel" else replace(Skills(), **{broken: fails})
    run = validate(with_workers(desk, workers), Asked(), skills)
    assert stand(desk, good, weak, doubted) == ["L3_PASSED", "REJECTED_AUTO_RETRY", "L3_PASSED"]
    told = [alert["why"] for alert in run["alerts"] if alert["kind"] == "skill_failed"]
    assert told
    assert all("broken" in why or "no workers" in why for why in told)
    assert bool(workers.fresh) is (broken == "parallel")


@pytest.mark.parametrize("switch", ["settings", "briefing"])
def test_with_the_skill_off_validation_goes_on_one_by_one(desk: Desk, switch: str) -> None:
    names = queued(desk, 3)
    if switch == "settings":
        (desk.workspace.config / "parallel-validation.yaml").write_text("parallel_validation: {enabled: false}\n")
    else:
        (desk.workspace.home / "BOOTSTRAP.md").write_text("active_skills:\n  parallel-validation: false\n")
    workers = Scripted()
    run = validate(with_workers(desk, workers), Asked(tier=Tier.L0))
    assert [len(batch) for batch in workers.batches] == [1, 1, 1]
    assert {limits.workers for limits in workers.limits} == {1}
    assert run["mode"] == "inline"
    assert stand(desk, *names) == ["L0_PASSED"] * 3


def test_two_desks_on_one_queue_never_take_the_same_strategy(desk: Desk) -> None:
    names = queued(desk, 4)
    other = Scripted()

    def meanwhile(payload: Any) -> None:
        if payload["strategy_id"] == names[0]:
            found = validate(with_workers(desk, other), Asked(tier=Tier.L0), NONE)
            assert found["run_id"] is None

    mine = Scripted(before=meanwhile)
    validate(with_workers(desk, mine), Asked(tier=Tier.L0), NONE)
    assert [p["strategy_id"] for p in mine.batches[0]] == names
    assert other.batches == []


def test_what_is_named_is_checked_and_what_cannot_be_is_refused(desk: Desk) -> None:
    first, second = queued(desk, 2)
    at_work = with_workers(desk, Scripted({(first, "L0"): [Loss.MEMORY, PASSES]}))
    run = validate(at_work, Asked((first,), Tier.L0), NONE)
    assert list(run["by_strategy"]) == [first]
    assert stand(desk, first, second) == ["ERROR", "PENDING"]
    assert validate(at_work, Asked(tier=Tier.L0, queue_size=5), NONE)["by_strategy"].keys() == {second}
    validate(at_work, Asked((first,)), NONE)
    assert stand(desk, first) == ["L3_PASSED"]
    with pytest.raises(NotFound, match="there is no strategy 'STR-999' in the queue; list them"):
        validate(at_work, Asked(("STR-999",)), NONE)
    with pytest.raises(UsageError, match="STR-001 is L3_PASSED; see"):
        validate(at_work, Asked((first,)), NONE)
    with pytest.raises(UsageError, match="STR-002 is L0_PASSED: L1 comes next, not L3; ask for --tier L1"):
        validate(at_work, Asked((second,), Tier.L3), NONE)
    desk.life.queue.move(second, Status.L0_PASSED, Status.REJECTED, "me", "no")
    with pytest.raises(UsageError, match="STR-002 is REJECTED: it is not validated any more"):
        validate(at_work, Asked((second,)), NONE)


def test_a_strategy_that_another_run_checks_is_refused_by_name(desk: Desk) -> None:
    (name,) = queued(desk, 1)

    def meanwhile(payload: Any) -> None:
        with pytest.raises(IllegalMove, match=r"STR-001 is L0_VALIDATING: L0 is checked by VAL-\d{8}-001; wait"):
            validate(with_workers(desk, Scripted()), Asked((name,)), NONE)

    validate(with_workers(desk, Scripted(before=meanwhile)), Asked(tier=Tier.L0), NONE)


def test_so_many_at_most_and_so_many_at_once(desk: Desk) -> None:
    queued(desk, 6)
    workers = Scripted()
    validate(with_workers(desk, workers), Asked(tier=Tier.L0, queue_size=5, workers=3), NONE)
    validate(with_workers(desk, workers), Asked(tier=Tier.L1, workers=9), NONE)
    assert [(len(batch), limits.workers) for batch, limits in zip(workers.batches, workers.limits, strict=True)] == [
        (5, 3),
        (5, 4),
    ]
    for wrong in ({"workers": 0}, {"workers": 257}, {"queue_size": 0}, {"workers": "two"}, {"workers": True}):
        with pytest.raises(UsageError, match="makes no sense"):
            Asked(**wrong)  # type: ignore[arg-type]


def test_nothing_that_waits_is_no_run(desk: Desk) -> None:
    run = validate(with_workers(desk, Scripted()), Asked(), NONE)
    assert (run["run_id"], run["by_strategy"], run["passed"]) == (None, {}, 0)
    assert desk.life.books.runs.listed() == []


def test_what_was_inconclusive_is_checked_again_when_there_is_more_data(desk: Desk) -> None:
    (name,) = queued(desk, 1)
    series = list(desk.lake.series())

    class Growing:
        def series(self) -> list[Any]:
            return series

    grows = replace(desk, executor=Scripted({(name, "L0"): [SHORT, SHORT, PASSES]}), lake=Growing())  # type: ignore[arg-type]
    validate(grows, Asked(tier=Tier.L0), NONE)
    assert validate(grows, Asked(tier=Tier.L0), NONE)["run_id"] is None
    assert validate(grows, Asked((name,)), NONE)["inconclusive"] == 1  # by name it is checked all the same
    series[:] = [replace(one, last=one.last + 1) for one in series]
    assert validate(grows, Asked(tier=Tier.L0), NONE)["passed"] == 1


def test_a_tier_that_the_protocol_leaves_out_holds_nobody_up(desk: Desk) -> None:
    (name,) = queued(desk, 1)
    (desk.workspace.config / "tiered-validation-protocol.yaml").write_text("tiers: [L0, L2]\n")
    workers = Scripted()
    validate(with_workers(desk, workers), Asked(), NONE)
    assert [batch[0]["tier"] for batch in workers.batches] == ["L0", "L2"]
    assert stand(desk, name) == ["L3_PASSED"]
    with pytest.raises(UsageError, match="the ladder has no tier L1"):
        validate(with_workers(desk, workers), Asked(tier=Tier.L1), NONE)


def test_a_plan_does_nothing(desk: Desk) -> None:
    names = queued(desk, 2)
    told = plan(desk, Asked(tier=Tier.L0, workers=9))
    assert (told["pending"], told["workers"], told["mode"]) == (2, 2, "parallel")
    assert told["strategies"][names[0]] == {
        "strategy": "demo_ma",
        "status": "PENDING",
        "tier": "L0",
        "seconds": 600.0,
        "memory_mb": 200.0,
    }
    assert stand(desk, *names) == ["PENDING", "PENDING"]
    assert desk.life.books.runs.listed() == []


def test_a_run_that_is_interrupted_gives_its_strategies_back(desk: Desk) -> None:
    first, second = queued(desk, 2)

    def interrupt(payload: Any) -> None:
        if payload["strategy_id"] == second:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        validate(with_workers(desk, Scripted(before=interrupt)), Asked(), NONE)
    assert stand(desk, first, second) == ["L0_PASSED", "PENDING"]
    (run,) = desk.life.books.runs.listed()
    assert run["status"] == "stopped"


def test_a_store_that_goes_away_ends_the_run_with_its_own_error(desk: Desk) -> None:
    queued(desk, 1)

    def refuse(*given: Any) -> None:
        raise QuorumError("the database is away", "wait")

    class Away:
        of = staticmethod(lambda *given: [])
        keep = staticmethod(refuse)

    away = replace(desk, life=desk.life._replace(results=Away()))
    with pytest.raises(QuorumError, match="the database is away"):
        validate(with_workers(away, Scripted()), Asked(), NONE)
    assert desk.life.books.runs.listed()[0]["status"] == "stopped"
