"""The table of tasks: what it promises, what it refuses, and that workflows and agents name nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import quorum.desk.workflows
from desk.work.drawn import START, answer
from quorum.desk import Desk
from quorum.desk.agents import AGENTS
from quorum.desk.work import TASKS, Assignment, Job, Place, Unavailable, run_task
from quorum.desk.work.table import MOST_BYTES
from quorum.domain import NotFound, QuorumError

SHIPPED = Path(quorum.desk.workflows.__file__).parent / "shipped"
UNBUILT = ("train_model", "validate_model", "model_risk", "deploy_model")


def tasks_of(node: Any) -> list[Mapping[str, Any]]:
    """Every mapping of a workflow's document that names a task."""
    if isinstance(node, Mapping):
        found = [node] if isinstance(node.get("task"), str) else []
        return found + [one for value in node.values() for one in tasks_of(value)]
    return [one for value in node for one in tasks_of(value)] if isinstance(node, list) else []


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_workflow_reads_only_what_its_tasks_promise(path: Path) -> None:
    asked = tasks_of(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    assert asked
    for one in asked:
        job = TASKS[one["task"]]
        heads = {str(where).partition(".")[0] for where in one.get("outputs", {}).values()}
        assert heads <= set(job.answers), f"{path.name}: {one['name'] if 'name' in one else one['task']}"


def test_agents_do_no_task_that_there_is_not() -> None:
    done = {task for agent in AGENTS.values() for task in agent.tasks}
    assert done <= set(TASKS)


def test_every_task_tells_its_promise_and_its_keys() -> None:
    for name, job in TASKS.items():
        assert job.work.__doc__, name
        assert job.answers, name
        assert job.work.__name__ == name


@pytest.mark.parametrize("task", UNBUILT)
def test_a_task_without_a_room_says_so(shared_desk: Desk, task: str) -> None:
    with pytest.raises(Unavailable, match="the room learning is not built"):
        answer(shared_desk, task, START, {"candidate": None})


def test_a_task_that_there_is_not_is_not_found(shared_desk: Desk) -> None:
    with pytest.raises(NotFound, match="there is no task 'train_models'"):
        answer(shared_desk, "train_models", START)


def endless() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["again"] = [loop, loop]
    return loop


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (None, "wrong shape: NoneType"),
        ([1, 2], "wrong shape: list"),
        ("a text", "wrong shape: str"),
        ({}, "wrong shape: without number"),
        ({"number": object()}, "wrong shape: object cannot be written"),
        ({"number": "x" * MOST_BYTES}, "more than 1,000,000 bytes"),
        ({"number": list(range(MOST_BYTES))}, "more than 1,000,000 bytes"),
        ({"number": [[0] * 1_000] * 1_000}, "more than 1,000,000 bytes"),
        ({"number": endless()}, "more than 1,000,000 bytes"),
    ],
    ids=["nothing", "list", "text", "no-key", "object", "long-text", "long-list", "many-lists", "endless"],
)
def test_an_answer_of_the_wrong_shape_is_refused(
    shared_desk: Desk, monkeypatch: pytest.MonkeyPatch, said: Any, complaint: str
) -> None:
    put(monkeypatch, said)
    with pytest.raises(QuorumError, match=complaint):
        run_task(shared_desk, "made_up", Assignment("k", "W", "made_up", "agent", START))


def test_an_answer_comes_as_plain_values(shared_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {"number": float("nan"), "place": Place.POOL, "rows": (1, 2)})
    found = run_task(shared_desk, "made_up", Assignment("k", "W", "made_up", "agent", START))
    assert found == {"number": None, "place": "pool", "rows": [1, 2]}


def put(monkeypatch: pytest.MonkeyPatch, said: Any) -> None:
    """A task that answers so."""
    assert isinstance(TASKS, dict)
    monkeypatch.setitem(TASKS, "made_up", Job(lambda desk, assignment: said, Place.POOL, ("number",)))
