"""Durable and Workflows over the real engine, in a file and on a server."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.places import slow_on_postgres
from adapters.processes import TESTS
from adapters.running import Doing, ended, until, working
from quorum.adapters.dbos import DbosWorkflows, client, open_system
from quorum.desk.workflows.ports import MOST_DEATHS
from quorum.domain import IllegalMove, NotFound

RUN = "WF-20240101-001"

pytestmark = slow_on_postgres


@pytest.fixture
def at(place: Path | str) -> Path | str:
    """Where the engine keeps its runs."""
    return place / "workflows.db" if isinstance(place, Path) else place


@pytest.fixture
def asked(at: Path | str) -> Iterator[DbosWorkflows]:
    """The side of every process that asks."""
    system = open_system(at)
    workflows = DbosWorkflows(system)
    yield workflows
    workflows.close()
    system.dispose()


@pytest.fixture
def doing(tmp_path: Path) -> Doing:
    return Doing(tmp_path / "done.txt")


def test_a_run_is_asked_for_once_however_often_it_is_said(at: Path | str, asked: DbosWorkflows, doing: Doing) -> None:
    for n in (1, 2):
        asked.enqueue(RUN, {"workflow": "mine", "steps": 2, "n": n})
    with working(at, doing):
        state = ended(asked, RUN)
        asked.enqueue(RUN, {"workflow": "mine", "steps": 2, "n": 3})
        assert ended(asked, RUN).request["n"] == 1
    assert (state.status, state.workflow, state.outcome) == ("done", "mine", {"1.look": "1.look", "2.look": "2.look"})
    assert doing.done() == [f"{RUN} 1.look", f"{RUN} 2.look"]
    _, steps = asked.run(RUN)
    assert [(step.name, step.answer) for step in steps] == [
        (name, {"of": name, "n": 1}) for name in ("1.look", "2.look")
    ]
    assert all(step.began is not None and step.ended is not None and step.began <= step.ended for step in steps)


def test_a_message_is_told_once_for_its_topic(at: Path | str, asked: DbosWorkflows, doing: Doing) -> None:
    asked.enqueue(RUN, {"topic": "APR-1", "seconds": 20.0})
    asked.send(RUN, "other", {"approved": False})
    with working(at, doing):
        until(asked, RUN, lambda state: state.status == "running")
        for approved in (True, False):
            asked.send(RUN, "APR-1", {"approved": approved})
        assert ended(asked, RUN).outcome == {"told": {"approved": True}, "after": "9.after"}


def test_waiting_ends_when_the_time_is_up(at: Path | str, asked: DbosWorkflows, doing: Doing) -> None:
    asked.enqueue(RUN, {"topic": "APR-1", "seconds": 0.2})
    with working(at, doing):
        assert ended(asked, RUN).outcome == {"told": None, "after": "9.after"}


def test_children_are_runs_of_their_own(at: Path | str, asked: DbosWorkflows, doing: Doing) -> None:
    asked.enqueue(RUN, {"children": [1, 2]})
    with working(at, doing):
        outcome = ended(asked, RUN).outcome
    assert outcome == {"children": [{"1.look": "1.look"}, {"1.look": "1.look", "2.look": "2.look"}]}
    assert {state.identity for state in asked.runs()} == {RUN, f"{RUN}/1", f"{RUN}/2"}
    asked.move(RUN, "delete")
    assert asked.runs() == []


def test_what_a_body_raises_is_told(at: Path | str, asked: DbosWorkflows, doing: Doing) -> None:
    asked.enqueue(RUN, {"steps": 1, "error": "no such thing"})
    with working(at, doing):
        state = ended(asked, RUN)
    assert (state.status, state.outcome) == ("failed", None)
    assert "no such thing" in str(state.error)


def test_runs_of_one_millisecond_are_all_looked_at(
    at: Path | str, asked: DbosWorkflows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of them the engine hands out first, and however many there are to a page."""
    monkeypatch.setattr(client, "PAGE", 3)
    names = [f"WF-{n:02d}" for n in (5, 1, 9, 3, 7, 2, 8, 6, 4)]
    for name in names:
        asked.enqueue(name, {"workflow": "even" if int(name[3:]) % 2 == 0 else "odd"})
    system = open_system(at)
    with system.begin() as connection:
        table = "workflow_status" if isinstance(at, Path) else "dbos.workflow_status"
        connection.execute(sa.text(f"update {table} set created_at = 1717416000000"))
    system.dispose()
    newest = sorted(names, reverse=True)
    for limit in (1, 3, 8, 9, 20):
        assert [run.identity for run in asked.runs(limit)] == newest[:limit]
        odd = [name for name in newest if int(name[3:]) % 2]
        assert [run.identity for run in asked.runs(limit, workflow="odd")] == odd[:limit]


def test_runs_are_listed_newest_first_and_by_what_they_are(at: Path | str, asked: DbosWorkflows, doing: Doing) -> None:
    for n, workflow in enumerate(("one", "two", "one"), 1):
        asked.enqueue(f"WF-{n}", {"workflow": workflow, "n": n})
    assert [run.identity for run in asked.runs()] == ["WF-3", "WF-2", "WF-1"]
    assert [run.identity for run in asked.runs(workflow="one")] == ["WF-3", "WF-1"]
    assert [run.identity for run in asked.runs(limit=1, workflow="one")] == ["WF-3"]
    assert asked.runs(status="done") == []
    with working(at, doing):
        for n in (1, 2, 3):
            ended(asked, f"WF-{n}")
    assert len(asked.runs(status="done")) == 3
    with pytest.raises(NotFound):
        asked.run("WF-4")
    with pytest.raises(NotFound):
        asked.send("WF-4", "APR-1", {"approved": True})


def test_a_run_that_was_not_begun_is_cancelled_resumed_and_deleted(
    at: Path | str, asked: DbosWorkflows, doing: Doing
) -> None:
    asked.enqueue(RUN, {"steps": 1})
    with pytest.raises(IllegalMove):
        asked.move(RUN, "delete")
    asked.move(RUN, "cancel")
    with pytest.raises(IllegalMove):
        asked.move(RUN, "cancel")
    with working(at, doing):
        assert asked.run(RUN)[0].status == "cancelled"
        asked.move(RUN, "resume")
        assert ended(asked, RUN).status == "done"
    with pytest.raises(IllegalMove):
        asked.move(RUN, "resume")
    asked.move(RUN, "delete")
    with pytest.raises(NotFound):
        asked.run(RUN)


def kept(asked: DbosWorkflows, identity: str) -> set[str]:
    """The steps of a run that were done and whose answers are kept: what is done alone may be done again."""
    return {step.name for step in asked.run(identity)[1] if step.name.endswith(".look")}


def test_a_run_that_is_cancelled_ends_with_the_step_at_hand_and_goes_on_from_what_is_kept(
    at: Path | str, asked: DbosWorkflows, doing: Doing
) -> None:
    seen: list[str] = []

    def watched(run: object, request: object) -> object:
        try:
            return doing(run, request)  # type: ignore[arg-type]
        except BaseException as error:
            seen.append(f"{isinstance(error, Exception)} {asked.run(RUN)[0].status}")
            raise

    asked.enqueue(RUN, {"steps": 3, "pause": 0.5})
    with working(at, watched):  # type: ignore[arg-type]
        until(asked, RUN, lambda _: "1.look" in kept(asked, RUN))
        asked.move(RUN, "cancel")
        until(asked, RUN, lambda _: bool(seen))
        assert seen == ["False cancelled"]  # as the port says
        asked.move(RUN, "resume")
        assert ended(asked, RUN).status == "done"
    assert len(set(doing.done())) == len(doing.done()) == 3


def test_the_parts_of_a_run_are_cancelled_with_it_and_go_on_with_it(
    at: Path | str, asked: DbosWorkflows, doing: Doing
) -> None:
    asked.enqueue(RUN, {"steps": 1, "children": [1, 2], "part": {"topic": "APR-1", "seconds": 60.0}})
    with working(at, doing):
        until(asked, RUN, lambda _: sum(len(kept(asked, state.identity)) for state in asked.runs()) >= 4)
        asked.move(RUN, "cancel")
        assert {state.status for state in asked.runs()} == {"cancelled"}
    with working(at, doing):
        asked.move(RUN, "resume")
        for n in (1, 2):
            asked.send(f"{RUN}/{n}", "APR-1", {"approved": True})
        state = ended(asked, RUN)
        assert (state.status, {one.status for one in asked.runs()}) == ("done", {"done"})
    assert len(set(doing.done())) == len(doing.done()) == 6


def test_a_fork_of_a_run_with_parts_begins_at_any_of_its_steps(
    at: Path | str, asked: DbosWorkflows, doing: Doing
) -> None:
    asked.enqueue(RUN, {"steps": 1, "children": [1], "children_at": "2.each.1"})
    with working(at, doing):
        ended(asked, RUN)
        assert [asked.move(RUN, "fork", 2, "WF-20240101-002") for _ in range(2)] == ["WF-20240101-002"] * 2
        assert ended(asked, "WF-20240101-002").status == "done"
    assert doing.done()[2:] == ["WF-20240101-002/2.each.1.1 1.look"]


def test_a_fork_keeps_the_steps_before_it(at: Path | str, asked: DbosWorkflows, doing: Doing) -> None:
    asked.enqueue(RUN, {"steps": 3})
    with working(at, doing):
        ended(asked, RUN)
        assert asked.move(RUN, "fork", 3, "WF-fork") == "WF-fork"
        assert ended(asked, "WF-fork").outcome == asked.run(RUN)[0].outcome
        other = asked.move(RUN, "fork")
        ended(asked, other)
        with pytest.raises(IllegalMove, match="has not reached step 7"):
            asked.move(RUN, "fork", 7)
    done = doing.done()
    assert [line for line in done if line.startswith("WF-fork")] == ["WF-fork 3.look"]
    assert sum(line.startswith(other) for line in done) == 3


def test_a_step_that_died_before_its_answer_was_kept_is_done_again_and_no_other(
    at: Path | str, asked: DbosWorkflows, doing: Doing, tmp_path: Path
) -> None:
    asked.enqueue(RUN, {"steps": 3})
    command = [sys.executable, "-m", "adapters.running", str(at), str(tmp_path / "done.txt"), "2.look"]
    assert subprocess.run(command, cwd=TESTS, check=False).returncode == -signal.SIGKILL
    with working(at, doing):
        assert ended(asked, RUN).status == "done"
    assert doing.done() == [f"{RUN} {name}" for name in ("1.look", "2.look", "2.look", "3.look")]
    assert asked.run(RUN)[0].attempts == 2


def test_a_run_that_kills_its_workers_is_given_up(at: Path | str, asked: DbosWorkflows, doing: Doing) -> None:
    for identity in (RUN, "WF-2"):
        asked.enqueue(identity, {"steps": 1})
    runs = sa.table(
        "workflow_status",
        *(sa.Column(name) for name in ("workflow_uuid", "recovery_attempts")),
        schema="dbos" if isinstance(at, str) else None,
    )
    system = open_system(at)
    with system.begin() as connection:  # as it stands after so many deaths, and after one less
        for identity, deaths in ((RUN, MOST_DEATHS), ("WF-2", MOST_DEATHS - 1)):
            mine = runs.c.workflow_uuid == identity
            connection.execute(sa.update(runs).where(mine).values(recovery_attempts=deaths))
    system.dispose()
    with working(at, doing):
        state = ended(asked, RUN)
        assert ended(asked, "WF-2").status == "done"
    assert (state.status, state.attempts) == ("failed", MOST_DEATHS + 1)
    assert state.error == f"it was begun {MOST_DEATHS + 1} times and never ended"
    assert doing.done() == ["WF-2 1.look"]


def test_a_run_that_waits_counts_no_death_when_workers_come_and_go(
    at: Path | str, asked: DbosWorkflows, doing: Doing
) -> None:
    asked.enqueue(RUN, {"steps": 1, "topic": "APR-1", "seconds": 20.0})
    for _ in range(3):
        with working(at, doing):
            until(asked, RUN, lambda state: state.status == "running" and len(asked.run(RUN)[1]) == 1)
    with working(at, doing):
        asked.send(RUN, "APR-1", {"approved": True})
        state = ended(asked, RUN)
    assert state.attempts <= 2
    assert state.outcome == {"1.look": "1.look", "told": {"approved": True}, "after": "9.after"}
    assert doing.done() == [f"{RUN} 1.look", f"{RUN} 9.after"]
