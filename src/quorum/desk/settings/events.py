"""events.yaml: news that is known beforehand, and the windows around it in which the model loses its precedence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from quorum.domain import MINUTE, UsageError, parse_instant

EVENTS_YAML = """\
# News that is known beforehand. In the window around an entry nothing defers to the model (conflict_resolution in
# consensus.yaml); the rest of the vote stays as it is. Times are UTC unless they say otherwise.
before_minutes: 30
after_minutes: 60
events: []
# events:
#   - {name: FOMC statement, at: 2024-06-12T18:00:00Z}
#   - {name: earnings, at: 2024-08-01T20:30:00Z, symbols: [AAPL], before_minutes: 60, after_minutes: 720}
"""


def _instant(value: Any) -> int:
    """Nanoseconds of a time as YAML gives it: read already, or as text."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        value = aware.astimezone(UTC).isoformat()
    if not isinstance(value, str | date):
        raise ValueError("needs a time, as 2024-06-12T18:00:00Z")
    try:
        return parse_instant(str(value))
    except UsageError as error:
        raise ValueError(str(error)) from error


Instant = Annotated[int, BeforeValidator(_instant)]
Minutes = Annotated[int, Field(ge=0, le=30 * 24 * 60)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EventSection(_Section):
    """One piece of news, for `symbols` or for all where none is named; a window of its own replaces the file's."""

    name: str = Field(min_length=1)
    at: Instant
    symbols: tuple[str, ...] = ()
    before_minutes: Minutes | None = None
    after_minutes: Minutes | None = None


class EventsFile(_Section):
    before_minutes: Minutes = 30
    after_minutes: Minutes = 60
    events: tuple[EventSection, ...] = ()

    def news(self, symbol: str, as_of: int) -> str | None:
        """The name of the first event whose window holds `as_of` (ns UTC, both ends included), None when none does."""
        return next((e.name for e in self.events if self._holds(e, symbol, as_of)), None)

    def _holds(self, event: EventSection, symbol: str, as_of: int) -> bool:
        before = self.before_minutes if event.before_minutes is None else event.before_minutes
        after = self.after_minutes if event.after_minutes is None else event.after_minutes
        within = event.at - before * MINUTE <= as_of <= event.at + after * MINUTE
        return within and (not event.symbols or symbol in event.symbols)
