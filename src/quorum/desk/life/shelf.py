"""How each book of the strategy's life is kept: its table, its key, its ids and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quorum.desk.life.ports import Record
from quorum.domain import UsageError, utc_day


@dataclass(frozen=True, slots=True)
class Shelf:
    """A book's place: `columns` with what stands in them when a record does not say; `ids` of numbered ones.

    `daily` ids begin anew each UTC day; `texts` are columns that hold values as JSON; `at` is its column of time.
    """

    table: str
    key: tuple[str, ...]
    columns: Mapping[str, Any] = field(default_factory=dict)
    ids: str = ""
    daily: bool = False
    unique: str = ""
    texts: tuple[str, ...] = ()
    at: str = "at"

    def series(self, now: int) -> str:
        """What the ids of an instant begin with."""
        return f"{self.ids}-{utc_day(now)}" if self.daily else self.ids

    def identity(self, record: Record) -> tuple[Any, ...]:
        """The key that a record names; UsageError when it leaves a part of it out."""
        missing = [name for name in self.key if name not in record]
        if missing:
            raise UsageError(f"a record of {self.table} without {missing[0]}", f"its key is {', '.join(self.key)}")
        return tuple(record[name] for name in self.key)

    def whole(self, record: Record, now: int) -> dict[str, Any]:
        """A record with everything that the columns need."""
        return {**self.columns, self.at: now, **{k: v for k, v in record.items() if v is not None or k not in self}}

    def __contains__(self, name: str) -> bool:
        return name == self.at or name in self.key or name in self.columns


RUNS = Shelf("validation_run", ("run_id",), {"tier": "", "status": ""}, ids="VAL", daily=True)
ATTEMPTS = Shelf("fix_attempt", ("strategy_id", "tier", "number"))
LEARNINGS = Shelf(
    "learning",
    ("learning_id",),
    {
        "key": "",
        "source": "",
        "category": "",
        "severity": "",
        "keywords": (),
        "title": "",
        "text": "",
        "action": "",
        "frequency": 1,
    },
    ids="L",
    unique="key",
    texts=("keywords",),
)
FAILURES = Shelf("failure", ("key",), {"strategy_id": "", "tier": "", "root": "", "reason": ""})
MEETINGS = Shelf("meeting", ("meeting_id",), {"status": ""}, ids="MTG", daily=True)
CELLS = Shelf("cell", ("key",), {"tested": 0, "survived": 0}, at="updated_at")
DEPLOYMENTS = Shelf(
    "deployment",
    ("deployment_id",),
    {
        "strategy_id": "",
        "stage": "",
        "account": "",
        "book": "",
        "allocation": 0.0,
        "baseline": {},
        "approval_id": "",
        "status": "",
    },
    ids="DEP",
    daily=True,
    texts=("baseline",),
)
