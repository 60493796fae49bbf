"""The table of the tiers: what each looks at and asks, every cell with where it comes from."""

from __future__ import annotations

from quorum.validation.gates import L2, Gate, Weight
from quorum.validation.ladder.tier import Ladder, Rung, Tier

PIPELINE, TIERS, METHODS, OURS = "pipeline thresholds", "pipeline tiers", "validation methods", "this project"
GATE, CRITIC, WARNING = Weight.GATE, Weight.CRITIC, Weight.WARNING

_DATA = (
    Gate("missing", "<=", 0.01, WARNING, METHODS),
    Gate("outliers", "<=", 0.001, WARNING, METHODS),
    Gate("stale", "<=", 0.01, WARNING, METHODS),
)
SANITY = (
    Gate("leaks", "<=", 0, GATE, METHODS),
    Gate("flaws", "<=", 0, GATE, METHODS),
    Gate("examined", ">=", 1, GATE, METHODS),
    Gate("signals", ">", 10, GATE, TIERS),
    Gate("wrong_sign_p", ">", 0.05, GATE, f"{TIERS}, as a test"),
    Gate("hit_rate_p", "<", 0.05, WARNING, TIERS),
    Gate("information_coefficient", ">", 0.01, WARNING, TIERS),
    Gate("sharpe", ">", -1.0, WARNING, METHODS),
    Gate("trades", ">=", 20, WARNING, METHODS),
    *_DATA,
)
QUICK = (
    Gate("sharpe", ">", 0.5, GATE, TIERS),
    Gate("profit_factor", ">", 1.0, GATE, TIERS),
    Gate("trades", ">", 30, GATE, TIERS),
    Gate("sharpe", "<=", 3.0, CRITIC, PIPELINE),
    Gate("win_rate", "<=", 0.95, CRITIC, OURS),
    Gate("max_drawdown", "<=", 0.30, WARNING, METHODS),
    Gate("trades", ">=", 100, WARNING, METHODS),
    Gate("edge_over_cost", ">=", 2.0, WARNING, METHODS),
    Gate("kept_by_variants", ">=", 0.5, WARNING, OURS),
    Gate("adv_share", "<=", 0.01, WARNING, METHODS),
    *_DATA,
)
FULL = (
    *L2,
    Gate("sharpe_high", ">", 0.0, GATE, PIPELINE),
    Gate("composite", ">=", 1.0, CRITIC, PIPELINE),
    Gate("win_rate", "<=", 0.95, CRITIC, OURS),
    Gate("positive_symbols", ">=", 0.6, WARNING, METHODS),
    Gate("at_bounds", "<=", 0.5, WARNING, METHODS),
    Gate("edge_over_cost", ">=", 2.0, WARNING, METHODS),
    *_DATA,
)
EXTENDED = (
    Gate("profitable_windows", ">=", 3, GATE, TIERS),
    Gate("sharpe_low", ">", 0.0, GATE, TIERS),
    Gate("profitable_regimes", ">=", 2, GATE, TIERS),
    Gate("chance_of_loss", "<", 0.10, WARNING, METHODS),
    Gate("drawdown_1_in_20", "<=", 0.375, WARNING, METHODS),
    Gate("sharpe_at_twice_costs", ">", 0.5, WARNING, METHODS),
    Gate("sharpe_a_bar_late", ">", 0.0, WARNING, METHODS),
    *_DATA,
)
LADDER = Ladder(
    (
        Rung(Tier.L0, 0.5, False, 0, 30.0, 200.0, SANITY),
        Rung(Tier.L1, 1.0, False, 2, 300.0, 200.0, QUICK),
        Rung(Tier.L2, 3.0, True, None, 1800.0, 500.0, FULL),
        Rung(Tier.L3, 5.0, True, 0, 3600.0, 500.0, EXTENDED),
    )
)
"""The ladder as it comes; config/tiers.yaml and the files beside it change it."""
