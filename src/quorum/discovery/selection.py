"""Choosing among proposals: the newest that are feasible, not all of one family, and one off the beaten track."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quorum.discovery.feasibility import Feasibility
from quorum.discovery.fingerprint import Fingerprint
from quorum.discovery.novelty import BOUNDS, Bounds, Insight, Novelty, insight, similarity
from quorum.discovery.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Judged:
    """A proposal with what the meeting found: `refused` says why it cannot be chosen, `chosen` that it was."""

    proposal: Proposal
    fingerprint: Fingerprint | None
    insight: Insight | None = None
    feasibility: Feasibility | None = None
    refused: str = ""
    chosen: bool = False

    @property
    def score(self) -> float:
        """Novelty times feasibility, 0 for what was refused."""
        if self.refused or self.insight is None or self.feasibility is None:
            return 0.0
        return self.insight.value * self.feasibility.value

    @property
    def family(self) -> str:
        return "" if self.fingerprint is None else self.fingerprint.family


@dataclass(frozen=True, slots=True)
class Selection:
    """How many are chosen, of one family at most how many, and which feasibility is too little."""

    most: int = 3
    per_family: int = 2
    least_feasibility: float = 0.05


def novel(
    judged: Sequence[Judged], known: Sequence[tuple[str, Fingerprint]], bounds: Bounds = BOUNDS
) -> tuple[Judged, ...]:
    """Each with its insight beside the known ideas; a duplicate of one, or of a proposal before it, is refused."""
    seen: list[tuple[str, Fingerprint]] = []
    found = []
    for one in judged:
        if one.refused or one.fingerprint is None:
            found.append(one)
            continue
        told, again = insight(one.fingerprint, known, bounds), insight(one.fingerprint, seen, bounds)
        twice = next((each for each in (told, again) if each.novelty is Novelty.DUPLICATE), None)
        if twice is not None:
            found.append(
                replace(one, insight=twice, refused=f"it is {twice.like} again ({twice.similarity:.2f} alike)")
            )
            continue
        found.append(replace(one, insight=told))
        seen.append((one.proposal.name, one.fingerprint))
    return tuple(found)


def select(judged: Sequence[Judged], rules: Selection, most_tested: str | None) -> tuple[Judged, ...]:
    """All of them, best first, those that are chosen marked; the others say why they were not.

    One after the other the best is chosen by score times unlikeness to those chosen before it; at most `per_family`
    are of one family. If all were of the family most tested, the last of them gives way to the best of another
    family, where there is one. Equals come in the order in which they were put forward.
    """
    ranked = sorted((_enough(one, rules) for one in judged), key=lambda one: -one.score)
    open_ = [one for one in ranked if not one.refused]
    chosen = _best(open_, rules)
    other = next((one for one in open_ if one.family != most_tested and one not in chosen), None)
    if most_tested and chosen and other and all(one.family == most_tested for one in chosen):
        chosen = [*chosen[: rules.most - 1], other]
    marked = [replace(one, chosen=one in chosen) for one in ranked]
    return tuple(sorted(marked, key=lambda one: (not one.chosen, -one.score)))


def _best(ranked: Sequence[Judged], rules: Selection) -> list[Judged]:
    chosen: list[Judged] = []
    while len(chosen) < rules.most:
        families = Counter(one.family for one in chosen)
        left = [one for one in ranked if one not in chosen and families[one.family] < rules.per_family]
        if not left:
            break
        chosen.append(max(left, key=lambda one: one.score * _unlike(one, chosen)))
    return chosen


def _unlike(one: Judged, chosen: Sequence[Judged]) -> float:
    prints = [other.fingerprint for other in chosen if other.fingerprint is not None]
    return 1.0 - max((similarity(one.fingerprint, other) for other in prints if one.fingerprint), default=0.0)


def _enough(one: Judged, rules: Selection) -> Judged:
    if one.refused or one.feasibility is None or one.feasibility.value >= rules.least_feasibility:
        return one
    found = one.feasibility
    parts = {"data": found.data, "activity": found.activity, "cost": found.cost, "record": found.record}
    weakest = min(parts, key=lambda name: parts[name])
    why = f"its feasibility is {found.value:.3f}, below {rules.least_feasibility:g}: {weakest} {parts[weakest]:.2f}"
    return replace(one, refused=why)
