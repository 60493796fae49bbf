"""Doubts: which metric and which diagnostic raises which question, and how it is answered. One table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from quorum.validation.critic import checks
from quorum.validation.critic.answers import Doubt, Evidence
from quorum.validation.critic.case import Case, Depth
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.verdict import Failed

Look = Callable[[Case, Depth], tuple[Evidence, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """One question: what raises it (metrics that ask the critic, diagnostics to examine), and how it is looked at."""

    name: str
    question: str
    metrics: frozenset[str]
    diagnostics: frozenset[str]
    look: Look


def _row(name: str, question: str, metrics: str, diagnostics: str, look: Look) -> Row:
    return Row(name, question, frozenset(metrics.split()), frozenset(diagnostics.split()), look)


ALWAYS = _row("reproduced", "Does the same run earn the same again?", "", "", checks.reproduced)
MARGINAL = _row("nearly_passed", "Is what was missed by little there on older days?", "", "", checks.nearly)
TABLE: tuple[Row, ...] = (
    _row(
        "too_good_to_be_true",
        "Does it see the future, or live on free trades and instant fills?",
        "oos_sharpe sharpe win_rate return_at_twice_costs sharpe_at_twice_costs sharpe_a_bar_late",
        "too_good_to_be_true",
        checks.too_good,
    ),
    _row(
        "overfitted",
        "Is what is left of the past's promise still an edge?",
        "oos_is pbo deflated_sharpe stability positive_windows profitable_windows positive_symbols",
        "oos_is_ratio drawdown_recovery",
        checks.overfitted,
    ),
    _row("luck", "Could it have been luck?", "sharpe_low sharpe_high spa_p chance_of_loss", "", checks.beyond_chance),
    _row(
        "worth_its_losses",
        "Is the gain worth the losses on the way?",
        "calmar composite max_drawdown drawdown_1_in_20",
        "drawdown_recovery",
        checks.worth_its_losses,
    ),
    _row(
        "more_than_holding",
        "Is it more than holding the market?",
        "spa_p_hold",
        "benchmark_sanity",
        checks.more_than_holding,
    ),
    _row(
        "parameter_cliff",
        "Does it hang on the exact parameters?",
        "kept_at_10_percent kept_at_20_percent kept_by_variants at_bounds",
        "parameter_cliff",
        checks.cliff,
    ),
    _row(
        "few_days",
        "Does it hang on a few days or trades?",
        "profit_factor trades",
        "equity_curve_shape profit_factor_vs_win_rate benchmark_sanity",
        checks.few_days,
    ),
    _row(
        "consistent",
        "Do other ways of measuring and filling agree?",
        "",
        "metric_consistency trade_count_vs_signal",
        checks.consistent,
    ),
    _row("leverage", "Was more held than may be?", "", "position_size_sanity", checks.leverage),
    _row("kinds_of_market", "Was it tried in every kind of market?", "regimes", "", checks.kinds_of_market),
)
"""Every row of the critic; a metric or a diagnostic may raise more than one question."""


def doubts_of(result: TierResult) -> Iterator[tuple[Doubt, Look]]:
    """The questions that a result raises, in the order of the table; whether it can be repeated is always asked."""
    yield Doubt(ALWAYS.name, ALWAYS.question, ("every review",)), ALWAYS.look
    if isinstance(result.verdict, Failed) and result.verdict.marginal:
        yield Doubt(MARGINAL.name, MARGINAL.question, (result.verdict.metric,)), MARGINAL.look
    odd = [str(d["name"]) for d in result.diagnostics if d.get("verdict") == "examine"]
    for row in TABLE:
        raised = (*(m for m in result.critic if m in row.metrics), *(d for d in odd if d in row.diagnostics))
        if raised:
            yield Doubt(row.name, row.question, tuple(dict.fromkeys(raised))), row.look
    yield from _unknown(result, odd)


def _unknown(result: TierResult, odd: list[str]) -> Iterator[tuple[Doubt, Look]]:
    """What asks the critic, and no row of the table knows: it stays open, and a person is needed."""
    known = frozenset[str]().union(*(row.metrics | row.diagnostics for row in TABLE))
    for name in (*result.critic, *odd):
        if name not in known:
            yield Doubt(name, f"What does {name} say?", (name,)), _left_open(name)


def _left_open(name: str) -> Look:
    def look(case: Case, depth: Depth) -> tuple[Evidence, ...]:
        value = case.result.metrics.get(name)
        found = float("nan") if value is None else value
        return (Evidence(name, found, ">=", case.threshold(name, 0.0), "the critic has no check of it", close=True),)

    return look
