"""What a run that died has left: claims without an end, results that moved nothing, gates that were not judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.mending import abandoned
from quorum.desk.proving.asked import BEFORE, FAILED, PASSED, Asked
from quorum.desk.proving.record.alive import lives
from quorum.desk.proving.run import Run, kept_time
from quorum.desk.proving.workers.outcomes import Claim
from quorum.domain import DataError, NotFound
from quorum.validation.ladder import Tier, TierResult
from quorum.validation.life import VALIDATING, Candidate, Status

OPEN = ("running", "lost")
LOOSE = frozenset({*FAILED.values(), Status.TIMEOUT, Status.FIXABLE_FAILURE})
"""Where a strategy waits for the gate of its run."""


@dataclass(frozen=True, slots=True)
class Left:
    """What dead runs have left: their ids, the strategies that they had claimed, those that wait for their gate.

    `judged` are those that failed at a gate and went nowhere since, `mending` those whose mending was cut short;
    `verdicts` those of the tiers whose gate was not judged, by tier and strategy.
    """

    runs: tuple[str, ...] = ()
    claimed: tuple[Candidate, ...] = ()
    waiting: tuple[Candidate, ...] = ()
    judged: tuple[Candidate, ...] = ()
    mending: tuple[Candidate, ...] = ()
    verdicts: Mapping[Tier, Mapping[str, str]] = field(default_factory=dict)

    @property
    def is_something(self) -> bool:
        """Whether a strategy waits for somebody to go on; a run may also have died with nothing in its hands."""
        return bool(self.count)

    @property
    def count(self) -> int:
        """How many strategies wait for that."""
        return len(self.claimed) + len(self.waiting) + len(self.judged) + len(self.mending)


def look(desk: Desk, asked: Asked) -> Left:
    """What dead runs have left in the queue of this desk, as far as a run that does what is asked may go on with it."""
    runs: dict[str, Record | None] = {}
    claimed: list[Candidate] = []
    waiting: list[Candidate] = []
    judged: list[Candidate] = []
    for candidate in desk.life.queue.listed({*VALIDATING, *LOOSE}):
        run_id = desk.life.queue.moves(candidate.strategy_id)[-1].by
        if run_id not in runs:
            runs[run_id] = _dead(desk, run_id)
        run = runs[run_id]
        if run is not None:
            failed = judged if _is_judged(run, candidate) else waiting
            (claimed if candidate.status in VALIDATING else failed).append(candidate)
    for known in (one for status in OPEN for one in desk.life.books.runs.listed(status=status)):
        if known["run_id"] not in runs:
            runs[known["run_id"]] = _dead(desk, known["run_id"])
    dead = {run_id: run for run_id, run in runs.items() if run is not None}
    verdicts = _unjudged(desk, dead.values())
    mending = () if asked.tier is not None or asked.strategies else tuple(abandoned(desk))
    return Left(tuple(dead), tuple(claimed), tuple(waiting), tuple(judged), mending, verdicts)


def released(candidates: Sequence[Candidate], left: Left) -> Iterator[Candidate]:
    """The candidates as they will stand once those that dead runs had claimed are given back."""
    claimed = {candidate.strategy_id for candidate in left.claimed}
    for candidate in candidates:
        mine = candidate.strategy_id in claimed
        yield replace(candidate, status=_stood(candidate)) if mine else candidate


def take_over(run: Run, left: Left) -> dict[Tier, dict[str, str]]:
    """Go on with what dead runs had: a result that was kept is used, other claims are given back.

    The verdicts that belong to gates which nobody has judged, by tier and strategy.
    """
    run.journal.took_over(left.runs)
    verdicts = {tier: dict(found) for tier, found in left.verdicts.items()}
    for candidate in left.claimed:
        claim = Claim(candidate, Tier(candidate.status[:2]), _stood(candidate))
        kept = _kept(run.desk, claim)
        if kept is None:
            run.release(claim, f"the run that checked it ended without a word; {run.run_id} takes over")
        else:
            word = run.conclude(claim, kept, kept_time(kept))
            verdicts.setdefault(claim.tier, {})[candidate.strategy_id] = word
    for candidate in left.waiting:
        verdicts.setdefault(Tier(candidate.tier or Tier.L0), {}).setdefault(candidate.strategy_id, "failed")
    return verdicts


def _kept(desk: Desk, claim: Claim) -> TierResult | None:
    """The result that the claim's run has kept for it; None without one that can be read."""
    candidate = claim.candidate
    run_id = desk.life.queue.moves(candidate.strategy_id)[-1].by
    for found in reversed(desk.life.results.of(candidate.strategy_id, claim.tier.value)):
        if found["run_id"] == run_id and found["attempt"] == candidate.attempts:
            with suppress(DataError):
                return TierResult.read({k: v for k, v in found.items() if k not in ("attempt", "run_id", "at")})
    return None


def _dead(desk: Desk, run_id: str) -> Record | None:
    """The record of a run that is no longer at work and has not ended; None of any other mover."""
    try:
        run = desk.life.books.runs.get(run_id)
    except NotFound:
        return None
    dead = run["status"] in OPEN and not lives(desk.workspace.home, run, desk.clock.now())
    return run if dead else None


def _is_judged(run: Record, candidate: Candidate) -> bool:
    """Whether the run had come to the gate of the tier at which the strategy failed."""
    rounds = [opened for opened in run["rounds"] if candidate.strategy_id in opened["strategies"]]
    return bool(rounds) and "gate" in rounds[-1]


def _unjudged(desk: Desk, runs: Iterable[Record]) -> dict[Tier, dict[str, str]]:
    """The verdicts of tiers that these runs had begun and not judged."""
    found: dict[Tier, dict[str, str]] = {}
    for run in runs:
        for opened in run["rounds"][-1:]:
            if "gate" not in opened:
                tier = Tier(opened["tier"])
                told = {name: _word(desk, run, tier, name) for name in opened["strategies"]}
                found.setdefault(tier, {}).update({name: word for name, word in told.items() if word})
    return found


def _word(desk: Desk, run: Record, tier: Tier, strategy_id: str) -> str:
    """The verdict that a run came to; it may have died between the move and its record."""
    line = run["by_strategy"].get(strategy_id, {})
    if line.get("tier") == tier and "verdict" in line:
        return str(line["verdict"])
    words = {PASSED[tier]: "passed", Status.INCONCLUSIVE: "inconclusive", Status.ERROR: "error"}
    candidate = desk.life.queue.get(strategy_id)
    mine = desk.life.queue.moves(strategy_id)[-1].by == run["run_id"]
    return words.get(candidate.status, "") if mine else ""


def _stood(candidate: Candidate) -> Status:
    """Where a claimed strategy stands once it is given back."""
    return BEFORE[Tier(candidate.status[:2])]
