"""Walking a strategy forward, and how still the parameters that it chose hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from quorum.desk.desk import Desk
from quorum.desk.work.asked import Subject, answer_of, given, source, subject_again, subject_of, terms_of
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.proof.windows import Plan, plan_of, windows_of
from quorum.domain import DataError, UsageError, iso, plain
from quorum.engine import Sweep, Terms, fitting, grid, sweep
from quorum.stats import Axis, Stability
from quorum.stats import parameter_stability as stability_of
from quorum.validation import Inconclusive, WalkForwardResult, refuse_foresight
from quorum.validation import walk_forward as walk
from quorum.validation.walkforward import grid_of

NAN = float("nan")


class Walked(NamedTuple):
    """A sweep, the walk over it, and how many combinations the strategy did not take."""

    tried: Sweep
    forward: WalkForwardResult
    left_out: int


def walk_forward(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The strategy's combinations swept, chosen window by window and traded on the days that followed.

    Combinations are those of the strategy's own search values, or of `values`; each is a trial of its family. Ratios
    are annualised, of daily returns; `around` are the ratios of the chosen combination's neighbours in training. On
    the bars of `windows` where an earlier task cut them. DataError when the days are too few, InvalidSignal for a
    strategy from outside that looks ahead.
    """
    windows = given(assignment, "windows")
    subject = subject_of(desk, assignment) if windows is None else subject_again(desk, assignment, windows["source"])
    plan, terms = plan_of(assignment), terms_of(assignment)
    windows_of(subject.bars, plan.windows)
    walked = walked_on(desk, subject, plan, terms)
    choices = walked.forward.walk.choices
    found = grid_of([*walked.tried.combinations, *(choice.parameters for choice in choices)])
    summary = walked.forward.summary()
    parts = zip(summary.pop("windows"), choices, strict=True)
    return {
        **summary,
        "as_of": iso(assignment.as_of),
        "source": source(subject),
        "terms": plain(terms),
        "values": plan.values,
        "left_out": walked.left_out,
        "axes": {name: plain(axis) for name, axis in zip(found.names, found.axes, strict=True)},
        "windows": [{**told, "around": plain(choice.around.tolist())} for told, choice in parts],
    }


def walked_on(desk: Desk, subject: Subject, plan: Plan, terms: Terms) -> Walked:
    """Sweep the plan's combinations, those that are recorded already without running them again, and walk them."""
    strategy, bars = subject
    refuse_foresight(strategy, bars, {})
    combinations, left_out = fitting(bars, strategy, grid(strategy, plan.values))
    if not combinations:
        raise UsageError(
            f"{strategy.name} takes none of {left_out} combinations on {len(bars)} bars of {bars.symbol}",
            "import more history, or give other values",
        )
    tried = sweep(bars, strategy, combinations, terms, desk.trials)
    forward = walk(tried, strategy, plan.windows, plan.rule)
    if isinstance(forward, Inconclusive):
        raise DataError(str(forward), "import more history, or ask for fewer or shorter windows")
    return Walked(tried, forward, left_out)


def parameter_stability(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """How still the chosen parameters hold from window to window, and how flat the ground around them is.

    `parameter_stability` is sqrt(drift x plateau), 1 for frozen parameters on a plateau, 0 for choices at random or
    peaks; each parameter's `drift` is 1 where it never moved. Null when no window has a neighbour, or there is only
    one window. From the answer `optimisation` alone.
    """
    walked = answer_of(assignment, "optimisation")
    windows: Sequence[Mapping[str, Any]] = walked["windows"]
    axes = {name: Axis(**axis) for name, axis in walked["axes"].items()}
    found = _stability(windows, axes)
    drifts = dict(zip(axes, found.drifts, strict=True)) if found.drifts else {}
    return {
        "strategy": walked["strategy"],
        "as_of": walked["as_of"],
        "parameter_stability": plain(found.score),
        "drift": plain(found.drift),
        "plateau": plain(found.plateau),
        "windows": len(windows),
        "parameters": {name: _told(windows, name, drifts.get(name, NAN)) for name in axes},
    }


def _stability(windows: Sequence[Mapping[str, Any]], axes: Mapping[str, Axis]) -> Stability:
    if len(windows) < 2:
        return Stability(NAN, NAN, NAN, ())
    chosen = np.array([[float(w["parameters"][name]) for name in axes] for w in windows]).reshape(len(windows), -1)
    widest = max(len(w["around"]) for w in windows)
    metrics = np.full((len(windows), 1 + widest), NAN)
    for i, window in enumerate(windows):
        ratios = (window["train_sharpe"], *window["around"])
        metrics[i, : len(ratios)] = [NAN if ratio is None else ratio for ratio in ratios]
    return stability_of(chosen, list(axes.values()), metrics)


def _told(windows: Sequence[Mapping[str, Any]], name: str, drift: float) -> dict[str, Any]:
    chosen = [window["parameters"][name] for window in windows]
    value, count = Counter(chosen).most_common(1)[0]
    return {"drift": plain(drift), "chosen": chosen, "most_frequent": value, "share": count / len(chosen)}
