"""Processes that propose at once on a book near its limits: no breach, no bypass, and a ledger that balances."""

from __future__ import annotations

import pytest

from quorum.surfaces.bench.execution.crowd import PROCESSES, PROPOSALS, crowd


@pytest.mark.parametrize(
    ("processes", "proposals"),
    [pytest.param(3, 90), pytest.param(PROCESSES, PROPOSALS, marks=pytest.mark.slow)],
)
def test_no_limit_is_exceeded_and_no_veto_bypassed(processes: int, proposals: int) -> None:
    found = {measure.key: measure.value for measure in crowd(processes, proposals, apart=processes == PROCESSES)}
    assert {key: found[key] for key in ("crowd_breaches", "crowd_bypasses", "crowd_faults")} == {
        "crowd_breaches": 0,
        "crowd_bypasses": 0,
        "crowd_faults": 0,
    }
