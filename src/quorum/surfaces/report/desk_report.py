"""The desk report: what a run of the desk saw, voted, checked, traded and booked, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import Fill, Vote
from quorum.lake import Bars
from quorum.surfaces.report.charts import Chart, Curve, Mark, equity_chart, price_chart
from quorum.surfaces.report.lab import Chapter, LabStory, chapter
from quorum.surfaces.report.page import money, percent, render, tone

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]

LISTED_DECISIONS = 200
LISTED_FILLS = 500
_SIGNS = {"bullish": 1, "for": 1, "buy": 1, "bearish": -1, "against": -1, "sell": -1, "veto": -1}
_SILENT = frozenset({"abstain", "dropped"})


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
class DecisionStory:
    """A consensus, its votes, what risk made of it and the order that followed, in words.

    `as_of` is ISO text; `direction` is bullish, bearish or neutral, `strength` 0..1.
    """

    decision_id: str
    as_of: str
    symbol: str
    votes: tuple[Vote, ...]
    direction: str
    strength: float
    verdict: str
    order: str
    rationale: str


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
    """Everything that the page shows: plain values, and those of the lab when it was at work.

    `time` (n,) in ns UTC and `equity` (n,) are the paper account's, in `currency`; `generated_at` is ISO text.
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


class Bar(NamedTuple):
    """One row of a vote chart: a bar of `width` percent to the left (-1) or right (1) of its middle."""

    voter: str
    choice: str
    sign: int
    silent: bool
    width: float
    thickness: float
    confidence: float | None
    weight: float
    reason: str


class Ballot(NamedTuple):
    """A decision with its vote drawn."""

    story: DecisionStory
    bars: list[Bar]
    consensus: Bar


class Headline(NamedTuple):
    """A card of the page's head."""

    name: str
    value: str
    below: str
    tone: str = "even"


def desk_report(story: DeskStory) -> str:
    """The page of `story`, self-contained HTML; the same story gives the same bytes."""
    lab = None if story.lab is None else chapter(story.lab)
    curve = Curve(story.time, story.equity, story.starting_equity)
    return render(
        "desk_report.html",
        story=story,
        opening=_opening(story, lab),
        cards=_cards(story),
        equity=equity_chart("equity", curve) if len(story.equity) else None,
        charts=_charts(story.charts),
        ballots=[_ballot(d) for d in story.decisions[-LISTED_DECISIONS:]],
        fills=story.fills[-LISTED_FILLS:],
        lab=lab,
        longest=max((step.seconds for step in story.steps), default=0.0),
    )


def _opening(story: DeskStory, lab: Chapter | None) -> list[str]:
    symbols = sorted({d.symbol for d in story.decisions} | {c.bars.symbol for c in story.charts})
    about = f" in {', '.join(symbols)}" if symbols else ""
    votes = sum(len(d.votes) for d in story.decisions)
    return [
        f"A simulated broker made {_some(len(story.fills), 'fill')}{about} for a paper account: no real money moved.",
        f"Before that came {_some(len(story.decisions), 'decision')} with {_some(votes, 'vote')};"
        " risk could shrink or veto each one, and every one is on record with its reason.",
        f"The account went from {money(story.starting_equity)} to {money(_final(story))} {story.currency}"
        f" ({percent(_change(story))}): read it as a check that the desk works, not as a promise of profit.",
        *([] if lab is None else [_doubt(lab)]),
    ]


def _doubt(lab: Chapter) -> str:
    leaking = " and ".join(row.strategy for row in lab.checks if row.clean is False)
    found = f"the rule {leaking} was caught looking ahead" if leaking else "no rule was found to look ahead"
    return f"In the lab {found}, and what a sweep had found was walked forward and judged. {lab.verdict.headline}."


def _cards(story: DeskStory) -> list[Headline]:
    check = story.ledger
    books = ("In balance", "gain") if check.passed else ("Not in balance", "loss")
    change = _change(story)
    return [
        Headline("Equity", money(_final(story)), f"{story.currency}, from {money(story.starting_equity)}"),
        Headline("Return", percent(change), "of the paper account", tone(change)),
        Headline("Decisions", f"{len(story.decisions):,}", "each can be opened below"),
        Headline("Fills", f"{len(story.fills):,}", "by the simulated broker"),
        Headline("Ledger", books[0], f"{check.postings:,} postings checked", books[1]),
        Headline("Time taken", f"{story.seconds:.1f} s", f"{len(story.steps)} steps" if story.steps else "in all"),
    ]


def _charts(stories: Sequence[ChartStory]) -> list[tuple[ChartStory, Chart]]:
    return [(s, price_chart(f"prices-{i}", s.bars, s.marks)) for i, s in enumerate(stories, 1)]


def _ballot(story: DecisionStory) -> Ballot:
    heaviest = max((vote.weight for vote in story.votes), default=0.0)
    bars = [_bar(vote, heaviest) for vote in story.votes]
    outcome = Vote("consensus", story.direction, heaviest, abs(story.strength), "")
    return Ballot(story, bars, _bar(outcome, heaviest))


def _bar(vote: Vote, heaviest: float) -> Bar:
    choice = vote.choice.lower()
    silent = choice in _SILENT
    sure = 1.0 if vote.confidence is None else min(max(vote.confidence, 0.0), 1.0)
    return Bar(
        voter=vote.voter,
        choice=choice,
        sign=_SIGNS.get(choice, 0),
        silent=silent,
        width=0.0 if silent else round(50.0 * sure, 2),
        thickness=round(5.0 + 9.0 * (vote.weight / heaviest if heaviest > 0 else 1.0), 1),
        confidence=vote.confidence,
        weight=vote.weight,
        reason=vote.reason,
    )


def _final(story: DeskStory) -> float:
    return float(story.equity[-1]) if len(story.equity) else story.starting_equity


def _change(story: DeskStory) -> float:
    return _final(story) / story.starting_equity - 1.0 if story.starting_equity else 0.0


def _some(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
