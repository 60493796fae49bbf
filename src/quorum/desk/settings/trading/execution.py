"""execution.yaml: the simulated venue that paper accounts trade at, and what comes before real money."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from quorum.desk.settings.sections import Digits
from quorum.desk.settings.trading.reconciliation import ReconciliationSection
from quorum.execution import VenueCosts


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VenueSection(_Section):
    """The simulated venue in execution.yaml: its costs, and whether it lives in our process or in its own."""

    fee_bps: Digits = Field(Decimal(10), ge=0, lt=10_000)
    slippage_bps: Digits = Field(Decimal(2), ge=0, lt=10_000)
    max_volume_share: Digits = Field(Decimal("0.1"), gt=0, le=1)
    process: Literal["in_process", "own_process"] = "in_process"

    def costs(self) -> VenueCosts:
        """The costs that the simulated venue takes."""
        return VenueCosts(self.fee_bps, self.slippage_bps, self.max_volume_share)


class GoingLiveSection(_Section):
    """How long a strategy trades on paper before a person may be asked whether it may trade real money."""

    calendar_days: int = Field(30, ge=0, le=3650)
    trading_days: int = Field(20, ge=0, le=3650)


class ExecutionFile(_Section):
    simulated_venue: VenueSection = VenueSection()
    going_live: GoingLiveSection = GoingLiveSection()
    reconciliation: ReconciliationSection = ReconciliationSection()
