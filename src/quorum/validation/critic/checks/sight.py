"""Too good to be true: does it see the future, and does it live on free trades and instant fills?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from quorum.domain import DataError
from quorum.engine import JUDGING_ROOMS, code_hash
from quorum.signals import guard
from quorum.validation.critic.answers import Evidence
from quorum.validation.critic.case import Case, Depth
from quorum.validation.evidence.stress import doubled
from quorum.validation.ladder.checks.universe import charged
from quorum.validation.lookahead import Clean, Effort, Examination, Leaks, examine, markets_for
from quorum.validation.lookahead.verdict import Check

MOST_BARS = 3_000
SMALL_SHARPE = 0.5
KEPT_LATE = 1 / 3
SAME = 1e-9


def reproduced(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """The same choices on the same bars earn the same, day for day; open where bars or code are others by now."""
    daily = case.result.daily
    told = np.array([] if daily is None else daily["returns"], dtype=float)
    found = np.nan_to_num(case.tested.returns, nan=0.0)
    same = len(told) == len(found) > 0
    apart = float(np.abs(told - found).max()) if same else float(abs(len(told) - len(found)))
    said = f"{len(found)} days traded again, {len(told)} were told: the largest difference of a day's return"
    others = _others(case) if apart > SAME else ""
    return (Evidence("difference_when_repeated", apart, "<=", SAME, f"{said}{others}", close=bool(others)),)


def _others(case: Case) -> str:
    """What is not as it was when the result was made."""
    if case.lot.data()["data_hash"] != case.result.data["data_hash"]:
        return "; the bars are others now, run the tier again"
    changed = case.result.code_hash != code_hash(JUDGING_ROOMS)
    return "; the code is another now, run the tier again" if changed else ""


def too_good(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """The look-ahead examination with all its effort, twice the costs, and every target a bar late."""
    tested = case.tested
    late = tested.instead([s.delayed().trade(tested.terms) for s in tested.stitched])
    kept = late.sharpe / tested.sharpe if tested.sharpe > 0 else float("nan")
    said = f"Sharpe {late.sharpe:.2f} where every target comes a bar late, {tested.sharpe:.2f} in time"
    return (
        *_examined(case, depth),
        *_at_twice_costs(case),
        Evidence("kept_a_bar_late", kept, ">=", KEPT_LATE, said),
    )


def fills(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """The same choices filled elsewhere in the next bar; what bars do not tell is left open."""
    found = []
    for fill in ("next_close", "next_vwap"):
        try:
            value = case.tested.again(replace(case.tested.terms, fill=fill)).sharpe
        except DataError:
            continue
        detail = f"Sharpe ratio filled at {fill}, {case.tested.sharpe:.2f} at {case.tested.terms.fill}"
        found.append(Evidence(f"sharpe_at_{fill}", value, ">=", SMALL_SHARPE, detail))
    return tuple(found)


def _at_twice_costs(case: Case) -> tuple[Evidence, ...]:
    terms = case.tested.terms
    if not charged(terms):
        return (Evidence("sharpe_at_twice_costs", float("nan"), ">=", SMALL_SHARPE, "it was tested without costs"),)
    value = case.tested.again(doubled(terms)).sharpe
    return (Evidence("sharpe_at_twice_costs", value, ">=", SMALL_SHARPE, "Sharpe ratio at twice every cost"),)


def _examined(case: Case, depth: Depth) -> tuple[Evidence, ...]:
    """Leaks, flaws, and whether the time was enough; on the newest of its own bars and on made-up markets."""
    strategy, params = guard(case.lot.strategy), dict(case.params)
    own = [market.slice(max(0, len(market) - MOST_BARS), len(market)) for market in case.lot.markets[:1]]
    made = markets_for(strategy, params, case.seed)
    effort = Effort(seconds=depth.seconds)
    try:
        found = examine(strategy, [*own, *made], params, case.seed, effort)
    except DataError:
        found = examine(strategy, made, params, case.seed, effort)
    return _told(found)


def _told(found: Examination) -> tuple[Evidence, ...]:
    verdict = found.verdict
    leaks = verdict.leaks if isinstance(verdict, Leaks) else ()
    flaws = () if isinstance(verdict, Clean) else verdict.flaws
    slow = any(flaw.check is Check.TRUNCATION for flaw in flaws)
    own = [flaw for flaw in flaws if flaw.check not in (Check.TRUNCATION, Check.BACKTEST)]
    seen = ", ".join(found.markets)
    counted = ", ".join(f"{count} of {check}" for check, count in found.runs.items())
    return (
        Evidence("leaks", float(len(leaks)), "<=", 0, str(leaks[0]) if leaks else f"none on {seen}: {counted}"),
        Evidence("flaws", float(len(own)), "<=", 0, str(own[0]) if own else "none"),
        Evidence("examined", float(not slow), ">=", 1, "enough cuts were compared in the time", close=slow),
    )
