"""Why an order was stopped, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from quorum.domain import Check

DESK = "desk_"
"""What the names of limits over all accounts begin with."""
_TOLD: Mapping[str, Callable[[Check], str]] = {
    "allow_short": lambda c: "the book may not sell short (allow_short is false)",
    "min_reward_risk": lambda c: f"reward/risk {c.used:.2f} is below {c.limit} or there is no stop (min_reward_risk)",
    "max_total_loss": lambda c: (
        f"{c.used:.2f} of at most {c.limit:.2f} of the capital were lost (desk_max_total_loss)"
        if c.name.startswith(DESK)
        else f"equity {c.used:.2f} is at or below {c.limit:.2f} (max_total_loss)"
    ),
    "min_order_notional": lambda c: (
        f"{f'an order of {c.used:.2f}' if c.used else 'less than one lot'} is below the smallest order of"
        f" {c.limit:.2f} (min_order_notional)"
    ),
    "risk_per_trade": lambda c: (
        f"no lot loses at most {c.limit:.2f} at the stop, or it is not behind the price (risk_per_trade)"
    ),
    "drawdown": lambda c: f"the book has fallen {c.used:.1%} from its peak, its breaker at {c.limit:.0%} (drawdown)",
    "strategy_red_at": lambda c: (
        f"the strategy has fallen {c.used:.1%} from its peak, at {c.limit:.0%} it opens nothing (strategy_red_at)"
    ),
    "max_day_loss": lambda c: f"{c.used:.2f} of at most {c.limit:.2f} were lost today (max_day_loss)",
    "max_week_loss": lambda c: f"{c.used:.2f} of at most {c.limit:.2f} were lost this week (max_week_loss)",
    "risk_budget": lambda c: (
        f"open stops may lose {c.used:.2f} of the {c.limit:.2f} that are left to lose, no lot fits (risk_budget)"
    ),
    "max_cluster": lambda c: (
        f"{c.name}: {c.used:.2f} of {c.limit:.2f} used by what moves together, or is not known for long enough to say"
    ),
    "volatility_target": lambda c: (
        f"{c.used:.2f} of {c.limit:.2f} used, which is what moves by the target in a year (volatility_target)"
        if c.limit
        else "the symbol has moved on too few days to be sized by its volatility (volatility_target)"
    ),
    "kelly_share": lambda c: (
        f"{c.used:.2f} of {c.limit:.2f} used, the share of Kelly's fraction of the strategy (kelly_share)"
        if c.limit
        else "the strategy has earned nothing, or is not known for long enough to be sized by it (kelly_share)"
    ),
    "max_orders_per_minute": lambda c: (
        f"{c.used} orders in the last minute, at most {c.limit} may be (max_orders_per_minute)"
    ),
    "last_trade_seconds": lambda c: (
        f"the last trade is {c.used:.0f} s away, at most {c.limit} s may be (last_trade_seconds)"
        if c.used >= 0
        else "no last trade of the symbol is known (last_trade_seconds)"
    ),
    "max_from_last_bps": lambda c: (
        f"the price is {c.used:.1f} bp from the last trade, at most {c.limit} may be (max_from_last_bps)"
    ),
    "duplicate_seconds": lambda c: (
        f"the same symbol, side and quantity was ordered within {c.limit} s (duplicate_seconds)"
    ),
}


def reasons(checks: Sequence[Check], halts: Sequence[str] = ()) -> tuple[str, ...]:
    """A line for each check that let nothing pass; where none did, for each that cut."""
    blocking = [c for c in checks if c.allowed <= 0] or [c for c in checks if not c.passed]
    return tuple(line for check in blocking for line in _lines(check, halts))


def _lines(check: Check, halts: Sequence[str]) -> tuple[str, ...]:
    if check.name == "halt":
        return tuple(f"halted: {' '.join(reason.split())} (halt)" for reason in halts)
    name = check.name.removeprefix(DESK)
    told = _TOLD.get(name)
    if told is None:
        return (f"{check.name}: {check.used:.2f} of {check.limit:.2f} used, no room for an order",)
    said = told(check)
    return (said if name == check.name else f"over all accounts: {said.replace(f'({name})', f'({check.name})')}",)
