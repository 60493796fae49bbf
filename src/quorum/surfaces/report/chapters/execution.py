"""The chapter of risk and execution: a deployed strategy's orders, limits, a lost reply, the end, the books."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from quorum.lake import Bars
from quorum.surfaces.report.charts import Chart, Mark, price_chart

_TONES = {"filled": "gain", "approved": "gain", "vetoed": "loss", "rejected": "loss", "never_arrived": "loss"}


@dataclass(frozen=True, slots=True)
class SentLine:
    """An order that left: what risk was asked for, what it let pass and what was filled, at what price on average.

    `fee` is in `fee_in`; `time` is ISO text.
    """

    time: str
    client_order_id: str
    side: str
    asked: Decimal
    allowed: Decimal
    filled: Decimal
    price: Decimal | None
    fee: Decimal
    fee_in: str
    why: str
    status: str


@dataclass(frozen=True, slots=True)
class LimitLine:
    """Risk's word where a limit bit: the quantity asked for and the one allowed, and the reason."""

    decision_id: str
    verdict: str
    asked: Decimal
    allowed: Decimal
    why: str


@dataclass(frozen=True, slots=True)
class LostStory:
    """An order whose answer was lost: its statuses in our books, and how often the venue's journal has it."""

    client_order_id: str
    statuses: tuple[str, ...]
    accepted: int


@dataclass(frozen=True, slots=True)
class ClosedStory:
    """A close-all: how many orders were cancelled, what was closed, what was left and why, in how many seconds."""

    halted: str
    cancelled: int
    closed: tuple[str, ...]
    failed: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float


class Agreement(NamedTuple):
    """The same thing by our books and by the venue."""

    what: str
    ours: str
    venues: str

    @property
    def holds(self) -> bool:
        return self.ours == self.venues


@dataclass(frozen=True, slots=True)
class ExecutionStory:
    """A deployed strategy at a simulated venue in a process of its own.

    `statement` is in the account's currency, or in the unit that the name says. `differences` are between books and
    venue, and the audit's faults; none is as it should be.
    """

    strategy_id: str
    name: str
    summary: str
    approval_id: str
    deployment_id: str
    venue: str
    account: str
    currency: str
    bars: Bars
    marks: tuple[Mark, ...]
    orders: tuple[SentLine, ...]
    limits: tuple[LimitLine, ...]
    lost: LostStory | None
    closed: ClosedStory
    slippage_bps: float | None
    statement: tuple[tuple[str, Decimal], ...]
    agreed: tuple[Agreement, ...]
    postings: int
    differences: tuple[str, ...]

    @property
    def filled(self) -> int:
        """How many orders traded."""
        return sum(1 for line in self.orders if line.filled)

    @property
    def balanced(self) -> bool:
        """Whether the books balance and are the venue's, to the last unit."""
        return not self.differences and all(row.holds for row in self.agreed)


class ExecutionChapter(NamedTuple):
    """The chapter as its template reads it."""

    story: ExecutionStory
    chart: Chart | None
    orders: list[tuple[SentLine, str]]
    limits: list[tuple[LimitLine, str]]


def execution_chapter(story: ExecutionStory) -> ExecutionChapter:
    """The story as its template reads it."""
    return ExecutionChapter(
        story,
        price_chart("execution", story.bars, story.marks) if len(story.bars) else None,
        [(line, _TONES.get(line.status, "")) for line in story.orders],
        [(line, _TONES.get(line.verdict, "")) for line in story.limits],
    )
