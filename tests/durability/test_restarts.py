"""Workers come and go, databases are put back: what was asked is answered once, and nothing is done twice."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config

from desk.markets import ENTRY
from desk.offices import copied, template
from quorum.adapters import migrations
from quorum.adapters.sql import database
from quorum.bootstrap import open_desk, open_worker
from quorum.bootstrap.worker import INTERPRETERS, Worker
from quorum.desk import Desk
from quorum.desk.approvals import Said, answer
from quorum.desk.notices import Event
from quorum.desk.running import known_to, protocols_of, request_of
from quorum.desk.team import cancel, perform
from quorum.desk.team.fakes import OwnHands
from quorum.desk.team.papers import PAUSE_SECONDS
from quorum.desk.workflows import RunState, find_workflow
from quorum.desk.workflows.ports import MOST_DEATHS
from quorum.domain import HOUR, IllegalMove, iso

CONSENT = """\
workflow: consent
about: Looks, asks a person, and decides.
params: {symbol: {kind: symbol, default: FLATUSDT}}
steps:
  - {step: 1, name: look, task: check_agents, output: /outputs/look.json, critical: false}
  - step: 2
    name: consent
    approval: {question: Shall it?, expires: 1d, remind: 6h}
  - step: 3
    name: verdict
    decision_point: Was it
    criteria: [consent_approved == true]
  - {step: 4, name: after, task: check_agents, output: /outputs/after.json, critical: false}
results: {status: consent.status, verdict: verdict.verdict}
"""
NEXT = f"{int(database.HEAD) + 1:04d}"
STEP = f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{NEXT}", "{database.HEAD}"


def upgrade() -> None:
    with op.batch_alter_table("approval") as table:
        table.add_column(sa.Column("next", sa.Text, nullable=False, server_default=""))
"""
WAIT_SECONDS = 30.0


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = copied(template(tmp_path_factory.getbasetemp() / "desk"), tmp_path / "desk")
    folder = home / "config" / "workflows"
    folder.mkdir(exist_ok=True)
    (folder / "consent.yaml").write_text(CONSENT, encoding="utf-8")
    return home


@contextmanager
def at_work(home: Path) -> Iterator[Worker]:
    worker = open_worker(home, hands=OwnHands({"agent": lambda payload: perform(worker.desk, payload)}))
    assert worker is not None
    worker.start()
    try:
        yield worker
    finally:
        worker.close(0)


def ask_for(desk: Desk, workflow: str, params: Mapping[str, str], execution: str | None = None) -> str:
    spec = find_workflow(workflow, desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    request = request_of(spec, params, desk.clock.now(), execution)
    identity = desk.runs.enter(request)
    desk.workflows.enqueue(identity, request)
    return identity


def until(desk: Desk, identity: str, holds: Callable[[RunState], bool]) -> RunState:
    """The run as soon as `holds` does."""
    give_up = time.monotonic() + WAIT_SECONDS
    while not holds(state := desk.workflows.run(identity)[0]):
        assert time.monotonic() < give_up, state
        time.sleep(0.05)
    return state


def ended(desk: Desk, identity: str) -> RunState:
    return until(desk, identity, lambda state: state.status in ("done", "failed", "cancelled"))


def read(home: Path, path: str) -> Any:
    return json.loads((home / path).read_text(encoding="utf-8"))


def next_schema(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the newest schema is one step further, as in a later release: approvals have a column more."""
    shutil.copytree(Path(migrations.__file__).parent, folder)
    (folder / "versions" / f"v{NEXT}_next.py").write_text(STEP, encoding="utf-8")
    config = Config()
    config.set_main_option("script_location", str(folder))
    monkeypatch.setattr(database, "_alembic", lambda: config)
    monkeypatch.setattr(database, "HEAD", NEXT)


@pytest.mark.parametrize("restarts", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_question_left_open_over_restarts_is_answered_once(
    home: Path, restarts: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And over a migration, and the release of another interpreter, which the run under way does not get."""
    desk = open_desk(home)
    identity = ask_for(desk, "consent", {})
    with at_work(home):
        until(desk, identity, lambda _: bool(desk.approvals.open()))
    monkeypatch.setitem(INTERPRETERS, 2, lambda *_: pytest.fail("this run is not for it"))
    for _ in range(restarts):
        with at_work(home):
            until(desk, identity, lambda state: state.attempts == 2)  # begun again, and no death counted before
    next_schema(tmp_path / "migrations", monkeypatch)
    desk = open_desk(home)
    with sqlite3.connect(home / "desk.db") as opened:
        assert opened.execute("select version_num from alembic_version").fetchone() == (NEXT,)
    opened.close()
    (approval,) = desk.approvals.open()
    said = Said(True, "ada", "it is fine", "cli")
    assert answer(desk.approvals, desk.workflows, approval.approval_id, said).untold is None
    with pytest.raises(IllegalMove):
        answer(desk.approvals, desk.workflows, approval.approval_id, said._replace(approve=False))
    with at_work(home):
        state = ended(desk, identity)
    assert state.outcome is not None
    assert state.outcome["results"] == {"status": "approved", "verdict": "approved"}
    assert sorted(d.choice.kind.value for d in desk.decisions.recent(100)) == ["approval", "verdict"]
    assert read(home, "outputs/look.json")["status"] == "completed"
    told = [t.notice.occurrence.event for t in desk.outbox.listed(100)]
    assert told.count(Event.APPROVAL_NEEDED) == 1


def test_a_run_for_an_interpreter_that_is_not_there_says_so(home: Path) -> None:
    desk = open_desk(home)
    spec = find_workflow("consent", home / "config" / "workflows", known_to(desk), protocols_of(desk))
    desk.workflows.enqueue("WF-9", {**request_of(spec, {}, desk.clock.now()), "interpreter": 9})
    with at_work(home):
        assert "needs interpreter 9" in str(ended(desk, "WF-9").error)
    assert "the run failed" in read(home, "outputs/look.json")["reason"]


def test_a_run_that_is_cancelled_says_so_in_the_documents_that_it_did_not_come_to(home: Path) -> None:
    desk = open_desk(home)
    identity = ask_for(desk, "consent", {})
    with at_work(home):
        until(desk, identity, lambda _: bool(desk.approvals.open()))
        cancel(desk, identity)
        assert desk.workflows.run(identity)[0].status == "cancelled"
        time.sleep(PAUSE_SECONDS + 0.4)  # the document of what was done before is written behind the work
        assert read(home, "outputs/look.json")["status"] == "completed"
        after = read(home, "outputs/after.json")
        assert (after["status"], after["reason"]) == ("skipped", "the run was cancelled")
        assert after["run"]["workflow_id"] == identity
        with pytest.raises(IllegalMove):
            cancel(desk, identity)


def test_the_worker_itself_says_so_after_the_step_at_hand(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_desk(home)
    seen: list[str] = []

    def slow(specs: Any, request: Any, run: Any, crew: Any) -> Any:
        seen.append(run.identity)
        while desk.workflows.run(run.identity)[0].status != "cancelled":
            time.sleep(0.05)
        return first(specs, request, run, crew)

    first = INTERPRETERS[1]
    monkeypatch.setitem(INTERPRETERS, 1, slow)
    identity = ask_for(desk, "consent", {})
    with at_work(home):
        until(desk, identity, lambda _: bool(seen))
        desk.workflows.move(identity, "cancel")
        give_up = time.monotonic() + WAIT_SECONDS
        while not (home / "outputs" / "after.json").exists():
            assert time.monotonic() < give_up
            time.sleep(0.05)
    assert read(home, "outputs/look.json")["reason"] == "the run was cancelled"
    assert read(home, "state/workflows/active_workflow.json")["status"] == "cancelled"


def test_people_are_told_once_of_a_run_that_is_given_up(home: Path) -> None:
    desk = open_desk(home)
    identity = ask_for(desk, "consent", {})
    database = sqlite3.connect(home / "workflows.db")
    with database:
        database.execute("update workflow_status set recovery_attempts = ?", (MOST_DEATHS,))
    database.close()
    for _ in range(2):
        with at_work(home):
            ended(desk, identity)
    with at_work(home):
        told = [t.notice for t in desk.outbox.listed(100)]
    (notice,) = [n for n in told if n.occurrence.event is Event.WORKFLOW_RECOVERY_EXHAUSTED]
    assert notice.occurrence.key == identity
    assert notice.occurrence.details["attempts"] == MOST_DEATHS + 1


def test_the_engine_s_database_is_put_back_and_nothing_is_doubled(home: Path) -> None:
    """What it lost is asked for again from the book of runs; effects are found by their keys."""
    desk = open_desk(home)
    params = {"symbol": "FLATUSDT", "timeframe": "1h"}
    with at_work(home):
        ended(desk, ask_for(desk, "realtime_signal_generation", {**params, "as_of": iso(ENTRY - HOUR)}, "paper"))
    before = copied_database(home / "workflows.db", home / "before.db")
    with at_work(home):
        lost = [
            ask_for(desk, "realtime_signal_generation", {**params, "as_of": iso(ENTRY + n * HOUR)}, "paper")
            for n in range(3)
        ]
        outcomes = [ended(desk, identity).outcome for identity in lost]
    assert commits(home / "workflows.db") - commits(before) >= 15
    kept = left(home)
    assert kept["orders"]
    for name in ("workflows.db", "workflows.db-wal", "workflows.db-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.move(before, home / "workflows.db")
    again = open_desk(home)
    with at_work(home):
        assert [strip(ended(again, identity).outcome) for identity in lost] == [strip(one) for one in outcomes]
    assert left(home) == kept


def strip(outcome: Any) -> Any:
    """How a run ended, without how long its parts took."""
    return {name: outcome[name] for name in ("workflow", "status", "reason", "steps")}


def copied_database(source: Path, to: Path) -> Path:
    a, b = sqlite3.connect(source), sqlite3.connect(to)
    a.backup(b)
    a.close()
    b.close()
    return to


def commits(database: Path) -> int:
    """How many answers the engine has kept; each is a commit, and each run has a few more."""
    connection = sqlite3.connect(database)
    (count,) = connection.execute("select count(*) from operation_outputs").fetchone()
    connection.close()
    return int(count)


def left(home: Path) -> Mapping[str, Any]:
    """What stands in the desk's database but for what is kept of agents, whose calls were made again."""
    database = sqlite3.connect(home / "desk.db")
    found = {
        table: database.execute(f"select count(*) from {table}").fetchone()[0]
        for table in ("decision", "fill", "effect", "notification", "approval")
    }
    found["orders"] = database.execute("select * from intent order by 1").fetchall()
    database.close()
    return found


def test_documents_that_a_dead_worker_left_unwritten_are_written_by_the_next(home: Path) -> None:
    """It died just after its run had ended, as here somebody took the files away."""
    desk = open_desk(home)
    with at_work(home):
        whole = ended(desk, ask_for(desk, "realtime_signal_generation", {"symbol": "FLATUSDT", "timeframe": "1h"}))
    assert whole.outcome is not None
    before = {path: path.read_bytes() for path in (home / "state" / "signals").glob("*.json")}
    assert len(before) == 5
    for path in before:
        path.unlink()
    with at_work(home):
        pass
    assert {path: path.read_bytes() for path in (home / "state" / "signals").glob("*.json")} == before
