"""What a drive leaves behind: the backtest, what risk said, and every order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from quorum.domain import Order, RiskVerdict, Shrunk, Vetoed
from quorum.engine.backtest import Backtest


@dataclass(slots=True)
class Checks:
    """How often each limit was looked at, cut an order, and stopped one, by the limit's name."""

    evaluated: Counter[str] = field(default_factory=Counter)
    shrunk: Counter[str] = field(default_factory=Counter)
    vetoed: Counter[str] = field(default_factory=Counter)

    def count(self, verdict: RiskVerdict) -> None:
        """Add a verdict."""
        for check in verdict.checks:
            self.evaluated[check.name] += 1
        if isinstance(verdict, Shrunk):
            self.shrunk.update(verdict.binding)
        elif isinstance(verdict, Vetoed):
            self.vetoed.update(check.name for check in verdict.checks if not check.passed)


@dataclass(frozen=True, eq=False)
class Driven:
    """A backtest whose every trade went by a proposal, the limits, an order and the simulated broker.

    `backtest` is the same value as the kernel's; the counts are of risk's checks by name; `orders` are all that
    were sent, in the order of time, in their last state.
    """

    backtest: Backtest
    evaluated: Mapping[str, int]
    shrunk: Mapping[str, int]
    vetoed: Mapping[str, int]
    orders: tuple[Order, ...]

    @classmethod
    def of(cls, backtest: Backtest, checks: Checks, orders: tuple[Order, ...]) -> Driven:
        """The counts as they are now."""
        evaluated, shrunk, vetoed = (
            MappingProxyType(dict(count)) for count in (checks.evaluated, checks.shrunk, checks.vetoed)
        )
        return cls(backtest, evaluated, shrunk, vetoed, orders)
