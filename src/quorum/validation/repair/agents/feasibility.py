"""The quant analyst: whether the hypothesis can be true, and if not so, which declared variant of it may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from quorum.domain import Timeframe, UsageError
from quorum.signals import is_portfolio
from quorum.validation.ladder.tier import Rung
from quorum.validation.life import Idea
from quorum.validation.repair.case import Case
from quorum.validation.repair.fix import Change, Fix, GivenUp, Proposal
from quorum.validation.repair.ground import Ground, Site, given_of, without_costs

COARSER = 12
MARGIN = 1.25
_RATIOS = ("sharpe", "oos_sharpe")


class Variant(NamedTuple):
    """A declared variant of an idea, and what is changed in it."""

    idea: Idea
    change: Change


class Grade(NamedTuple):
    """What a variant comes to on the earlier days, a year: before costs, after them, and its round trips."""

    gross: float
    net: float
    trades: float
    needed: float

    def __str__(self) -> str:
        return f"Sharpe ratio {self.gross:.2f} before costs, {self.net:.2f} after, {self.trades:.0f} trades a year"


def review_hypothesis(case: Case, site: Site) -> Proposal:
    """Enough edge before costs, enough data, enough trades? Else a pivot to another symbol of the idea's universe or
    another timeframe that the desk has; without one that is better, rejection."""
    ground = site.ground(case)
    if isinstance(ground, str):
        return GivenUp(case.agent, f"{ground}, and a fix cannot be tried on the days that are tested on")
    now = _grade(ground, case.idea)
    asked, trials = _asked(site.rung(case)), ground.trials.added
    best: tuple[float, Variant, Grade] | None = None
    for variant in _variants(case, site):
        there = site.ground(case, variant.idea)
        if isinstance(there, str):
            continue
        grade = _grade(there, variant.idea)
        trials += there.trials.added
        if _feasible(grade, asked) and (best is None or grade.net > best[0]):
            best = (grade.net, variant, grade)
    said = f"on {ground.days} earlier days it has a {now}"
    if best is None or best[0] <= now.net:
        return GivenUp(case.agent, f"{_why(now, asked)}: {said}, and no declared variant of it is better", trials)
    _, variant, grade = best
    why = f"{said}; {variant.change.what} {variant.change.after} has a {grade}"
    part = variant.change.what
    return Fix(case.agent, "review_hypothesis", why, {part: variant.change.after}, {}, (variant.change,), trials)


def _variants(case: Case, site: Site) -> Iterator[Variant]:
    """Other primary symbols of its universe, then coarser timeframes of the same symbols."""
    idea = case.idea
    single = not site.rung(case).whole_universe and not is_portfolio(site.strategy(idea))
    if single:
        for symbol in idea.symbols[1:]:
            order = (symbol, *(other for other in idea.symbols if other != symbol))
            yield Variant(replace(idea, symbols=order), Change("symbols", list(idea.symbols), list(order)))
    wanted = set(idea.symbols[:1] if single else idea.symbols)
    now = Timeframe.parse(idea.timeframe).nanoseconds
    for text in sorted({length for _, _, length in site.series}, key=lambda t: Timeframe.parse(t).nanoseconds):
        if not now < Timeframe.parse(text).nanoseconds <= COARSER * now:
            continue
        held = {name for name, venue, length in site.series if length == text and idea.venue in (None, venue)}
        if wanted <= held:
            yield Variant(replace(idea, timeframe=text), Change("timeframe", idea.timeframe, text))


def _grade(ground: Ground, idea: Idea) -> Grade:
    params = given_of(ground.strategy, idea.params)
    try:
        net = ground.tries([params])
        gross = ground.tries([params], without_costs(ground.terms))
    except UsageError:
        return Grade(0.0, 0.0, 0.0, ground.needed)
    if not net.combinations:
        return Grade(0.0, 0.0, 0.0, ground.needed)
    return Grade(float(gross.ratios[0]), float(net.ratios[0]), float(net.trades[0]), ground.needed)


def _asked(rung: Rung) -> float:
    """The Sharpe ratio that the tier asks for."""
    floors = [g.threshold for g in rung.gates if g.metric in _RATIOS and g.comparison in (">", ">=")]
    return max(floors, default=0.0)


def _feasible(grade: Grade, asked: float) -> bool:
    return grade.net > asked and grade.trades >= MARGIN * grade.needed


def _why(grade: Grade, asked: float) -> str:
    if grade.gross <= 0.0:
        return "there is no edge before costs"
    if grade.trades < grade.needed:
        return "it trades too rarely to be proved"
    if grade.net <= 0.0:
        return "its edge does not pay for its costs"
    lasts = "its edge did not last into the tested days"
    return lasts if grade.net > asked else f"its edge is below the {asked:g} asked for"
