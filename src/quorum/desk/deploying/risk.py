"""Assessing risk: a strategy beside all that is deployed in its book, kept, put on record, and moved on by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from quorum.desk.deploying.assessment import Assessment, Neighbour, RiskTerms, Subject, assess_deployment
from quorum.desk.deploying.baseline import Baseline
from quorum.desk.deploying.criticising import parents_of
from quorum.desk.deploying.fitting import Account, Traded, account_of, misfits, traded
from quorum.desk.deploying.known import RISK, Known, known, run_of
from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.life.showing import show_life
from quorum.desk.settings.host import HOST_BOOK, read_host_risk
from quorum.desk.settings.tiers import read_deployed
from quorum.domain import Choice, DecisionKind, QuorumError, UsageError
from quorum.validation.critic import Evidence, verdict_words
from quorum.validation.ladder import Failed, Inconclusive, Passed, Tier, told
from quorum.validation.life import DEPLOYED, Status

AT_WORK = ("standing", "paused")
"""Deployments that have their allocation; a paused one keeps it."""
ADMITTED = "admitted"
"""It has its number, and the strategy has not moved yet."""
NAN = float("nan")


def assess_risk(
    desk: Desk, strategy_id: str, account: str | None = None, allocation: float | None = None, floor: bool = False
) -> dict[str, Any]:
    """The risk assessment of a strategy in the account named, else the first in its currency.

    It is kept, with its decision, as `risk-assessment.yaml`. At L3_PASSED (or RISK_ASSESSED, where a crash left it) a
    strategy that passes goes on to AWAITING_HUMAN, one that fails is rejected; an inconclusive one stays, as does one
    that the account's venue could not trade; with `floor` less than a lot is none of that.
    NotFound for an id that there is not, UsageError without daily returns, an account, or a sound allocation.
    """
    found = known(desk, strategy_id)
    place = account_of(desk, found.candidate.idea.symbols, account)
    shown = traded(desk, found)
    assessment = _fitted(desk, place, shown, assessed(desk, found, place, shown, allocation), floor)
    facts = assessment.told()
    run_id = run_of(desk, strategy_id, RISK, facts)
    words = risk_words(assessment)
    decided = desk.decisions.once(
        f"risk/{strategy_id}/{run_id}",
        Choice(
            DecisionKind.VERDICT,
            strategy_id,
            desk.clock.now(),
            {"account": place.name, "book": place.book, "asked": allocation, "beside": facts["correlations"]},
            {"verdict": facts["verdict"]["verdict"], "target_allocation": assessment.allocation},
            f"risk of {strategy_id} in {place.name}: {words}",
            parents_of(desk, strategy_id),
        ),
    )
    kept = {**facts, "decision_id": decided}
    desk.life.results.keep(strategy_id, RISK, found.candidate.attempts, run_id, kept)
    _go_on(desk, found, assessment, words)
    show_life(desk, [strategy_id])
    return {"status": desk.life.queue.get(strategy_id).status.value, **kept}


def assessed(
    desk: Desk, found: Known, account: Account, shown: Traded | QuorumError, allocation: float | None = None
) -> Assessment:
    """The assessment alone: nothing is kept, nothing moves. UsageError for an allocation that is no share."""
    if allocation is not None and not 0.0 < allocation <= 1.0:
        raise UsageError(f"an allocation of {allocation:g} is no share of a book", "give a fraction, as 0.2")
    proof = found.proof
    subject = Subject(
        found.strategy_id,
        Baseline.of(proof, proof.seed),
        _metrics(found),
        _exposure(found),
        float(account.equity),
        NAN if isinstance(shown, QuorumError) else shown.capacity,
        found.provisional,
    )
    terms = terms_of(desk, account.name)
    beside = neighbours(desk, account.book, found.strategy_id)
    return assess_deployment(subject, beside, terms, (account.name, account.book), allocation)


def _fitted(desk: Desk, account: Account, shown: Traded | QuorumError, found: Assessment, floor: bool) -> Assessment:
    """The assessment with what the account's venue cannot do of it, which leaves one that passes open."""
    if isinstance(shown, QuorumError) or not isinstance(found.verdict, Passed):
        return found
    lacking = tuple(
        Evidence("venue", 1.0, "<", 1.0, str(misfit), close=True)
        for misfit in misfits(desk, account, shown, found.allocation, floor)
    )
    if not lacking:
        return found
    return replace(found, verdict=Inconclusive("venue", 1.0, 1.0), allocation=0.0, checks=(*found.checks, *lacking))


def terms_of(desk: Desk, account: str) -> RiskTerms:
    """What deployed strategies may take of an account's book, as the workspace's files and its host's have it."""
    terms = read_deployed(desk.workspace.config).model_dump()
    if desk.settings.accounts.accounts[account].book == HOST_BOOK:
        terms = read_host_risk(desk.workspace.home).deployed(terms)
    return RiskTerms(**terms).within(desk.limits(account))


def risk_words(assessment: Assessment) -> str:
    """What risk says, in a sentence."""
    if isinstance(assessment.verdict, Passed):
        return f"it fits with {100 * assessment.allocation:.0f} % of book {assessment.book}"
    said = verdict_words(told(assessment.verdict))
    unsure = next((check for check in assessment.checks if check.holds is None), None)
    return f"{said} ({unsure.detail})" if unsure and isinstance(assessment.verdict, Inconclusive) else said


def neighbours(desk: Desk, book: str, but: str | None = None) -> list[Neighbour]:
    """The deployments that have their allocation in a book, without those of one strategy."""
    return [
        Neighbour(record["strategy_id"], record["allocation"], Baseline.read(record["baseline"]))
        for record in at_work(desk, book)
        if record["strategy_id"] != but
    ]


def at_work(desk: Desk, book: str) -> list[Record]:
    """The newest deployment of each strategy that is deployed, or is about to be; where it stands the queue says."""
    newest = {record["strategy_id"]: record for record in desk.life.books.deployments.listed(book=book)}
    return [record for record in newest.values() if _counts(desk, record)]


def _counts(desk: Desk, record: Record) -> bool:
    status = desk.life.queue.get(record["strategy_id"]).status
    if record["status"] == ADMITTED:
        return status is Status.AWAITING_HUMAN or status in DEPLOYED
    return record["status"] in AT_WORK and status in DEPLOYED


def _metrics(found: Known) -> dict[str, float | None]:
    """The numbers of L2, and of L3 what L2 did not have."""
    metrics: dict[str, float | None] = {}
    for tier in (Tier.L1, Tier.L3, Tier.L2):
        if tier in found.results:
            metrics |= {name: value for name, value in found.results[tier].metrics.items() if value is not None}
    return metrics


def _exposure(found: Known) -> float:
    """The most that was ever held in the test, by its self-diagnostics."""
    rows = (row for row in found.proof.diagnostics if row.get("name") == "position_size_sanity")
    value = next((row["value"] for row in rows), None)
    return NAN if value is None else float(value)


def _go_on(desk: Desk, found: Known, assessment: Assessment, words: str) -> None:
    queue, status = desk.life.queue, found.candidate.status
    if status not in (Status.L3_PASSED, Status.RISK_ASSESSED):
        return
    if isinstance(assessment.verdict, Failed):
        queue.move(found.strategy_id, status, Status.REJECTED, RISK, f"{assessment.verdict.reason}: {words}")
    elif isinstance(assessment.verdict, Passed):
        if status is Status.L3_PASSED:
            queue.move(found.strategy_id, status, Status.RISK_ASSESSED, RISK, words)
        queue.move(found.strategy_id, Status.RISK_ASSESSED, Status.AWAITING_HUMAN, RISK, f"ask me to deploy: {words}")
