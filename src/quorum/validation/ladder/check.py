"""Checking a strategy at a tier: gather its bars, look, judge, and tell all of it as one value."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from time import monotonic, process_time
from typing import Any

from quorum.domain import DataError, InvalidSignal, QuorumError, UsageError, plain
from quorum.engine import JUDGING_ROOMS, TrialRecord, Trials, code_hash, grid
from quorum.lake import BarSource
from quorum.signals import family_of
from quorum.validation.evidence import Answer
from quorum.validation.gates import Judgement, judge
from quorum.validation.ladder.asked import Asked, Combination, axes, read_given, variants
from quorum.validation.ladder.checks import Found, extended, full, quick, sanity
from quorum.validation.ladder.judging import verdict_of, warnings_of
from quorum.validation.ladder.lot import Lot, gather, no_data, unusable
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.tier import Ladder, Method, Rung, Tier
from quorum.validation.ladder.verdict import Failed, Inconclusive, Verdict
from quorum.validation.life.candidate import Idea

Look = Callable[[Lot, Method, Trials], Found | Inconclusive]
LOOKS: Mapping[Tier, Look] = {Tier.L0: sanity, Tier.L1: quick, Tier.L2: full, Tier.L3: extended}


class Counting:
    """Trials, and how many of them were new."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self.added = 0

    def record_many(self, trials: Sequence[TrialRecord]) -> None:
        ids = {trial.trial_id for trial in trials}
        self.added += len(ids - self.known(ids))
        self._trials.record_many(trials)

    def known(self, trial_ids: Collection[str]) -> set[str]:
        return self._trials.known(trial_ids)

    def get(self, trial_id: str) -> Mapping[str, Any]:
        return self._trials.get(trial_id)

    def count(self, family: str) -> int:
        return self._trials.count(family)

    def family(self, name: str) -> Sequence[TrialRecord]:
        return self._trials.family(name)


def check_tier(ladder: Ladder, tier: Tier, asked: Asked, source: BarSource, trials: Trials) -> TierResult:
    """How a strategy does at a tier: every backtest that something is chosen by is a trial of its family.

    What is wrong with the strategy, its parameters or its bars is a verdict and no error. UsageError for a tier that
    the ladder leaves out, or symbols that several venues have.
    """
    begun, used = monotonic(), process_time()
    rung, counted = ladder.of(tier), Counting(trials)
    result = _checked(ladder.method, rung, asked, source, counted)
    return replace(
        result,
        trials=counted.added,
        trials_in_family=trials.count(family_of(asked.strategy)),
        elapsed_seconds=monotonic() - begun,
        cpu_seconds=process_time() - used,
    )


def not_there(ladder: Ladder, tier: Tier, idea: Idea, error: QuorumError) -> TierResult:
    """The result of a strategy that cannot be found, or whose code does not load: code that breaks is its flaw."""
    verdict = Failed("fundamental_strategy_flaw", "answers", None, None, False, f"it does not load: {error}")
    data = no_data(idea.symbols, idea.venue, idea.timeframe)
    return _blank(ladder.method, ladder.of(tier), verdict, data, idea.params)


def _checked(method: Method, rung: Rung, asked: Asked, source: BarSource, trials: Trials) -> TierResult:
    params = read_given(asked.strategy, asked.params)
    if isinstance(params, Failed):
        return _ended(method, rung, asked, None, params)
    lot = gather(asked, rung, method, source, combinations_of(method, rung, asked, params))
    if not isinstance(lot, Lot):
        return _ended(method, rung, asked, None, lot)
    try:
        found = LOOKS[rung.tier](lot, method, trials)
    except (DataError, InvalidSignal, UsageError) as error:
        return _ended(method, rung, asked, lot, unusable(asked.strategy, error))
    if isinstance(found, Inconclusive):
        return _ended(method, rung, asked, lot, found)
    return _judged(method, rung, lot, found)


def combinations_of(method: Method, rung: Rung, asked: Asked, params: Combination) -> tuple[Combination, ...]:
    """What the tier tries, the given parameters first."""
    if rung.variants is not None:
        return (params, *variants(asked.strategy, params, rung.variants))
    swept = grid(asked.strategy, axes(asked.strategy, params, method.combinations))
    taken = [one for one in swept if not isinstance(read_given(asked.strategy, one), Failed)]
    return (params, *(one for one in taken if one != params))


def _ended(method: Method, rung: Rung, asked: Asked, lot: Lot | None, verdict: Verdict) -> TierResult:
    """A result without numbers: the check ended before there were any."""
    if lot is None:
        return _blank(method, rung, verdict, no_data(asked.symbols, asked.venue, str(asked.timeframe)), asked.params)
    bare = _blank(method, rung, verdict, lot.data(), lot.params)
    return replace(bare, metrics=plain(lot.quality._asdict()), warnings=lot.notes)


def _blank(
    method: Method, rung: Rung, verdict: Verdict, data: Mapping[str, Any], given: Mapping[str, Any]
) -> TierResult:
    return TierResult(
        tier=rung.tier,
        verdict=verdict,
        metrics={},
        rows=(),
        trials=0,
        trials_in_family=0,
        data=data,
        params={n: float(v) for n, v in given.items() if isinstance(v, int | float) and math.isfinite(v)},
        code_hash=code_hash(JUDGING_ROOMS),
        seed=method.draws.seed,
        elapsed_seconds=0.0,
        cpu_seconds=0.0,
    )


def _judged(method: Method, rung: Rung, lot: Lot, found: Found) -> TierResult:
    judged = judge(found.metrics, rung.gates)
    ended = _ended(method, rung, Asked(lot.strategy, (), lot.series[0].timeframe), lot, Inconclusive("", 0, 0))
    odd = tuple(f"{d.name}: {d.detail}" for d in found.diagnostics if d.verdict is Answer.EXAMINE)
    return replace(
        ended,
        verdict=_verdict(judged, found, method),
        metrics=plain(dict(found.metrics)),
        rows=tuple(judged.told()),
        params=dict(found.params),
        critic=tuple(dict.fromkeys(row.gate.metric for row in judged.for_the_critic)),
        warnings=(*lot.notes, *warnings_of(judged), *odd),
        diagnostics=tuple(d.told() for d in found.diagnostics),
        daily=found.daily(),
        details=plain(dict(found.details)),
    )


def _verdict(judged: Judgement, found: Found, method: Method) -> Verdict:
    return verdict_of(judged, found.metrics, method.significance)
