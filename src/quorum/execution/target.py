"""What a deployed strategy is to hold by its newest decision, as the account keeps it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from quorum.domain import ZERO


@dataclass(frozen=True, slots=True)
class StrategyTarget:
    """Where a strategy stands in a symbol of an account; instants are closes of bars, in ns UTC.

    Decisions count from `since` on, the first close that the account saw of it. `decided` is the close of the newest
    one that was taken, 0 before any; `goal` the units that it is to hold by it, decided at `price`. `entered` says that
    what opens by it was asked for, which happens once. `order_id` is its newest order, `stop_id` the stop that
    protects what it holds; empty for none. `refused` is when risk last refused to let it out, 0 for never, `said`
    what risk said when it cut or refused an order by this decision, empty where it did neither.
    """

    strategy_id: str
    symbol: str
    deployment_id: str
    since: int
    decided: int = 0
    goal: Decimal = ZERO
    price: Decimal = ZERO
    entered: bool = True
    order_id: str = ""
    stop_id: str = ""
    refused: int = 0
    said: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.strategy_id, self.symbol

    def left(self) -> StrategyTarget:
        """It counts as 0 until the strategy decides anew."""
        return replace(self, goal=ZERO, entered=True)
