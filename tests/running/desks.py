"""Desks as processes: `quorum up` over a workspace of a test, and waiting for what it does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

from adapters.processes import TESTS
from desk.offices import copied, template
from quorum.desk import Desk
from quorum.desk.running import known_to, protocols_of, request_of
from quorum.desk.workflows import RunState, RunStep, find_workflow
from quorum.domain import DecisionKind
from quorum.surfaces.bench.takeover.workers import slow_workflow

PATIENCE_SECONDS = 60.0
ENDED = ("done", "failed", "cancelled")
Found = TypeVar("Found")
COORDINATOR = (
    "worker: {pool: 1, lease_seconds: 2, grace_seconds: 1}\nscheduler: {look_seconds: 0.1}\nviews_seconds: 0.2\n"
)
ASKS = """\
workflow: asks
about: A person is asked, once or twice.
params:
  times: {kind: number, default: 1}
steps:
  - {step: 1, name: before, decision_point: Go on, criteria: [1 < 2]}
  - {step: 2, name: consent, approval: {question: Shall it go on?, expires: 1h}}
  - {step: 3, name: after, decision_point: Go on, criteria: [1 < 2]}
  - {step: 4, name: again, condition: times > 1, approval: {question: Really?, expires: 1h}}
  - {step: 5, name: last, decision_point: Go on, criteria: [1 < 2]}
"""


def make_desk(home: Path, base: Path) -> Path:
    """A workspace with the drawn markets and two workflows of its own: `slow`, and `asks` for a person's word."""
    copied(template(base), home)
    (home / "config" / "coordinator.yaml").write_text(COORDINATOR, encoding="utf-8")
    agents = home / "config" / "agents.yaml"
    agents.write_text(
        agents.read_text(encoding="utf-8").replace("health_check_interval: 60", "health_check_interval: 2")
    )
    own = home / "config" / "workflows"
    own.mkdir(exist_ok=True)
    (own / "asks.yaml").write_text(ASKS, encoding="utf-8")
    (own / "slow.yaml").write_text(slow_workflow(), encoding="utf-8")
    return home


@dataclass(frozen=True)
class Up:
    """`quorum up` at work over `home`."""

    home: Path
    process: subprocess.Popen[bytes]

    def told(self, event: str) -> Sequence[Mapping[str, Any]]:
        """The lines of the log about an event."""
        return [line for line in log(self.home) if line["event"] == event]

    def children(self) -> list[psutil.Process]:
        """Every process below it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def role(self, name: str) -> int:
        """The process of a role that has begun its work."""
        return until(lambda: next((c.pid for c in self.children() if _line(c)[-2:] == ["--role", name]), None), name)


def _line(process: psutil.Process) -> list[str]:
    """The command line of a process; empty when it has gone."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextmanager
def up(home: Path, *words: str, environment: Mapping[str, str] | None = None) -> Iterator[Up]:
    """`quorum up` in a process of its own; at the end nothing of it is left."""
    command = [sys.executable, "-P", "-m", "quorum", "up", "--home", str(home), *words]
    (home / "logs").mkdir(exist_ok=True)
    with (home / "logs" / "up.out").open("ab") as out:
        environ = {**os.environ, **(environment or {})}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=TESTS, env=environ)
    made = Up(home, process)
    try:
        yield made
    finally:
        left = made.children() if process.poll() is None else []
        process.kill()
        process.wait()
        for child in left:
            with suppress(psutil.NoSuchProcess):
                child.kill()


def log(home: Path) -> list[dict[str, Any]]:
    """The workspace's log."""
    path = home / "logs" / "quorum.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def state_of(home: Path) -> str | None:
    """The system's state by its view; None while there is none."""
    path = home / "state" / "system" / "coordinator_state.json"
    return json.loads(path.read_text(encoding="utf-8"))["system_status"] if path.exists() else None


def ask(desk: Desk, workflow: str, **params: str) -> str:
    """Ask for a run, as any command does; its id."""
    spec = find_workflow(workflow, desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    request = request_of(spec, params, desk.clock.now())
    identity = desk.runs.enter(request)
    desk.workflows.enqueue(identity, request)
    return identity


def ended(desk: Desk, identity: str) -> tuple[RunState, Sequence[RunStep]]:
    """The run when it has ended, with its steps."""

    def look() -> tuple[RunState, Sequence[RunStep]] | None:
        state, steps = desk.workflows.run(identity)
        return (state, steps) if state.status in ENDED else None

    return until(look, f"the end of {identity}")


def until(look: Callable[[], Found | None], what: str) -> Found:
    """What `look` finds, as soon as it finds something."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < ends, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


def done_once(desk: Desk, identity: str, points: int) -> None:
    """The run ended well, kept each step once, and took the decision of each of its points once."""
    state, steps = ended(desk, identity)
    names = [step.name for step in steps if step.name[0].isdigit()]  # waiting is kept too, under one name
    choices = [decision.choice for decision in desk.decisions.recent(5_000)]
    taken = [c for c in choices if c.kind is DecisionKind.VERDICT and c.inputs.get("workflow_id") == identity]
    assert (state.status, len(names), len(taken)) == ("done", len(set(names)), points), (state, names, taken)


def stop(running: Up, how: signal.Signals = signal.SIGTERM) -> int:
    """Tell it to stop; how it ended."""
    running.process.send_signal(how)
    return running.process.wait(PATIENCE_SECONDS)
