"""Does it matter how much past the strategy was given, beyond the warm-up that it declares?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.validation.lookahead.answers import Answers, Difference, Subject, differences, far_apart
from quorum.validation.lookahead.causal import answered
from quorum.validation.lookahead.effort import Ledger
from quorum.validation.lookahead.verdict import Check, Finding

_LEAST_AFTER = 30


class Disagreement(NamedTuple):
    """A run that began late and differs: what and where first, how many bars in all until it agrees for good, and
    whether two positions of one side differ in size or exit, as filters that have not settled do.
    """

    found: Difference
    begun: int
    needed: int
    unsettled: bool


def start_late(subjects: Sequence[Subject], answers: Mapping[str, Answers], ledger: Ledger, seed: int) -> None:
    """Begin with the warm-up's bars before an entry: from the entry on, every row has to be as in the whole run.

    A strategy that agrees only with more bars has declared too few: a flaw when that happens at most entries or in
    sizes and exits, else a suspicion. One that never agrees remembers its first bar: a suspicion.
    """
    found = []
    for subject in subjects:
        full = answers[subject.market]
        _act_early(subject, full, ledger)
        tried, late = _begin_late(subject, full, subject.warmup, ledger, seed)
        ledger.runs[Check.WARMUP] += tried
        if late:
            found.append((subject, tried, late, _settled(subject, full, late, ledger, seed)))
    forgets = all(settled is not None for _, _, _, settled in found)
    often = 2 * sum(len(late) for _, _, late, _ in found) > sum(tried for _, tried, _, _ in found)
    unsettled = any(d.unsettled for _, _, late, _ in found for d in late)
    for subject, tried, late, settled in found:
        finding = _finding(subject, (tried, late), settled if forgets else None)
        (ledger.flaw if forgets and (often or unsettled) else ledger.suspect)(finding)


def _begin_late(
    subject: Subject, full: Answers, bars: int, ledger: Ledger, seed: int
) -> tuple[int, list[Disagreement]]:
    """How many runs began so many bars before an entry, and those that disagree."""
    late: list[Disagreement] = []
    tried = 0
    chosen = np.random.default_rng(seed).permutation(_entries(subject, full, bars))[: ledger.effort.starts]
    for row in chosen.tolist():
        if ledger.left() <= 0:
            break
        begin = row - bars + 1
        part = answered(subject, subject.data.slice(begin, len(subject.data)), ledger, f"beginning at row {begin}")
        if part is None:
            break
        tried += 1
        if (found := _disagreement(full, part, begin, bars)) is not None:
            late.append(found)
    return tried, late


def _settled(subject: Subject, full: Answers, late: Sequence[Disagreement], ledger: Ledger, seed: int) -> int | None:
    """A number of bars before an entry with which every run agrees; None when a third of the market is too little."""
    bars = max(d.needed for d in late)
    while bars < len(full) / 3:
        tried, still = _begin_late(subject, full, bars, ledger, seed + 1)
        if tried and not still:
            return bars
        bars = max(2 * bars, *(d.needed for d in still)) if still else 2 * bars
    return None


def _act_early(subject: Subject, full: Answers, ledger: Ledger) -> None:
    rows = np.flatnonzero(full.weights()[: subject.warmup - 1].any(axis=1))
    if len(rows):
        row = int(rows[0])
        detail = f"it wants something before it has seen the {subject.warmup} bars of its warm-up"
        column = next(n for n, c in full.columns.items() if "weight" in n and c[row] not in (0.0,))
        ledger.flaw(subject.finding(Check.WARMUP, detail, column, row))


def _entries(subject: Subject, full: Answers, bars: int) -> NDArray[np.int64]:
    """Rows on which something is wanted after nothing was, or, where there are few, any change; none too late."""
    changes = full.changes()
    changes = changes[(changes >= max(bars, subject.warmup)) & (changes < len(full) - _LEAST_AFTER)]
    wanted = np.flatnonzero(full.weights().any(axis=1))
    entries = changes[~np.isin(changes - 1, wanted)]
    return entries if len(entries) >= 3 else changes


def _disagreement(full: Answers, part: Answers, begin: int, warmup: int) -> Disagreement | None:
    first = begin + warmup - 1
    cut = Answers({name: column[first:] for name, column in full.columns.items()})
    late = Answers({name: column[warmup - 1 :] for name, column in part.columns.items()})
    found = differences(cut, late, len(cut))
    if not found:
        return None
    apart = np.zeros(len(cut), np.bool_)
    unsettled = False
    for column in cut.columns:
        a, b = cut.columns[column], late.columns[column]
        here = far_apart(a, b)
        apart |= here
        both = np.flatnonzero(here & np.isfinite(a) & np.isfinite(b) & (a * b > 0))
        unsettled |= bool((np.abs(a[both] - b[both]) < 0.2 * np.abs(a[both])).any())
    worst = min(found, key=lambda f: f.row)
    needed = warmup + int(np.flatnonzero(apart)[-1]) + 1
    return Disagreement(worst._replace(row=worst.row + first), begin, needed, unsettled)


def _finding(subject: Subject, runs: tuple[int, Sequence[Disagreement]], settled: int | None) -> Finding:
    tried, late = runs
    one = min(late, key=lambda d: d.found.row)
    found = one.found
    detail = (
        f"is {found.one:g}, and {found.other:g} when the bars begin at row {one.begun}; so at {len(late)} of {tried} "
        f"starts that had the declared warm-up of {subject.warmup} bars; "
    )
    detail += "it does not forget its first bar" if settled is None else f"with {settled} bars it agrees"
    return subject.finding(Check.WARMUP, detail, found.column, found.row)
