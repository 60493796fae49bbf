"""`quorum up`: roles as processes, started again where they were, ended together."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from quorum.bootstrap import open_desk, run_role
from quorum.desk import Desk
from quorum.desk.running import known_to, protocols_of
from quorum.desk.schedule import Schedule, read_schedules
from quorum.desk.workflows import workflows
from quorum.domain import HOUR, SECOND
from quorum.surfaces.bench.takeover.workers import PAIRS
from running.desks import Up, ask, done_once, log, make_desk, state_of, stop, until, up
from surfaces.cli.commands import Quorum

SCHEDULE = """\
schedules:
  daily:
    workflow: asks
    enabled: true
    trigger: {{cron: "{minute} {hour} * * *"}}
    missed: run_once
  on_drift:
    {{workflow: asks, enabled: true, trigger: {{event: drift, condition: psi > 0.25}}}}
"""


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_desk(tmp_path / "home", tmp_path_factory.getbasetemp() / "desk")


@pytest.fixture
def quorum(capsys: pytest.CaptureFixture[str]) -> Quorum:
    return Quorum(capsys)


def test_a_desk_from_its_start_to_its_stop(home: Path, quorum: Quorum) -> None:
    desk = open_desk(home)
    was_due_an_hour_ago(desk)
    with up(home) as running:
        until(lambda: state_of(home) == "operational", "the desk to be operational")
        refused = quorum("up", "--home", home)
        assert (refused.code, f"up already (process {running.process.pid})" in refused.err) == (2, True)
        until(lambda: desk.ticks.newest("daily"), "the run that was missed")
        an_event_starts_what_waits_for_it(desk, quorum)
        a_second_terminal_disturbs_nobody(desk, quorum, 5)
        a_killed_worker_goes_on_where_it_was(desk, running)
        told = quorum("status", "--home", home, "--json").json
        assert (told["state"], told["worker"], told["failed"]) == ("operational", True, [])
        below = running.children()
        assert stop(running) == 0
        assert psutil.wait_procs(below, 5)[1] == []
    assert state_of(home) == "stopping"
    (tick,) = desk.ticks.newest("daily", 5)
    assert waiting(desk, tick.workflow_id)
    lines = log(home)
    assert {line["role"] for line in lines} == {"up", "worker", "scheduler"}
    assert all(line["pid"] for line in lines)
    assert [line["event"] for line in lines if line["pid"] == running.process.pid][-1] == "down"


def schedules(desk: Desk) -> dict[str, Schedule]:
    folder = desk.workspace.config
    specs = workflows(folder / "workflows", known_to(desk), protocols_of(desk))
    found = read_schedules(folder / "schedule.yaml", specs)
    return {name: schedule for name, schedule in found.items() if isinstance(schedule, Schedule)}


def was_due_an_hour_ago(desk: Desk) -> None:
    """A schedule that an earlier scheduler saw two hours ago, and nobody an hour ago; another one on an event."""
    due = datetime.fromtimestamp((desk.clock.now() - HOUR) // SECOND, UTC)
    text = SCHEDULE.format(hour=due.hour, minute=due.minute)
    (desk.workspace.config / "schedule.yaml").write_text(text, encoding="utf-8")
    desk.ticks.arm("daily", schedules(desk)["daily"].armed_with, desk.clock.now() - 2 * HOUR)


def an_event_starts_what_waits_for_it(desk: Desk, quorum: Quorum) -> None:
    home = desk.workspace.home
    for psi in (0.1, 0.4, 0.4):
        said = quorum("notices", "raise", "drift", "--key", f"psi-{psi}", "-p", f"psi={psi}", "--home", home, "--json")
        assert said.json["event"] == "drift"
    asked = until(lambda: [x for x in log(home) if x["event"] == "run_asked"], "the run that drift asks for")
    assert [line["schedule"] for line in asked] == ["on_drift"]
    until(lambda: waiting(desk, asked[0]["workflow_id"]), "its question")


def waiting(desk: Desk, identity: str) -> bool:
    return any(approval.question.workflow_id == identity for approval in desk.approvals.open())


def a_second_terminal_disturbs_nobody(desk: Desk, quorum: Quorum, times: int) -> None:
    """Runs are asked for, shown and answered from this process, amid a run that takes a while."""
    slow, asked = ask(desk, "slow"), []
    for _ in range(times):
        said = quorum("workflow", "run", "asks", "--home", desk.workspace.home, "--json")
        assert said.code == 3
        asked.append(json.loads(said.out)["workflow_id"])
        shown = quorum("workflow", "show", asked[-1], "--home", desk.workspace.home, "--json").json
        (question,) = (found["approval_id"] for found in shown["waits_for"])
        assert quorum("approve", question, "--reason", "it is fine", "--home", desk.workspace.home).code == 0
    assert len(set(asked)) == times
    for identity in asked:
        done_once(desk, identity, 3)
    done_once(desk, slow, PAIRS)


def a_killed_worker_goes_on_where_it_was(desk: Desk, running: Up) -> None:
    slow = ask(desk, "slow")
    until(lambda: len(desk.workflows.run(slow)[1]) > 3, "the run to be under way")
    os.kill(running.role("worker"), signal.SIGKILL)
    done_once(desk, slow, PAIRS)
    (told,) = running.told("role_restarting")
    assert (told["role"], told["error"], told["level"]) == ("worker", "it ended with -9", "warning")
    reasons = until(lambda: [m.reason for m in desk.states.history() if m.state == "degraded"], "it to be degraded")
    assert any("worker: it ended with -9" in reason or "no worker" in reason for reason in reasons)
    until(lambda: state_of(running.home) == "operational", "the desk to be operational again")


@pytest.mark.slow
def test_two_hundred_commands_in_a_second_terminal_run_no_step_twice(home: Path, quorum: Quorum) -> None:
    with up(home, "--role", "worker"):
        until(lambda: state_of(home) == "operational", "the desk to be operational")
        a_second_terminal_disturbs_nobody(open_desk(home), quorum, 200)


@pytest.mark.slow
def test_a_supervisor_that_is_killed_takes_its_roles_with_it(home: Path) -> None:
    with up(home) as running:
        until(lambda: state_of(home) == "operational", "the desk to be operational")
        below = running.children()
        assert len(below) >= 4
        assert stop(running, signal.SIGKILL) == -signal.SIGKILL
        assert psutil.wait_procs(below, 20)[1] == []
    assert state_of(home) == "stopping"
    with up(home) as running:  # nothing was left that would hold it up
        until(lambda: state_of(home) == "operational", "the desk to be operational again")
        assert stop(running) == 0


@pytest.mark.slow
def test_a_role_that_dies_again_and_again_is_told_of_once_and_tried_on(home: Path) -> None:
    desk = open_desk(home)
    with up(home, "--role", "scheduler", "--role", "worker") as running:
        for death in range(1, 5):
            os.kill(running.role("scheduler"), signal.SIGKILL)
            until(lambda n=death: len(running.told("role_restarting") + running.told("role_dead")) == n, "its death")
        until(lambda: len(running.told("scheduler_started")) > 0 and running.role("scheduler"), "it to come back")
        told = [str(t.notice.occurrence.event) for t in desk.outbox.listed(50)]
        assert [told.count(event) for event in ("role_restarting", "role_dead")] == [1, 1]
        assert stop(running) == 0


def test_a_role_whose_supervisor_is_gone_ends_at_once(home: Path) -> None:
    said: list[str] = []
    run_role(home, "scheduler", lambda event, facts: said.append(event), under=1 << 22)
    assert said == ["scheduler_started", "scheduler_stopped"]
