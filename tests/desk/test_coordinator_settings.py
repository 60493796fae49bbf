"""coordinator.yaml, schedule.yaml and events.yaml: every key has an effect that is seen here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

import quorum.adapters.logs
from desk.keys import keys, write
from desk.markets import ENTRY
from desk.offices import ask, at_work
from quorum.bootstrap import open_worker, roles, run_role, set_up_logs, worker
from quorum.desk.agents import StaffRules
from quorum.desk.running import known_by, protocols_by
from quorum.desk.schedule import Patience, Schedule, read_schedules
from quorum.desk.settings import CoordinatorFile, EventsFile, ScheduleFile
from quorum.desk.team import team
from quorum.desk.team.fakes import OwnHands
from quorum.desk.work import TASKS
from quorum.desk.workflows import workflows
from quorum.domain import MINUTE, iso

MODELS: Mapping[str, type[BaseModel]] = {
    "coordinator.yaml": CoordinatorFile,
    "schedule.yaml": ScheduleFile,
    "events.yaml": EventsFile,
}
SPECS = workflows(Path("none"), known_by(StaffRules(), TASKS), protocols_by(StaffRules()))
Look = Callable[[Path], object]


class Engine:
    """What the worker asks of its engine: how many runs at once, how long they may still take at the end."""

    def __init__(self, database: Any, executor: str, body: Any, at_once: int) -> None:
        self.told: list[object] = [at_once]
        database.dispose()

    def close(self, grace_seconds: int) -> None:
        self.told.append(grace_seconds)


def engine(home: Path) -> object:
    """How a worker opens and closes its engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "Engine", Engine)
        opened = open_worker(home, hands=OwnHands({}))
        assert opened is not None
        opened.close()
    return opened.engine.told  # type: ignore[attr-defined]


def asked(name: str, argument: int) -> Look:
    """What a worker asks for at the opening of a part."""

    def look(home: Path) -> object:
        told: list[object] = []

        def part(*given: Any) -> Any:
            told.append(given[argument])
            raise InterruptedError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(worker, name, part)
            with pytest.raises(InterruptedError):
                open_worker(home)
        return told

    return look


class Ended(threading.Event):
    """An end that has come, and how long it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: set[float | None] = set()

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.add(timeout)
        return True


def pause(home: Path) -> object:
    return in_role(home, "scheduler").waited


def in_role(home: Path, role: str, **parts: object) -> Ended:
    """Be told to stop as soon as a role is at work, in which these parts stand for its own."""
    ended = Ended()
    with pytest.MonkeyPatch.context() as patch:
        for name, part in {"_until_told": lambda under: nullcontext(ended), **parts}.items():
            patch.setattr(roles, name, part)
        run_role(home, role, lambda event, facts: None)
    return ended


def views(home: Path) -> object:
    """How often a worker has its views written."""
    told: list[float] = []

    def viewer(desk: Any, seconds: float) -> Any:
        told.append(seconds)
        raise InterruptedError

    class Idle:
        """A worker that does nothing."""

        desk = SimpleNamespace(
            settings=at_work(home).settings, states=SimpleNamespace(current=lambda: SimpleNamespace(state=None))
        )

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *error: object) -> None:
            return None

        alone, warm, start = (lambda self: False), (lambda self: None), (lambda self: None)

    with pytest.raises(InterruptedError):
        in_role(home, "worker", open_worker=lambda *given: Idle(), Viewer=viewer)
    return told


def store_pauses(home: Path) -> object:
    """What a team waits for a database that is away."""
    told: list[object] = []

    def asker(*given: Any) -> Any:
        told.append(given[4])
        raise InterruptedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(team, "Asker", asker)
        with pytest.raises(InterruptedError):
            team.Team(at_work(home), OwnHands({}))
    return told


def level(home: Path) -> object:
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quorum.adapters.logs, "set_up_logs", lambda home, level, secrets, **more: told.append(level))
        set_up_logs(home, "role")
    return told


def coordinator(key: str, one: object, other: object, look: Look) -> tuple[str, str, object, object, Look]:
    return "coordinator.yaml", key, one, other, look


def patience(home: Path) -> object:
    return Patience.of(at_work(home).settings.schedule)


def armed(home: Path) -> object:
    """What the only schedule comes to."""
    (found,) = read_schedules(home / "config" / "schedule.yaml", SPECS).values()
    assert isinstance(found, Schedule), found
    policies = (found.missed, found.overlap, found.enabled, found.execution)
    return found.spec.name, repr(found.triggers), dict(found.params), policies


BTC = {"symbol": "BTCUSDT"}
BASE = {"workflow": "daily_operations", "params": BTC}


def scheduled(key: str, one: Any, other: Any, **more: Any) -> tuple[str, str, object, object, Look]:
    """An observation of a key of a schedule, dotted; `more` of the schedule stands beside it in both."""
    return "schedule.yaml", f"schedules.a.{key}", *(_nested(key, value, more) for value in (one, other)), armed


def _nested(key: str, value: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {**BASE, **{name: dict(v) if isinstance(v, dict) else v for name, v in more.items()}}
    *way, last = key.split(".")
    inner = found
    for step in way:
        inner[step] = dict(inner.get(step, {}))
        inner = inner[step]
    inner[last] = value
    return {"a": found}


def news(home: Path) -> object:
    """The news that stands in the record of a vote at ENTRY."""
    desk = at_work(home)
    return desk.decisions.get(ask(desk, "FLATUSDT", paper=False).decision_id).choice.inputs["around"]["news"]


def event(key: str, one: Any, other: Any, minutes: int = 0) -> tuple[str, str, object, object, Look]:
    """An observation of a key of an event that lies `minutes` ahead of the vote."""
    base = {"name": "statement", "at": iso(ENTRY + minutes * MINUTE)}
    return "events.yaml", f"events.{key}", [{**base, key: one}], [{**base, key: other}], news


SOON = [{"name": "statement", "at": iso(ENTRY + 20 * MINUTE)}]
PAST = [{"name": "statement", "at": iso(ENTRY - 20 * MINUTE)}]
CRON = {"cron": "0 3 * * *"}
SESSION = {"session": {"calendar": "XNYS"}}
EFFECTS: list[tuple[str, str, object, object, Look]] = [
    coordinator("worker.runs_at_once", 8, 3, engine),
    coordinator("worker.grace_seconds", 10, 2, engine),
    coordinator("worker.pool", 1, 2, asked("open_hands", 0)),
    coordinator("worker.lease_seconds", 10, 4, asked("take_right", 3)),
    coordinator("scheduler.look_seconds", 0.5, 2, pause),
    coordinator("store_seconds", 60, 2, store_pauses),
    coordinator("views_seconds", 1, 3, views),
    coordinator("log_level", "info", "debug", level),
    ("schedule.yaml", "late_seconds", 10, 20, patience),
    ("schedule.yaml", "missed_after_seconds", 60, 20, patience),
    ("schedule.yaml", "queue_at_most", 100, 20, patience),
    scheduled("workflow", "daily_operations", "model_training_cycle"),
    scheduled("enabled", False, True),
    scheduled("params", BTC, {"symbol": "ETHUSDT"}),
    scheduled("execution", "notify", "paper"),
    scheduled("missed", "skip", "run_all"),
    scheduled("overlap", "skip", "cancel"),
    scheduled("trigger.cron", "0 3 * * *", "0 4 * * *"),
    scheduled("trigger.timezone", "UTC", "Europe/London", trigger=CRON),
    scheduled("trigger.bars", True, False, trigger=CRON, params={**BTC, "timeframe": "1h"}),
    scheduled("trigger.grace_seconds", 3, 9, trigger=CRON),
    scheduled("trigger.event", "alert", "drift"),
    scheduled("trigger.condition", "loss > 1", "loss > 2", trigger={"event": "alert"}),
    scheduled("trigger.session.calendar", "XNYS", "XLON"),
    scheduled("trigger.session.at", "open", "close", trigger=SESSION),
    scheduled("trigger.session.offset_minutes", 0, -60, trigger=SESSION),
    scheduled("trigger.session.only", "every", "first_of_week", trigger=SESSION),
    ("events.yaml", "before_minutes", {"events": SOON}, {"events": SOON, "before_minutes": 10}, news),
    ("events.yaml", "after_minutes", {"events": PAST}, {"events": PAST, "after_minutes": 10}, news),
    event("name", "statement", "earnings"),
    event("at", iso(ENTRY), "2020-01-01T00:00:00Z"),
    event("symbols", ["FLATUSDT"], ["BTCUSDT"]),
    event("before_minutes", 10, 40, minutes=35),
    event("after_minutes", 10, 90, minutes=-80),
]


def put(home: Path, file: str, key: str, value: Any) -> None:
    """Write a key; of schedules and events the whole list, of the windows around all events the whole file."""
    top = key.partition(".")[0]
    if isinstance(value, dict) and "events" in value:
        for name, each in value.items():
            write(home, file, name, each)
    else:
        write(home, file, top if top in ("schedules", "events") else key, value)


@pytest.mark.parametrize(
    ("file", "key", "one", "other", "look"), EFFECTS, ids=[f"{file}:{key}" for file, key, *_ in EFFECTS]
)
def test_every_key_has_an_effect(
    home: Path, another: Path, file: str, key: str, one: Any, other: Any, look: Look
) -> None:
    put(home, file, key, one)
    put(another, file, key, other)
    assert look(home) != look(another)


def test_no_key_was_forgotten() -> None:
    seen = {f"{file}:{key.replace('schedules.a.', 'schedules.')}" for file, key, *_ in EFFECTS}
    assert {f"{file}:{key}" for file, model in MODELS.items() for key in keys(model)} == seen
