"""Risk assessment: whether a strategy fits beside what is deployed, and how much of the book it may have. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from quorum.desk.deploying.baseline import Baseline
from quorum.domain import plain
from quorum.risk import RiskLimits
from quorum.stats import bootstrap_paths
from quorum.validation.critic import Evidence
from quorum.validation.ladder import Failed, Inconclusive, Passed, Verdict, told

SCHEMA = 1
SMALLEST = 0.01


@dataclass(frozen=True, slots=True)
class RiskTerms:
    """What deployed strategies may take of their book, fractions of its equity; the keys of `deployed` in its file.

    `max_allocation` is the most of one, `max_deployed` of all, `max_correlated` of those that correlate at
    `correlated_from` or more; none may correlate at `max_correlation` with another, told by `min_common_days` at
    least. `max_leverage` is gross, a multiple of what is allocated; `max_drawdown` what a fall that 1 path in 20
    exceeds may cost the book.
    """

    max_allocation: float = 0.30
    max_deployed: float = 0.60
    max_correlated: float = 0.30
    correlated_from: float = 0.5
    max_correlation: float = 0.7
    min_common_days: int = 60
    max_leverage: float = 3.0
    max_drawdown: float = 0.10

    def within(self, limits: RiskLimits) -> RiskTerms:
        """These terms where the book's own limits are not stricter."""
        return replace(
            self,
            max_allocation=min(self.max_allocation, float(limits.max_strategy)),
            max_deployed=min(self.max_deployed, float(limits.max_deployed)),
            max_correlated=min(self.max_correlated, float(limits.max_cluster)),
            max_leverage=min(self.max_leverage, float(limits.max_leverage)),
        )


class Neighbour(NamedTuple):
    """A deployed strategy: its id, what it has of the book, its baseline."""

    strategy_id: str
    allocation: float
    baseline: Baseline


class Likeness(NamedTuple):
    """How alike the daily returns of two strategies are, on so many common days; NaN where nothing can be said."""

    strategy_id: str
    allocation: float
    correlation: float
    days: int


@dataclass(frozen=True, slots=True)
class Subject:
    """A strategy to be assessed: its baseline, the numbers of its tests, the most that it ever held.

    `capital` is what its account has, `capacity` what it can carry, both in the account's currency; NaN if unknown.
    `provisional` are the tiers that it has passed on fewer days, or on another source, than those of its idea.
    """

    strategy_id: str
    baseline: Baseline
    metrics: Mapping[str, float | None]
    exposure: float
    capital: float
    capacity: float = float("nan")
    provisional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """What risk says: the verdict, the allocation that fits, every check, and who it is like.

    `allocation` is the one asked for, or the largest that fits; 0 when none does.
    """

    strategy_id: str
    account: str
    book: str
    verdict: Verdict
    allocation: float
    checks: tuple[Evidence, ...]
    likenesses: tuple[Likeness, ...]
    notes: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """The plain values of `risk-assessment.yaml`."""
        return {
            "schema": SCHEMA,
            "strategy_id": self.strategy_id,
            "account": self.account,
            "book": self.book,
            "verdict": plain(told(self.verdict)),
            "target_allocation": self.allocation,
            "checks": [check.told() for check in self.checks],
            "correlations": [plain(one._asdict()) for one in self.likenesses],
            "notes": list(self.notes),
        }


def assess_deployment(
    subject: Subject,
    beside: Sequence[Neighbour],
    terms: RiskTerms,
    place: tuple[str, str],
    asked: float | None = None,
) -> Assessment:
    """Whether it may be deployed beside the others of its book; `place` is the account and its book.

    Without `asked` the largest allocation that fits, in whole hundredths. No room is inconclusive: there may be some
    later. So is a likeness that too few common days can tell.
    """
    alike = tuple(_likeness(subject.baseline, one) for one in beside)
    fall = _fall(subject.baseline)
    rooms = dict(_rooms(subject, alike, terms, fall))
    most = max(min(rooms.values()), 0.0)
    allocation = int(most * 100 + 1e-9) / 100 if asked is None else asked
    checks = (
        *_alike(alike, terms),
        *_whole(subject),
        *_held(subject, terms),
        *_worlds(subject.metrics),
        *(_room(name, room, allocation, asked) for name, room in rooms.items()),
    )
    notes = () if np.isfinite(subject.capacity) else ("its bars have no volume that tells its capacity",)
    fits = allocation if allocation <= most + 1e-9 and allocation >= SMALLEST else 0.0
    return Assessment(subject.strategy_id, *place, _verdict(checks), fits, checks, alike, notes)


def _likeness(baseline: Baseline, other: Neighbour) -> Likeness:
    day = np.intersect1d(baseline.day, other.baseline.day)
    pair = [np.array(b.returns)[np.searchsorted(b.day, day)] for b in (baseline, other.baseline)]
    moving = len(day) > 2 and all(float(np.ptp(one)) > 0 for one in pair)
    correlation = float(np.corrcoef(pair)[0, 1]) if moving else float("nan")
    return Likeness(other.strategy_id, other.allocation, correlation, len(day))


def _alike(alike: Sequence[Likeness], terms: RiskTerms) -> list[Evidence]:
    """A row for each deployed strategy; with too few common days it stays open."""
    return [
        Evidence(
            "correlation",
            one.correlation,
            "<",
            terms.max_correlation,
            f"daily returns beside {one.strategy_id}, {one.days} common days, {terms.min_common_days} are needed",
            close=one.days < terms.min_common_days,
        )
        for one in alike
    ]


def _whole(subject: Subject) -> list[Evidence]:
    """A row for each tier that was passed provisionally: it stays open until the whole window was run."""
    said = "was passed on fewer days, or on another source, than its idea's: the whole window has to be run"
    return [Evidence("provisional", 1.0, "<", 1.0, f"{tier} {said}", close=True) for tier in subject.provisional]


def _held(subject: Subject, terms: RiskTerms) -> list[Evidence]:
    most = terms.max_leverage
    return [Evidence("leverage", subject.exposure, "<=", most, "the most held in the test, of its equity")]


def _worlds(metrics: Mapping[str, float | None]) -> list[Evidence]:
    """The harder worlds that its tiers have tried."""
    rows = (
        ("return_at_twice_costs", "total return of the test at twice every cost"),
        ("sharpe_a_bar_late", "Sharpe ratio where every target comes a bar late"),
    )
    values = ((name, metrics.get(name), said) for name, said in rows)
    return [Evidence(name, float("nan") if v is None else v, ">", 0.0, said) for name, v, said in values]


def _rooms(subject: Subject, alike: Sequence[Likeness], terms: RiskTerms, fall: float) -> list[tuple[str, float]]:
    """What each limit leaves for it, as fractions of the book. One whose likeness is unknown counts as alike."""
    together = sum(one.allocation for one in alike)
    few, apart = terms.min_common_days, terms.correlated_from
    cluster = sum(one.allocation for one in alike if one.days < few or not one.correlation < apart)
    rooms = [
        ("max_allocation", terms.max_allocation),
        ("total_deployed", terms.max_deployed - together),
        ("correlated_exposure", terms.max_correlated - cluster),
        ("drawdown_budget", terms.max_drawdown / fall if fall > 0 else terms.max_allocation),
    ]
    if np.isfinite(subject.capacity) and subject.capital > 0:
        rooms.append(("capacity", subject.capacity / subject.capital))
    return rooms


_SAID = {
    "max_allocation": "the most that one strategy may have",
    "total_deployed": "what is left of the most that all may have",
    "correlated_exposure": "what is left of the most that strategies may have that move together",
    "drawdown_budget": "at more, a fall that 1 path in 20 exceeds would reach the book's first breaker",
    "capacity": "at more, its own trades would eat half of its edge",
}


def _room(name: str, room: float, allocation: float, asked: float | None) -> Evidence:
    """An allocation that was asked for has to fit; one that is sought needs a hundredth of room."""
    if asked is None:
        return Evidence(name, max(room, 0.0), ">=", SMALLEST, _SAID[name], close=room < SMALLEST)
    return Evidence(name, allocation, "<=", max(room, 0.0), _SAID[name], close=allocation > room + 1e-9)


def _fall(baseline: Baseline) -> float:
    """The fall that 1 path of a year in 20 exceeds, as a positive fraction."""
    days = max(2, round(baseline.periods))
    paths = bootstrap_paths(np.array(baseline.returns), length=days, seed=baseline.seed)
    return -float(np.quantile(paths.max_drawdown, 0.05))


def _verdict(checks: Sequence[Evidence]) -> Verdict:
    against = next((check for check in checks if check.holds is False), None)
    if against is not None:
        reason = "correlated_with_deployed" if against.what == "correlation" else "risk_limit_exceeded"
        asked = f"{against.comparison} {against.threshold:g} is asked for"
        why = f"{against.what} is {against.value:.4g}, {asked} ({against.detail})"
        return Failed(reason, against.what, plain(against.value), against.threshold, False, why)
    unsure = next((check for check in checks if check.holds is None), None)
    return Passed() if unsure is None else Inconclusive(unsure.what, unsure.threshold, unsure.value)
