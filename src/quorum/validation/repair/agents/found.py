"""What an agent found, as a proposal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quorum.domain import plain
from quorum.signals import AnyStrategy, Number
from quorum.validation.repair.case import Case
from quorum.validation.repair.fix import Change, Fix, Nothing
from quorum.validation.repair.ground import Combination, Ground, given_of

AROUND = (0.35, 0.5, 0.7, 1.4, 2.0, 2.8)


def nothing(case: Case, why: str, trials: int = 0) -> Nothing:
    """The agent has nothing to propose."""
    return Nothing(case.agent, why, trials)


def reparameterised(
    case: Case, where: Ground | AnyStrategy, params: Combination, said: tuple[str, str]
) -> Fix | Nothing:
    """The fix that gives the strategy these parameters; `said` are the action and its reasoning.

    A spec's parameter that leaves the values that a sweep of it searches gets others around where it stands now.
    """
    strategy = where.strategy if isinstance(where, Ground) else where
    trials = where.trials.added if isinstance(where, Ground) else 0
    action, why = said
    before = given_of(strategy, case.idea.params)
    moved = {name: value for name, value in params.items() if value != before[name]}
    if not moved:
        return nothing(case, "the parameters that it has are the best", trials)
    changes = [Change(f"params.{name}", before[name], value) for name, value in moved.items()]
    parts: dict[str, Any] = {"params": plain(dict(params))}
    searched = dict(_searched(strategy, moved)) if isinstance(case.idea.strategy, Mapping) else {}
    if searched:
        parts["strategy"] = _with_search(case.idea.strategy, searched)
        changes += [Change(f"strategy.parameters.{n}.search", list(old), new) for n, (old, new) in searched.items()]
    return Fix(case.agent, action, why, parts, {}, tuple(changes), trials)


def _searched(
    strategy: AnyStrategy, moved: Combination
) -> Iterator[tuple[str, tuple[tuple[Number, ...], list[Number]]]]:
    """The parameters that have left their search values: those, and new ones around where they stand."""
    for p in strategy.parameters:
        value = moved.get(p.name)
        if value is None or not p.search or p.search[0] <= value <= p.search[-1]:
            continue
        around = {min(max(value * factor, p.low), p.high) for factor in AROUND}
        whole = isinstance(p.default, int)
        values = sorted({*(round(v) if whole else float(f"{v:.4g}") for v in around), value})
        yield p.name, (p.search, values)


def _with_search(spec: Any, searched: Mapping[str, tuple[object, list[Number]]]) -> dict[str, Any]:
    parameters = {name: dict(form) for name, form in spec["parameters"].items()}
    for name, (_, values) in searched.items():
        parameters[name]["search"] = values
    return {**spec, "parameters": parameters}
