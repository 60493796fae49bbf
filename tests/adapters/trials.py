"""Trials that the tests of the store count: those of one sweep, with random daily returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from quorum.domain import DAY
from quorum.engine.trial import TrialRecord, address, trial_id

INPUTS: Mapping[str, Any] = {
    "strategy": "trend",
    "settings": {},
    "terms": {"fee_bps": 10.0},
    "symbol": "BTCUSDT",
    "data_hash": "d" * 64,
    "code_hash": "c0de",
    "revisions": [3],
    "machine": {"cpu": "any", "features": ["avx2", "fma", "sse4.2"]},
}
FIRST = 19_700 * DAY


def sweep(count: int, days: int = 70, family: str = "trend", **changed: Any) -> list[TrialRecord]:
    """The trials of `count` combinations on the same bars, each with as many days."""
    inputs = {**INPUTS, "strategy": family, **changed}
    common = address(inputs)
    day = FIRST + np.arange(days, dtype=np.int64) * DAY
    draw = np.random.default_rng(count)
    made = []
    for number in range(count):
        parameters = {"fast": 2 + number, "slow": 100.5, "kind": "ema"}
        identity = trial_id(common, parameters)
        returns = draw.normal(scale=0.01, size=days)
        made.append(TrialRecord(identity, family, inputs, parameters, {"sharpe": number / 7}, day, returns))
    return made
