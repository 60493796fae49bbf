"""schedule.yaml: which workflows run by themselves, when, and what becomes of a run that comes late."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from quorum.desk.settings.sections import Number
from quorum.domain import ConfigError, NotFound
from quorum.domain.grammar import parse
from quorum.lake.calendars import exchange_sessions

SCHEDULE_YAML = """\
# What runs by itself while `quorum up` runs. Times are UTC unless a timezone says otherwise.
# In a new workspace that is the validation alone: it costs time of this machine, and trades nothing.
late_seconds: 10                # a run that begins later than this is told of
missed_after_seconds: 60        # a run that could not begin for so long is missed: `missed` says what becomes of it
queue_at_most: 100              # runs of one schedule that wait for the one before them
schedules:
  validation:                   # two ideas that wait in the queue are validated at once, one alone in the night
    workflow: parallel_validation
    enabled: true
#   btc:                        # a name of your own; `quorum schedule enable btc` switches it on
#     workflow: realtime_signal_generation
#     enabled: false
#     params: {symbol: BTCUSDT, timeframe: 1h}
#     missed: skip              # or run_once (one run for all that were missed), or run_all
#     overlap: skip             # or queue, or cancel (the run before it)
#   morning:                    # without a trigger: the workflow's own; for crypto 00:00 UTC
#     workflow: daily_operations
#     params: {symbol: BTCUSDT}
#   opening:
#     workflow: daily_operations
#     trigger: {session: {calendar: XNYS, at: open, offset_minutes: -60}}
#     params: {symbol: AAPL, timeframe: 1d}
#   deployed:                   # what deployed strategies want is traded as soon as a bar has closed
#     workflow: deployed_trading
#     execution: paper          # or live: accounts with real money as well, by two approvals of each strategy
#     params: {source: alpaca}
#   retrain:
#     workflow: model_training_cycle
#     trigger: {cron: "0 3 * * SUN", timezone: Europe/London}
#     params: {symbol: BTCUSDT}
#   on_drift:
#     workflow: model_training_cycle
#     trigger: {event: drift, condition: "symbol == 'BTCUSDT'"}
#     params: {symbol: BTCUSDT}
"""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_BY_CHANCE = re.compile(r"\b[HR]\b", re.IGNORECASE)
_AT_HAND = ("XNYS",)  # known without loading the calendars
_ANY_YEAR = 2024
_GOES_WITH = {
    "cron": {"cron", "timezone", "bars", "grace_seconds"},
    "session": {"session"},
    "event": {"event", "condition"},
}


def cron_expression(text: str) -> str:
    """`text` as it is; ValueError unless it has the five fields of a cron expression, none of them by chance."""
    from croniter import croniter

    if len(text.split()) != 5 or _BY_CHANCE.search(text) or not croniter.is_valid(text):
        raise ValueError("a cron expression has five fields (minute, hour, day, month, weekday), as 30 9 * * MON-FRI")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone is written as America/New_York, or UTC") from None
    return name


def _calendar(name: str) -> str:
    if name not in _AT_HAND:
        try:
            exchange_sessions(name, _ANY_YEAR, _ANY_YEAR)
        except NotFound as error:
            raise ValueError(str(error)) from None
    return name


def _condition(text: str) -> str:
    try:
        parse(text)
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return text


def _closed(value: Any) -> Any:
    """`bars: closed` is how the workflows write it."""
    return value if value != "closed" else True


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a schedule: it has letters, digits, - and _")
    return name


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SessionSection(_Section):
    """Sessions of an exchange, all or the edges of weeks or months: minutes from the open or the close of each."""

    calendar: Annotated[str, AfterValidator(_calendar)]
    at: Literal["open", "close"] = "open"
    offset_minutes: int = Field(0, ge=-1440, le=1440)
    only: Literal["every", "first_of_week", "last_of_week", "first_of_month", "last_of_month"] = "every"


class TriggerSection(_Section):
    """One of cron, session and event, with what belongs to it."""

    cron: Annotated[str, AfterValidator(cron_expression)] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    bars: Annotated[bool, BeforeValidator(_closed)] = False
    grace_seconds: Number = Field(3.0, ge=0, le=3600)
    session: SessionSection | None = None
    event: str | None = None
    condition: Annotated[str, AfterValidator(_condition)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        kinds = [kind for kind in ("cron", "session", "event") if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise ValueError("a trigger is one of cron, session and event")
        strangers = self.model_fields_set - _GOES_WITH[kinds[0]]
        if strangers:
            raise ValueError(f"{sorted(strangers)[0]} does not go with {kinds[0]}")
        return self


class ScheduleSection(_Section):
    """One schedule: what it does not say is as the workflow says."""

    workflow: str
    enabled: bool = False
    trigger: TriggerSection | None = None
    params: dict[str, Any] = {}
    execution: Literal["notify", "paper", "live"] | None = None
    missed: Literal["run_once", "run_all", "skip"] | None = None
    overlap: Literal["skip", "queue", "cancel"] | None = None


class ScheduleFile(_Section):
    """schedule.yaml; nothing runs by itself that is not enabled here, and without the file nothing does."""

    late_seconds: Number = Field(10.0, ge=0)
    missed_after_seconds: Number = Field(60.0, gt=0)
    queue_at_most: int = Field(100, ge=1, le=10_000)
    schedules: dict[Annotated[str, AfterValidator(_name)], ScheduleSection] = {}
