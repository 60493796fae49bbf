"""A fork is in the book before it is in the engine: refused ones never are, and a death between loses none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from quorum.desk.running import ask_again, fork
from quorum.desk.workflows import RunState, RunStep
from quorum.domain import IllegalMove, NotFound, VirtualClock

NOW = 1_738_195_200_000_000_000
FIRST, SECOND = "WF-20250130-001", "WF-20250130-002"


@dataclass
class Book:
    runs: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def enter(self, request: Mapping[str, Any], identity: str | None = None) -> str:
        name = identity or f"WF-20250130-{len(self.runs) + 1:03d}"
        self.runs.setdefault(name, request)
        return name

    def follow(self, key: str, request: Mapping[str, Any]) -> str:
        return self.enter(request)

    def entered(self, since: int) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return list(self.runs.items())


@dataclass
class Engine:
    """Runs by id with the names of their kept steps; dies when it is asked to fork while `dies`."""

    kept: dict[str, list[str]] = field(default_factory=dict)
    dies: bool = False

    def enqueue(self, identity: str, request: Mapping[str, Any]) -> None:
        self.kept.setdefault(identity, [])

    def send(self, identity: str, topic: str, message: Mapping[str, Any]) -> None:
        raise AssertionError

    def runs(self, limit: int = 50, workflow: str | None = None, status: str | None = None) -> Sequence[RunState]:
        return []

    def run(self, identity: str) -> tuple[RunState, Sequence[RunStep]]:
        if identity not in self.kept:
            raise NotFound(f"there is no run {identity!r}", "")
        state = RunState(identity, "mine", "done", NOW, NOW, {"workflow": "mine"}, {}, None, None, 1)
        return state, [RunStep(n, name, None, None, {}, None) for n, name in enumerate(self.kept[identity], 1)]

    def move(self, identity: str, move: str, step: int | None = None, to: str | None = None) -> str:
        if self.dies:
            raise KeyboardInterrupt
        names = self.run(identity)[1]
        if len(names) < (step or 1):
            raise IllegalMove("not so far", "")
        assert to is not None
        self.kept[to] = [f"forked at {step}"]
        return to


def office() -> tuple[Book, Engine, VirtualClock]:
    book, engine = Book({FIRST: {"workflow": "mine"}}), Engine({FIRST: ["1.a", f"start {FIRST}/2.each.1.0", "3.c"]})
    return book, engine, VirtualClock(NOW)


@pytest.mark.parametrize(("identity", "step"), [(FIRST, 4), ("WF-20250130-009", 1)])
def test_a_fork_that_is_refused_leaves_nothing_that_would_be_run(identity: str, step: int) -> None:
    book, engine, clock = office()
    with pytest.raises((IllegalMove, NotFound)):
        fork(book, engine, identity, step)
    assert ask_again(book, engine, clock) == []
    assert (list(book.runs), list(engine.kept)) == ([FIRST], [FIRST])


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_fork_that_the_engine_did_not_come_to_is_made_later_from_the_same_step(step: int) -> None:
    book, engine, clock = office()
    engine.dies = True
    with pytest.raises(KeyboardInterrupt):
        fork(book, engine, FIRST, step)
    engine.dies = False
    assert ask_again(book, engine, clock) == [SECOND]
    assert engine.kept[SECOND] == [f"forked at {step}"]
    assert ask_again(book, engine, clock) == []


def test_a_fork_waits_until_its_run_has_come_so_far_again() -> None:
    book, engine, clock = office()
    assert fork(book, engine, FIRST, 3) == SECOND
    engine.kept = {FIRST: []}
    assert ask_again(book, engine, clock) == []
    engine.kept[FIRST] = ["1.a", "2.b", "3.c"]
    assert ask_again(book, engine, clock) == [SECOND]
