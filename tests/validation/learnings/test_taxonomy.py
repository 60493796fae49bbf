"""The taxonomy counts failures by the six roots."""

from __future__ import annotations

from quorum.domain import DAY
from quorum.validation.ladder.reasons import Root
from quorum.validation.learnings import Failure, taxonomy


def test_every_root_is_told_and_the_newest_first() -> None:
    rows = [
        Failure("STR-001", DAY, "L1", Root.COST_STRUCTURE, "signal_frequency_high", "trades", "too many"),
        Failure("STR-002", 2 * DAY, "L2", Root.COST_STRUCTURE, "sharpe_below_threshold"),
        Failure("STR-003", 0, "L1", Root.CONCEPTUAL_FLAW, "fundamental_strategy_flaw"),
    ]
    told = taxonomy([Failure.read(row.told()) for row in rows], newest=1)
    assert list(told["roots"]) == [root.value for root in Root]
    assert told["total"] == 3
    costs = told["roots"]["cost_structure"]
    assert costs["count"] == 2
    assert costs["reasons"] == {"sharpe_below_threshold": 1, "signal_frequency_high": 1}
    assert costs["tiers"] == {"L1": 1, "L2": 1}
    assert [row["strategy_id"] for row in costs["newest"]] == ["STR-002"]
    assert told["roots"]["regime_nonstationarity"] == {"count": 0, "reasons": {}, "tiers": {}, "newest": []}
