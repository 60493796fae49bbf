"""A result is read back as it was told, and refused at the first place that is not as it should be."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from quorum.domain import DataError
from quorum.validation.ladder import Failed, Inconclusive, Passed, Tier, TierResult, Verdict

ROW = {
    "metric": "sharpe",
    "value": 0.4,
    "comparison": ">",
    "threshold": 0.5,
    "kind": "gate",
    "outcome": "failed",
    "marginal": False,
    "source": "pipeline tiers",
}
SHORT = Failed("sharpe_below_threshold", "sharpe", 0.4, 0.5, True, "sharpe is 0.4, above 0.5 is asked for", True)


def result(verdict: Verdict = SHORT) -> TierResult:
    return TierResult(
        tier=Tier.L1,
        verdict=verdict,
        metrics={"sharpe": 0.4, "win_rate": None},
        rows=(ROW,),
        trials=3,
        trials_in_family=7,
        data={
            "symbols": ["BTCUSDT"],
            "venue": "binance",
            "timeframe": "1h",
            "revisions": [1],
            "first": 1,
            "last": 2,
            "rows": 2,
            "days": 1,
            "data_hash": "ab",
            "provisional": False,
        },
        params={"fast": 20, "threshold": 0.5},
        code_hash="cd",
        seed=0,
        elapsed_seconds=1.5,
        cpu_seconds=1.0,
        critic=("sharpe",),
        warnings=("thin",),
        diagnostics=({"name": "too_good_to_be_true"},),
        daily={"first": 0, "days": [0, 1, 4], "returns": [0.0, 0.1, -0.1], "periods": 365.0},
    )


@pytest.mark.parametrize("verdict", [Passed(), SHORT, Inconclusive("days", 1008, 400)])
def test_a_result_survives_being_told(verdict: Verdict) -> None:
    told = json.loads(json.dumps(result(verdict).told()))
    assert TierResult.read(told) == result(verdict)
    assert TierResult.read(told).told() == told


SPOILT: list[tuple[str, Any, str]] = [
    ("schema", 2, "result.schema is 2"),
    ("schema", True, "result.schema is True"),
    ("tier", "L7", "result.tier is 'L7'"),
    ("verdict", "passed", "result.verdict is 'passed'"),
    ("verdict.verdict", "fine", "result.verdict.verdict is 'fine'"),
    ("verdict.reason", None, "result.verdict.reason is None"),
    ("verdict.retryable", 1, "result.verdict.retryable is 1"),
    ("verdict.more", 1, "result.verdict.more is 1"),
    ("metrics.sharpe", "0.4", "result.metrics.sharpe is '0.4'"),
    ("metrics.sharpe", float("nan"), "result.metrics.sharpe is nan"),
    ("metrics", [], "result.metrics is []"),
    ("rows.0.threshold", None, "result.rows[0].threshold is None"),
    ("rows", {}, "result.rows is {}"),
    ("trials", -1, "result.trials is -1"),
    ("trials", 1.0, "result.trials is 1.0"),
    ("data.symbols", "BTCUSDT", "result.data.symbols is 'BTCUSDT'"),
    ("data.provisional", None, "result.data.provisional is None"),
    ("params.fast", "20", "result.params.fast is '20'"),
    ("code_hash", 5, "result.code_hash is 5"),
    ("critic", [1], "result.critic[0] is 1"),
    ("daily.returns", [0.0], "result.daily.returns is [0.0]"),
    ("daily.returns", [0.0, None, 0.0], "result.daily.returns[1] is None"),
    ("daily.days", [-1], "result.daily.days[0] is -1"),
    ("more", 1, "result.more is 1"),
]


@pytest.mark.parametrize(("place", "value", "said"), SPOILT, ids=[f"{p}={v!r}" for p, v, _ in SPOILT])
def test_the_first_wrong_place_is_named(place: str, value: Any, said: str) -> None:
    told: Any = copy.deepcopy(result().told())
    *way, last = place.split(".")
    node: Any = told
    for step in way:
        node = node[int(step)] if step.isdigit() else node[step]
    node[last] = value
    with pytest.raises(DataError, match="run it again") as refused:
        TierResult.read(told)
    assert refused.value.found.startswith(said)


@pytest.mark.parametrize("field", sorted(result().told()))
def test_nothing_may_be_missing(field: str) -> None:
    told = result().told()
    del told[field]
    with pytest.raises(DataError, match=f"result has no '{field}'"):
        TierResult.read(told)


@pytest.mark.parametrize("value", [None, [], "passed", 3])
def test_what_is_no_result_is_refused(value: Any) -> None:
    with pytest.raises(DataError, match="not keys with values"):
        TierResult.read(value)
