"""Marginal: a gate was missed by little; do the days before the span, which nothing was chosen by, speak for it?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from quorum.stats import profit_factor
from quorum.stats.performance import sharpe
from quorum.validation.critic.answers import Evidence
from quorum.validation.critic.case import Case, Depth
from quorum.validation.ladder.checks import Tested


def nearly(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """Every gate that was missed, once more over the days before the span and the tested ones together.

    The first round only names them; where there are no such days, they stay missed.
    """
    return tuple(_again(case, row, depth) for row in missed(case))


def missed(case: Case) -> list[Mapping[str, Any]]:
    """The rows of the gates that did not hold."""
    return [row for row in case.result.rows if row["kind"] == "gate" and row["outcome"] == "failed"]


def _again(case: Case, row: Mapping[str, Any], depth: Depth) -> Evidence:
    metric, older = row["metric"], case.older
    found = Evidence(
        metric,
        math.nan if row["value"] is None else row["value"],
        row["comparison"],
        row["threshold"],
        "missed by little in the tier",
        close=depth.number == 1,
    )
    if depth.number == 1:
        return found
    if older is None:
        return replace(found, detail="there are no days before the span to hear")
    pooled = _pooled(metric, older, case.tested)
    if math.isnan(pooled):
        return replace(found, detail="cannot be worked out on the days before the span")
    return replace(found, value=pooled, detail=f"with {len(older.returns)} days before the span")


def _pooled(metric: str, older: Tested, tested: Tested) -> float:
    returns = np.concatenate([older.returns, tested.returns])
    if metric in ("sharpe", "oos_sharpe"):
        return sharpe(returns, tested.periods)
    if metric == "max_drawdown":
        return -min(older.trading.max_drawdown, tested.trading.max_drawdown)
    if metric == "trades":
        return float(older.trading.trades + tested.trading.trades)
    if metric == "profit_factor":
        return profit_factor(np.concatenate([older.profits, tested.profits]))
    return math.nan
