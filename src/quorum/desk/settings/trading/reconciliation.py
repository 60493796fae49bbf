"""What execution.yaml says of differences between our books and a venue's."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from quorum.desk.settings.sections import Digits, Number
from quorum.domain import SECOND
from quorum.execution.reconcile import Policy, Step


class ReconciliationSection(BaseModel):
    """What is done about differences that nothing explains, what counts as none, and how often the desk looks.

    `dust_lots` and `cash_tolerance` are how far off a holding and cash may be; `patience_seconds` is how long an order
    without an answer explains a difference, `look_back_hours` how old an order may be that is asked for late fills.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    foreign_orders: Literal["leave", "cancel", "halt"] = "halt"
    foreign_positions: Literal["adopt", "halt"] = "halt"
    cash: Literal["adopt", "halt"] = "halt"
    dust_lots: Digits = Field(Decimal(0), ge=0, le=10)
    cash_tolerance: Digits = Field(Decimal("0.01"), ge=0)
    patience_seconds: Number = Field(120.0, ge=0)
    look_back_hours: Number = Field(48.0, ge=0)
    every_minutes: Number = Field(15.0, gt=0)

    def policy(self) -> Policy:
        """The policy that the comparison takes."""
        return Policy(
            Step(self.foreign_orders),
            Step(self.foreign_positions),
            Step(self.cash),
            self.dust_lots,
            self.cash_tolerance,
            round(self.patience_seconds * SECOND),
        )
