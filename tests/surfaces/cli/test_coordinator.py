"""The coordinator's commands as a person meets them: runs, their line of time, schedules, whoever presses Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from desk.markets import ENTRY
from quorum.bootstrap import open_desk
from quorum.bootstrap.workers import agent_task
from quorum.desk.schedule import read_schedules
from quorum.desk.team.fakes import OwnHands
from quorum.domain import iso
from surfaces.cli.commands import Quorum

REALTIME = ("workflow", "run", "realtime_signal_generation", "--symbol", "FLATUSDT", "--timeframe", "1h", "--as-of")
ASKS = """\
workflow: asks
steps:
  - {step: 1, name: before, decision_point: Go on, criteria: [1 < 2]}
  - {step: 2, name: consent, approval: {question: Shall it go on?, expires: 1h}}
results: {reason: "'asked'", workflow_id: "'mine'", said: consent.status}
"""
SECONDS = 60.0


@pytest.fixture(autouse=True)
def _own_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents work in this process."""
    monkeypatch.setattr("quorum.bootstrap.worker.open_hands", lambda size=None: OwnHands({"agent": agent_task}))


@pytest.fixture
def asks(home: Path) -> None:
    """A workflow that asks a person."""
    folder = home / "config" / "workflows"
    folder.mkdir(exist_ok=True)
    (folder / "asks.yaml").write_text(ASKS, encoding="utf-8")


def test_a_run_is_told_with_its_votes_and_its_line_of_time_with_who_did_what(quorum: Quorum) -> None:
    told = quorum(*REALTIME, iso(ENTRY), "--json").json
    assert told.keys() >= {"workflow_id", "status", "decision_id", "votes", "consensus", "risk", "order"}
    said = quorum(*REALTIME, iso(ENTRY))
    assert (said.code, said.err) == (0, "")
    for words in ("completed", "momentum", "consensus: bullish", "quality: tier ", "risk on buy ", "would send"):
        assert words in said.out
    assert "{" not in said.out
    steps = quorum("workflow", "show", told["workflow_id"], "--json").json["timeline"]
    assert [step["step"] for step in steps][:2] == ["1.latest", "2.analysis"]
    assert all(step["duration_ms"] >= 0 and step["began"] for step in steps)
    lines = quorum("workflow", "show", told["workflow_id"]).out.splitlines()
    (first,) = (line for line in lines if line.strip().startswith("1.latest"))
    assert re.search(r"completed +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +[\d.<]+ \w+ +data-pipeline-manager", first)


def test_a_run_that_halts_on_a_mistake_says_why_wherever_it_is_shown_and_makes_no_agent_ill(quorum: Quorum) -> None:
    halted = quorum(*REALTIME, iso(ENTRY), "--account", "nobody", "--json")
    assert (halted.code, halted.json["status"]) == (1, "halted")
    assert "there is no account 'nobody'" in halted.json["reason"]
    identity = halted.json["workflow_id"]
    shown = quorum("workflow", "show", identity)
    assert shown.out.count("there is no account 'nobody'") == 3  # the run, its step, its halt
    (line,) = quorum("workflow", "list", "--status", "halted", "--json").json["runs"]
    assert (line["workflow_id"], line["status"], line["reason"]) == (identity, "halted", halted.json["reason"])
    assert quorum("workflow", "list", "--status", "completed", "--json").json["runs"] == []
    agents = {a["name"]: a for a in quorum("agents", "--json").json["agents"]}
    assert agents["data-pipeline-manager"]["health"] == "healthy"


def test_a_result_never_takes_the_place_of_what_a_run_is(quorum: Quorum, asks: None) -> None:
    waiting = quorum("workflow", "run", "asks", "--json")
    assert waiting.code == 3
    identity = json.loads(waiting.out)["workflow_id"]
    (line,) = quorum("workflow", "list", "--status", "waiting", "--json").json["runs"]
    assert (line["workflow_id"], line["reason"]) == (identity, "waits for " + open_question(quorum))
    run = quorum("approve", open_question(quorum), "--reason", "fine", "--json").json["run"]
    assert (run["workflow_id"], run["said"], run["reason"]) == (identity, "approved", "asked")


def open_question(quorum: Quorum) -> str:
    """The id of the one open question."""
    (asked,) = quorum("approvals", "--json").json["approvals"]
    return str(asked["approval_id"])


def test_a_fork_that_is_refused_leaves_nothing_and_a_rerun_runs_all_of_it(quorum: Quorum) -> None:
    first = quorum(*REALTIME, iso(ENTRY), "--json").json
    assert quorum("workflow", "fork", first["workflow_id"], "--from-step", 9).error.startswith("run WF-")
    again = quorum("workflow", "rerun", first["workflow_id"], "--json").json
    assert (again["from"], again["run"]["status"]) == (first["workflow_id"], "completed")
    assert again["run"]["decision_id"] != first["decision_id"]
    runs = [run["workflow_id"] for run in quorum("workflow", "list", "--json").json["runs"]]
    assert sorted(runs) == sorted([first["workflow_id"], again["workflow_id"]])


def test_whoever_interrupts_a_run_hears_how_it_goes_on_and_resumes_it(quorum: Quorum, home: Path) -> None:
    code, out = interrupted(home, *REALTIME, iso(ENTRY), "--home", str(home))
    assert code == 130
    words = out.replace("\r\n", "\n").replace("^C", "")
    assert re.fullmatch(
        r"(WF-\S+) is not lost: it goes on with `quorum up`, or `quorum workflow resume \1`\nerror: stopped\n", words
    ), out
    (run,) = quorum("workflow", "list", "--json").json["runs"]
    assert run["status"] in ("enqueued", "running")
    assert "no worker is at work: `quorum up`" in quorum("workflow", "show", run["workflow_id"]).out
    resumed = quorum("workflow", "resume", run["workflow_id"], "--json").json
    assert resumed["run"]["status"] == "completed"
    assert "is done: there is nothing to resume" in quorum("workflow", "resume", run["workflow_id"]).err


def interrupted(home: Path, *words: str) -> tuple[int, str]:
    """A command in a terminal of its own, where Ctrl-C is pressed once its run is in the book: its code and words."""
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [sys.executable, "-m", "quorum", *words])
    desk, said, pressed, ends = open_desk(home), b"", False, time.monotonic() + SECONDS
    try:
        while time.monotonic() < ends:
            if not pressed and desk.workflows.runs(1):
                os.write(terminal, b"\x03")
                pressed = True
            if select.select([terminal], [], [], 0.02)[0]:
                try:
                    said += os.read(terminal, 65_536)
                except OSError:  # how a terminal ends
                    break
    finally:
        if time.monotonic() >= ends:
            os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        os.close(terminal)
    return os.waitstatus_to_exitcode(status), said.decode()


def test_a_new_workspace_says_what_could_be_scheduled_and_how(quorum: Quorum, home: Path) -> None:
    told = quorum("schedule", "--json").json
    assert [line["workflow"] for line in told["schedules"] if line["enabled"]] == ["parallel_validation"]
    workflows = {line["workflow"]: line for line in told["not_scheduled"]}
    assert workflows.keys() == {
        "auto_retry",
        "daily_operations",
        "deployed_trading",
        "model_training_cycle",
        "realtime_signal_generation",
        "walk_forward_optimization",
    }
    assert workflows["walk_forward_optimization"]["needs"] == ["strategy", "symbol"]
    assert all(line["triggers"] for line in workflows.values())
    text = quorum("schedule").out
    block = text[text.index("\nschedules:\n") :]
    path = home / "config" / "schedule.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("\nschedules:\n", block), encoding="utf-8")
    made = quorum("schedule", "--json").json
    armed = {"validation", *workflows}
    assert {s["schedule"] for s in made["schedules"] if s["enabled"] and s["next_due"]} == armed
    assert made["not_scheduled"] == []
    assert set(read_schedules(path, {})) == armed


def test_a_wrong_word_is_told_with_the_help_that_explains_it(quorum: Quorum) -> None:
    assert quorum("workflow", "run").error == "Missing argument 'name'; see `quorum workflow run --help`"
    assert quorum("workflow", "nope").error == "No such command 'nope'; see `quorum workflow --help`"
    status: Any = quorum("workflow", "list", "--status", "done").error
    assert "enqueued, running, waiting, completed, degraded, halted, failed, cancelled" in status


def test_where_there_is_nothing_a_list_says_so(quorum: Quorum) -> None:
    for words in (("workflow", "list"), ("agents", "tasks"), ("notices",), ("approvals", "standing"), ("decisions",)):
        said = quorum(*words)
        assert (said.code, len(said.out.splitlines())) == (0, 1), said.out
