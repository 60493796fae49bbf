"""`quorum up`: roles as processes, started again where they were, ended together."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from adapters.processes import run as run_module
from quorum.bootstrap import open_desk
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
  daily: {{workflow: asks, enabled: true, trigger: {{cron: "{minute} {hour} * * *"}}, missed: run_once}}
  on_drift: {{workflow: asks, enabled: true, trigger: {{event: drift, condition: psi > 0.25}}}}
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
        a_second_terminal_disturbs_nobody(desk, 20)
        a_killed_worker_goes_on_where_it_was(desk, running)
        told = quorum("status", "--home", home, "--json").json
        assert (told["state"], told["worker"], told["failed"]) == ("operational", True, [])
        below = running.children()
        assert stop(running) == 0
        assert psutil.wait_procs(below, 5)[1] == []
    assert state_of(home) == "stopping"
    (tick,) = desk.ticks.newest("daily", 5)
    answers_without_a_worker(desk, quorum, tick.workflow_id)
    lines = log(home)
    assert {line["role"] for line in lines} == {"up", "worker", "scheduler"}
    assert all(line["pid"] for line in lines)
    assert lines[-1]["event"] == "down"


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


def a_second_terminal_disturbs_nobody(desk: Desk, times: int) -> None:
    """Runs are asked for, shown and answered by another process, amid a run that takes a while."""
    slow = ask(desk, "slow")
    asked = run_module("running.terminal", desk.workspace.home, times)
    assert len(asked) == times
    for identity in asked:
        done_once(desk, identity, 3)
    done_once(desk, slow, PAIRS)


def answers_without_a_worker(desk: Desk, quorum: Quorum, identity: str) -> None:
    """Each answer lets the run go on in the process that gives it, to its next question or its end."""
    for code, status in ((3, "waiting"), (0, "completed")):
        (asked,) = [a.approval_id for a in desk.approvals.open() if a.question.workflow_id == identity]
        said = quorum("approve", asked, "--reason", "fine", "--home", desk.workspace.home, "--json")
        assert (said.code, json.loads(said.out)["run"]["status"]) == (code, status)
    done_once(desk, identity, 3)


def a_killed_worker_goes_on_where_it_was(desk: Desk, running: Up) -> None:
    slow = ask(desk, "slow")
    until(lambda: len(desk.workflows.run(slow)[1]) > 3, "the run to be under way")
    os.kill(running.role("worker"), signal.SIGKILL)
    done_once(desk, slow, PAIRS)
    (told,) = running.told("role_restarting")
    assert (told["role"], told["error"], told["level"]) == ("worker", "it ended with -9", "warning")
    until(lambda: state_of(running.home) == "operational", "the desk to be operational again")
