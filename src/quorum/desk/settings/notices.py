"""notifications.yaml: which channels there are, who is told what, and when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Self
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from quorum.desk.notices import (
    LOG,
    Address,
    ChannelRule,
    Digest,
    Event,
    Form,
    Policy,
    QuietHours,
    Rate,
    Repeats,
    Retries,
)
from quorum.desk.settings.reading import closest
from quorum.desk.settings.sections import Number
from quorum.domain import MINUTE, SECOND, Severity, severity

NOTIFICATIONS_YAML = """\
# Who is told what. Every event is written to logs/notifications.jsonl, whatever stands here.
# Priorities are low, medium, high, critical; severities INFO, YELLOW, RED, BLACK are the same scale. What is BLACK
# goes to every channel, also to one that is switched off, in quiet hours too.
channels: {}
#  email:                       # secrets are named, never written here: env:NAME, keyring:SERVICE:NAME, file:PATH:NAME
#    url: "mailtos://desk:{password}@smtp.example.org?to=me@example.org"
#    secrets: {password: "env:QUORUM_SMTP_PASSWORD"}
#  slack: {url_from: "env:QUORUM_SLACK_URL", min_priority: medium}
#  telegram: {url_from: "keyring:quorum:telegram", min_priority: high}
#  sms: {url_from: "file:~/.quorum-keys:SMS_URL", min_priority: critical, form: short, enabled: false}
zone: UTC                       # of the local times below
quiet_hours: {enabled: false, start: "22:00", end: "07:00", breaks_from: black}
digest: {enabled: true, at: ["08:00", "18:00"], up_to: low}
rate_limit: {per_hour: 20, exempt_from: red}    # of each channel; above it messages wait and become one
escalation: {enabled: true, from_severity: red, every_minutes: 15, most_rounds: 0}   # 0: until acknowledged
retries: {tries: 16, first_seconds: 5, factor: 2, longest_seconds: 900}
timeout_seconds: 10             # that one delivery may take
"""
NAME = re.compile(r"[a-z][a-z0-9_-]*")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://.+", re.IGNORECASE | re.DOTALL)
PLACE = re.compile(r"env:\w+|(keyring|file):.+:[^:]+")
SECRET = re.compile(r"pass|pwd|token|secret|key|auth", re.IGNORECASE)
KEYED = ("discord", "messagebird", "msteams", "pover", "slack", "sns", "tgram", "twilio", "vonage", "workflows")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _channel_name(name: str) -> str:
    if not NAME.fullmatch(name) or name == LOG:
        raise ValueError(
            "`log` is always there and needs no entry"
            if name == LOG
            else f"{name!r} is no name for a channel: it has small letters, digits, - and _"
        )
    return name


def _severity(word: Any) -> Severity:
    try:
        return severity(str(word))
    except KeyError:
        raise ValueError("must be low, medium, high, critical, or INFO, YELLOW, RED, BLACK") from None


def _event(name: Any) -> Event:
    try:
        return Event(name)
    except ValueError:
        raise ValueError(f"there is no event {name!r}{closest(str(name), [event.value for event in Event])}") from None


def _time(text: Any) -> time:
    if not isinstance(text, str) or not CLOCK.fullmatch(text):
        raise ValueError('a time of day is written as "07:00"')
    return time.fromisoformat(text)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}: write it as Europe/Berlin") from None
    return name


def _keyed(value: Any) -> Any:
    """A mapping as it is; anything else becomes one that is refused without being shown: it may be a key."""
    return value if isinstance(value, Mapping) else {"?": value}


def _sections(value: Any) -> Any:
    """As above, for every channel."""
    return {k: v if isinstance(v, Mapping) else {"url": ""} for k, v in _keyed(value).items()}


def _reference(value: Any) -> str:
    return str(value)  # never refused here: a refusal would show what may be a key


ChannelName = Annotated[str, AfterValidator(_channel_name)]
Level = Annotated[Severity, BeforeValidator(_severity)]
EventName = Annotated[Event, BeforeValidator(_event)]
TimeOfDay = Annotated[time, BeforeValidator(_time)]
Zone = Annotated[str, AfterValidator(_zone)]
Secrets = Annotated[dict[str, Annotated[str, BeforeValidator(_reference)]], BeforeValidator(_keyed)]
Reference = Annotated[str, BeforeValidator(_reference)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ChannelSection(_Section):
    """A way to people: its address, whether it is on, and what it takes.

    The address is `url`, with {names} that `secrets` has a key's place for, or all of it is a key at `url_from`.
    Without encryption it is refused unless it is this machine, or `allow_plain` says so.
    """

    url: Reference | None = None
    url_from: Reference | None = None
    secrets: Secrets = {}
    allow_plain: bool = False
    enabled: bool = True
    min_priority: Level = Severity.INFO
    events: tuple[EventName, ...] = ()
    form: Form = Form.FULL

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url is None) == (self.url_from is None):
            raise ValueError("needs either `url` or `url_from`")
        places = [*self.secrets.values(), *([self.url_from] if self.url_from else [])]
        if not all(PLACE.fullmatch(place) for place in places):
            raise ValueError("a key is named by its place: env:NAME, keyring:SERVICE:NAME or file:PATH:NAME")
        if self.url is None:
            if self.secrets:
                raise ValueError("`secrets` belong into a `url`; what `url_from` names is the whole address")
            return self
        if not SCHEME.fullmatch(self.url):
            raise ValueError("`url` is no address: it begins as mailtos://, slack://, tgram:// or jsons://")
        self._check_secrets(self.url)
        return self

    def _check_secrets(self, url: str) -> None:
        named, given = set(Address(url=url).placeholders), set(self.secrets)
        if named != given:
            lacking = sorted(named ^ given)
            raise ValueError(f"`secrets` and the names in braces in `url` differ: {', '.join(lacking)}")
        try:
            parts = urlsplit(url)
            asked = [value for name, value in parse_qsl(parts.query) if SECRET.search(name)]
            written = [text for text in (parts.password, *asked) if text and not Address(url=text).placeholders]
        except ValueError:
            raise ValueError("`url` is no address that can be read") from None
        if written:
            raise ValueError("a password stands in `url`: write {password} there, and where it is in `secrets`")
        if parts.scheme.lower() in KEYED and not named:
            raise ValueError(f"the address of {parts.scheme}:// is a key: name its place with `url_from`")

    def address(self) -> Address:
        """Where messages go."""
        return Address(self.url or "", self.url_from or "", self.secrets, self.allow_plain)


Channels = Annotated[dict[ChannelName, ChannelSection], BeforeValidator(_sections)]


class QuietHoursSection(_Section):
    """Local times between which nothing is sent that is milder than `breaks_from`; it waits for the end."""

    enabled: bool = False
    start: TimeOfDay = time(22)
    end: TimeOfDay = time(7)
    breaks_from: Level = Severity.BLACK

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.start == self.end:
            raise ValueError("quiet hours begin and end at the same time: to have none, write `enabled: false`")
        return self


class DigestSection(_Section):
    """What is no more urgent than `up_to` is collected, and sent at these local times as one message."""

    enabled: bool = True
    at: tuple[TimeOfDay, ...] = Field((time(8), time(18)), min_length=1)
    up_to: Level = Severity.INFO


class RateSection(_Section):
    """How many messages an hour a channel sends; more than that wait and become one. `exempt_from` none waits."""

    per_hour: int = Field(20, ge=1, le=1000)
    exempt_from: Level = Severity.RED


class EscalationSection(_Section):
    """From a severity on, reminders until somebody acknowledges; `most_rounds` 0 is without end."""

    enabled: bool = True
    from_severity: Level = Severity.RED
    every_minutes: Number = Field(15, ge=1, le=1440)
    most_rounds: int = Field(0, ge=0)


class RetriesSection(_Section):
    """How often a delivery is tried, and the seconds between: first, then times `factor`, at most `longest_seconds`."""

    tries: int = Field(16, ge=1, le=100)
    first_seconds: Number = Field(5, gt=0, le=3600)
    factor: Number = Field(2, ge=1, le=10)
    longest_seconds: Number = Field(900, gt=0, le=86_400)


class NotificationsFile(_Section):
    """config/notifications.yaml."""

    channels: Channels = {}
    zone: Zone = "UTC"
    quiet_hours: QuietHoursSection = QuietHoursSection()
    digest: DigestSection = DigestSection()
    rate_limit: RateSection = RateSection()
    escalation: EscalationSection = EscalationSection()
    retries: RetriesSection = RetriesSection()
    timeout_seconds: Number = Field(10, gt=0, le=120)

    def policy(self) -> Policy:
        """The rules that the sender takes."""
        quiet, digest, repeats, retries = self.quiet_hours, self.digest, self.escalation, self.retries
        return Policy(
            channels=tuple(
                ChannelRule(name, c.enabled, c.min_priority, frozenset(c.events), c.form)
                for name, c in self.channels.items()
            ),
            zone=self.zone,
            quiet=QuietHours(quiet.start, quiet.end, quiet.breaks_from) if quiet.enabled else None,
            digest=Digest(digest.at, digest.up_to) if digest.enabled else None,
            rate=Rate(self.rate_limit.per_hour, self.rate_limit.exempt_from),
            repeats=Repeats(repeats.from_severity, int(repeats.every_minutes * MINUTE), repeats.most_rounds or None)
            if repeats.enabled
            else None,
            retries=Retries(
                retries.tries,
                int(retries.first_seconds * SECOND),
                retries.factor,
                int(retries.longest_seconds * SECOND),
            ),
            timeout_seconds=self.timeout_seconds,
        )

    def addresses(self) -> dict[str, Address]:
        """Where each channel's messages go."""
        return {name: channel.address() for name, channel in self.channels.items()}
