"""One run of the validation: its parts, and what each ending of a worker does to its strategy."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.notices import Event, Occurrence
from quorum.desk.proving import record as words
from quorum.desk.proving.asked import BUSY, FAILED, PASSED, Due
from quorum.desk.proving.growth import newest
from quorum.desk.proving.record import Journal
from quorum.desk.proving.skills import CRITIC, Skills
from quorum.desk.proving.workers import Chart, Claim, Ended, Exit, Try, Unanswered, Work
from quorum.desk.settings.validation import ParallelSection
from quorum.domain import Choice, DecisionKind, QuorumError, plain
from quorum.validation.ladder import Failed, Inconclusive, Ladder, Passed, Tier, TierResult, Verdict
from quorum.validation.life import Candidate, Status
from quorum.validation.repair.rules import RetryRules


@dataclass(frozen=True)
class Run:
    """What one run works with; its id is the name under which it moves strategies."""

    desk: Desk
    rules: ParallelSection
    ladder: Ladder
    retry: RetryRules
    skills: Skills
    journal: Journal
    chart: Chart

    @property
    def run_id(self) -> str:
        return self.journal.run_id

    def claim(self, due: Due) -> Claim | None:
        """Take a strategy at its tier; None when somebody else was faster."""
        before = due.candidate.status
        moved = self.move(due.candidate, BUSY[due.tier], f"{due.tier} is checked by {self.run_id}")
        return None if moved is None else Claim(moved, due.tier, before)

    def release(self, claim: Claim, why: str) -> None:
        """Give a strategy back that was not checked."""
        back = Status.PENDING if claim.tier is Tier.L0 else PASSED[Tier(f"L{int(claim.tier[1]) - 1}")]
        self.move(claim.candidate, back, why)
        self.journal.strategy(claim.candidate.strategy_id, {"tier": claim.tier.value, "status": back.value})

    def move(self, candidate: Candidate, after: Status, reason: str) -> Candidate | None:
        """Move a strategy in this run's name."""
        queue = self.desk.life.queue
        return queue.move(candidate.strategy_id, candidate.status, after, self.run_id, reason)

    def tried(self, claim: Claim) -> Try:
        """The first check of a claimed strategy: what its worker is given."""
        candidate = claim.candidate
        payload = {
            "home": str(self.desk.workspace.home),
            "strategy_id": candidate.strategy_id,
            "tier": claim.tier.value,
            "idea": plain(candidate.idea),
            "params": self._params(claim),
            "attempt": candidate.attempts,
            "niceness": self.rules.resource_limits.niceness,
        }
        return Try(claim, 1, payload)

    def _params(self, claim: Claim) -> Mapping[str, Any]:
        """What L2 chose is what L3 checks."""
        if claim.tier is not Tier.L3:
            return {}
        found = self.desk.life.results.of(claim.candidate.strategy_id, Tier.L2.value)
        return dict(found[-1]["params"]) if found else {}

    def settle(self, one: Ended) -> str:
        """Keep what a worker answered, then move its strategy; the word for its verdict."""
        claim = one.tried.claim
        if isinstance(one, Unanswered):
            return self._lost(claim, one)
        candidate = claim.candidate
        told = one.result.told()
        self.desk.life.results.keep(candidate.strategy_id, claim.tier.value, candidate.attempts, self.run_id, told)
        return self.conclude(claim, one.result, spent(one.work, one.tried.attempt))

    def conclude(self, claim: Claim, result: TierResult, spent: Mapping[str, Any]) -> str:
        """Move a strategy by the verdict of a result that is kept; the word for it."""
        verdict = self.reviewed(claim.candidate, result)
        after, reason, word = self._after(claim.tier, verdict)
        told = {**facts(verdict), "verdict": word, "tier": claim.tier.value, "status": after.value, **spent}
        if after is Status.INCONCLUSIVE:
            told["newest"] = newest(claim.candidate, self.desk.lake.series())
        self.move(claim.candidate, after, reason)
        self.journal.strategy(claim.candidate.strategy_id, told)
        return word

    def reviewed(self, candidate: Candidate, result: TierResult) -> Verdict:
        """The verdict, after the critic's where L2 left doubts; a critic that fails leaves it as it was."""
        doubtful = bool(result.critic) or (isinstance(result.verdict, Failed) and result.verdict.marginal)
        if result.tier is not Tier.L2 or not doubtful:
            return result.verdict
        if self.skills.critic is None:
            self.skipped(CRITIC, candidate.strategy_id, "the gates' verdict on L2 stands")
            return result.verdict
        try:
            return self.skills.critic(self.desk, candidate, result)
        except Exception as error:  # noqa: BLE001 - a skill that breaks ends no strategy
            self.broke(f"the critic on {candidate.strategy_id}: {said(error)}")
            return result.verdict

    def _after(self, tier: Tier, verdict: Verdict) -> tuple[Status, str, str]:
        if isinstance(verdict, Passed):
            return PASSED[tier], f"{tier} holds", words.PASSED
        if isinstance(verdict, Inconclusive):
            return Status.INCONCLUSIVE, lacking(verdict), words.INCONCLUSIVE
        fixable = self.retry.retries(tier.value, verdict.reason)
        return Status.FIXABLE_FAILURE if fixable else FAILED[tier], f"{verdict.reason}: {verdict.why}", words.FAILED

    def _lost(self, claim: Claim, one: Unanswered) -> str:
        late = one.exit is Exit.TIMEOUT
        after, reason = (Status.TIMEOUT, "timeout") if late else (Status.ERROR, one.exit.value)
        word = words.TIMEOUT if late else words.ERROR
        self.move(claim.candidate, after, f"{reason}: {one.found}")
        told = {"reason": reason, "metric": None, "value": None, "threshold": None, "why": one.found}
        line = {**told, "verdict": word, "tier": claim.tier.value, "status": after.value}
        self.journal.strategy(claim.candidate.strategy_id, {**line, **spent(one.work, one.tried.attempt)})
        return word

    def watch(self) -> None:
        """Slow workers and too many lost ones are told, each once."""
        for strategy_id, (seconds, usual) in self.chart.slow().items():
            why = f"the worker of {strategy_id} takes {seconds:.1f} s, the others {usual:.1f} s in the middle"
            self._alert(f"slow/{strategy_id}", "slow_worker", why, {"strategy_id": strategy_id, "seconds": seconds})
        failing = self.chart.failing()
        if failing is not None:
            lost, count = failing
            self._alert("failing", "failure_rate", f"{lost} of {count} workers gave no answer", {"lost": lost})

    def skipped(self, skill: str, strategy_id: str, why: str) -> None:
        """A decision that says what became of a strategy without a skill that is off, once a strategy."""
        told = {"run_id": self.run_id, "skill": skill}
        said = f"{strategy_id}: {skill} is off; {why}"
        choice = Choice(DecisionKind.STATUS, strategy_id, self.desk.clock.now(), told, {"outcome": "skipped"}, said)
        self.desk.decisions.once(f"skipped/{skill}/{strategy_id}", choice)

    def broke(self, why: str) -> None:
        """A skill that was to help did not; what it was for is done without it."""
        self._alert(f"broke/{why}", "skill_failed", why, {})

    def doubt(self, why: str) -> None:
        """What stands in a file that was not taken in."""
        self._alert(f"doubt/{why}", "file_doubted", why, {})

    def _alert(self, key: str, kind: str, why: str, more: Mapping[str, Any]) -> None:
        if not self.journal.alert(key, {"kind": kind, "why": why, **more}):
            return
        named = {"run_id": self.run_id, "kind": kind, **more}
        look = f"Look at {self.run_id} in pipeline/; the validation goes on"
        with suppress(QuorumError):  # it is in the run's record
            summary = f"{self.run_id}: {why}"
            self.desk.outbox.raise_(Occurrence(Event.ALERT, f"{self.run_id}/{key}", summary, named, look))


def facts(verdict: Verdict) -> dict[str, Any]:
    """What a verdict says, by the names that every line has."""
    if isinstance(verdict, Failed):
        named = {"reason": verdict.reason, "metric": verdict.metric, "value": verdict.value}
        return {**named, "threshold": verdict.threshold, "retryable": verdict.retryable, "why": verdict.why}
    if isinstance(verdict, Inconclusive):
        named = {"reason": "too_little_data", "metric": verdict.what, "value": verdict.found}
        return {**named, "threshold": verdict.needed, "why": lacking(verdict)}
    return dict.fromkeys(("reason", "metric", "value", "threshold", "why"))


def lacking(verdict: Inconclusive) -> str:
    """What there is too little of."""
    needed, found = ("nothing" if x is None else f"{x:g}" for x in (verdict.needed, verdict.found))
    return f"{verdict.what}: {needed} needed, {found} found"


def spent(work: Work, attempt: int) -> dict[str, Any]:
    """What a check took, as every line has it."""
    return {
        "seconds": work.seconds,
        "cpu_seconds": work.cpu_seconds,
        "peak_mb": work.peak_mb,
        "attempt": attempt,
    }


def kept_time(result: TierResult) -> dict[str, Any]:
    """As `spent`, of a result whose worker nobody saw end."""
    return {"seconds": result.elapsed_seconds, "cpu_seconds": result.cpu_seconds, "peak_mb": None, "attempt": 1}


def said(error: Exception) -> str:
    """An error in words."""
    return str(error) if isinstance(error, QuorumError) else f"{type(error).__name__}: {error}"
