"""The desk report: what a run of the desk saw, voted, checked, traded and booked, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import Fill
from quorum.lake import Bars
from quorum.surfaces.report.ballots import DecisionStory, ballot
from quorum.surfaces.report.chapters import (
    Chapter,
    CoordinatorChapter,
    CoordinatorStory,
    ExecutionStory,
    LabStory,
    LifeChapter,
    LifeStory,
    chapter,
    coordinator_chapter,
    execution_chapter,
    life_chapter,
)
from quorum.surfaces.report.charts import Chart, Curve, Mark, equity_chart, price_chart
from quorum.surfaces.report.page import money, percent, render, tone

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]

LISTED_DECISIONS = 200
LISTED_FILLS = 500


@dataclass(frozen=True, slots=True)
class ChartStory:
    """Prices of one symbol and the trades in them."""

    bars: Bars
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class BacktestStory:
    """One row of the table of backtests; fractions, NaN where undefined."""

    strategy: str
    symbol: str
    timeframe: str
    trades: int
    final_equity: float
    sharpe: float
    sharpe_se: float
    max_drawdown: float
    trial_id: str = ""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line of the account's statement."""

    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """Whether the desk's own books balance and equal the broker's; `differences` in words."""

    balanced: bool
    entries: int
    postings: int
    broker_cash: Decimal
    ledger_cash: Decimal
    differences: tuple[str, ...] = ()
    statement: tuple[StatementRow, ...] = ()

    @property
    def passed(self) -> bool:
        return self.balanced and not self.differences and self.broker_cash == self.ledger_cash


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the run and the seconds that it took."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Command:
    """Something to type next, and what it does."""

    text: str
    purpose: str


NEXT_COMMANDS = (
    Command("quorum --help", "every command, each with an example"),
    Command("quorum doctor", "what is wrong with this installation and how to mend it"),
)


@dataclass(frozen=True, slots=True)
class DeskStory:
    """Everything that the page shows: plain values, and the chapters of what was done besides.

    `time` (n,) in ns UTC and `equity` (n,) are the paper account's, in `currency`; `generated_at` is ISO text.
    `voted` counts all votes of the desk, where `decisions` tells but some of them.
    """

    title: str
    generated_at: str
    seconds: float
    currency: str
    starting_equity: float
    time: Instants
    equity: Floats
    charts: tuple[ChartStory, ...]
    backtests: tuple[BacktestStory, ...]
    decisions: tuple[DecisionStory, ...]
    ledger: LedgerCheck
    fills: tuple[Fill, ...]
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    commands: tuple[Command, ...] = NEXT_COMMANDS
    lab: LabStory | None = None
    coordinator: CoordinatorStory | None = None
    life: LifeStory | None = None
    execution: ExecutionStory | None = None
    voted: int | None = None

    @property
    def decided(self) -> int:
        """How many decisions the analysts' votes led to."""
        return len(self.decisions) if self.voted is None else self.voted


class Headline(NamedTuple):
    """A card of the page's head."""

    name: str
    value: str
    below: str
    tone: str = "even"


def desk_report(story: DeskStory) -> str:
    """The page of `story`, self-contained HTML; the same story gives the same bytes."""
    lab = None if story.lab is None else chapter(story.lab)
    team = None if story.coordinator is None else coordinator_chapter(story.coordinator)
    life = None if story.life is None else life_chapter(story.life)
    execution = None if story.execution is None else execution_chapter(story.execution)
    curve = Curve(story.time, story.equity, story.starting_equity)
    return render(
        "desk_report.html",
        story=story,
        opening=_opening(story, lab, team, life),
        cards=_cards(story),
        equity=equity_chart("equity", curve) if len(story.equity) else None,
        charts=_charts(story.charts),
        ballots=[ballot(d) for d in story.decisions[-LISTED_DECISIONS:]],
        fills=story.fills[-LISTED_FILLS:],
        lab=lab,
        team=team,
        life=life,
        execution=execution,
        longest=max((step.seconds for step in story.steps), default=0.0),
    )


def _opening(
    story: DeskStory, lab: Chapter | None, team: CoordinatorChapter | None, life: LifeChapter | None
) -> list[str]:
    symbols = sorted({d.symbol for d in story.decisions} | {c.bars.symbol for c in story.charts})
    about = f" in {', '.join(symbols)}" if symbols else ""
    return [
        f"A simulated broker made {_some(len(story.fills), 'fill')}{about} for a paper account: no real money moved.",
        f"Before that came {_some(story.decided, 'decision')} by vote;"
        " risk could shrink or veto each one, and every one is on record with its reason.",
        f"The account went from {money(story.starting_equity)} to {money(_final(story))} {story.currency}"
        f" ({percent(_change(story))}): read it as a check that the desk works, not as a promise of profit.",
        *([] if team is None else [_durable(team)]),
        *([] if lab is None else [_doubt(lab)]),
        *([] if life is None else [_proved(life.story)]),
        *([] if story.execution is None else [_executed(story.execution)]),
    ]


def _durable(team: CoordinatorChapter) -> str:
    story = team.story
    asked = "" if story.answer is None else f" One run put its trade to a person: {story.answer.status}."
    return (
        f"The coordinator traded an account of its own in {_some(story.runs, 'durable run')}, each with its agents in"
        f" processes of their own; {_some(story.orders, 'order')} came of them.{asked}"
    )


def _doubt(lab: Chapter) -> str:
    leaking = " and ".join(row.strategy for row in lab.checks if row.clean is False)
    found = f"the rule {leaking} was caught looking ahead" if leaking else "no rule was found to look ahead"
    return f"In the lab {found}, and what a sweep had found was walked forward and judged. {lab.verdict.headline}."


def _proved(life: LifeStory) -> str:
    ready = sum(line.status == "AWAITING_HUMAN" for line in life.ideas)
    mended = "" if life.mended is None else ", one of them once it was mended"
    return (
        f"{_some(len(life.ideas), 'idea')} went from the queue up the tiers: {ready} came to the question whether to"
        f" deploy it{mended}, the others were rejected, each with its reason."
    )


def _executed(told: ExecutionStory) -> str:
    agreed = "and the venue's journal has the same" if told.balanced else "and the venue's journal differs from that"
    return (
        f"Then {told.strategy_id} was deployed, and traded {_some(told.filled, 'time')} at a simulated Alpaca, until"
        f" all was closed: every order stands in the books, {agreed}."
    )


def _cards(story: DeskStory) -> list[Headline]:
    check = story.ledger
    books = ("In balance", "gain") if check.passed else ("Not in balance", "loss")
    change = _change(story)
    return [
        Headline("Equity", money(_final(story)), f"{story.currency}, from {money(story.starting_equity)}"),
        Headline("Return", percent(change), "of the paper account", tone(change)),
        Headline("Decisions", f"{story.decided:,}", "by vote; the last can be opened below"),
        Headline("Fills", f"{len(story.fills):,}", "by the simulated broker"),
        Headline("Ledger", books[0], f"{check.postings:,} postings checked", books[1]),
        Headline("Time taken", f"{story.seconds:.1f} s", f"{len(story.steps)} steps" if story.steps else "in all"),
    ]


def _charts(stories: Sequence[ChartStory]) -> list[tuple[ChartStory, Chart]]:
    return [(s, price_chart(f"prices-{i}", s.bars, s.marks)) for i, s in enumerate(stories, 1)]


def _final(story: DeskStory) -> float:
    return float(story.equity[-1]) if len(story.equity) else story.starting_equity


def _change(story: DeskStory) -> float:
    return _final(story) / story.starting_equity - 1.0 if story.starting_equity else 0.0


def _some(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
