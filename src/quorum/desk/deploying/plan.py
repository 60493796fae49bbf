"""A deployment as it would be: where, how much, with which parameters, and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from quorum.desk.deploying.assessment import Assessment
from quorum.desk.deploying.baseline import Baseline
from quorum.desk.deploying.fitting import Account, Floor, Traded, account_of, floored, lot_of, misfits, traded
from quorum.desk.deploying.known import Known, known, ladder_of
from quorum.desk.deploying.risk import assessed, risk_words
from quorum.desk.desk import Desk
from quorum.domain import IllegalMove, QuorumError, plain
from quorum.validation.ladder import Ladder, Passed, Tier
from quorum.validation.life import Candidate, Status

STAGE = Status.PAPER


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person is asked to agree to; `refusals` are the reasons why it cannot be.

    `lots` are the units by symbol of which it holds whole numbers alone, where that was asked for; its baseline is then
    that of whole lots too.
    """

    candidate: Candidate
    account: Account
    params: Mapping[str, float]
    baseline: Baseline
    assessment: Assessment
    refusals: tuple[QuorumError, ...]
    lots: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def allocation(self) -> float:
        return self.assessment.allocation

    @property
    def summary(self) -> str:
        """A line for who is asked."""
        idea, band = self.candidate.idea, self.baseline.band(30)
        low, high = (f"{100 * value:+.1f} %" for value in band.total)
        what = f"{self.candidate.strategy_id} {idea.name} on {', '.join(idea.symbols)} {idea.timeframe}"
        share = f"{100 * self.allocation:.0f} % of account {self.account.name}"
        floored = ", floored to whole lots" if self.lots else ""
        return f"{what}: {share}, on paper{floored}; 30 days are expected to bring {low} to {high} of it"

    def must_hold(self) -> None:
        """Raise the first reason why it cannot be."""
        for refusal in self.refusals:
            raise refusal

    def told(self) -> dict[str, Any]:
        """The plain values."""
        idea = self.candidate.idea
        money = float(self.account.equity) * self.allocation
        return {
            "strategy_id": self.candidate.strategy_id,
            "strategy": idea.name,
            "symbols": list(idea.symbols),
            "timeframe": idea.timeframe,
            "status": self.candidate.status.value,
            "stage": STAGE.value,
            "account": self.account.name,
            "book": self.account.book,
            "target_allocation": self.allocation,
            "target_value": round(money, 2),
            "currency": self.account.currency,
            "params": plain(dict(self.params)),
            "floor": bool(self.lots),
            "lots": {symbol: str(lot) for symbol, lot in self.lots.items()},
            "baseline": self.baseline.summary(),
            "risk": self.assessment.told(),
            "summary": self.summary,
            "refused": [str(refusal) for refusal in self.refusals],
        }


def plan_deployment(
    desk: Desk, strategy_id: str, account: str | None = None, allocation: float | None = None, floor: bool = False
) -> Plan:
    """What deploying a strategy to paper would be; nothing changes.

    With `floor` targets that are no whole lots are floored to them, in the baseline as when it trades; without it one
    that is less than a lot is refused. IllegalMove for one that does not await a person's word. UsageError without
    daily returns or a fitting account.
    """
    found = known(desk, strategy_id)
    must_await(found.candidate)
    place, proof = account_of(desk, found.candidate.idea.symbols, account), found.proof
    ladder = ladder_of(desk)
    shown = traded(desk, found)
    assessment = assessed(desk, found, place, shown, allocation)
    refusals = list(_terms(ladder))
    if not isinstance(assessment.verdict, Passed):
        refusals.append(IllegalMove(f"risk does not agree: {risk_words(assessment)}", "see `quorum evaluate`"))
    if isinstance(shown, QuorumError):
        refusals.append(shown)
    elif assessment.allocation > 0:
        refusals.extend(misfits(desk, place, shown, assessment.allocation, floor))
    baseline, lots = Baseline.of(proof, proof.seed), dict[str, Decimal]()
    if floor and not refusals and isinstance(shown, Traded):
        lots = {bars.symbol: lot_of(desk, place, bars) for bars in shown.series}
        money = Floor(lots, place.equity * Decimal(str(assessment.allocation)))
        try:
            baseline = Baseline.of(floored(desk, found, money), proof.seed)
        except IllegalMove as error:
            refusals.append(error)
    return Plan(found.candidate, place, _params(found), baseline, assessment, tuple(refusals), lots)


def must_await(candidate: Candidate) -> None:
    """IllegalMove, with what to do, unless the strategy awaits a person's word."""
    if candidate.status is Status.AWAITING_HUMAN:
        return
    remedy = _REMEDIES.get(candidate.status, f"`quorum evaluate {candidate.strategy_id}` says what comes next")
    raise IllegalMove(f"{candidate.strategy_id} is {candidate.status}, not AWAITING_HUMAN", remedy)


_REMEDIES = {
    Status.REJECTED: "a rejected strategy is not deployed; queue another idea",
    Status.REJECTED_AUTO_RETRY: "a rejected strategy is not deployed; queue another idea",
    Status.RETIRED: "a retired strategy is not deployed; queue it anew",
    Status.PAPER: "it is deployed already",
    Status.INCUBATION: "it is deployed already",
    Status.ACTIVE: "it is deployed already",
    Status.PAUSED: "go on with `quorum strategy resume`",
}


def _params(found: Known) -> Mapping[str, float]:
    """The parameters of the highest tier: L3 has those that L2 chose."""
    for tier in (Tier.L3, Tier.L2, *reversed(Tier)):
        if tier in found.results:
            return found.results[tier].params
    return found.candidate.idea.params


def _terms(ladder: Ladder) -> list[QuorumError]:
    fill = ladder.method.terms.fill
    if fill != "same_close":
        return []
    return [IllegalMove("it was tested at same_close, which nobody can trade", "validate it at next_open")]
