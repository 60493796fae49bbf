"""What a tier found, before it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quorum.domain import DAY, plain
from quorum.validation.evidence import Diagnostic
from quorum.validation.ladder.asked import Combination
from quorum.validation.ladder.checks.universe import Tested
from quorum.validation.ladder.lot import Lot


@dataclass(frozen=True, slots=True)
class Found:
    """The numbers by name (NaN where unknown), the parameters that were chosen, and what stands behind them.

    `trading` is what was tested, whose daily returns go with the result; `details` are plain values to read.
    """

    metrics: Mapping[str, float]
    params: Combination
    trading: Tested
    diagnostics: tuple[Diagnostic, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def daily(self) -> dict[str, Any]:
        """The daily returns, as plain values."""
        day, returns = self.trading.day, self.trading.returns
        days = ((day - day[0]) // DAY).tolist()
        return {
            "first": int(day[0]),
            "days": days,
            "returns": plain(returns.tolist()),
            "periods": self.trading.periods,
        }


def common(lot: Lot, tested: Tested) -> dict[str, float]:
    """What every tier knows of what it traded, and of its bars."""
    record = tested.trading
    return {
        "sharpe": tested.sharpe,
        "total_return": tested.total_return,
        "trades": float(record.trades),
        "profit_factor": record.profit_factor,
        "win_rate": record.win_rate,
        "max_drawdown": -record.max_drawdown,
        **lot.quality._asdict(),
    }
