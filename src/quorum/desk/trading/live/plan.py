"""Going live as it would be: which strategy, after how long on paper, in which account, with how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quorum.desk.deploying import Assessment, Baseline
from quorum.desk.deploying.fitting import Account, account_of, misfits, traded
from quorum.desk.deploying.known import known
from quorum.desk.deploying.risk import assessed, risk_words
from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.settings.trading.execution import GoingLiveSection
from quorum.desk.trading.live.consents import LIVE, is_word, terms_of
from quorum.desk.trading.turns import beside_baseline
from quorum.domain import DAY, IllegalMove, NotFound, QuorumError, Timeframe, UsageError
from quorum.validation.ladder import Passed
from quorum.validation.life import Candidate, Status

ON_PAPER = (Status.PAPER, Status.INCUBATION, Status.ACTIVE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person is asked to agree to the second time; `refusals` are the reasons why it cannot be.

    `paper` is the deployment that it goes on from: its parameters and baseline are kept. `days` are whole days on
    paper, `beside` how they stand against the baseline's band.
    """

    candidate: Candidate
    paper: Record
    account: Account
    terms: str
    assessment: Assessment
    days: int
    beside: str
    refusals: tuple[QuorumError, ...]

    @property
    def allocation(self) -> float:
        return self.assessment.allocation

    @property
    def summary(self) -> str:
        """A line for who is asked."""
        idea, share = self.candidate.idea, f"{100 * self.allocation:.0f} % of account {self.account.name}"
        what = f"{self.candidate.strategy_id} {idea.name} on {', '.join(idea.symbols)} {idea.timeframe}"
        return f"{what}: {share}, with real money; {self.days} days on paper, {self.beside} of its band"

    def must_hold(self) -> None:
        """Raise the first reason why it cannot be."""
        for refusal in self.refusals:
            raise refusal

    def told(self) -> dict[str, Any]:
        """The plain values."""
        low, high = Baseline.read(self.paper["baseline"]).band(30).total
        money = float(self.account.equity) * self.allocation
        return {
            "strategy_id": self.candidate.strategy_id,
            "strategy": self.candidate.idea.name,
            "symbols": list(self.candidate.idea.symbols),
            "timeframe": self.candidate.idea.timeframe,
            "status": self.candidate.status.value,
            "stage": LIVE,
            "account": self.account.name,
            "book": self.account.book,
            "terms": self.terms,
            "target_allocation": self.allocation,
            "target_value": round(money, 2),
            "currency": self.account.currency,
            "size": f"{money:.2f} {self.account.currency}",
            "expected": f"{100 * low:+.1f} % to {100 * high:+.1f} % in 30 days",
            "params": self.paper["params"],
            "paper_deployment": self.paper["deployment_id"],
            "paper_account": self.paper["account"],
            "first_approval_id": self.paper["approval_id"],
            "paper_days": self.days,
            "beside_baseline": self.beside,
            "risk": self.assessment.told(),
            "summary": self.summary,
            "refused": [str(refusal) for refusal in self.refusals],
        }


def plan_live(desk: Desk, strategy_id: str, account: str | None = None, allocation: float | None = None) -> Plan:
    """What going live would be; nothing changes, and the venue is not asked.

    The allocation is that on paper unless one is given. IllegalMove for a strategy that is not on paper, UsageError
    for an account that is none, is in another currency, or does not trade with real money.
    """
    found = known(desk, strategy_id)
    paper = on_paper(desk, found.candidate)
    place = account_of(desk, found.candidate.idea.symbols, account, live=True)
    section, shown = desk.settings.accounts.accounts[place.name], traded(desk, found)
    share = float(paper["allocation"]) if allocation is None else allocation
    assessment = assessed(desk, found, place, shown, share)
    beside = next((one for one in beside_baseline(desk) if one.strategy_id == strategy_id), None)
    refusals = [*_first_word(desk, paper), *too_early(desk, found.candidate, paper)]
    if not isinstance(assessment.verdict, Passed):
        refusals.append(IllegalMove(f"risk does not agree: {risk_words(assessment)}", "see `quorum evaluate`"))
    if isinstance(shown, QuorumError):
        refusals.append(shown)
    else:
        refusals.extend(misfits(desk, place, shown, assessment.allocation, floored="lots" in paper))
    words = {"inside": "inside", "outside": "OUTSIDE"}
    word = words.get(beside.word if beside else "", "too early to say whether inside")
    days = int((desk.clock.now() - paper["at"]) // DAY)
    return Plan(found.candidate, paper, place, terms_of(section), assessment, days, word, tuple(refusals))


def on_paper(desk: Desk, candidate: Candidate) -> Record:
    """The deployment on paper that a strategy trades by; IllegalMove where there is none, or it is live already."""
    strategy_id = candidate.strategy_id
    records = desk.life.books.deployments.listed(strategy_id=strategy_id)
    newest = records[-1] if records else None
    if newest is not None and newest["stage"] == LIVE and newest["status"] in ("standing", "paused"):
        raise IllegalMove(f"{strategy_id} is live already, by {newest['deployment_id']}", "there is nothing to ask")
    if newest is None or newest["status"] != "standing" or candidate.status not in ON_PAPER:
        first = f"`quorum evaluate {strategy_id}` says what comes first"
        raise IllegalMove(f"{strategy_id} is {candidate.status}: only what trades on paper goes live", first)
    return newest


def too_early(desk: Desk, candidate: Candidate, paper: Mapping[str, Any]) -> Iterator[QuorumError]:
    """IllegalMove for too few days on paper: calendar days, and days of which the lake has bars of its market."""
    asked: GoingLiveSection = desk.settings.execution.going_live
    first, now, idea = int(paper["at"]), desk.clock.now(), candidate.idea
    days = (now - first) // DAY
    times = desk.lake.bars(idea.symbols[0], Timeframe.parse(idea.timeframe), idea.venue).time
    traded_on = len(np.unique(times[(times >= first) & (times < now)] // DAY))
    if days < asked.calendar_days or traded_on < asked.trading_days:
        found = f"{days} of {asked.calendar_days} calendar days and {traded_on} of {asked.trading_days} trading days"
        yield IllegalMove(f"{paper['strategy_id']} was on paper for {found}", "let it trade on paper until then")


def _first_word(desk: Desk, paper: Mapping[str, Any]) -> Iterator[QuorumError]:
    """What is wrong with the yes to paper."""
    name, strategy_id = str(paper["approval_id"]), str(paper["strategy_id"])
    try:
        sound = is_word(desk.approvals.get(name), strategy_id)
    except NotFound:
        sound = False
    if not sound:
        found = f"{paper['deployment_id']} stands on no person's yes to {strategy_id}"
        yield UsageError(found, "deploy it to paper anew")
