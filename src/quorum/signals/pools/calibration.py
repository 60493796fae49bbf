"""Calibration: how often a source is right when it says how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quorum.domain import UsageError
from quorum.signals.pools.votes import ScoredVote
from quorum.stats import kernel

Floats = NDArray[np.float64]

IDENTITY, LOGISTIC, ISOTONIC = 0, 1, 2
KINDS: Mapping[str, int] = {"identity": IDENTITY, "platt": LOGISTIC, "isotonic": ISOTONIC}
PLATT_FROM, ISOTONIC_FROM = 50, 500
SUREST = 0.99
"""The highest probability that a pool believes; the lowest is 1 - SUREST."""
_PRIOR = 1.0  # how many outcomes' worth of curvature draws a Platt fit to the confidence as it is
_STEPS = 100


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a confidence to the probability that the view comes true; both in 0..1, never falling.

    `identity` takes the confidence as it is. `platt` is 1 / (1 + exp(-(slope logit(c) + intercept))) with x = (slope,)
    and y = (intercept,). `isotonic` goes straight from knot to knot (x, y) and stays level beyond them. `why` says what
    it was learnt from. UsageError for an unknown kind and for numbers that do not fit it.
    """

    kind: str = "identity"
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    why: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"there is no calibration {self.kind!r}", f"there are {', '.join(KINDS)}")
        fits = {"identity": not self.x and not self.y, "platt": len(self.x) == len(self.y) == 1}
        if not fits.get(self.kind, len(self.x) == len(self.y) > 0) or not np.isfinite([*self.x, *self.y]).all():
            raise UsageError(
                f"the numbers {self.x}, {self.y} are no {self.kind} calibration", "give finite knots x and y"
            )
        if not self._rises():
            raise UsageError(
                f"the {self.kind} calibration {self.x}, {self.y} falls", "more confidence is more probable"
            )

    def _rises(self) -> bool:
        if self.kind == "platt":
            return self.x[0] >= 0.0
        steps = np.diff(self.x), np.diff(self.y)
        inside = all(0.0 <= v <= 1.0 for v in self.y)
        return inside and bool((steps[0] > 0.0).all() and (steps[1] >= 0.0).all())

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Calibration:
        """The calibration whose plain form is `values`."""
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**given)

    def apply(self, confidences: Floats) -> Floats:
        """The probabilities of confidences, shapes (n,)."""
        answer, knots = np.empty(len(confidences)), (np.array(self.x, np.float64), np.array(self.y, np.float64))
        _apply(KINDS[self.kind], *knots, np.ascontiguousarray(confidences, np.float64), answer)
        return answer

    def believed(self, confidences: Floats) -> Floats:
        """What a pool makes of them, within 0.5..SUREST: a view that is mostly wrong weighs nothing, and never turns.

        Shapes (n,).
        """
        return np.clip(self.apply(confidences), 0.5, SUREST)


AS_STATED = Calibration()


@kernel
def _calibrated(kind: int, x: Floats, y: Floats, confidence: float) -> float:
    """One confidence on a curve; a level end belongs to each side of the knots."""
    if kind == IDENTITY:
        return confidence
    if kind == LOGISTIC:
        inside = min(SUREST, max(1.0 - SUREST, confidence))
        return float(1.0 / (1.0 + math.exp(-x[0] * math.log(inside / (1.0 - inside)) - y[0])))
    answer = y[0] if confidence < x[0] else y[-1]
    for j in range(1, len(x)):
        if x[j - 1] <= confidence < x[j]:
            answer = y[j - 1] + (confidence - x[j - 1]) / (x[j] - x[j - 1]) * (y[j] - y[j - 1])
    return float(answer)


@kernel
def _apply(kind: int, x: Floats, y: Floats, confidences: Floats, answer: Floats) -> None:
    for i in range(len(confidences)):
        answer[i] = _calibrated(kind, x, y, confidences[i])


def calibrate(confidences: Floats, outcomes: Floats) -> Calibration:
    """Learn from confidences and what became of them (1 or 0), shapes (n,).

    Isotonic from 500 outcomes, Platt from 50, before that the confidence as it is: `why` says which.
    """
    n = len(confidences)
    if n < PLATT_FROM:
        return Calibration(why=f"{n} outcomes, {PLATT_FROM} are needed: the confidence is taken as it is")
    if n < ISOTONIC_FROM:
        return platt(confidences, outcomes)
    return isotonic(confidences, outcomes)


def isotonic(confidences: Floats, outcomes: Floats) -> Calibration:
    """The rising curve of least squares (pool adjacent violators; Zadrozny and Elkan 2002)."""
    from scipy.optimize import isotonic_regression

    x, where = np.unique(confidences, return_inverse=True)
    times = np.bincount(where).astype(np.float64)
    fit = isotonic_regression(np.bincount(where, weights=outcomes) / times, weights=times).x
    turns = np.ones(len(x), np.bool_)
    turns[1:-1] = (fit[1:-1] != fit[:-2]) | (fit[1:-1] != fit[2:])
    why = f"isotonic over {len(confidences)} outcomes"
    return Calibration("isotonic", tuple(x[turns].tolist()), tuple(np.clip(fit[turns], 0.0, 1.0).tolist()), why)


def platt(confidences: Floats, outcomes: Floats) -> Calibration:
    """The logistic curve of most likelihood over the log odds of the confidences, with Platt's targets (Platt 1999).

    It is drawn to the confidence as it is by a prior of one outcome; a source that is the more wrong the surer it is
    gets a level curve.
    """
    inside = np.clip(confidences, 1.0 - SUREST, SUREST)
    x, hits = np.log(inside / (1.0 - inside)), float(outcomes.sum())
    n = len(outcomes)
    target = np.where(outcomes > 0.5, (hits + 1.0) / (hits + 2.0), 1.0 / (n - hits + 2.0))
    slope, intercept = _most_likely(x, target)
    if slope < 0.0:
        rate = float(target.mean())
        slope, intercept = 0.0, math.log(rate / (1.0 - rate))
    return Calibration("platt", (slope,), (intercept,), f"Platt over {n} outcomes")


def _most_likely(x: Floats, target: Floats) -> tuple[float, float]:
    """Newton's steps; the prior keeps the curvature above 0, so that each is defined."""
    at = np.array([1.0, 0.0])
    columns = np.column_stack([x, np.ones_like(x)])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-columns @ at))
        slope = columns.T @ (p - target) + _PRIOR * 0.25 * (at - [1.0, 0.0])
        bend = (columns * (p * (1.0 - p))[:, None]).T @ columns + _PRIOR * 0.25 * np.eye(2)
        step = np.linalg.solve(bend, slope)
        at = at - step * min(1.0, 2.0 / float(np.abs(step).max() + 1e-300))
        if float(np.abs(step).max()) < 1e-12:
            break
    return float(at[0]), float(at[1])


def calibrations(scored: Sequence[ScoredVote], at: int) -> dict[str, Calibration]:
    """One calibration a source, from the outcomes that were resolved at `at` (ns UTC)."""
    known: dict[str, list[ScoredVote]] = {}
    for vote in scored:
        if vote.resolved_at <= at:
            known.setdefault(vote.source, []).append(vote)
    return {name: calibrate(*_columns(votes)) for name, votes in sorted(known.items())}


def walk_forward(scored: Sequence[ScoredVote]) -> Floats:
    """Each vote's calibrated probability, shape (n,), from the outcomes of its source resolved by its time.

    A source is learnt anew when its known outcomes have grown by a tenth, at least by one.
    """
    answer = np.empty(len(scored))
    for name in {vote.source for vote in scored}:
        mine = sorted((i for i, v in enumerate(scored) if v.source == name), key=lambda i: (scored[i].time, i))
        resolved = sorted(mine, key=lambda i: (scored[i].resolved_at, scored[i].time, i))
        known, learnt, curve = 0, 0, AS_STATED
        for i in mine:
            while known < len(resolved) and scored[resolved[known]].resolved_at <= scored[i].time:
                known += 1
            if known >= PLATT_FROM and known > learnt + learnt // 10:
                curve, learnt = calibrate(*_columns([scored[j] for j in resolved[:known]])), known
            answer[i] = curve.apply(np.array([scored[i].probability]))[0]
    return answer


def _columns(votes: Sequence[ScoredVote]) -> tuple[Floats, Floats]:
    return np.array([v.probability for v in votes]), np.array([float(v.outcome) for v in votes])
