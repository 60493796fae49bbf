"""Reasons: why a strategy fails, what kind of fault that is, who tries to mend it and how. One table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What kind of fault a failure is, by the words of the auto-retry skill."""

    SIGNAL_ISSUE = "SIGNAL_ISSUE"
    PARAMETER_BOUNDS = "PARAMETER_BOUNDS"
    DATA_QUALITY = "DATA_QUALITY"
    TIMEOUT = "TIMEOUT"
    FATAL = "FATAL"


class Root(StrEnum):
    """Where a failure grows from, by the words of the failure taxonomy."""

    CONCEPTUAL_FLAW = "conceptual_flaw"
    COST_STRUCTURE = "cost_structure"
    REGIME_NONSTATIONARITY = "regime_nonstationarity"
    DATA_INSUFFICIENCY = "data_insufficiency"
    PARAMETER_SENSITIVITY = "parameter_sensitivity"
    IMPLEMENTATION_BUG = "implementation_bug"


@dataclass(frozen=True, slots=True)
class Reason:
    """One row: the agent that tries the first fix, the action that it begins with, and who names the reason."""

    name: str
    category: Category
    agent: str
    action: str
    root: Root
    sources: tuple[str, ...]

    @property
    def retryable(self) -> bool:
        return self.category is not Category.FATAL


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a metric that met no threshold fails a tier: the reason's name, and the root where it is another one."""

    reason: str
    root: Root | None = None


SPEC, FACTS, METHODS, OURS = "auto-retry skill", "pipeline facts", "validation methods", "this project"
ANALYST = "quant-analyst"

_ROWS = (
    # fatal ones first, then in the order in which one explains the others
    Reason("fundamental_strategy_flaw", Category.FATAL, ANALYST, "reject", Root.CONCEPTUAL_FLAW, (SPEC, METHODS)),
    Reason("data_unavailable", Category.FATAL, "data-collector", "reject", Root.DATA_INSUFFICIENCY, (SPEC, METHODS)),
    Reason("unsupported_asset_type", Category.FATAL, ANALYST, "reject", Root.CONCEPTUAL_FLAW, (SPEC, METHODS)),
    Reason("hypothesis_contradiction", Category.FATAL, ANALYST, "reject", Root.CONCEPTUAL_FLAW, (FACTS,)),
    Reason("asset_delisted", Category.FATAL, "data-collector", "reject", Root.DATA_INSUFFICIENCY, (FACTS,)),
    Reason("bought_by_trying", Category.FATAL, ANALYST, "reject", Root.CONCEPTUAL_FLAW, (OURS,)),
    Reason(
        "parameter_out_of_bounds",
        Category.PARAMETER_BOUNDS,
        "ml-engineer",
        "clip_to_bounds",
        Root.PARAMETER_SENSITIVITY,
        (SPEC, METHODS),
    ),
    Reason(
        "data_quality_warning",
        Category.DATA_QUALITY,
        "data-collector",
        "use_alternate_source",
        Root.DATA_INSUFFICIENCY,
        (SPEC, METHODS),
    ),
    Reason("timeout", Category.TIMEOUT, "orchestrator", "reduce_data_window", Root.IMPLEMENTATION_BUG, (SPEC, METHODS)),
    Reason(
        "signal_frequency_low",
        Category.SIGNAL_ISSUE,
        "signal-generator",
        "reduce_threshold",
        Root.PARAMETER_SENSITIVITY,
        (SPEC, FACTS, METHODS),
    ),
    Reason(
        "signal_frequency_high",
        Category.SIGNAL_ISSUE,
        "signal-generator",
        "raise_threshold",
        Root.COST_STRUCTURE,
        (FACTS,),
    ),
    Reason(
        "sharpe_below_threshold",
        Category.SIGNAL_ISSUE,
        "ml-engineer",
        "optimize_params",
        Root.CONCEPTUAL_FLAW,
        (SPEC, METHODS),
    ),
    Reason(
        "max_drawdown_extreme",
        Category.PARAMETER_BOUNDS,
        "ml-engineer",
        "reduce_leverage",
        Root.REGIME_NONSTATIONARITY,
        (FACTS,),
    ),
    Reason(
        "win_rate_suspicious",
        Category.SIGNAL_ISSUE,
        "signal-generator",
        "add_confirmation",
        Root.IMPLEMENTATION_BUG,
        (FACTS,),
    ),
)
REASONS: Mapping[str, Reason] = {row.name: row for row in _ROWS}
"""Every reason by its name; of several that a failure has, the first in this order is the one that is told."""

_SHARPE, _DATA, _FLAW = "sharpe_below_threshold", "data_quality_warning", "fundamental_strategy_flaw"
CAUSES: Mapping[str, Cause] = {
    "leaks": Cause(_FLAW, Root.IMPLEMENTATION_BUG),
    "flaws": Cause(_FLAW, Root.IMPLEMENTATION_BUG),
    "answers": Cause(_FLAW, Root.IMPLEMENTATION_BUG),
    "gross_p": Cause(_FLAW),
    "wrong_sign_p": Cause("hypothesis_contradiction"),
    "series": Cause("data_unavailable"),
    "present": Cause("data_unavailable"),
    "asset": Cause("unsupported_asset_type"),
    "days_since_newest": Cause("asset_delisted"),
    "parameters": Cause("parameter_out_of_bounds"),
    "at_bounds": Cause("parameter_out_of_bounds"),
    "missing": Cause(_DATA),
    "outliers": Cause(_DATA),
    "stale": Cause(_DATA),
    "examined": Cause("timeout"),
    "signals": Cause("signal_frequency_low"),
    "trades": Cause("signal_frequency_low"),
    "edge_over_cost": Cause("signal_frequency_high"),
    "adv_share": Cause("signal_frequency_high"),
    "sharpe": Cause(_SHARPE),
    "profit_factor": Cause(_SHARPE),
    "composite": Cause(_SHARPE),
    "calmar": Cause(_SHARPE),
    "oos_sharpe": Cause(_SHARPE),
    "sharpe_low": Cause(_SHARPE),
    "sharpe_high": Cause(_SHARPE),
    "deflated_sharpe": Cause(_SHARPE),
    "spa_p": Cause(_SHARPE),
    "spa_p_hold": Cause(_SHARPE),
    "chance_of_loss": Cause(_SHARPE),
    "positive_symbols": Cause(_SHARPE),
    "hit_rate_p": Cause(_SHARPE),
    "information_coefficient": Cause(_SHARPE),
    "return_at_twice_costs": Cause(_SHARPE, Root.COST_STRUCTURE),
    "sharpe_at_twice_costs": Cause(_SHARPE, Root.COST_STRUCTURE),
    "sharpe_a_bar_late": Cause(_SHARPE, Root.COST_STRUCTURE),
    "pbo": Cause(_SHARPE, Root.PARAMETER_SENSITIVITY),
    "stability": Cause(_SHARPE, Root.PARAMETER_SENSITIVITY),
    "kept_at_20_percent": Cause(_SHARPE, Root.PARAMETER_SENSITIVITY),
    "kept_by_variants": Cause(_SHARPE, Root.PARAMETER_SENSITIVITY),
    "oos_is": Cause(_SHARPE, Root.REGIME_NONSTATIONARITY),
    "positive_windows": Cause(_SHARPE, Root.REGIME_NONSTATIONARITY),
    "profitable_windows": Cause(_SHARPE, Root.REGIME_NONSTATIONARITY),
    "profitable_regimes": Cause(_SHARPE, Root.REGIME_NONSTATIONARITY),
    "regimes": Cause(_SHARPE, Root.REGIME_NONSTATIONARITY),
    "max_drawdown": Cause("max_drawdown_extreme"),
    "drawdown_1_in_20": Cause("max_drawdown_extreme"),
    "win_rate": Cause("win_rate_suspicious"),
}
"""What each metric that a tier asks for says about the strategy when it does not hold."""


def reason_of(name: str) -> Reason:
    """The row of a reason; one that is not in the table goes straight to the quant analyst."""
    unknown = Reason(name, Category.SIGNAL_ISSUE, ANALYST, "review_hypothesis", Root.CONCEPTUAL_FLAW, ())
    return REASONS.get(name, unknown)


def cause_of(metric: str) -> Reason:
    """The reason why a strategy fails by this metric, its own name where the table does not have the metric."""
    return reason_of(CAUSES[metric].reason if metric in CAUSES else metric)


def root_of(reason: str, metric: str | None = None) -> Root:
    """Where a failure for this reason grows from, more exactly where the metric is known."""
    cause = CAUSES.get(metric or "")
    named = cause is not None and cause.reason == reason
    return cause.root if cause is not None and named and cause.root is not None else reason_of(reason).root
