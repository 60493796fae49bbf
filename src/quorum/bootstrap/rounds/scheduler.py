"""The scheduler's process: what is due, what happened, what is answered, what is wrong, looked at again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from quorum.adapters.sql.coordination import SqlPost
from quorum.bootstrap.desk import put_together
from quorum.bootstrap.rounds.signs import signs_of
from quorum.bootstrap.stores import Log, open_database
from quorum.bootstrap.workspaces import open_workspace
from quorum.desk import Desk
from quorum.desk.approvals import tell as tell_runs
from quorum.desk.guarding import accounts_watched, watch_books
from quorum.desk.notices import Event, Notice, Outage, deliver, occurrence
from quorum.desk.proving import tell_waiting
from quorum.desk.running import ask_again, known_to, protocols_of, tell_exhausted
from quorum.desk.schedule import (
    Happening,
    Pass,
    Patience,
    Schedule,
    Scheduler,
    Turn,
    newest_close,
    on_event,
    read_schedules,
    take_turn,
)
from quorum.desk.system import ALLOWS
from quorum.desk.system.watching import watch
from quorum.desk.team.leaving import cancel
from quorum.desk.trading.halting import follow_halts
from quorum.desk.trading.reconciling import Unreached, reconcile_all
from quorum.desk.workflows import workflows
from quorum.desk.workflows.spec import OnEvent
from quorum.domain import HOUR, MINUTE, Clock, ConfigError, QuorumError

ASK_AGAIN = 20  # rounds between
HEALTH_ROUNDS = 4
NEWEST = 500


def run_rounds(given: Path | None, ended: threading.Event, log: Log, clock: Clock | None) -> None:
    """Look at schedules, notices, answers and the desk's health until `ended`; one that fails stops no other."""
    workspace = open_workspace(given)
    database = open_database(workspace)
    desk = put_together(workspace, database, clock)
    rounds = _Rounds(desk, SqlPost(database, desk.clock), log)
    log("scheduler_started", {})
    pause = desk.settings.coordinator.scheduler.look_seconds
    # apart, since a mail server or an engine that is slow must not make a schedule late, or hide that it is
    beside = [
        threading.Thread(target=_again, args=(ended, every, acts, log), daemon=True)
        for every, acts in (
            (pause, {"notices": rounds.send}),
            (HEALTH_ROUNDS * pause, {"health": rounds.watch}),
            (pause, {"books": rounds.compare}),
        )
    ]
    for thread in beside:
        thread.start()
    outage = Outage(desk.outbox, desk.clock)
    _again(ended, pause, {name: outage.over(act) for name, act in rounds.acts.items()}, log)
    for thread in beside:
        thread.join(pause)
    log("scheduler_stopped", {})


def _again(ended: threading.Event, pause: float, acts: Mapping[str, Callable[[], None]], log: Log) -> None:
    """Do these, again and again; what fails is done again and recorded once, and the others go on."""
    before: dict[str, str] = {}
    while not ended.wait(pause):
        for name, act in acts.items():
            try:
                act()
                trouble = ""
            except QuorumError as error:
                trouble = str(error)
            except Exception as error:  # noqa: BLE001 - the rim of the loop
                trouble = f"{type(error).__name__}: {error}"
            if trouble and trouble != before.get(name):
                log("scheduler_trouble", {"at": name, "error": trouble})
            before[name] = trouble


class _Rounds:
    """What the scheduler's process does every round."""

    def __init__(self, desk: Desk, post: SqlPost, log: Log) -> None:
        self.acts = {
            "schedules": self._due,
            "waiting": self._waiting,
            "events": self._events,
            "answers": self._answers,
            "runs": self._lost,
            "books": self._books,
        }
        self._desk, self._post, self._log = desk, post, log
        self._policy = desk.settings.notifications.policy()
        self._armed = _Armed(desk, log)
        self._signs = signs_of(desk.workspace)
        self._rounds = 0
        self._compared: int | None = None
        self._unreached: set[str] = set()
        self._before: Pass | None = None
        self._seen: set[str] = set()
        self._troubles: Mapping[str, str] = {}
        self._scheduler = Scheduler(
            clock=desk.clock,
            ticks=desk.ticks,
            workflows=desk.workflows,
            newest=newest_close(desk.lake),
            tell=lambda event, facts: self._told(event, facts),
            cancel=partial(cancel, desk),
            patience=Patience.of(desk.settings.schedule),
        )

    def _due(self) -> None:
        if not self._starts():
            return
        self._before = self._scheduler.run_once(self._armed.schedules(), self._before)
        troubles = {name: str(trouble) for name, trouble in self._before.troubles.items()}
        for name, error in troubles.items() - self._troubles.items():
            self._log("schedule_trouble", {"schedule": name, "error": error})
        self._troubles = troubles

    def _events(self) -> None:
        """Runs that events of the last hour ask for; the id of each comes from its event, so that it is asked once."""
        if not self._starts():
            return
        listening = self._armed.listening()
        since = self._desk.clock.now() - HOUR
        notices = [told.notice for told in self._desk.outbox.listed(NEWEST)] if listening else []
        left_out = {one.occurrence.key for one in notices if one.occurrence.event == Event.SCHEDULE_SKIPPED}
        waiting = set()
        for notice in reversed(notices):
            if notice.at >= since and notice.notification_id not in self._seen:
                armed = [schedule for schedule, armed_at in listening if armed_at <= notice.at]
                if not self._start(notice, armed, left_out):
                    waiting.add(notice.notification_id)
        self._seen = {notice.notification_id for notice in notices} - waiting

    def _start(self, notice: Notice, armed: Sequence[Schedule], left_out: Container[str]) -> bool:
        """Ask for the runs that an event wants; False while one of them waits for an earlier one of its schedule."""
        found, waits = notice.occurrence, False
        happened = Happening(str(found.event), notice.notification_id, notice.at, found.details)
        for asked in on_event(happened, armed):
            key = f"{Event.SCHEDULE_SKIPPED}/{asked.identity}"
            if key in left_out:
                continue
            turn, earlier = take_turn(asked, self._desk.workflows, partial(cancel, self._desk))
            waits = waits or turn is Turn.WAITS
            told = {"schedule": asked.schedule, "workflow_id": asked.identity}
            if turn is Turn.SENT:
                self._log("run_asked", told)
            elif turn is Turn.SKIPPED:
                why = f"schedule {asked.schedule}: left out on {found.event}: {earlier} still runs"
                self._told(Event.SCHEDULE_SKIPPED, {**told, "key": key, "summary": why, "reason": why})
        return not waits

    def _waiting(self) -> None:
        """Now and then look for strategies that nobody has begun with, where a schedule would."""
        if self._rounds % ASK_AGAIN == 0 and self._starts():
            heard = {t.event for one, _ in self._armed.listening() for t in one.triggers if isinstance(t, OnEvent)}
            if Event.STRATEGY_QUEUED in heard:
                tell_waiting(self._desk)

    def _answers(self) -> None:
        desk = self._desk
        now = desk.clock.now()
        desk.approvals.expire(now)
        desk.approvals.remind(now)
        for error in tell_runs(desk.approvals, desk.workflows):
            raise error  # told of once; the next round tries all of them again

    def _lost(self) -> None:
        """Now and then ask again for runs that the engine does not know of, and tell of those that it gave up."""
        if self._rounds % ASK_AGAIN == 0:
            for identity in ask_again(self._desk.runs, self._desk.workflows, self._desk.clock):
                self._log("run_asked_again", {"workflow_id": identity})
            tell_exhausted(self._desk)
        self._rounds += 1

    def _books(self) -> None:
        """What the books are worth, and what their breakers ask for, whether anything trades or not."""
        if self._rounds % ASK_AGAIN == 0:
            for one in watch_books(self._desk):
                if one.done or one.stopped:
                    self._log("breaker", accounts_watched([one])[0])

    def _starts(self) -> bool:
        """Whether the desk begins anything by itself: not while it starts, stops or is paused."""
        return ALLOWS[self._desk.states.current().state].starts_runs

    def watch(self) -> None:
        """Look how the desk is, and what is halted; the move that follows is on record."""
        for told in follow_halts(self._desk):
            self._log("halt_followed", {"what": told})
        moved = watch(self._desk, self._signs)
        if moved is not None:
            self._log("system_moved", {"state": moved.state.value, "reason": moved.reason})

    def compare(self) -> None:
        """At the start and as often as execution.yaml says, every account against its venue; one that could not be
        reached again and again, so that it is compared as soon as it can be."""
        now, minutes = self._desk.clock.now(), self._desk.settings.execution.reconciliation.every_minutes
        due = self._compared is None or not 0 <= now - self._compared < minutes * MINUTE
        if due:
            self._compared = now
        elif not self._unreached:
            return
        before, self._unreached = self._unreached, set()
        for done in reconcile_all(self._desk, only=None if due else before):
            if isinstance(done, Unreached):
                self._unreached.add(done.account)
            if not done.clean and done.account not in before:
                why = done.why if isinstance(done, Unreached) else "; ".join(str(one.difference) for one in done.left)
                self._log("books_not_clean", {"account": done.account, "why": why})

    def send(self) -> None:
        """Deliver the notices that are due."""
        deliver(self._post, self._desk.channels, self._policy, self._desk.clock)

    def _told(self, event: str, facts: Mapping[str, Any]) -> None:
        self._desk.outbox.raise_(occurrence(event, facts))


class _Armed:
    """The schedules as the files have them now; what is wrong is told once, and leaves what was right as it was."""

    def __init__(self, desk: Desk, log: Log) -> None:
        self._desk, self._log = desk, log
        self._read_at: object = None
        self._right: Mapping[str, Schedule] = {}
        self._wrong: Mapping[str, str] = {}

    def schedules(self) -> Sequence[Schedule]:
        """All that can be read. A file that is wrong as a whole leaves the schedules that were read last."""
        stamp = self._stamp()
        if stamp != self._read_at:
            self._read()
            self._read_at = stamp
        return list(self._right.values())

    def listening(self) -> Sequence[tuple[Schedule, int]]:
        """The schedules that wait for events, each with the instant since when it does."""
        now, found = self._desk.clock.now(), []
        for schedule in self._right.values():
            waits = ", ".join(words for words in schedule.written if words.startswith("event "))
            if waits:
                since = self._desk.ticks.arm(f"{schedule.name}/events", waits if schedule.enabled else "", now)
                found += [(schedule, since)] if schedule.enabled else []
        return found

    def _read(self) -> None:
        folder = self._desk.workspace.config
        try:
            specs = workflows(folder / "workflows", known_to(self._desk), protocols_of(self._desk))
            found = read_schedules(folder / "schedule.yaml", specs)
        except ConfigError as error:
            self._tell({"schedule.yaml": str(error)})
            return
        self._right = {name: s for name, s in found.items() if not isinstance(s, ConfigError)}
        self._tell({name: str(s) for name, s in found.items() if isinstance(s, ConfigError)})

    def _tell(self, wrong: Mapping[str, str]) -> None:
        for name, error in wrong.items() - self._wrong.items():
            self._log("schedule_wrong", {"schedule": name, "error": error})
        self._wrong = wrong

    def _stamp(self) -> object:
        """What changes when a file of schedules or workflows is written."""
        folder = self._desk.workspace.config
        files = [folder / "schedule.yaml", *sorted((folder / "workflows").glob("*.y*ml"))]
        return [(str(file), (s := file.stat()).st_mtime_ns, s.st_size) for file in files if file.exists()]
