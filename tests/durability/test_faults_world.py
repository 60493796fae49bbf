"""Wrong specs, a database that is gone, a full disk, a clock that jumps, two schedulers, files that are edited."""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.processes import TESTS
from durability.cases import ELSEWHERE, Case, check_end, document, make_home, make_lean, outcome, run, soon
from durability.misbehaving import Ward, turn_clock, warded
from quorum.bootstrap import open_desk, sharing
from quorum.desk import Desk
from quorum.desk.approvals import Said, answer
from quorum.desk.schedule import Tick
from quorum.desk.system import Part, SystemState, begin
from quorum.surfaces.bench.postgres import OwnPostgres
from surfaces.cli.commands import Quorum

SECOND, MINUTE, HOUR = 10**9, 60 * 10**9, 3_600 * 10**9
AWAY_SECONDS = 30.0


HEAD = "workflow: bad\nparams: {symbol: {kind: symbol}}\nsteps:\n"
FIRST = "  - {step: 1, name: first, agent: qa-expert, task: check_strategy, outputs: {clean: clean}}\n"
NEXT = "  - {step: 2, agent: qa-expert, task: check_strategy, name: second, condition: "
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
WRONG: Mapping[str, tuple[str, str, str]] = {
    "an unknown agent": (
        HEAD + "  - {step: 1, agent: qa-exprt, task: check_strategy}\n",
        ":4:15",
        "did you mean 'qa-expert'",
    ),
    "an unknown task": (HEAD + "  - {step: 1, agent: qa-expert, task: chek_strategy}\n", ":4:", "check_strategy"),
    "another's task": (HEAD + "  - {step: 1, agent: qa-expert, task: latest_bars}\n", ":4:", "does not do"),
    "a wrong type": (HEAD + "  - {step: 1, agent: qa-expert, task: check_strategy, critical: 3}\n", ":4:", "true"),
    "a word for a step": (HEAD + "  - {step: one, agent: qa-expert, task: check_strategy}\n", ":4:", "step"),
    "a missing output": (HEAD + FIRST + NEXT + "claen == true}\n", ":5:", "did you mean 'clean'"),
    "a later output": (HEAD + FIRST + NEXT + "second.clean == true}\n", ":5:", "has not ended by then"),
    "an import": (HEAD + FIRST + NEXT + "\"__import__('os').system('x') == 0\"}\n", ":5:", "plain name"),
    "a loop": (HEAD + FIRST + NEXT + "'[x for x in clean] == 1'}\n", ":5:", "a comprehension is not allowed"),
    "an endless power": (HEAD + FIRST + NEXT + "9**9**9**9 > 1}\n", ":5:", "a power is not allowed"),
    "a class": (HEAD + FIRST + NEXT + "symbol.__class__.__bases__ == 1}\n", ":5:", "symbol has no part"),
    "a workflow in itself": (HEAD + "  - {step: 1, name: ring, workflow: bad}\n", ":4:", "bad -> bad"),
    "two in each other": (HEAD + "  - {step: 1, name: ring, workflow: worse}\n", ":4:", "bad -> worse -> bad"),
    "an alias bomb": (HEAD + FIRST + BOMB, ":", "more than 200,000 values"),
    "no YAML": (HEAD + "  - {step: 1, agent: [\n", ":5:", ""),
    "a tag": ("workflow: !!python/object/apply:os.system ['true']\nsteps: []\n", ":1:", ""),
    "ten megabytes": (HEAD + FIRST + "#" * 10_000_000, ":", "make several workflows of it"),
    "nothing": ("", ":1:1:", "needs keys"),
}


RUN_TOO = ("an unknown agent", "a missing output", "an import", "two in each other", "an alias bomb", "ten megabytes")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("specs") / "home"
    make_lean(home)
    worse = HEAD.replace("bad", "worse") + "  - {step: 1, name: ring, workflow: bad}\n"
    (home / "config" / "workflows" / "worse.yaml").write_text(worse)
    return home


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_spec_is_one_line_and_no_run(bench: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told in one line, with its place and what to do; nothing is asked for."""
    text, place, says = WRONG[kind]
    path = bench / "config" / "workflows" / "bad.yaml"
    path.write_text(text)
    quorum, began = Quorum(capsys), time.monotonic()
    for words in (("run", "bad"), ("check", path)) if kind in RUN_TOO else (("check", path),):
        said = quorum("workflow", *words, "--home", bench, "--json")
        assert (said.code, f"{path.name}{place}" in said.error or f"{path}{place}" in said.error) == (2, True), said
        assert says in said.error
    assert time.monotonic() - began < 10.0
    desk = open_desk(bench)
    assert list(desk.workflows.runs()) == []
    assert list(desk.runs.entered(0)) == []


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Another program holds the right to write to the desk's database."""
    other = sqlite3.connect(home / "desk.db", isolation_level=None)
    other.execute("begin immediate")
    try:
        yield
    finally:
        other.execute("rollback")
        other.close()


@contextmanager
def full(ward: Ward) -> Iterator[None]:
    """No file of the worker's process grows."""
    soft, hard = resource.prlimit(ward.worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(ward.worker.pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(ward.worker.pid, resource.RLIMIT_FSIZE, (soft, hard))


def begun(ward: Ward, case: Case) -> str:
    """A run of the case that is under way."""
    identity = ward.ask(case.name, misdeed=case.misdeed)
    soon(lambda: ward.desk.workflows.run(identity)[0].status != "enqueued" or None)
    return identity


def ended_by_policy(ward: Ward, identity: str, case: Case) -> None:
    """The run ended as if nothing had happened, each of its effects there once."""
    state, steps = ward.ended(identity, 120.0)
    assert state.status == "done", state
    check_end(ward, case, identity, state, outcome(steps))
    assert Counter(step.name for step in ward.desk.workflows.run(identity)[1]).most_common(1)[0][1] == 1


def at(place: str) -> list[Case]:
    return [case for case in ELSEWHERE if case.place == place]


class TestDatabase:
    @pytest.mark.parametrize("case", at("_locked"), ids=lambda case: case.name)
    def test_another_writer_is_waited_for(self, ward: Ward, case: Case) -> None:
        identity = begun(ward, case)
        with locked(ward.home):
            time.sleep(0.8)
        ended_by_policy(ward, identity, case)

    @pytest.mark.slow
    @pytest.mark.parametrize("case", at("_stays"), ids=lambda case: case.name)
    def test_another_writer_that_stays_is_waited_for_too(self, ward: Ward, case: Case) -> None:
        """Longer than one transaction waits."""
        identity = begun(ward, case)
        with locked(ward.home):
            time.sleep(AWAY_SECONDS)
        ended_by_policy(ward, identity, case)

    @pytest.mark.parametrize("case", at("_full"), ids=lambda case: case.name)
    def test_a_full_disk_is_waited_for(self, ward: Ward, case: Case) -> None:
        """The run goes on when there is room again, and its documents are written then."""
        identity = begun(ward, case)
        with full(ward):
            time.sleep(0.8)
            assert ward.worker.poll() is None
            assert ward.desk.workflows.run(identity)[0].status == "running"
        ended_by_policy(ward, identity, case)
        assert run(ward, "sound")[2]["status"] == "completed"

    @pytest.mark.slow
    @pytest.mark.timeout(300)
    def test_a_server_that_is_gone_for_half_a_minute(
        self, postgres_server: OwnPostgres, postgres: str, tmp_path: Path
    ) -> None:
        home = make_home(tmp_path / "home", at("_gone"))
        with sharing(postgres), warded(home) as ward, schedulers(home):
            for case in at("_gone"):
                identity = begun(ward, case)
                postgres_server.stop()
                time.sleep(AWAY_SECONDS)
                postgres_server.start()
                ended_by_policy(ward, identity, case)
            told = Counter(str(t.notice.occurrence.event) for t in ward.desk.outbox.listed(500))
            assert told["store_unreachable"] == told["store_back"] >= 2


@contextmanager
def schedulers(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Two schedulers of a workspace at work, for the time of a block."""
    turn_clock(home, 0)
    states, me = open_desk(home).states, Part("a worker")
    if begin(states, me).state is SystemState.STARTING:
        states.move(SystemState.OPERATIONAL, me, "it would be at work")
    command = [sys.executable, "-m", "durability.misbehaving", "schedule", str(home)]
    process = subprocess.Popen(command, cwd=TESTS, stdin=subprocess.DEVNULL)
    try:
        soon(lambda: len(logged(home, "scheduler_started")) == 2 or None, 30.0)
        yield process
    finally:
        process.terminate()
        assert process.wait(20.0) == 0
        soon(lambda: len(logged(home, "scheduler_stopped")) == 2 or None, 20.0)


def logged(home: Path, event: str) -> list[Mapping[str, Any]]:
    """The lines of the log about an event."""
    path = home / "logs" / "quorum.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line for line in lines if line["event"] == event]


def ticks(desk: Desk, schedule: str = "mine") -> list[Tick]:
    """Every tick of a schedule, oldest first."""
    return list(reversed(desk.ticks.newest(schedule, 1_000)))


def test_two_schedulers_and_a_clock_that_jumps(tmp_path: Path) -> None:
    """Each minute once; three hours ahead is a row of missed ones, an hour back nothing twice; both are told."""
    home = tmp_path / "home"
    make_lean(home)
    own, file = home / "config" / "workflows", home / "config" / "schedule.yaml"
    for name in ("mine", "other"):
        step = "{step: 1, name: go, decision_point: Go on, criteria: [1 < 2]}"
        (own / f"{name}.yaml").write_text(f"workflow: {name}\nsteps:\n  - {step}\n")
    entry = '{{workflow: {0}, enabled: true, trigger: {{cron: "* * * * *"}}, overlap: cancel, missed: skip}}'
    file.write_text("schedules:\n" + "".join(f"  {n}: {entry.format(n)}\n" for n in ("mine", "other")))
    (home / "config" / "coordinator.yaml").write_text("scheduler: {look_seconds: 0.2}\n")
    desk = open_desk(home)
    with schedulers(home):
        soon(lambda: len(desk.rows(["tick"])["tick"]) == 2 or None)  # both are armed
        for minute in (1, 2, 3):
            turn_clock(home, minute * MINUTE)
            soon(lambda n=minute: len(sent(desk)) >= n or None)  # type: ignore[misc]
        turn_clock(home, 3 * MINUTE + 3 * HOUR)
        ahead = soon(lambda: next((t for t in ticks(desk) if t.status.value == "missed"), None))
        assert 178 <= ahead.count <= 180
        turn_clock(home, 3 * MINUTE + 2 * HOUR)
        soon(lambda: told(desk, "clock_jumped") or None)
        (own / "mine.yaml").write_text("workflow: mine\nsteps:\n  - {step: 1, agent: nobody, task: nothing}\n")
        soon(lambda: logged(home, "schedule_wrong") or None)
        before = len(ticks(desk, "other"))
        turn_clock(home, 4 * MINUTE + 3 * HOUR)
        soon(lambda: len(ticks(desk, "other")) > before or None)
        time.sleep(0.5)
    dues = [tick.due_at for tick in ticks(desk)]
    assert len(dues) == len(set(dues))
    runs = sent(desk)
    asked = Counter(state.identity for state in desk.workflows.runs(100, "mine"))
    assert set(asked) == set(runs)
    assert max(asked.values()) == 1
    assert told(desk, "schedule_missed")
    wrong = Counter((line["pid"], line["schedule"]) for line in logged(home, "schedule_wrong"))
    assert set(wrong.values()) == {1}, "told more than once"
    assert {name for _, name in wrong} == {"mine"}
    assert "mine.yaml:3:" in logged(home, "schedule_wrong")[0]["error"]


def sent(desk: Desk) -> list[str]:
    """The runs that were asked for."""
    return [tick.workflow_id for tick in ticks(desk) if tick.status.value == "sent"]


def told(desk: Desk, event: str) -> list[str]:
    """What people are told of an event."""
    return [t.notice.occurrence.summary for t in desk.outbox.listed(500) if t.notice.occurrence.event == event]


def test_a_spec_that_is_edited_while_its_run_waits(ward: Ward) -> None:
    """The run ends with the spec that it began with, and the next one takes the new one."""
    desk, path = ward.desk, ward.home / "config" / "workflows" / "asks.yaml"
    before = path.read_text()
    first = ward.ask("asks")
    question = soon(lambda: next((a for a in desk.approvals.open() if a.question.workflow_id == first), None))
    path.write_text(before.replace("after/asks", "after/edited").replace("title: after.title", "title: after.document"))
    answer(desk.approvals, desk.workflows, question.approval_id, Said(True, "ada", "it is fine", "here"))
    state, _ = ward.ended(first)
    assert state.outcome is not None
    assert state.outcome["results"] == {"title": "good", "by": "ada"}
    assert document(ward, "after", "asks", first)["title"] == "good"
    assert not (ward.home / "state" / "after" / "edited.json").exists()
    second = ward.ask("asks")
    question = soon(lambda: next((a for a in desk.approvals.open() if a.question.workflow_id == second), None))
    path.write_text("workflow: asks\nsteps: nonsense\n")
    answer(desk.approvals, desk.workflows, question.approval_id, Said(True, "ada", "again", "here"))
    state, _ = ward.ended(second)
    assert state.outcome is not None
    assert state.outcome["results"] == {"title": "as it should be", "by": "ada"}
    assert document(ward, "after", "edited", second)["title"] == "good"
    path.write_text(before)
