"""How a worker's check of a strategy ends: with a result that can be read, or without one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from quorum.domain import SECOND, DataError, Done, Loss, Outcome, iso
from quorum.validation.ladder import Tier, TierResult
from quorum.validation.life import Candidate, Status


class Exit(StrEnum):
    """How a worker ended; STOPPED when the run ended before it did."""

    DONE = "done"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASH = "crash"
    ERROR = "error"
    MALFORMED = "malformed"
    STOPPED = "stopped"


EXITS = {Loss.TIMEOUT: Exit.TIMEOUT, Loss.MEMORY: Exit.MEMORY, Loss.CRASH: Exit.CRASH, Loss.ERROR: Exit.ERROR}
RETRIES: Mapping[Exit, int] = {Exit.TIMEOUT: 1, Exit.CRASH: 3}
"""How often a fresh worker is tried after one that ended so; any other end would come again."""


class Claim(NamedTuple):
    """A strategy that a run has taken at a tier, and where it stood before."""

    candidate: Candidate
    tier: Tier
    before: Status


class Try(NamedTuple):
    """One check of a claimed strategy by one worker; the first is attempt 1."""

    claim: Claim
    attempt: int
    payload: Mapping[str, Any]

    @property
    def again(self) -> Try:
        return self._replace(attempt=self.attempt + 1)


@dataclass(frozen=True, slots=True)
class Work:
    """What one worker took: when it began and ended (ns UTC), wall and CPU seconds, MiB above its start-up."""

    began: int
    ended: int
    seconds: float
    cpu_seconds: float | None = None
    peak_mb: float | None = None

    def of(self, seconds: float) -> Work:
        """The same, of a worker that says itself how long it took: the loading before it is no work."""
        took = min(seconds, self.seconds)
        return replace(self, began=self.ended - round(took * SECOND), seconds=took)


def together_seconds(work: Sequence[Work]) -> float:
    """From the first worker's start to the last one's end; 0 of none. The loading before the first is no work here."""
    if not work:
        return 0.0
    return max(0, max(one.ended for one in work) - min(one.began for one in work)) / SECOND


@dataclass(frozen=True, slots=True)
class Answered:
    """The worker answered with a result that can be read."""

    tried: Try
    work: Work
    result: TierResult

    exit = Exit.DONE
    found = ""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """There is no result: how the worker ended, and what it said of it."""

    tried: Try
    work: Work
    exit: Exit
    found: str

    @property
    def again(self) -> bool:
        """Whether a fresh worker may try it."""
        return self.tried.attempt <= RETRIES.get(self.exit, 0)


Ended = Answered | Unanswered


def ended(tried: Try, outcome: Outcome, work: Work) -> Ended:
    """What an outcome of the executor comes to; an answer that is no result of that tier is told with its place."""
    if not isinstance(outcome, Done):
        return Unanswered(tried, work, EXITS[outcome.why], str(outcome.error))
    try:
        result = read_result(outcome.answer, tried.claim.tier)
        return Answered(tried, work.of(result.elapsed_seconds), result)
    except DataError as error:
        return Unanswered(tried, work, Exit.MALFORMED, str(error))


def read_result(values: Any, tier: Tier) -> TierResult:
    """The result of that tier which `values` tell; DataError with the place that is wrong."""
    result = TierResult.read(values)
    if result.tier is not tier:
        raise DataError(f"result.tier is {str(result.tier)!r}, not {tier}", "the check answered for another tier")
    return result


class Merged(NamedTuple):
    """Results by strategy, and what could not be read, by strategy too."""

    results: Mapping[str, TierResult]
    malformed: Mapping[str, str]


def merge(told: Iterable[tuple[str, Any]]) -> Merged:
    """Results of several workers as one; of a strategy that answers twice the first good answer counts."""
    results: dict[str, TierResult] = {}
    malformed: dict[str, str] = {}
    for strategy_id, values in told:
        if strategy_id in results:
            continue
        try:
            results[strategy_id] = TierResult.read(values)
            malformed.pop(strategy_id, None)
        except DataError as error:
            malformed.setdefault(strategy_id, str(error))
    return Merged(results, malformed)


def line(one: Ended) -> dict[str, Any]:
    """A worker as a line of the run file."""
    work, claim = one.work, one.tried.claim
    told = {
        "strategy_id": claim.candidate.strategy_id,
        "tier": claim.tier.value,
        "attempt": one.tried.attempt,
        "start": iso(work.began),
        "end": iso(work.ended),
        "seconds": work.seconds,
        "cpu_seconds": work.cpu_seconds,
        "peak_mb": work.peak_mb,
        "exit": one.exit.value,
    }
    return told if not one.found else {**told, "reason": one.found}
