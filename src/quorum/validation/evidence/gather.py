"""Gathering: everything about a strategy that was swept and walked forward, from its bars and its family's trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from quorum.domain import UsageError, plain
from quorum.engine import Backtest, Sweep, Trials
from quorum.stats import false_discoveries, profit_factor, win_rate
from quorum.validation.evidence.capacity import Capacity, capacity
from quorum.validation.evidence.chance import USUAL, Draws
from quorum.validation.evidence.diagnostics import Diagnostic, diagnose
from quorum.validation.evidence.facts import facts_of
from quorum.validation.evidence.market import hold_returns, regimes_of
from quorum.validation.evidence.record import Family, Record, TradingRecord, family_of
from quorum.validation.evidence.stress import stress
from quorum.validation.evidence.value import Evidence
from quorum.validation.evidence.weigh import weigh
from quorum.validation.walkforward.candidates import Ints, span_sharpes
from quorum.validation.walkforward.forward import WalkForwardResult


@dataclass(frozen=True, slots=True, eq=False)
class Dossier:
    """The evidence of a strategy, how much capital it can carry, and what its backtest out of sample is asked."""

    evidence: Evidence
    capacity: Capacity
    diagnostics: tuple[Diagnostic, ...]

    def told(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "selected": plain(dict(self.evidence.selected)),
            "evidence": self.evidence.rows(),
            "capacity": self.capacity.told(),
            "diagnostics": [d.told() for d in self.diagnostics],
            "regimes": [{**plain(r), "regime": r.regime.name.lower()} for r in self.evidence.regimes],
            "jitters": plain(list(self.evidence.stress.jitters)),
        }


class Discovery(NamedTuple):
    """One strategy among many: its p-value, adjusted for their number, and whether to believe it."""

    p: float
    adjusted: float
    believed: bool


def evidence(tried: Sweep, forward: WalkForwardResult, trials: Trials, draws: Draws = USUAL) -> Dossier:
    """Weigh a sweep and its walk by all trials of the family.

    UsageError for a sweep that nobody counted: luck is judged by the number of trials, and that must be known.
    """
    if tried.trial_ids is None:
        raise UsageError(
            f"the sweep of {tried.strategy} was not counted, so that its luck cannot be judged", "sweep in a workspace"
        )
    hold = hold_returns(tried.bars)
    family = _with_sweep(family_of(trials.family(tried.family)), tried)
    selected = tried.combinations[int(np.argmax(span_sharpes(tried.returns, 1.0)))]
    stressed = stress(forward, tried.bars, selected, draws.seed)
    record = Record(trading_record(forward.oos), stressed, hold, regimes_of(hold))
    found = weigh(tried, forward.walk, family, record, draws)
    tests = hold[_rows(tried.day, forward.walk.day)]
    facts = facts_of(forward.oos, forward.stitched.wishes, tests, stressed.jitters, forward.walk.oos_is)
    plain_terms = replace(forward.oos.terms, impact=0.0)
    return Dossier(found, capacity(forward.stitched.trade(plain_terms)), diagnose(facts))


def trading_record(oos: Backtest) -> TradingRecord:
    """The trades of a backtest; the return of one is its profit over the equity at the close before its entry."""
    trades = oos.trades
    before = np.searchsorted(oos.time, trades.entry_time) - 1
    worth = np.where(before >= 0, oos.equity[np.maximum(before, 0)], oos.terms.starting_equity)
    returns = np.divide(trades.profit, worth, out=np.full(len(trades), -1.0), where=worth > 0)
    fall = oos.performance.max_drawdown
    return TradingRecord(len(trades), profit_factor(trades.profit), win_rate(trades.profit), fall, returns)


def discoveries(found: Mapping[str, Evidence], size: float = 0.05, independent: bool = False) -> dict[str, Discovery]:
    """Which of many strategies to believe, when at most a share `size` of the believed may be lucky.

    The p-value is that of a true Sharpe ratio out of sample of 0 or less, 1 where there is none. Benjamini and
    Yekutieli, under any dependence; with `independent` Benjamini and Hochberg.
    """
    if not found:
        return {}
    p = np.nan_to_num(np.array([1.0 - e.proof.probabilistic for e in found.values()]), nan=1.0)
    adjusted, rejected = false_discoveries(p, size, independent)
    return {n: Discovery(float(p[i]), float(adjusted[i]), bool(rejected[i])) for i, n in enumerate(found)}


def _with_sweep(family: Family, tried: Sweep) -> Family:
    """The family with the sweep in it, should its trials be kept without returns."""
    if len(family.sharpes) >= len(tried.combinations):
        return family
    return Family(span_sharpes(tried.returns, 1.0), max(family.count, len(tried.combinations)))


def _rows(day: Ints, wanted: Ints) -> Ints:
    rows: Ints = np.searchsorted(day, wanted)
    return rows
