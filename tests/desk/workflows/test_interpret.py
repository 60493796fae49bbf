"""The interpreter, over an engine in memory and a crew by script: every body, every end."""

from __future__ import annotations

from typing import Any

import pytest

from desk.workflows.runs_of import (
    NOON,
    RUN,
    Office,
    answers,
    condition,
    decision,
    fails,
    in_turn,
    office,
    one,
    parameter,
    question,
    spec,
    steps,
    task,
)
from quorum.desk.workflows.fakes import OutOfOrder, ScriptedCrew
from quorum.desk.workflows.spec import Loop, SubWorkflow, Tasks
from quorum.domain import HOUR, SECOND, VirtualClock, parse_instant
from quorum.domain.grammar import parse


def test_tasks_in_a_row_read_one_another_by_name() -> None:
    row = Tasks((task("first", outputs={"size": "size.deep"}), task("second", inputs={"n": "size", "all": "first"})))
    found = office(
        steps(("row", row), one("last", inputs={"n": "second.n"})),
        {"first": answers({"size": {"deep": 7}})},
        results={"n": "last.n", "of": "first.size.deep", "none": "last.n + second.of"},
    )
    end = found.run()
    assert end["status"] == "completed"
    assert end["results"] == {"n": 7, "of": 7, "none": None}
    assert end["steps"] == {"1": "completed", "2": "completed"}
    assert found.crew.calls[1].inputs == {"n": 7, "all": {"size": {"deep": 7}}}
    assert found.crew.asked == [f"{RUN}/1.row/first", f"{RUN}/1.row/second", f"{RUN}/2.last/last"]
    assert found.kept() == ["1.row", "2.last"]


def test_tasks_at_once_are_asked_in_one_call_and_their_step_is_kept_once() -> None:
    both = Tasks((task("left"), task("right")), parallel=True)
    found = office(steps(("both", both), one("last", inputs={"l": "left.of", "r": "right.of"})))
    assert found.run()["status"] == "completed"
    assert found.crew.calls[2].inputs == {"l": "left", "r": "right"}
    assert set(found.crew.filed) == {"/state/left.json", "/state/right.json", "/state/last.json"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ready == true", None),
        ("ready == false", "ready == false: not so (ready is true)"),
        ("other > 1", "other > 1: cannot be told (other is null)"),
        ("ready", None),
        ("count", "count: cannot be told (count is 3)"),
    ],
)
def test_a_step_is_left_out_when_its_condition_fails_or_cannot_be_told(text: str, says: str | None) -> None:
    first = one("first", outputs={"ready": "ready", "other": "other", "count": "count"})
    found = office(
        steps(first, one("second"), one("third"), conditions={2: text}),
        {"first": answers({"ready": True, "count": 3})},
    )
    end = found.run()
    assert end["status"] == "completed"
    assert end["steps"]["2"] == ("completed" if says is None else "skipped")
    assert found.reasons() == ({} if says is None else {"second": says})
    assert end["steps"]["3"] == "completed"


def test_a_task_of_a_group_is_left_out_by_its_own_condition() -> None:
    group = Tasks((task("left", condition="who == 'left'"), task("right", condition="who == 'right'")), parallel=True)
    found = office(
        steps(("group", group), one("last", inputs={"why": "right.status"})), params=(parameter("who", "left"),)
    )
    assert found.run()["steps"] == {"1": "completed", "2": "completed"}
    assert found.reasons() == {"right": "who == 'right': not so (who is 'left')"}
    assert found.crew.calls[-1].inputs == {"why": "skipped"}


def test_what_an_optional_task_did_not_answer_is_not_there() -> None:
    made = steps(
        one("first", critical=False, outputs={"n": "n"}),
        one("second", inputs={"n": "n", "why": "first.reason"}),
        one("third"),
        conditions={3: "n > 0"},
    )
    found = office(made, {"first": fails("no room")})
    end = found.run()
    assert (end["status"], end["steps"]) == ("degraded", {"1": "degraded", "2": "completed", "3": "skipped"})
    assert found.crew.calls[1].inputs == {"n": None, "why": "no room"}


def test_a_cached_answer_is_read_and_the_run_is_degraded() -> None:
    found = office(steps(one("first"), one("second", inputs={"n": "first.n"})))
    found.crew.script = {"first": {"status": "cached", "answer": {"n": 5}, "of": "yesterday"}}
    assert found.run()["status"] == "degraded"
    assert found.crew.calls[1].inputs == {"n": 5}
    assert found.crew.filed["/state/first.json"]["status"] == "cached"


def test_after_a_halt_every_later_document_says_why() -> None:
    row = Tasks((task("second"), task("third")))
    inner = spec(steps(one("deep")), name="inner")
    made = steps(one("first"), ("row", row), one("fourth"), ("sub", SubWorkflow("inner")))
    crew = ScriptedCrew(VirtualClock(NOON), {"second": fails("no feed", halts=True)})
    found = Office(spec(made, results={"first": "first.of", "fourth": "fourth"}), inner, crew=crew)
    end = found.run()
    why = "the workflow halted: step 2, second: no feed"
    assert (end["status"], end["reason"]) == ("halted", "step 2, second: no feed")
    assert end["steps"] == {"1": "completed", "2": "failed", "3": "skipped", "4": "skipped"}
    assert found.reasons() == {
        "second": "no feed",
        "third": "a critical task before it failed",
        "fourth": why,
        "deep": why,
    }
    assert end["results"] == {"first": "first", "fourth": None}
    assert found.crew.shown[-1] == (end["steps"], "halted")


def test_a_group_at_once_halts_after_all_of_it_was_asked() -> None:
    both = Tasks((task("left"), task("right")), parallel=True)
    found = office(steps(("both", both), one("last")), {"left": fails(halts=True)})
    assert found.run()["status"] == "halted"
    assert found.crew.filed["/state/right.json"]["status"] == "completed"
    assert found.reasons()["last"].startswith("the workflow halted: step 1, left")


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        ({"sharpe": 2.0, "pbo": 0.2}, "approved", [True, True]),
        ({"sharpe": 0.5, "pbo": 0.2}, "rejected", [False, True]),
        ({"sharpe": 2.0}, "inconclusive", [True, None]),
        ({"sharpe": 0.5}, "rejected", [False, None]),
    ],
)
def test_a_decision_point_tells_each_criterion(answer: dict[str, Any], verdict: str, words: list[Any]) -> None:
    made = steps(
        one("first", outputs={"sharpe": "sharpe", "pbo": "pbo"}),
        ("point", decision("sharpe > 1.0", "pbo < 0.5")),
        one("go"),
        conditions={3: "point_approved"},
    )
    found = office(made, {"first": answers(answer)}, results={"verdict": "point.verdict", "id": "point.decision_id"})
    end = found.run()
    assert end["results"] == {"verdict": verdict, "id": "DEC-1"}
    assert end["steps"]["3"] == ("completed" if verdict == "approved" else "skipped")
    (kept,) = found.crew.decided.values()
    assert [criterion["holds"] for criterion in kept["criteria"]] == words
    assert kept["values"] == {"sharpe": answer["sharpe"], "pbo": answer.get("pbo")}


def asked(said: dict[str, Any] | None = None, **given: Any) -> Office:
    made = steps(one("first"), ("consent", question(**given)), one("go"), conditions={3: "consent_approved"})
    return office(made, said=said, results={"status": "consent.status", "why": "consent.reason"})


@pytest.mark.parametrize(("word", "third"), [("approved", "completed"), ("rejected", "skipped")])
def test_an_answer_lets_the_run_go_on(word: str, third: str) -> None:
    found = asked({"Shall it?": (word, NOON + 60 * SECOND)})
    found.runs.send(RUN, "APR-1", {"approved": word == "approved"}, NOON + 60 * SECOND)
    end = found.run()
    assert end["results"] == {"status": word, "why": "as I see it"}
    assert (end["status"], end["steps"]["3"]) == ("completed", third)
    assert found.clock.now() == NOON + 60 * SECOND


def test_an_answer_from_before_the_waiting_counts() -> None:
    found = asked({"Shall it?": ("approved", NOON)})
    assert found.run()["steps"]["3"] == "completed"
    assert [name for name in found.kept() if name.startswith("wait")] == []


def test_an_answer_that_is_given_while_nothing_runs_counts() -> None:
    found = asked({"Shall it?": ("approved", NOON + 60 * SECOND)})
    assert found.stopped(after=2)  # the question is asked
    found.clock.advance_to(NOON + 600 * SECOND)
    found.runs.send(RUN, "APR-1", {"approved": True})
    assert found.run()["results"]["status"] == "approved"
    assert len(found.crew.questions) == 1


def test_a_question_expires_as_no() -> None:
    found = asked()
    end = found.run()
    assert (end["status"], end["results"]["status"], end["steps"]["3"]) == ("completed", "expired", "skipped")
    assert found.clock.now() == NOON + HOUR


@pytest.mark.parametrize("said", [None, {"Shall it?": ("rejected", NOON)}])
def test_a_question_whose_no_halts(said: dict[str, Any] | None) -> None:
    found = asked(said, otherwise="halt")
    end = found.run()
    assert end["status"] == "halted"
    assert end["reason"].startswith(f"step 2, consent: {'rejected' if said else 'expired'}")
    assert found.reasons() == {"go": f"the workflow halted: {end['reason']}"}


def test_people_are_reminded_until_the_time_is_up() -> None:
    found = asked(remind_seconds=1_000.0)
    found.run()
    assert found.crew.reminded == ["APR-1"] * 3
    assert [name for name in found.kept() if ".remind." in name] == [f"2.consent.remind.{n}" for n in (1, 2, 3)]


def test_what_a_question_shows_is_read_when_it_is_asked() -> None:
    found = asked(shows={"first": parse("first.of"), "none": parse("first.missing")})
    assert found.stopped(after=2)
    assert '"shows": {"first": "first", "none": null}' in found.runs.kept[RUN][1][1]


def test_a_sub_workflow_has_its_own_parameters_and_gives_its_results() -> None:
    inner = spec(
        steps(one("deep", inputs={"n": "n", "m": "m"})),
        {"n": "deep.n", "m": "deep.m"},
        name="inner",
        params=(parameter("n"), parameter("m", "given")),
    )
    made = steps(
        one("first"), ("sub", SubWorkflow("inner", {"n": parse("first.of")})), one("last", inputs={"n": "sub.n"})
    )
    found = Office(spec(made, {"sub": "sub"}), inner)
    end = found.run()
    assert end["results"] == {"sub": {"n": "first", "m": "given"}}
    assert found.kept() == ["1.first", "2.sub/1.deep", "3.last"]
    assert found.crew.calls[-1].inputs == {"n": "first"}
    assert all(set(states) <= {"1", "2", "3"} for states, _ in found.crew.shown)
    assert [dict(call.facts.params) for call in found.crew.calls] == [{}, {"n": "first", "m": "given"}, {}]


@pytest.mark.parametrize(("asked", "given"), [("'2023-06-01'", "2023-06-01"), (None, "2024-01-01T06:00:00Z")])
def test_a_part_of_a_run_has_its_instant_unless_it_is_given_an_earlier_one(asked: str | None, given: str) -> None:
    inner = spec(steps(one("deep")), name="inner", params=(parameter("as_of"),))
    sub = SubWorkflow("inner", {} if asked is None else {"as_of": parse(asked)})
    made = steps(("sub", sub), ("each", Loop(parse("items"), "item", 1, sub)))
    found = Office(spec(made, params=(parameter("as_of"), parameter("items"))), inner)
    found.request["as_of"] = parse_instant("2024-01-01T06:00:00Z")
    assert found.run(as_of="2024-01-01T06:00:00Z", items=[1])["status"] == "completed"
    assert [(c.facts.as_of, c.facts.params["as_of"]) for c in found.crew.calls] == [(parse_instant(given), given)] * 2


@pytest.mark.parametrize("instant", ["2024-01-01T12:00:01Z", "never", 7])
def test_a_part_of_a_run_sees_nothing_that_the_run_does_not(instant: Any) -> None:
    inner = spec(steps(one("deep")), name="inner", params=(parameter("as_of"),))
    made = steps(("sub", SubWorkflow("inner", {"as_of": parse("when")})))
    found = Office(spec(made, params=(parameter("when"),)), inner)
    end = found.run(when=instant)
    assert (end["status"], end["steps"]) == ("halted", {"1": "skipped"})
    assert str(instant) in found.reasons()["deep"]


def test_a_sub_workflow_that_halts_halts_the_run() -> None:
    inner = spec(steps(one("deep"), one("deeper")), name="inner")
    crew = ScriptedCrew(VirtualClock(NOON), {"deep": fails("no", halts=True)})
    found = Office(spec(steps(("sub", SubWorkflow("inner")), one("last"))), inner, crew=crew)
    end = found.run()
    assert (end["status"], end["steps"]) == ("halted", {"1": "halted", "2": "skipped"})
    assert set(found.reasons()) == {"deep", "deeper", "last"}


def test_the_documents_of_a_sub_workflow_that_is_left_out_say_so() -> None:
    inner = spec(steps(one("deep")), name="inner")
    found = Office(spec(steps(("sub", SubWorkflow("inner")), conditions={1: "false"})), inner)
    assert found.run()["steps"] == {"1": "skipped"}
    assert found.reasons() == {"deep": "false: not so ()"}


def repeated(body: Any, items: Any, script: dict[str, Any] | None = None, at_most: int = 2, most: int = 5) -> Office:
    made = steps(
        one("first", outputs={"items": "items"}),
        ("each", Loop(parse("items"), "item", at_most, body, most)),
        one("last", inputs={"all": "each"}),
    )
    return office(made, {"first": answers({"items": items}), **(script or {})}, results={"all": "each"})


def test_a_loop_asks_for_each_item_so_many_at_once() -> None:
    found = repeated(task("look", output=None, inputs={"it": "item"}), ["a", "b", "c"])
    end = found.run()
    assert [answer["it"] for answer in end["results"]["all"]] == ["a", "b", "c"]
    assert found.kept() == ["1.first", "2.each.1", "2.each.3", "3.last"]
    assert len(set(found.crew.asked)) == 5


def test_a_loop_over_nothing_is_done() -> None:
    end = repeated(task("look", output=None), []).run()
    assert (end["status"], end["results"]) == ("completed", {"all": []})


@pytest.mark.parametrize(
    ("items", "says"), [("abc", "there is no list at 'items'"), (None, "no list"), ([1] * 6, "6 items, at most 5")]
)
def test_a_loop_needs_a_list_that_is_not_too_long(items: Any, says: str) -> None:
    found = repeated(task("look", output=None), items)
    end = found.run()
    assert (end["status"], end["steps"]) == ("halted", {"1": "completed", "2": "failed", "3": "skipped"})
    assert says in end["reason"]
    assert says in found.reasons()["last"]


def test_an_optional_item_that_fails_is_told_in_its_place() -> None:
    look = task("look", output=None, critical=False)
    found = repeated(look, [1, 2, 3], {"look": in_turn(answers({}), fails("no"), answers({}))})
    end = found.run()
    assert (end["status"], end["steps"]["2"], end["steps"]["3"]) == ("degraded", "degraded", "completed")
    assert end["results"]["all"][1] == {"status": "failed", "reason": "no"}


def test_a_critical_item_that_fails_halts_and_no_other_part_is_begun() -> None:
    look = task("look", output=None)
    found = repeated(look, [1, 2, 3], {"look": in_turn(answers({}), fails("no", halts=True))}, at_most=2)
    end = found.run()
    assert (end["status"], end["steps"]["2"]) == ("halted", "failed")
    assert end["reason"] == "step 2, each: item 2: no"
    assert len(found.crew.calls) == 3


def test_a_loop_over_a_sub_workflow_is_a_run_for_each_item() -> None:
    inner = spec(steps(one("deep", inputs={"n": "n"})), {"n": "deep.n"}, name="inner", params=(parameter("n"),))
    loop = Loop(parse("items"), "item", 2, SubWorkflow("inner", {"n": parse("item")}))
    made = steps(one("first", outputs={"items": "items"}), ("each", loop))
    script = {
        "first": answers({"items": [1, 2, 3]}),
        "deep": in_turn(answers({"n": 1}), fails(halts=True), answers({"n": 3})),
    }
    found = Office(spec(made, {"all": "each"}), inner, crew=ScriptedCrew(VirtualClock(NOON), script))
    end = found.run()
    assert end["results"] == {"all": [{"n": 1}, {"n": None}, {"n": 3}]}
    assert end["status"] == "degraded"
    assert set(found.runs.kept) == {RUN, f"{RUN}/2.each.1.0", f"{RUN}/2.each.1.1", f"{RUN}/2.each.3.0"}


def test_a_run_ends_at_its_deadline() -> None:
    made = steps(one("first"), one("second"), one("third"))
    found = office(made, deadline_seconds=60.0)
    slow = found.clock

    def takes(call: Any) -> Any:
        slow.advance_to(slow.now() + 40 * SECOND)
        return answers({})

    found.crew.script = {"first": takes, "second": takes}
    end = found.run()
    assert (end["status"], end["reason"]) == ("halted", "its time was up before 3.third")
    assert end["steps"] == {"1": "completed", "2": "completed", "3": "skipped"}
    assert found.reasons() == {"third": "the workflow halted: its time was up before 3.third"}
    assert [call.left for call in found.crew.calls] == [60.0, 20.0]


def test_a_deadline_counts_the_time_that_nothing_ran() -> None:
    found = office(steps(one("first"), one("second")), deadline_seconds=60.0)
    assert found.stopped(after=1)
    found.clock.advance_to(NOON + 61 * SECOND)
    assert found.run()["reason"] == "its time was up before 2.second"
    found.clock.advance_to(NOON + 90 * SECOND)
    assert found.run()["steps"] == {"1": "completed", "2": "skipped"}  # as it was kept


def test_a_question_is_open_no_longer_than_the_run() -> None:
    made = steps(one("first"), ("consent", question(expires_seconds=3_600.0)), one("go"))
    found = office(made, deadline_seconds=600.0, results={"status": "consent.status"})
    end = found.run()
    assert found.clock.now() == NOON + 600 * SECOND
    assert (end["status"], end["results"]["status"]) == ("halted", "expired")
    assert found.reasons() == {"go": "the workflow halted: its time was up before 3.go"}


def test_the_deadline_of_a_run_holds_in_its_sub_workflows() -> None:
    inner = spec(steps(one("deep"), one("deeper")), name="inner", deadline_seconds=3_600.0)
    found = Office(spec(steps(("sub", SubWorkflow("inner"))), deadline_seconds=60.0), inner)

    def takes(call: Any) -> Any:
        found.clock.advance_to(found.clock.now() + 61 * SECOND)
        return answers({})

    found.crew.script = {"deep": takes}
    end = found.run()
    assert end["reason"] == "step 1, sub: its time was up before 1.sub/2.deeper"


def test_a_sub_workflow_has_a_deadline_of_its_own() -> None:
    inner = spec(steps(one("deep"), one("deeper")), name="inner", deadline_seconds=60.0)
    found = Office(spec(steps(one("first"), ("sub", SubWorkflow("inner")), one("last"))), inner)

    def takes(call: Any) -> Any:
        found.clock.advance_to(found.clock.now() + 61 * SECOND)
        return answers({})

    found.crew.script = {"first": takes, "deep": takes}
    assert found.run()["reason"] == "step 2, sub: its time was up before 2.sub/2.deeper"


def test_runs_of_a_loop_end_with_the_run_that_asked_for_them() -> None:
    inner = spec(steps(one("deep"), one("deeper")), name="inner")
    loop = Loop(parse("items"), "item", 2, SubWorkflow("inner"))
    made = steps(("each", loop), one("last"))
    found = Office(spec(made, params=(parameter("items", [1, 2]),), deadline_seconds=60.0), inner)

    def takes(call: Any) -> Any:
        found.clock.advance_to(found.clock.now() + 61 * SECOND)
        return answers({})

    found.crew.script = {"deep": takes}
    assert found.run()["reason"] == "its time was up before 2.last"
    assert [call.task.name for call in found.crew.calls] == ["deep"]


def test_a_fork_has_its_own_time() -> None:
    found = office(steps(one("first"), one("second"), one("third")), deadline_seconds=60.0)
    found.run()
    fork = f"{RUN}-fork"
    found.runs.kept[fork] = found.runs.kept[RUN][:1]
    found.clock.advance_to(NOON + HOUR)
    assert found.runs.run(fork, found.request)["status"] == "completed"
    assert [call.left for call in found.crew.calls[3:]] == [60.0, 60.0]


def test_a_spec_that_changed_under_a_run_is_noticed() -> None:
    found = office(steps(one("first"), one("second")))
    assert found.stopped(after=1)
    other = office(steps(one("other"), one("second")))
    other.runs.kept = found.runs.kept
    with pytest.raises(OutOfOrder):
        other.run()


def test_documents_are_filed_again_by_whoever_goes_on() -> None:
    found = office(steps(one("first"), one("second"), conditions={2: "false"}))
    assert found.stopped(after=1)
    assert found.crew.filed == {}  # it died between keeping and writing
    found.run()
    assert {path: o["status"] for path, o in found.crew.filed.items()} == {
        "/state/first.json": "completed",
        "/state/second.json": "skipped",
    }
    assert found.crew.asked == [f"{RUN}/1.first/first"]


def test_how_far_a_run_is_can_be_seen_before_every_step() -> None:
    found = office(steps(one("first"), one("second"), conditions={2: "false"}))
    found.run()
    assert found.crew.shown == [
        ({}, None),
        ({"1": "completed"}, None),
        ({"1": "completed", "2": "skipped"}, "completed"),
    ]


def test_conditions_read_the_parameters_of_the_run() -> None:
    found = office(steps(one("first"), conditions={1: "name == 'BTCUSDT'"}), params=(parameter("name"),))
    assert found.run(name="ETHUSDT")["steps"] == {"1": "skipped"}
    assert condition(None) is None
