"""Whatever valid document there is, a run that carries it has the same spec; whatever text, it is read or refused."""

from __future__ import annotations

import json
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from desk.workflows.specs import FIRST, KNOWN, document, refused, written
from quorum.desk.workflows import Known, compile_workflow, read_workflow, to_document
from quorum.domain import ConfigError

OTHER = {
    "workflow": "other",
    "params": {"n": {"kind": "number", "default": 1}},
    "steps": [{"step": 1, "task": "tell"}],
    "results": {"total": "n"},
}
WITH_OTHER = Known(KNOWN.agents, KNOWN.tasks, {"other": OTHER})
AGENTS = [(agent, task) for agent, tasks in KNOWN.agents.items() for task in tasks]


class Drawn:
    """A document that grows step by step; `seen` are the names that the next step may read."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.count, self.seen = draw, 0, ["symbol", "names"]

    def name(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def one(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def expression(self) -> str:
        name = self.one(*self.seen)
        return str(self.one(name, f"{name} == null", f"{name} != 'x' and not false", f"{name} in names", "1 + 2"))

    def condition(self) -> dict[str, Any]:
        text = f"{self.one(*self.seen)} {self.one('==', '!=')} {self.one('true', 'null', '3')}"
        return self.one({}, {"condition": text})

    def optional(self, *pairs: tuple[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in pairs if self.one(True, False)}

    def task(self) -> tuple[dict[str, Any], list[str]]:
        agent, task = self.one(*AGENTS)
        found = {"name": self.name(), "agent": agent, "task": task, **self.condition()}
        made = [found["name"]]
        found |= self.optional(
            ("critical", self.one(True, False)),
            ("deadline_seconds", self.one(3, 0.5, "2m")),
            ("retries", self.one(0, 3, {"most": 2, "factor": 1.5})),
            ("degrade", self.one("skip", "halt", {"policy": "wait_and_retry", "max_wait_seconds": "5s"})),
            ("params", {"depth": self.one(1, 2.5, None, [1, {"a": True}], "é")}),
            ("inputs", {"a": self.expression(), "b": self.one(1, True, -2.5)}),
            ("output", f"/state/{found['name']}.json"),
        )
        if KNOWN.tasks[task] and self.one(True, False):
            found["outputs"] = {self.name(): f"{self.one(*KNOWN.tasks[task])}.deeper"}
            made += found["outputs"]
        return found, made

    def group(self) -> tuple[dict[str, Any], list[str]]:
        tasks = [self.task() for _ in range(self.one(1, 2, 3))]
        found = {"name": self.name(), "tasks": [task for task, _ in tasks], "parallel": self.one(True, False)}
        return found | self.condition(), [name for _, made in tasks for name in made]

    def verdict(self) -> tuple[dict[str, Any], list[str]]:
        criteria = [f"{self.one(*self.seen)} == {self.one(1, 'null')}" for _ in range(self.one(1, 2))]
        name = self.name()
        return {"name": name, "decision_point": "Shall it be?", "criteria": criteria}, [name, f"{name}_approved"]

    def consent(self) -> tuple[dict[str, Any], list[str]]:
        name, asked = (
            self.name(),
            {"question": "Really?", "expires": self.one(60, "2h"), "shows": {"a": self.expression()}},
        )
        return {"name": name, "approval": asked | self.optional(("scope", "small"))}, [name, f"{name}_approved"]

    def inner(self) -> tuple[dict[str, Any], list[str]]:
        name = self.name()
        return {"name": name, "workflow": "other"} | self.optional(("with", {"n": self.expression()})), [name]

    def loop(self) -> tuple[dict[str, Any], list[str]]:
        agent, task = self.one(*AGENTS)
        each = {"over": self.one(*self.seen), "as": "each", "at_most": self.one(1, 64)}
        name = self.name()
        return {"name": name, "for_each": each, "agent": agent, "task": task, "inputs": {"a": "each"}}, [name]

    def whole(self) -> dict[str, Any]:
        steps = []
        for number in range(1, self.one(2, 3, 4, 6)):
            body, made = self.one(self.task, self.task, self.group, self.verdict, self.consent, self.inner, self.loop)()
            steps.append({"step": number, **body})
            self.seen += made
        found = {
            "workflow": "mine",
            "params": {"symbol": {"kind": "symbol", "required": True}, "names": {"kind": "list"}},
            "steps": steps,
            "results": {"last": self.one(*self.seen)},
        }
        trigger = self.one("daily", {"cron": "0 9 * * 1-5", "bars": "closed"}, [{"event": "drift"}, "on alert"])
        return found | self.optional(("about", "É — so."), ("trigger", trigger), ("overlap", "queue"))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    return Drawn(draw).whole()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("specs")


@settings(max_examples=40)
@given(plain=documents())
def test_a_valid_document_gives_the_same_spec_on_every_road(folder: Path, plain: dict[str, Any]) -> None:
    spec = compile_workflow(plain, WITH_OTHER.workflows, WITH_OTHER)
    assert spec.document == plain
    carried = to_document(spec)
    kept = json.loads(json.dumps(carried._asdict()))
    assert compile_workflow(kept["document"], kept["parts"], WITH_OTHER) == spec
    assert compile_workflow(kept["document"], kept["parts"], None) == spec
    text = StringIO()
    YAML().dump(plain, text)
    from_file = read_workflow(written(folder, text.getvalue()), WITH_OTHER)
    assert from_file == spec
    assert to_document(from_file).content_hash == carried.content_hash


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "tell", "latest", "/state/../x.json", "1 +"]),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(["most", "x", "over"]), below, max_size=2)
    ),
    max_leaves=5,
)
KEYS = ["name", "agent", "task", "tasks", "params", "inputs", "outputs", "output", "deadline_seconds", "retries"]
KEYS += ["critical", "degrade", "condition", "parallel", "decision_point", "criteria", "approval", "workflow", "with"]


def place_of(plain: dict[str, Any]) -> str:
    """Where the document is refused; its first step where it is not."""
    try:
        return compile_workflow(plain, {}, KNOWN).steps[0].place
    except ConfigError as error:
        return error.found


@given(step=st.dictionaries(st.sampled_from([*KEYS, "for_each"]), VALUES, max_size=5))
def test_any_step_is_read_or_refused_at_its_place(step: dict[str, Any]) -> None:
    assert place_of({"workflow": "mine", "steps": [{"step": 1, **step}]}).startswith("mine.steps.1")


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused(folder: Path, text: str) -> None:
    path = folder / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ConfigError, match=r"any\.yaml"):
        read_workflow(path, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "().__class__.__bases__[0].__subclasses__()",
        "open('/etc/passwd').read()",
        "[c for c in (1).__class__.__mro__]",
        "exec('x = 1')",
        "latest.__class__",
        "symbol.__class__.__init__.__globals__",
        "(lambda: 1)()",
        "9 ** 9 ** 9",
        "(" * 500 + "1" + ")" * 500,
        "not " * 480 + "snapshot",
        "snapshot" + "[0]" * 300,
        "f'{snapshot}'",
        "(y := snapshot)",
        "snapshot if true else latest",
        "1\n2",
        "x" * 3_000,
    ],
)
def test_a_hostile_expression_is_refused_at_its_place_at_once(tmp_path: Path, text: str) -> None:
    step = f"- step: 2\n  task: tell\n  inputs: {{a: {json.dumps(text)}}}\n"
    began = time.process_time()
    error = refused(tmp_path, document(FIRST + step))
    assert error.found.startswith(f"{tmp_path}/mine.yaml:11:14: ")
    assert time.process_time() - began < 1.0
