"""Schedules: which workflow runs by itself, when, with which parameters and policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from quorum.desk.notices import Event
from quorum.desk.settings.reading import closest, place, read_document, read_settings, yaml_with_comments
from quorum.desk.settings.schedule import ScheduleFile, ScheduleSection, TriggerSection
from quorum.desk.workflows import request
from quorum.desk.workflows.spec import Cron, OnEvent, Session, Trigger, WorkflowSpec
from quorum.desk.workspace import write_text
from quorum.domain import ConfigError, NotFound, QuorumError, Timeframe, split_symbol
from quorum.domain.grammar import parse


@dataclass(frozen=True, slots=True)
class Schedule:
    """A workflow that runs by itself: `missed` is run_once, run_all or skip, `overlap` skip, queue or cancel.

    `execution` is notify, paper or live, None as the workflow says.
    """

    name: str
    spec: WorkflowSpec
    triggers: tuple[Trigger, ...]
    params: Mapping[str, Any]
    missed: str
    overlap: str
    enabled: bool
    execution: str | None = None

    @property
    def timed(self) -> tuple[Trigger, ...]:
        """The triggers that come by the clock."""
        return tuple(trigger for trigger in self.triggers if not isinstance(trigger, OnEvent))

    @property
    def timeframe(self) -> Timeframe | None:
        """The length of the bars that a run looks at, where it says one."""
        found = self.params.get("timeframe")
        return Timeframe.parse(found) if isinstance(found, str) else None

    @property
    def armed_with(self) -> str:
        """Its times as text: what makes it another schedule when it changes. Empty when it is not enabled."""
        return "; ".join(map(_text, self.timed)) if self.enabled else ""

    @property
    def written(self) -> list[str]:
        """Each trigger in words."""
        return [_text(trigger) for trigger in self.triggers]


def read_schedules(path: Path, specs: Mapping[str, WorkflowSpec | ConfigError]) -> Mapping[str, Schedule | ConfigError]:
    """The schedules of the file at `path`, by name; what is wrong with one alone stands in its place.

    ConfigError, with its place, for a file that is wrong as a whole.
    """
    file, document = read_settings(path, ScheduleFile), read_document(path)
    found: dict[str, Schedule | ConfigError] = {}
    for name, section in file.schedules.items():
        try:
            found[name] = _schedule(name, section, specs)
        except _Wrong as wrong:
            where = place(path, document, ("schedules", name, wrong.key))
            found[name] = ConfigError(f"{where}: schedule {name}: {wrong.found}", wrong.remedy)
    return found


class _Wrong(QuorumError):
    """What is wrong with a schedule, at one of its keys."""

    def __init__(self, key: str, found: str, remedy: str) -> None:
        super().__init__(found, remedy)
        self.key = key


def set_enabled(path: Path, name: str, enabled: bool) -> bool:
    """Switch a schedule of the file at `path` on or off, its comments kept; False when it was so already.

    NotFound for a schedule that is not in the file.
    """
    file, document = read_settings(path, ScheduleFile), read_document(path)
    if name not in file.schedules:
        known = ", ".join(file.schedules)
        raise NotFound(f"there is no schedule {name!r}{closest(name, file.schedules)}", known or f"write it in {path}")
    if file.schedules[name].enabled is enabled:
        return False
    document["schedules"][name]["enabled"] = enabled
    text = StringIO()
    yaml_with_comments().dump(document, text)
    write_text(path, text.getvalue())
    return True


def _schedule(name: str, section: ScheduleSection, specs: Mapping[str, WorkflowSpec | ConfigError]) -> Schedule:
    spec = _spec(section.workflow, specs)
    try:
        given = request(spec, section.params)
    except QuorumError as error:
        raise _Wrong("params", error.found, error.remedy) from error
    triggers = _own(spec, given) if section.trigger is None else (_trigger(section.trigger),)
    if not triggers:
        raise _Wrong("workflow", f"{spec.name} has no trigger of its own", "give it one, as {cron: '0 3 * * *'}")
    _check_events(triggers, "workflow" if section.trigger is None else "trigger")
    policies = section.missed or spec.missed, section.overlap or spec.overlap
    made = Schedule(name, spec, triggers, given, *policies, section.enabled, section.execution)
    if made.timeframe is None and any(isinstance(t, Cron) and t.bars for t in triggers):
        raise _Wrong("params", "its trigger waits for bars, of no timeframe", "name the timeframe in params")
    return made


def _check_events(triggers: Iterable[Trigger], key: str) -> None:
    """Nobody would ever tell of an event that is on no list."""
    known = [event.value for event in Event]
    for trigger in triggers:
        if isinstance(trigger, OnEvent) and trigger.event not in known:
            near = closest(trigger.event, known)
            raise _Wrong(key, f"there is no event {trigger.event!r}{near}", "docs/guides/notifications.md lists them")


def _spec(name: str, specs: Mapping[str, WorkflowSpec | ConfigError]) -> WorkflowSpec:
    found = specs.get(name)
    if found is None:
        known = ", ".join(sorted(specs))
        raise _Wrong("workflow", f"there is no workflow {name!r}{closest(name, specs)}", f"there are {known}")
    if isinstance(found, ConfigError):
        raise _Wrong("workflow", f"workflow {name} cannot be read: {found.found}", found.remedy)
    return found


def _own(spec: WorkflowSpec, params: Mapping[str, Any]) -> tuple[Trigger, ...]:
    """The workflow's own triggers; where it has hours of both kinds, a share keeps sessions and all else the clock."""
    kinds = {type(trigger) for trigger in spec.triggers}
    if not {Cron, Session} <= kinds:
        return spec.triggers
    symbol = params.get("symbol")
    share = isinstance(symbol, str) and split_symbol(symbol.partition(".")[0])[0] == symbol.partition(".")[0]
    return tuple(t for t in spec.triggers if not isinstance(t, Cron if share else Session))


def _trigger(section: TriggerSection) -> Trigger:
    if section.cron is not None:
        return Cron(section.cron, section.timezone, section.bars, section.grace_seconds)
    if section.session is not None:
        found = section.session
        return Session(found.calendar, found.at, found.offset_minutes, found.only)
    condition = None if section.condition is None else parse(section.condition)
    return OnEvent(str(section.event), condition)


def _text(trigger: Trigger) -> str:
    if isinstance(trigger, Cron):
        return f"cron {trigger.expression} {trigger.timezone}{' bars' if trigger.bars else ''}"
    if isinstance(trigger, Session):
        return f"session {trigger.calendar} {trigger.at} {trigger.offset_minutes:+d} min {trigger.only}"
    return f"event {trigger.event}{f' if {trigger.condition.text}' if trigger.condition else ''}"
