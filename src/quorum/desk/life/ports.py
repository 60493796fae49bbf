"""The books of the strategy's life: what is asked of the store beside the queue and the results of tiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from quorum.validation.life import Candidate, Results, StrategyQueue

Record = Mapping[str, Any]


class Intake(Protocol):
    """What only the reading of a host's files may do to the queue."""

    def adopt(self, candidates: Sequence[Candidate], by: str, next_number: int = 1) -> Sequence[Candidate]:
        """Take in strategies as they stand, under their own ids; those whose id is there stay as they are.

        Those that were taken in. New ideas get ids after the highest, and from `next_number` on.
        """
        ...

    def revise(self, strategy_id: str, weight: float, other: Mapping[str, Any]) -> Candidate:
        """Change its priority and the keys that are not ours; where it stands it stays."""
        ...

    def next_number(self) -> int:
        """The number that the next idea gets."""
        ...


class Records(Protocol):
    """One book: records under a key, each a mapping of plain values.

    Keys that the book has columns for are kept in them, all others in its document; a record comes back whole.
    """

    def open(self, record: Record) -> Record:
        """Keep a new record under the next id of its book, with `at`; one whose `key` is there comes back as it is."""
        ...

    def put(self, record: Record) -> Record:
        """Keep a record under the key that it names, in the place of what was there."""
        ...

    def change(self, key: tuple[Any, ...], act: Callable[[Record], Record]) -> Record:
        """Put what `act` makes of a record, in one transaction; NotFound for a key that there is not."""
        ...

    def get(self, *key: Any) -> Record:
        """The record under a key; NotFound for one that there is not."""
        ...

    def listed(self, limit: int | None = None, **equal: Any) -> Sequence[Record]:
        """Those whose columns equal what is given, oldest first; with a `limit` the newest of them."""
        ...


@dataclass(frozen=True, slots=True)
class Books:
    """Every book of the strategy's life; beside its name the key that its records have.

    A column that a record leaves out is an empty text, or zero.
    """

    runs: Records
    """validation_run: run_id VAL-YYYYMMDD-NNN, at, tier, status."""
    attempts: Records
    """fix_attempt: (strategy_id, tier, number), at. Not numbered: `put` it."""
    learnings: Records
    """learning: learning_id L-001, key, at, source, category, severity, keywords, title, text, action, frequency."""
    failures: Records
    """failure: key, at, strategy_id, tier, root, reason. Not numbered: `put` it."""
    meetings: Records
    """meeting: meeting_id MTG-YYYYMMDD-NNN, at, status."""
    cells: Records
    """cell: key, tested, survived, updated_at. Not numbered: `put` it."""
    deployments: Records
    """deployment: deployment_id DEP-YYYYMMDD-NNN, strategy_id, at, stage, account, book, allocation, baseline
    (a mapping), approval_id, status."""


class Life(NamedTuple):
    """All that a desk keeps of its strategies' lives."""

    queue: StrategyQueue
    intake: Intake
    results: Results
    books: Books
