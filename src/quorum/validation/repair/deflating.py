"""Whether a pass was bought by trying: what the best of as many looks at the same days would show by luck."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from quorum.engine import TrialRecord
from quorum.stats import deflated_sharpe, luckiest_sharpe, track_record
from quorum.stats.performance import sharpe
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.verdict import Failed, Passed

REASON = "bought_by_trying"
DEFLATED = "deflated_sharpe"
_RATIOS = ("sharpe", "oos_sharpe")


def bought(result: TierResult, looks: int, families: Sequence[Sequence[TrialRecord]] = ()) -> Failed | None:
    """The failure that a pass is after all, or None for one that stands.

    `looks` are the times that this tier looked at these days, the first failure among them. A tier that deflates
    has weighed its family by itself; `families` are those of all ideas that the fixes made of this strategy, where
    there is more than one. Elsewhere the Sharpe ratio has to meet its own gate when what the luckiest of as many
    looks without skill shows is taken off it.
    """
    gate = _gate(result, DEFLATED)
    if gate is not None:
        return _over_all(result, float(gate["threshold"]), families) if len(families) > 1 else None
    return _less_luck(result, looks)


def only_deflated(result: TierResult) -> Failed | None:
    """The failure of a check whose only gate that does not hold is the deflated Sharpe ratio; None for any other."""
    if isinstance(result.verdict, Passed):
        return None
    short = [row for row in result.rows if row["kind"] == "gate" and row["outcome"] == "failed"]
    if len(short) != 1 or short[0]["metric"] != DEFLATED:
        return None
    value, threshold = short[0]["value"], float(short[0]["threshold"])
    return _failed(DEFLATED, value, threshold, f"over {result.trials_in_family} trials")


def _less_luck(result: TierResult, looks: int) -> Failed | None:
    daily = result.daily
    if looks < 2 or daily is None or len(daily["returns"]) < 3:
        return None
    row = next((found for name in _RATIOS if (found := _gate(result, name)) is not None), None)
    if row is None or row["value"] is None:
        return None
    name, asked = str(row["metric"]), float(row["threshold"])
    n, periods = len(daily["returns"]), float(daily["periods"])
    luck = luckiest_sharpe(looks, (n - 1) ** -0.5) * math.sqrt(periods)
    left = float(row["value"]) - luck
    if left > asked:
        return None
    said = f"{row['value']:.2f} in {looks} looks at the same {n} days, of which {luck:.2f} is luck"
    return _failed(name, left, asked, said)


def _over_all(result: TierResult, threshold: float, families: Sequence[Sequence[TrialRecord]]) -> Failed | None:
    """The deflated Sharpe ratio of the parameters that the tier chose, over the trials of all families."""
    chosen = [t for t in families[-1] if dict(t.parameters) == dict(result.params) and len(t.returns) > 3]
    if not chosen:
        return None
    selected = max(chosen, key=lambda trial: len(trial.returns))
    trials = {trial.trial_id: trial for family in families for trial in family}
    ratios = np.array([sharpe(np.nan_to_num(t.returns, nan=0.0), 1.0) for t in trials.values()])
    value = deflated_sharpe(track_record(np.nan_to_num(selected.returns, nan=0.0)), ratios, len(trials))
    if value >= threshold:
        return None
    return _failed(DEFLATED, value, threshold, f"over {len(trials)} trials of {len(families)} rules")


def _gate(result: TierResult, metric: str) -> dict[str, Any] | None:
    floors = (row for row in result.rows if row["kind"] == "gate" and row["comparison"] in (">", ">="))
    return next((dict(row) for row in floors if row["metric"] == metric), None)


def _failed(metric: str, value: float | None, threshold: float, said: str) -> Failed:
    shown = "unknown" if value is None else f"{value:.2f}"
    why = f"only trying bought the pass: {metric} is {shown} ({said}), {threshold:g} is asked for"
    return Failed(REASON, metric, value, threshold, False, why)
