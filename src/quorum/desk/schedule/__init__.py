"""Schedules: workflows that run by themselves, by the clock, by an exchange's sessions, and on events.

Promise: each due time makes one run or a record of why not, however many schedulers look and wherever one ends.
In: schedule.yaml, workflow specs, a clock, what the lake's newest bar is. Out: runs asked for, ticks, events.
Neighbours: asks the engine by the port of `workflows`; `notices` says whom an event concerns.
"""

from quorum.desk.schedule.arming import Schedule, read_schedules, set_enabled
from quorum.desk.schedule.bars import NewestClose, newest_close
from quorum.desk.schedule.due import due, first_due, next_due
from quorum.desk.schedule.events import Asked, Happening, Turn, on_event, take_turn
from quorum.desk.schedule.fakes import MemoryTicks
from quorum.desk.schedule.overview import overview, shown
from quorum.desk.schedule.plan import Patience, request_at, request_of
from quorum.desk.schedule.ports import RUNS, Tick, Ticks, TickStatus
from quorum.desk.schedule.scheduler import Pass, Scheduler

__all__ = [
    "RUNS",
    "Asked",
    "Happening",
    "MemoryTicks",
    "NewestClose",
    "Pass",
    "Patience",
    "Schedule",
    "Scheduler",
    "Tick",
    "TickStatus",
    "Ticks",
    "Turn",
    "due",
    "first_due",
    "newest_close",
    "next_due",
    "on_event",
    "overview",
    "read_schedules",
    "request_at",
    "request_of",
    "set_enabled",
    "shown",
    "take_turn",
]
