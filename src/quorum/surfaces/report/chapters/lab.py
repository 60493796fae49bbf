"""The lab's chapter of a desk report: what leaks, strategies side by side, a sweep, and what a walk leaves of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import iso
from quorum.engine import Backtest, Sweep
from quorum.surfaces.report.charts import Chart, Line, Pane, lines_chart
from quorum.surfaces.report.comparison import Ranked, luck, ranking
from quorum.surfaces.report.page import count, percent, ratio, with_error
from quorum.validation import Evidence, Examination, Failed, Inconclusive, Judgement, Leaks, Passed, Unfit, Weight
from quorum.validation.evidence import hold_returns
from quorum.validation.gates import Judged
from quorum.validation.walkforward import WalkForwardResult, grid_of, wealth_of

Floats = NDArray[np.float64]

SHARES = frozenset({"deflated_sharpe", "pbo", "return_at_twice_costs", "max_drawdown"})


class Checked(NamedTuple):
    """A strategy's examination, and the backtest that one would have believed without it."""

    examination: Examination
    test: Backtest


@dataclass(frozen=True, slots=True)
class Proof:
    """A walk forward, its evidence, and what the gates make of that."""

    forward: WalkForwardResult
    evidence: Evidence
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class LabStory:
    """What the lab did: `tests` are strategies side by side, `left_out` has those that could not run and why; `proof`
    is that of the sweep `tried`, Inconclusive when its days are too few.
    """

    checked: tuple[Checked, ...]
    tests: tuple[Backtest, ...]
    left_out: Mapping[str, str]
    tried: Sweep
    proof: Proof | Inconclusive


class CheckRow(NamedTuple):
    """One line of the look-ahead check; `clean` is None for a strategy that is unfit to be judged."""

    strategy: str
    clean: bool | None
    sharpe: str
    place: str
    words: str


class Cell(NamedTuple):
    """A combination on the sweep's map: its ratio, how strong its colour is in percent, and the class of that."""

    value: float
    much: int
    tone: str


class Map(NamedTuple):
    """The Sharpe ratios of a sweep over two parameters: a row a value of `down`, a column a value of `across`."""

    down: str
    across: str
    columns: list[str]
    rows: list[tuple[str, list[Cell | None]]]


class GateRow(NamedTuple):
    """A gate as it is printed: what it measures, what was found and asked; `passed` is None when it cannot be read."""

    name: str
    meaning: str
    value: str
    threshold: str
    passed: bool | None
    source: str


class Verdict(NamedTuple):
    """How the gates decided, in words, with the reason why that is to be expected or not."""

    passed: bool
    headline: str
    why: str


class Chapter(NamedTuple):
    """The facts of the chapter, ready to be printed."""

    where: str
    checks: list[CheckRow]
    ranked: tuple[Ranked, ...]
    ranking_note: str
    left_out: Mapping[str, str]
    sweep_words: str
    map: Map | None
    walk_words: str
    growth: Chart | None
    gates: list[GateRow]
    verdict: Verdict


def chapter(story: LabStory) -> Chapter:
    """The chapter of `story`; the same story gives the same facts."""
    tried, proof = story.tried, story.proof
    bars = tried.bars
    where = f"{count(len(bars))} bars of {bars.timeframe} from {iso(int(bars.time[0]))[:10]} on"
    walked = None if isinstance(proof, Inconclusive) else proof
    return Chapter(
        where=where,
        checks=[_check(found) for found in story.checked],
        ranked=ranking(story.tests),
        ranking_note=_ranking_note(story.tests),
        left_out=story.left_out,
        sweep_words=_sweep_words(tried, walked),
        map=_map(tried),
        walk_words="" if walked is None else _walk_words(walked),
        growth=None if walked is None else _growth(tried, walked),
        gates=[] if walked is None else _gate_rows(walked),
        verdict=_verdict(proof),
    )


def _check(found: Checked) -> CheckRow:
    examination = found.examination
    verdict, performance = examination.verdict, found.test.performance
    sharpe = with_error(performance.sharpe, performance.sharpe_se)
    if isinstance(verdict, Leaks | Unfit):
        first = verdict.first
        place = "" if first.row is None else f"column {first.column}, row {first.row}"
        clean = False if isinstance(verdict, Leaks) else None
        return CheckRow(examination.strategy, clean, sharpe, place, f"{first.check}: {first.detail}")
    words = "cut off at many bars, given other futures, grown bar by bar, begun late: no answer changed"
    return CheckRow(examination.strategy, True, sharpe, "", words)


def _ranking_note(tests: Sequence[Backtest]) -> str:
    chance = luck(tests)
    return (
        f"With the {count(chance.trials)} trials that their families have seen so far, the luckiest without any skill "
        f"is expected to show a ratio of {ratio(chance.luckiest)}; the probability that the leader has skill is "
        f"{percent(chance.deflated)}."
    )


def _sweep_words(tried: Sweep, proof: Proof | None) -> str:
    best = tried.best()
    chosen = _told(tried, best)
    words = (
        f"{count(len(tried))} combinations of {tried.strategy} on {tried.bars.symbol}, each a trial. "
        f"The best, {chosen}, shows a Sharpe ratio of {ratio(float(tried.sharpe[best]))}."
    )
    if proof is None:
        return words
    found = proof.evidence.luck
    trials = f"The luckiest of the family's {count(found.trials)} trials"
    return f"{words} {trials} is expected to show {ratio(found.luckiest)} without any skill."


def _walk_words(proof: Proof) -> str:
    walk, plan = proof.forward.walk, proof.forward.plan
    return (
        f"In each of {len(walk.choices)} windows, parameters are chosen on {plan.train} days and traded on the next "
        f"{plan.test}. Where they were chosen the ratio was {ratio(walk.train_sharpe)} on average; in the days that "
        f"followed it was {ratio(walk.sharpe)}, and {walk.positive} windows earned something."
    )


def _map(tried: Sweep) -> Map | None:
    names = grid_of(tried.combinations).names
    if len(names) != 2:
        return None
    down, across = names
    strongest = float(np.nanmax(np.abs(tried.sharpe), initial=0.0))
    cells = {
        (c[down], c[across]): _cell(float(s), strongest) for c, s in zip(tried.combinations, tried.sharpe, strict=True)
    }
    lines, columns = (sorted({c[name] for c in tried.combinations}) for name in names)
    rows = [(f"{line:g}", [cells.get((line, column)) for column in columns]) for line in lines]
    return Map(down, across, [f"{column:g}" for column in columns], rows)


def _cell(value: float, strongest: float) -> Cell:
    known = math.isfinite(value) and strongest > 0
    return Cell(value, round(60 * abs(value) / strongest) if known else 0, "up" if value > 0 else "down")


def _growth(tried: Sweep, proof: Proof) -> Chart:
    """What the walk earned, beside the combination that was best afterwards, and holding."""
    walk = proof.forward.walk
    rows = np.searchsorted(tried.day, walk.day)
    best = np.nan_to_num(tried.returns[tried.best()], nan=0.0)[rows]
    lines = (
        Line("Holding", _grown(hold_returns(tried.bars)[rows]), "rival", thin=True),
        Line("Best combination, known afterwards", _grown(best), "c2"),
        Line("Walk forward", _grown(walk.returns), "accent"),
    )
    drawn = lines_chart("walk", "growth over the test days", walk.day, (Pane(lines, "percent", zero=True),), 340)
    return Chart(drawn, "")


def _grown(returns: Floats) -> Floats:
    return wealth_of(returns) - 1.0


def _gates(proof: Proof) -> list[Judged]:
    return [row for row in proof.judgement.rows if row.gate.weight is Weight.GATE]


def _gate_rows(proof: Proof) -> list[GateRow]:
    meanings = {row["name"]: row["meaning"] for row in proof.evidence.rows()}
    return [_gate(row, meanings[row.gate.metric]) for row in _gates(proof)]


def _gate(row: Judged, meaning: str) -> GateRow:
    gate = row.gate
    form = percent if gate.metric in SHARES else _plain
    passed = None if isinstance(row.outcome, Inconclusive) else isinstance(row.outcome, Passed)
    asked = f"{gate.comparison} {form(gate.threshold)}"
    return GateRow(gate.metric.replace("_", " "), meaning, form(row.value), asked, passed, gate.source)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) >= 2 else ratio(value)


def _verdict(proof: Proof | Inconclusive) -> Verdict:
    if isinstance(proof, Inconclusive):
        return Verdict(False, "Inconclusive: nothing can be said", f"{proof}.")
    rows = _gates(proof)
    held = sum(isinstance(row.outcome, Passed) for row in rows)
    verdict = proof.judgement.verdict
    if isinstance(verdict, Passed):
        why = "The market is made up, so that this is luck: it happens, and paper trading is there to find it out."
        return Verdict(True, f"Passed: all {len(rows)} gates hold", why)
    name = "Failed" if isinstance(verdict, Failed) else "Inconclusive"
    why = (
        "As it should be: the market is made up, its moods change by chance, and its past knows little of what comes. "
        "A lab that believed this rule would believe anything."
    )
    return Verdict(False, f"{name}: {held} of {len(rows)} gates hold, and all have to", why)


def _told(tried: Sweep, i: int) -> str:
    """What is special about combination `i`: the parameters that the sweep varied."""
    return ", ".join(f"{name} {tried.combinations[i][name]:g}" for name in grid_of(tried.combinations).names)
