"""A wish to trade, with its purpose; the votes on it; and what risk made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from quorum.domain.errors import UsageError
from quorum.domain.market import Side


class Purpose(StrEnum):
    """Why a proposal exists; it says whose votes the proposal needs. Risk votes on all of them.

    SIGNAL: the analysts' full vote. TARGET: a deployed strategy's change of target, whose quorum is its promotion.
    PLAN: an approved rebalance or weekly plan. REDUCTION: an exit; risk is told and never stops it.
    """

    SIGNAL = "signal"
    TARGET = "target"
    PLAN = "plan"
    REDUCTION = "reduction"


@dataclass(frozen=True, slots=True)
class ExitPlan:
    """When a position is to be closed: prices of stop and targets (nearest first), and the end of its validity."""

    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    valid_until: int | None = None

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> ExitPlan:
        """The plan whose plain form is `values`."""
        stop = None if values["stop"] is None else Decimal(values["stop"])
        return cls(stop, tuple(Decimal(t) for t in values["targets"]), values["valid_until"])


NO_EXIT = ExitPlan()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Buy or sell `quantity` of `symbol` at about `price` (quote currency), decided at `as_of` (ns UTC).

    `origin` is the id of the decision that asks for it; `key` names the occasion, so that the same occasion
    asked twice is the same intent; `expires` is the last instant at which it may be sent.
    """

    purpose: Purpose
    account: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    as_of: int
    expires: int
    key: str
    origin: str
    exit: ExitPlan = NO_EXIT

    def __post_init__(self) -> None:
        finite = self.quantity.is_finite() and self.price.is_finite()
        if not finite or self.quantity < 0 or self.price <= 0:
            raise UsageError(f"a proposal of {self.quantity} {self.symbol} at {self.price} makes no sense")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Proposal:
        """The proposal whose plain form is `values`."""
        exact: dict[str, Any] = {name: Decimal(values[name]) for name in ("quantity", "price")}
        words = {"purpose": Purpose(values["purpose"]), "side": Side(values["side"])}
        return cls(**{**values, **exact, **words, "exit": ExitPlan.read(values["exit"])})

    @property
    def notional(self) -> Decimal:
        return self.quantity * self.price

    @property
    def reward_risk(self) -> Decimal | None:
        """Distance to the first target over the risk; negative when the target lies behind; None without both."""
        risk = self.risk
        if risk is None or risk <= 0 or not self.exit.targets:
            return None
        return self.side.sign * (self.exit.targets[0] - self.price) / risk

    @property
    def risk(self) -> Decimal | None:
        """What a unit loses from the price to the stop; not positive when the stop protects nothing, None without."""
        return None if self.exit.stop is None else self.side.sign * (self.price - self.exit.stop)


@dataclass(frozen=True, slots=True)
class Vote:
    """What one participant said about a proposal: for, against, neutral, abstain, dropped or veto."""

    voter: str
    choice: str
    weight: float
    confidence: float | None
    reason: str


class Check(NamedTuple):
    """One limit looked at: `limit` and what was `used` of it before, in `unit`; and in quantities of the symbol
    what was `asked` and what of it is `allowed`.
    """

    name: str
    unit: str
    limit: Decimal
    used: Decimal
    asked: Decimal
    allowed: Decimal

    @property
    def passed(self) -> bool:
        return self.allowed >= self.asked


@dataclass(frozen=True, slots=True)
class Approved:
    """Risk lets the whole quantity pass."""

    quantity: Decimal
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Risk lets a smaller quantity pass; `binding` names the limits that cut it."""

    quantity: Decimal
    asked: Decimal
    binding: tuple[str, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Vetoed:
    """Risk lets nothing pass, for `reasons`."""

    reasons: tuple[str, ...]
    checks: tuple[Check, ...]


RiskVerdict = Approved | Shrunk | Vetoed
