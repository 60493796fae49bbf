"""L1, quick: a year at the given parameters, and what their neighbours come to."""

from __future__ import annotations

from quorum.engine import Trials
from quorum.validation.evidence import diagnose
from quorum.validation.ladder.checks.found import Found, common
from quorum.validation.ladder.checks.liquidity import adv_share
from quorum.validation.ladder.checks.universe import NAN, edge, hold_all, jitters_of, trade_params, try_beside
from quorum.validation.ladder.lot import Lot
from quorum.validation.ladder.tier import Method


def quick(lot: Lot, method: Method, trials: Trials) -> Found:
    """The given parameters are judged; the variants beside them say how far that hangs on their exact values."""
    beside = try_beside(lot, method.terms, trials)
    tested = trade_params(lot, lot.params, method.terms)
    day, hold = hold_all(lot)
    kept = min(b["sharpe"] for b in beside) / tested.sharpe if beside and tested.sharpe > 0 else NAN
    metrics = {**common(lot, tested), **edge(tested), "kept_by_variants": kept, "adv_share": adv_share(tested)}
    facts = tested.facts(hold[day >= lot.start], tuple(jitters_of(lot, lot.params, method.terms)))
    return Found(metrics, lot.params, tested, diagnose(facts), (), {"variants": beside})
