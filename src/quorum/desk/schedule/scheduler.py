"""One look at the clock: what is due is claimed, then asked for; what cannot run is recorded with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from quorum.desk.notices import Event
from quorum.desk.schedule.arming import Schedule
from quorum.desk.schedule.bars import NewestClose, awaited
from quorum.desk.schedule.due import first_due, latest_due, next_due
from quorum.desk.schedule.plan import BAR_LATE, PATIENCE, Patience, plan, request_of
from quorum.desk.schedule.ports import Tick, Ticks, TickStatus
from quorum.desk.workflows.ports import Workflows
from quorum.desk.workflows.spec import Cron
from quorum.domain import MINUTE, SECOND, Clock, IllegalMove, NotFound, QuorumError, iso

LOOK_BACK = 1_000
POLL = SECOND // 5
ON_ITS_WAY = 2 * MINUTE  # within this, a run that is booked and that the engine does not know of is still asked for
RUNNING = ("enqueued", "running", "waiting")

Tell = Callable[[Event, Mapping[str, Any]], None]
Ask = Callable[[Schedule, Tick], Mapping[str, Any]]
Cancel = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Pass:
    """What one look did: ticks `made`, in whatever status, and runs `sent`; what holds until its bar is here.

    `troubles` are errors by schedule, which stop nobody else. `next_at`: when to look again. `looked` says up to when
    each schedule has been looked at.
    """

    now: int
    made: tuple[Tick, ...] = ()
    sent: tuple[Tick, ...] = ()
    held: tuple[str, ...] = ()
    troubles: Mapping[str, QuorumError] = field(default_factory=dict)
    next_at: int | None = None
    looked: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Scheduler:
    """A scheduler over its ports; any number of them may look at the same schedules."""

    clock: Clock
    ticks: Ticks
    workflows: Workflows
    newest: NewestClose
    tell: Tell
    cancel: Cancel
    ask: Ask = request_of
    patience: Patience = PATIENCE

    def run_once(self, schedules: Iterable[Schedule], before: Pass | None = None) -> Pass:
        """Claim and ask for what is due now. `before` is the last look of the same process, None for its first.

        StoreError when the store does not answer.
        """
        now = self.clock.now()
        known = {schedule.name: schedule for schedule in schedules}
        armed = {name: schedule for name, schedule in known.items() if schedule.enabled and schedule.timed}
        for name in (known.keys() if before is None else before.looked.keys()) - armed.keys():
            self.ticks.arm(name, "", now)
        jumped = self._jumped(now, armed, before)
        looked = {} if before is None or jumped else before.looked
        look = _Look(self, now)
        look.go_on(armed)
        for schedule in armed.values():
            look.at(schedule, looked.get(schedule.name, 0))
        return look.result(armed)

    def _jumped(self, now: int, armed: Mapping[str, Schedule], before: Pass | None) -> bool:
        """Tell of a clock that went back: what was due in between has its tick already and is not made again."""
        known = (tick.seen_at for name in armed for tick in self.ticks.newest(name))
        seen = known if before is None else [before.now]
        last = max(seen, default=now)
        if last > now:
            seconds = (last - now) / SECOND
            facts = {"from": iso(last), "to": iso(now), "seconds": seconds}
            summary = f"the clock went back by {seconds:,.1f} s"
            self.tell(Event.CLOCK_JUMPED, {**facts, "key": f"clock_jumped/{last}", "summary": summary})
        return last > now


class _Look:
    """One look under way."""

    def __init__(self, scheduler: Scheduler, now: int) -> None:
        self._parts = scheduler
        self._ticks = scheduler.ticks
        self._now = now
        self._made: list[Tick] = []
        self._sent: list[Tick] = []
        self._held: list[str] = []
        self._waiting: dict[str, int] = {}
        self._looked: dict[str, int] = {}
        self._troubles: dict[str, QuorumError] = {}
        self._closes: dict[str, int | None] = {}

    def go_on(self, armed: Mapping[str, Schedule]) -> None:
        """Ask for what was claimed and never asked for, and for the first in each queue whose turn has come."""
        for tick in self._ticks.open():
            try:
                self._go_on(tick, armed.get(tick.schedule))
            except QuorumError as error:
                self._troubles[tick.schedule] = error

    def at(self, schedule: Schedule, looked: int) -> None:
        """Look at one schedule, from where it was last looked at."""
        try:
            self._at(schedule, looked)
        except QuorumError as error:
            self._troubles[schedule.name] = error

    def result(self, armed: Mapping[str, Schedule]) -> Pass:
        dues = []
        for name, schedule in armed.items():
            try:
                dues.append(first_due(schedule.timed, self._now))
            except QuorumError as error:
                self._troubles[name] = error
        if self._held or self._waiting or self._troubles:
            dues.append(self._now + POLL)
        next_at = min((instant for instant in dues if instant is not None), default=None)
        made, sent, held = tuple(self._made), tuple(self._sent), tuple(self._held)
        return Pass(self._now, made, sent, held, self._troubles, next_at, self._looked)

    def _at(self, schedule: Schedule, looked: int) -> None:
        since = self._armed_since(schedule)
        last = max((tick.due_at for tick in self._ticks.newest(schedule.name, until=self._now)), default=0)
        due = latest_due(schedule.timed, max(since, last, looked), self._now, LOOK_BACK)
        wanted = [instant for instant in due if self._is_wanted(schedule, instant)]
        patience = self._parts.patience
        found = plan(wanted, self._now, schedule.missed, patience.missed + _grace(schedule), patience.queue)
        if found.missed:
            self._tell_missed(schedule, found.missed)
        if found.given_up:
            count, reason = len(found.given_up), f"{schedule.missed}: nothing ran then"
            self._make(Tick(schedule.name, found.given_up[-1], TickStatus.MISSED, self._now, reason, count))
        for instant, reason in found.run:
            here = self._bar_is_here(schedule, instant)
            if not here and self._now < instant + _grace(schedule):
                self._held.append(schedule.name)
                return
            self._run(schedule, instant, " ".join(filter(None, (reason, "" if here else BAR_LATE))), found.queued)
        self._looked[schedule.name] = self._now

    def _armed_since(self, schedule: Schedule) -> int:
        since = self._ticks.arm(schedule.name, schedule.armed_with, self._now)
        if since > self._now:  # armed by a clock that was ahead
            self._ticks.arm(schedule.name, "", self._now)
            since = self._ticks.arm(schedule.name, schedule.armed_with, self._now)
        return since

    def _is_wanted(self, schedule: Schedule, instant: int) -> bool:
        """Whether a bar closed since the tick before; a tick that waits for no bar is always wanted."""
        cron = _with_bars(schedule, instant)
        return cron is None or self._awaited(schedule, cron, instant) is not None

    def _bar_is_here(self, schedule: Schedule, instant: int) -> bool:
        cron = _with_bars(schedule, instant)
        close = None if cron is None else self._awaited(schedule, cron, instant)
        return close is None or close <= (self._newest(schedule) or 0)

    def _awaited(self, schedule: Schedule, cron: Cron, instant: int) -> int | None:
        length = schedule.timeframe
        return None if length is None else awaited(cron, instant, length, self._newest(schedule))

    def _newest(self, schedule: Schedule) -> int | None:
        """The newest close of the schedule's bars, asked for once a look."""
        if schedule.name not in self._closes:
            self._closes[schedule.name] = self._parts.newest(schedule.params)
        return self._closes[schedule.name]

    def _run(self, schedule: Schedule, instant: int, reason: str, queued: bool) -> None:
        """Make the tick of a run: claimed, put into the queue, or skipped; then ask for it."""
        waiting = self._waiting.get(schedule.name, 0)
        tick = Tick(schedule.name, instant, TickStatus.CLAIMED, self._now, reason)
        before = None if schedule.overlap == "cancel" and not queued else self._running(schedule.name)
        if before is not None or waiting:
            if not queued and schedule.overlap == "skip":
                tick = replace(tick, status=TickStatus.SKIPPED, reason=f"{before or 'a run'} still runs")
            elif waiting >= self._parts.patience.queue:
                tick = replace(tick, status=TickStatus.SKIPPED, reason=f"{waiting} wait already")
            else:
                tick = replace(tick, status=TickStatus.WAITING)
        made = self._make(tick)
        if made is None:
            return
        if made.status is TickStatus.CLAIMED:
            self._send(schedule, made)
            self._tell_late(schedule, made)
        elif made.status is TickStatus.WAITING:
            self._waiting[schedule.name] = waiting + 1
        else:
            self._tell_skipped(schedule, made)

    def _make(self, tick: Tick) -> Tick | None:
        made = self._ticks.claim(tick)
        if made is not None:
            self._made.append(made)
        return made

    def _send(self, schedule: Schedule, tick: Tick) -> None:
        """Ask for the run of a claimed tick, unless another scheduler has done so or has given it up."""
        request = self._parts.ask(schedule, tick)
        if schedule.overlap == "cancel":
            self._cancel_before(tick)
        if not self._ticks.move(tick, TickStatus.SENT, request=request):
            return
        self._parts.workflows.enqueue(tick.workflow_id, request)
        self._sent.append(replace(tick, status=TickStatus.SENT))

    def _go_on(self, tick: Tick, schedule: Schedule | None) -> None:
        """What becomes of a tick that an earlier look, perhaps of a process that has ended, left open."""
        if tick.status is TickStatus.CLAIMED and self._state(tick) is not None:
            self._ticks.move(tick, TickStatus.SENT)
        elif schedule is None:
            self._ticks.move(tick, TickStatus.MISSED, "the schedule was switched off")
        elif tick.status is TickStatus.WAITING:
            self._take_turn(tick, schedule)
        elif schedule.missed == "skip" and tick.due_at + self._parts.patience.missed + _grace(schedule) < self._now:
            self._ticks.move(tick, TickStatus.MISSED, "claimed, and not asked for in time")
        else:
            self._send(schedule, tick)
            self._tell_late(schedule, tick)

    def _take_turn(self, tick: Tick, schedule: Schedule) -> None:
        ahead = self._waiting.get(tick.schedule, 0)
        if ahead or self._running(tick.schedule) is not None:
            self._waiting[tick.schedule] = ahead + 1
        elif self._ticks.move(tick, TickStatus.CLAIMED):
            self._send(schedule, replace(tick, status=TickStatus.CLAIMED))

    def _running(self, schedule: str) -> str | None:
        """The schedule's newest run, where it has not ended."""
        for tick in self._ticks.newest(schedule, only_runs=True):
            state = self._state(tick)
            on_its_way = state is None and self._now - tick.seen_at < ON_ITS_WAY
            if tick.status is TickStatus.CLAIMED or state in RUNNING or on_its_way:
                return tick.workflow_id
        return None

    def _state(self, tick: Tick) -> str | None:
        try:
            return self._parts.workflows.run(tick.workflow_id)[0].status
        except NotFound:
            return None

    def _cancel_before(self, tick: Tick) -> None:
        for earlier in self._ticks.newest(tick.schedule, until=tick.due_at - 1, only_runs=True):
            if self._state(earlier) in RUNNING:
                with suppress(IllegalMove):  # it has ended since
                    self._parts.cancel(earlier.workflow_id)

    def _tell_missed(self, schedule: Schedule, missed: tuple[int, ...]) -> None:
        count = len(missed)
        more = {"count": count, "first": iso(missed[0]), "policy": schedule.missed}
        self._tell(Event.SCHEDULE_MISSED, schedule, missed[-1], {"summary": f"{count} runs were missed", **more})

    def _tell_late(self, schedule: Schedule, tick: Tick) -> None:
        """Tell of a run that was asked for late, the time that the engine took for it included.

        One that had been missed was told of as that, and one of a queue waits by policy.
        """
        patience, lateness = self._parts.patience, self._parts.clock.now() - tick.due_at
        seconds, seen = lateness / SECOND, tick.lateness - _grace(schedule)
        if lateness - _grace(schedule) > patience.late and seen <= patience.missed:
            more = {"seconds": seconds, "workflow_id": tick.workflow_id}
            self._tell(Event.SCHEDULE_LATE, schedule, tick.due_at, {"summary": f"begun {seconds:.1f} s late", **more})

    def _tell_skipped(self, schedule: Schedule, tick: Tick) -> None:
        more = {"summary": f"left out: {tick.reason}", "reason": tick.reason}
        self._tell(Event.SCHEDULE_SKIPPED, schedule, tick.due_at, more)

    def _tell(self, event: Event, schedule: Schedule, due_at: int, more: Mapping[str, Any]) -> None:
        named = {"schedule": schedule.name, "workflow": schedule.spec.name, "due_at": iso(due_at)}
        summary = f"schedule {schedule.name}: {more['summary']}"
        key = f"{event}/{schedule.name}/{due_at}"
        self._parts.tell(event, {**named, **more, "key": key, "summary": summary})


def _grace(schedule: Schedule) -> int:
    """How long (ns) a run of the schedule waits for its bar."""
    return max((int(t.grace_seconds * SECOND) for t in schedule.timed if isinstance(t, Cron) and t.bars), default=0)


def _with_bars(schedule: Schedule, instant: int) -> Cron | None:
    """The trigger that made a schedule due then, where it waits for a bar."""
    crons = (trigger for trigger in schedule.timed if isinstance(trigger, Cron) and trigger.bars)
    return next((cron for cron in crons if next_due(cron, instant - 1) == instant), None)
