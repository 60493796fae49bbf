"""A run that is stopped anywhere and goes on ends as one that was never stopped, and asks for nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from desk.workflows.runs_of import NOON, RUN, Office, answers, decision, fails, parameter, question, spec, task
from quorum.desk.workflows.crew import Call
from quorum.desk.workflows.fakes import ScriptedCrew
from quorum.desk.workflows.spec import Loop, Parameter, Step, SubWorkflow, Tasks, WorkflowSpec
from quorum.domain import SECOND, VirtualClock
from quorum.domain.grammar import parse

OUTCOMES = ("done", "failed", "halts", "slow")
WORDS = ("approved", "rejected", "nothing")


class Drawn(NamedTuple):
    """A workflow with what its tasks and its people do."""

    first: WorkflowSpec
    others: tuple[WorkflowSpec, ...]
    does: Mapping[str, str]
    says: Mapping[str, str]

    def office(self) -> Office:
        """One that does it anew, at noon."""
        clock = VirtualClock(NOON)

        def outcome(call: Call) -> Mapping[str, Any]:
            does = self.does.get(call.task.name.partition(".")[0], "done")
            clock.advance_to(clock.now() + (30 if does == "slow" else 1) * SECOND)
            if does in ("failed", "halts"):
                return fails(f"{call.key} cannot", halts=does == "halts")
            return answers({"n": len(call.key) % 3, "items": [1, 2, 3], "inputs": dict(call.inputs)})

        crew = ScriptedCrew(clock, dict.fromkeys(self.names(), outcome))
        made = Office(self.first, *self.others, crew=crew)
        said = {q: (word, NOON + 100 * SECOND) for q, word in self.says.items() if word != "nothing"}
        crew.answers = said
        for number, question_text in enumerate(self.says, 1):
            if question_text in said:
                made.runs.send(RUN, f"APR-{number}", {}, NOON + 100 * SECOND)
        return made

    def names(self) -> set[str]:
        bodies = [step.body for one in (self.first, *self.others) for step in one.steps]
        looped = [body.body for body in bodies if isinstance(body, Loop)]
        grouped = [t for body in bodies if isinstance(body, Tasks) for t in body.tasks]
        return {t.name for t in (*grouped, *looped) if not isinstance(t, SubWorkflow)}


@st.composite
def specs(draw: st.DrawFn) -> Drawn:
    """Up to six steps of every body, with conditions over what earlier ones made, and two workflows within them."""
    does: dict[str, str] = {}
    says: dict[str, str] = {}
    made: list[Step] = []
    readable = ["start"]

    def drawn_task(name: str, **more: Any) -> Any:
        does[name] = draw(st.sampled_from(OUTCOMES))
        inputs = {"i": draw(st.sampled_from(readable))}
        return task(name, outputs={f"{name}_n": "n"}, inputs=inputs, **more)

    for number in range(1, draw(st.integers(1, 6)) + 1):
        kind = draw(st.sampled_from(("task", "row", "at once", "decision", "question", "sub", "loop", "loop of runs")))
        name = f"s{number}"
        condition = parse(f"{draw(st.sampled_from(readable))} >= 0") if draw(st.booleans()) else None
        if kind == "task":
            body: Any = Tasks((drawn_task(name),))
        elif kind in ("row", "at once"):
            body = Tasks((drawn_task(f"{name}a"), drawn_task(f"{name}b")), parallel=kind == "at once")
        elif kind == "decision":
            body = decision(f"{readable[-1]} > 0", "start == 0")
        elif kind == "question":
            text = f"May {name}?"
            says[text] = draw(st.sampled_from(WORDS))
            body = question(
                text, expires_seconds=300.0, remind_seconds=70.0, otherwise=draw(st.sampled_from(("reject", "halt")))
            )
        elif kind == "sub":
            body = SubWorkflow("inner", {"start": parse(readable[-1])})
        else:
            does[name] = draw(st.sampled_from(OUTCOMES))
            part = SubWorkflow("looped") if kind == "loop of runs" else task(name, output=None)
            body = Loop(parse("list"), "item", draw(st.integers(1, 3)), part)
        made.append(Step(number, name, body, condition))
        readable += [f"{t.name}_n" for t in body.tasks] if isinstance(body, Tasks) else []
        readable += [f"{name}.status"] if isinstance(body, Loop) else []
    limit = draw(st.sampled_from((None, 40.0, 120.0, 1_000.0)))
    params = (parameter("start", 0), parameter("list", [1, 2, 3]))
    first = spec(made, {"all": readable[-1]}, params=params, deadline_seconds=limit)
    does |= {name: draw(st.sampled_from(OUTCOMES)) for name in ("inner", "inner_b", "looped", "looped_b")}
    return Drawn(first, tuple(two(name, params[0]) for name in ("inner", "looped")), does, says)


def two(name: str, start: Parameter) -> WorkflowSpec:
    """A workflow of two steps with documents of their own."""
    second = Step(2, "b", Tasks((task(f"{name}_b", condition="start == 0"),)))
    return spec((Step(1, "a", Tasks((task(name),))), second), {"n": f"{name}.n"}, name=name, params=(start,))


@settings(max_examples=200)
@given(specs(), st.data())
def test_stopped_anywhere_it_ends_the_same_and_asks_nothing_twice(drawn: Drawn, data: st.DataObject) -> None:
    whole = drawn.office()
    end = whole.run()
    kept = sum(len(answers) for answers in whole.runs.kept.values())
    for point in {1, kept, data.draw(st.integers(1, max(1, kept)))}:
        again = drawn.office()
        stops = 0
        while again.stopped(point if stops == 0 else 1):
            stops += 1
            assert stops <= kept
        assert again.run() == end
        same(again, whole)


def same(found: Office, whole: Office) -> None:
    """Nothing was asked twice, and everything is as where nobody stopped it, but for how long a step took."""
    assert found.crew.asked == whole.crew.asked
    assert len(set(found.crew.asked)) == len(found.crew.asked)
    assert found.crew.filed == whole.crew.filed
    assert (found.crew.decided, found.crew.reminded) == (whole.crew.decided, whole.crew.reminded)
    assert found.clock.now() == whole.clock.now()
    names = {run: [name for name, _ in kept] for run, kept in whole.runs.kept.items()}
    assert {run: [name for name, _ in kept] for run, kept in found.runs.kept.items()} == names
