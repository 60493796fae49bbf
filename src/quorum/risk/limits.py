"""The limits of one book, and what limits of the whole desk leave of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from quorum.domain import UsageError

_ABOVE_0 = (
    *("risk_per_trade", "max_position", "max_deployed", "max_total_loss", "max_day_loss", "max_week_loss"),
    *("max_strategy", "max_sector", "max_cluster", "max_leverage", "correlated"),
    *("max_order_notional", "max_order_lots", "max_orders_per_minute", "volatility_target", "kelly_share"),
    *("strategy_red_at", "halve_at", "no_entries_at", "black_at", "close_all_at"),
)
_NOT_NEGATIVE = (
    *("min_reward_risk", "min_order_notional", "price_collar_bps", "max_borrowed"),
    *("max_from_last_bps", "last_trade_seconds", "duplicate_seconds", "black_close_fraction", "stop_keep_fraction"),
)
_TOPS: Mapping[str, int] = {
    **dict.fromkeys(("risk_per_trade", "max_total_loss", "max_day_loss", "max_week_loss", "correlated"), 1),
    "kelly_share": 1,
    **dict.fromkeys(("strategy_red_at", "halve_at", "no_entries_at", "black_at", "close_all_at"), 1),
    **dict.fromkeys(("black_close_fraction", "stop_keep_fraction"), 1),
    **dict.fromkeys(("price_collar_bps", "max_from_last_bps"), 9_999),
}
FRACTIONS = frozenset({"max_position", "max_deployed", "max_strategy", "max_sector", "max_cluster", "max_borrowed"})
"""Limits that are fractions of equity and may be above 1, as a person writes them: 40 is 40 percent by mistake."""
MOST = 10
"""The most that a person may write for one of them."""
_LADDER = ("halve_at", "no_entries_at", "black_at", "close_all_at")
_OPTIONAL = frozenset({"max_order_notional", "max_order_lots", "volatility_target", "kelly_share"})
_STRICTER_HIGH = frozenset({"min_reward_risk", "min_order_notional", "duplicate_seconds", "black_close_fraction"})


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """Limits of a book, as fractions of its equity unless named otherwise.

    Looked at for every order that opens: `risk_per_trade` is what a stop may lose; `max_position` and `max_deployed`
    bound one symbol and all of them; `max_total_loss` is of the capital paid in; `max_borrowed` is what purchases may
    take beyond the cash at hand; `min_order_notional` is in the book's currency; `price_collar_bps` is how far from
    the decision's price an order may still fill; `min_reward_risk` is asked of signals only.

    Looked at when what lies around the book is known (`Around`): losses of a day and a week, fractions of the equity
    at their start; `max_strategy`, `max_sector`, `max_cluster` (of what correlates at `correlated` or more) and
    `max_leverage` (gross); an order's `max_order_notional` in the book's currency and `max_order_lots`, lots of the
    symbol, None is no limit; `max_orders_per_minute`; `max_from_last_bps` from the last trade, which may be
    `last_trade_seconds` old; the same order again within `duplicate_seconds`, 0 is never. Two are ways of sizing, None
    does without: a holding of one symbol moves by at most `volatility_target` of equity a year, and a strategy has at
    most `kelly_share` of Kelly's fraction of equity.

    Falls from the highest equity: a strategy stops at `strategy_red_at`; a book halves new positions at `halve_at`,
    enters none and keeps `stop_keep_fraction` of its stops' distances at `no_entries_at`, closes
    `black_close_fraction` of each position at `black_at` and everything at `close_all_at`.
    """

    risk_per_trade: Decimal = Decimal("0.005")
    max_position: Decimal = Decimal("0.40")
    max_deployed: Decimal = Decimal("0.60")
    max_total_loss: Decimal = Decimal("0.20")
    min_reward_risk: Decimal = Decimal("1.5")
    min_order_notional: Decimal = Decimal(10)
    price_collar_bps: Decimal = Decimal(100)
    allow_short: bool = False
    max_borrowed: Decimal = Decimal(0)
    max_day_loss: Decimal = Decimal("0.03")
    max_week_loss: Decimal = Decimal("0.05")
    max_strategy: Decimal = Decimal("0.40")
    max_sector: Decimal = Decimal("0.40")
    max_cluster: Decimal = Decimal("0.30")
    correlated: Decimal = Decimal("0.7")
    max_leverage: Decimal = Decimal(3)
    max_order_notional: Decimal | None = Decimal(1_000_000)
    max_order_lots: Decimal | None = None
    max_orders_per_minute: int = 60
    max_from_last_bps: Decimal = Decimal(500)
    last_trade_seconds: int = 900
    duplicate_seconds: int = 5
    volatility_target: Decimal | None = None
    kelly_share: Decimal | None = None
    strategy_red_at: Decimal = Decimal("0.10")
    halve_at: Decimal = Decimal("0.10")
    no_entries_at: Decimal = Decimal("0.15")
    black_at: Decimal = Decimal("0.20")
    close_all_at: Decimal = Decimal("0.25")
    black_close_fraction: Decimal = Decimal("0.5")
    stop_keep_fraction: Decimal = Decimal("0.5")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> RiskLimits:
        """The limits whose plain form is `values`; what is not there has its default."""
        given: dict[str, Any] = {k: Decimal(v) if isinstance(v, str) else v for k, v in values.items()}
        return cls(**given)

    def __post_init__(self) -> None:
        for name in (*_ABOVE_0, *_NOT_NEGATIVE):
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            if not isinstance(value, Decimal | int) or isinstance(value, bool) or not Decimal(value).is_finite():
                raise UsageError(f"{name} = {value} must be a finite number")
            if name in _NOT_NEGATIVE and value < 0:
                raise UsageError(f"{name} = {value} must not be negative")
            if name in _ABOVE_0 and value <= 0:
                raise UsageError(f"{name} = {value} must be above 0")
            if name in _TOPS and value > _TOPS[name]:
                raise UsageError(f"{name} = {value} must not be above {_TOPS[name]}")
        self._in_order()

    def _in_order(self) -> None:
        for lower, higher in pairwise(_LADDER):
            if getattr(self, lower) > getattr(self, higher):
                raise UsageError(
                    f"{lower} = {getattr(self, lower)} must not be above {higher} = {getattr(self, higher)}"
                )


def stricter(book: RiskLimits, desk: Mapping[str, Any]) -> RiskLimits:
    """The limits of a book under the desk-wide ones given: of each the stricter holds, and `desk` may name a few.

    Stricter is the smaller number, but for `min_reward_risk`, `min_order_notional`, `duplicate_seconds` and
    `black_close_fraction` the larger; None is no limit, False is stricter than True. UsageError for a name that is no
    limit.
    """
    known = {field.name for field in fields(RiskLimits)}
    for name in desk:
        if name not in known:
            raise UsageError(f"{name} is no limit", f"there are {', '.join(sorted(known))}")
    return replace(book, **{name: _stricter(name, getattr(book, name), value) for name, value in desk.items()})


def _stricter(name: str, one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other) if name in _STRICTER_HIGH else min(one, other)
