"""From the rows of a tier to one verdict: which of several faults explains the others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from quorum.domain import plain
from quorum.validation.gates import Judged, Judgement, Weight
from quorum.validation.ladder.reasons import REASONS, cause_of, reason_of
from quorum.validation.ladder.verdict import Failed, Inconclusive, Passed, Verdict
from quorum.validation.outcomes import Failed as Short
from quorum.validation.outcomes import Inconclusive as Unknown

RATIOS = ("sharpe", "oos_sharpe")
EARNINGS = (*RATIOS, "profit_factor", "return_at_twice_costs")
_ORDER = {name: place for place, name in enumerate(REASONS)}


def verdict_of(judged: Judgement, metrics: Mapping[str, float], significance: float = 0.05) -> Verdict:
    """Failed by the gate that explains the most, else Inconclusive by the first that cannot be read, else Passed.

    A failure that a fix may mend is the data's where they are in doubt, a fundamental flaw where the edge before
    costs is below 0 beyond chance, and too frequent trading where costs eat an edge that is there.
    """
    short = [row for row in judged.rows if row.gate.weight is Weight.GATE and isinstance(row.outcome, Short)]
    if short:
        worst = min(short, key=lambda row: (_is_marginal(row), _ORDER.get(cause_of(row.gate.metric).name, len(_ORDER))))
        marginal = all(_is_marginal(row) for row in short)
        return _explained(worst, (short, judged.rows), metrics, (significance, marginal))
    for row in judged.rows:
        if row.gate.weight is Weight.GATE and isinstance(row.outcome, Unknown):
            return Inconclusive(row.gate.metric, row.gate.threshold, row.value)
    return Passed()


def warnings_of(judged: Judgement) -> tuple[str, ...]:
    """What does not hold and decides nothing, a sentence each."""
    return tuple(str(row.outcome) for row in judged.warnings if isinstance(row.outcome, Short))


def _explained(
    worst: Judged,
    rows: tuple[Sequence[Judged], Sequence[Judged]],
    metrics: Mapping[str, float],
    how: tuple[float, bool],
) -> Failed:
    (short, everything), (significance, marginal) = rows, how
    why = "; ".join(str(row.outcome) for row in short)
    told = _failed(cause_of(worst.gate.metric).name, worst, why, marginal)
    if not told.retryable:
        return told
    doubt = next((row for row in everything if _is_doubt(row)), None)
    if doubt is not None:
        return _failed("data_quality_warning", doubt, f"{doubt.outcome}; with that, {why}", marginal)
    luck = metrics.get("gross_p", math.nan)
    if luck <= significance:
        because = f"before costs it loses beyond chance (p = {luck:.3f}); {why}"
        return Failed("fundamental_strategy_flaw", "gross_p", luck, significance, False, because)
    earned = next((row for row in short if row.gate.metric in EARNINGS), None)
    if told.reason == "sharpe_below_threshold" and earned is not None and _eaten(everything, metrics):
        said = f"costs take more than half of what there is, a Sharpe ratio of {metrics['gross_sharpe']:.2f}; {why}"
        return _failed("signal_frequency_high", earned, said, marginal)
    return told


def _failed(reason: str, row: Judged, why: str, marginal: bool) -> Failed:
    value, threshold = plain(row.value), row.gate.threshold
    return Failed(reason, row.gate.metric, value, threshold, reason_of(reason).retryable, why, marginal)


def _is_marginal(row: Judged) -> bool:
    return isinstance(row.outcome, Short) and row.outcome.marginal


def _is_doubt(row: Judged) -> bool:
    named = cause_of(row.gate.metric).name == "data_quality_warning"
    return named and isinstance(row.outcome, Short)


def _eaten(rows: Sequence[Judged], metrics: Mapping[str, float]) -> bool:
    """Whether costs take more than half of an edge that would do without them, or turn it into a loss."""
    floor = max((row.gate.threshold for row in rows if row.gate.metric in RATIOS and _is_floor(row)), default=math.inf)
    gross, net = metrics.get("gross_sharpe", math.nan), metrics.get("sharpe", math.nan)
    return 0.0 < metrics.get("edge_over_cost", math.nan) < 2.0 and (gross >= floor or net < 0.0 < gross)


def _is_floor(row: Judged) -> bool:
    return row.gate.weight is Weight.GATE and row.gate.comparison in (">", ">=")
