"""Failures and results for tests of mending, made of nothing but numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from quorum.domain import QuorumError
from quorum.engine import TrialRecord
from quorum.validation.ladder import Failed, Passed, Tier, TierResult, Verdict
from quorum.validation.life import Idea
from quorum.validation.repair import Attempt, Case, Failing, Fix, NoResult, Proposal

IDEA = Idea("demo_ma", ("AUSDT",), "1h", "sim", {"fast": 5.0})
SPEC = {
    "name": "dip",
    "parameters": {
        "window": {"default": 20, "low": 2, "high": 200, "search": [10, 20, 40]},
        "entry": {"default": 1.5, "low": 0.1, "high": 5.0},
        "size": {"default": 0.5, "low": 0.05, "high": 1.0},
        "days": {"default": 5, "low": 1, "high": 50},
    },
    "indicators": {"score": "zscore(close, window)"},
    "long": "score < -entry",
    "exit_long": "score > 0",
    "weight": "size",
    "hold": "days",
}


def failed(reason: str = "sharpe_below_threshold", metric: str = "sharpe", value: float | None = 0.1) -> Failed:
    return Failed(reason, metric, value, 0.5, True, f"{metric} is {value}")


def row(metric: str, value: float, threshold: float = 0.5, *, ok: bool = True) -> dict[str, Any]:
    said = {"comparison": ">", "kind": "gate", "outcome": "passed" if ok else "failed", "marginal": False}
    return {"metric": metric, "value": value, "threshold": threshold, "source": "a test", **said}


def result(
    verdict: Verdict | None = None,
    tier: Tier = Tier.L1,
    *,
    sharpe: float = 2.0,
    rows: Sequence[Mapping[str, Any]] | None = None,
    provisional: bool = False,
    days: int = 365,
    trials: int = 3,
) -> TierResult:
    """A result with that Sharpe ratio, its only gate unless other rows are given."""
    verdict = verdict or Passed()
    shown = rows if rows is not None else [row("sharpe", sharpe, ok=isinstance(verdict, Passed))]
    return TierResult(
        tier=tier,
        verdict=verdict,
        metrics={"sharpe": sharpe, "trades": 40.0},
        rows=tuple(shown),
        trials=trials,
        trials_in_family=trials,
        data={
            "symbols": ["AUSDT"],
            "venue": "sim",
            "timeframe": "1h",
            "revisions": [1],
            "first": 0,
            "last": 1,
            "rows": 10,
            "days": days,
            "data_hash": "x",
            "provisional": provisional,
        },
        params={"fast": 5.0},
        code_hash="x",
        seed=0,
        elapsed_seconds=0.1,
        cpu_seconds=0.1,
        daily={"first": 0, "days": list(range(days)), "returns": [0.0] * days, "periods": 365.0},
    )


def failing(tier: str = "L1", verdict: Failed | None = None, idea: Idea = IDEA) -> Failing:
    told = verdict or failed()
    return Failing("STR-001", tier, idea, told, result(told, Tier(tier), sharpe=0.1))


def fix(agent: str = "ml-engineer", number: float = 1.0, action: str = "optimize_params", **more: Any) -> Fix:
    return Fix(agent, action, "because", {"params": {"fast": number}}, trials=4, **more)


class Script:
    """Hands that propose and answer by a script; what they were asked is kept."""

    def __init__(self, proposals: Sequence[Any], answers: Sequence[Any]) -> None:
        self._proposals, self._answers = list(proposals), list(answers)
        self.cases: list[Case] = []
        self.runs: list[tuple[Idea, Mapping[str, Any], float]] = []

    def propose(self, case: Case) -> Proposal:
        self.cases.append(case)
        found = self._proposals.pop(0)
        if isinstance(found, Exception):
            raise found
        told: Proposal = found(case) if callable(found) else found
        return told

    def run(self, idea: Idea, data: Mapping[str, Any], attempt: int, patience: float = 1.0) -> TierResult | NoResult:
        self.runs.append((idea, data, patience))
        answer: TierResult | NoResult = self._answers.pop(0)
        return answer

    def families(self, ideas: Sequence[Idea]) -> Sequence[Sequence[TrialRecord]]:
        return [[trial(i)] for i in range(len(ideas))]


class Notes:
    """A keeper that remembers the order of what it was told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def before(self, number: int, failing: Failing, fix: Fix) -> None:
        self.told.append(("before", number, fix.action))

    def after(self, attempt: Attempt) -> None:
        self.told.append(("after", attempt.number, attempt.outcome.value))


def trial(seed: int, params: Mapping[str, float] | None = None, mean: float = 0.0, days: int = 400) -> TrialRecord:
    """A trial of returns drawn from a seed."""
    returns = np.random.default_rng(seed).normal(mean, 0.01, days)
    day = np.arange(days, dtype=np.int64) * 86_400 * 10**9
    return TrialRecord(f"TRL-{seed}-{mean}", "f", {"code_hash": "x"}, params or {"fast": 5.0}, {}, day, returns)


BROKEN = QuorumError("the fixer broke", "mend it")
