"""Validation of the queue: claim, check in workers, judge tier by tier, go on with what passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.life import Record, show_life, skill_is_on
from quorum.desk.life.taking import take_in_what_can_be
from quorum.desk.proving import lost
from quorum.desk.proving.asked import PASSED, Asked, Due, check_named, climbs, due
from quorum.desk.proving.gates import determine
from quorum.desk.proving.growth import grown
from quorum.desk.proving.onward import escalate, mend, reject, resume, stands
from quorum.desk.proving.record import PASSED as PASSED_WORD
from quorum.desk.proving.record import Journal, Lock, beating, show
from quorum.desk.proving.run import Run, said
from quorum.desk.proving.skills import RETRY, RISK, Skills, usual
from quorum.desk.proving.workers import Chart, Claim, Crew, Work, line, together_seconds
from quorum.desk.settings import read_settings
from quorum.desk.settings.retry import read_retry
from quorum.desk.settings.tiers import read_ladder
from quorum.desk.settings.validation import PARALLEL_FILE, ParallelSection, ValidationFile
from quorum.domain import QuorumError, WorkspaceError
from quorum.signals.registry import OURS
from quorum.validation.ladder import Ladder, Tier
from quorum.validation.life import Status

STOPS = ("failed", "timeout", "error")


def parallel_rules(desk: Desk) -> ParallelSection:
    """config/parallel-validation.yaml, read now."""
    return read_settings(desk.workspace.config / PARALLEL_FILE, ValidationFile).parallel_validation


def plan(desk: Desk, asked: Asked) -> dict[str, Any]:
    """What a run would do, and nothing of it done: which strategies at which tier, how many workers, what each may.

    UsageError and IllegalMove as for `validate`.
    """
    rules, ladder, skills = parallel_rules(desk), read_ladder(desk.workspace.config), usual(desk)
    climbs(ladder, asked)
    left = lost.look(desk, asked)
    found = _first(desk, asked, left)
    together = rules.enabled and skills.parallel
    return {
        "dry_run": True,
        "tier": None if asked.tier is None else asked.tier.value,
        "mode": "parallel" if together else "inline",
        "pending": len(found),
        "left_over": left.count,
        "workers": _workers(rules, asked, len(found)) if together and found else min(1, len(found)),
        "strategies": {one.candidate.strategy_id: _planned(one, rules, ladder) for one in found},
    }


def validate(desk: Desk, asked: Asked | None = None, skills: Skills | None = None) -> Record:
    """Validate the strategies that wait, or those that are named; the record of the run.

    At one tier where `asked` names it; else each goes as far as it can: what passed goes on to the next tier in the
    same run, what failed is mended or rejected. A run that died before is taken over: results that it has kept are
    used, nothing is checked twice. With nothing to do there is no run, and `run_id` is None.

    UsageError for a strategy or a tier that there is not; IllegalMove for a strategy that another run is checking.
    """
    wanted, taken = asked or Asked(), take_in_what_can_be(desk)
    found = lost.look(desk, wanted)
    rules, ladder = parallel_rules(desk), read_ladder(desk.workspace.config)
    climbs(ladder, wanted)
    first = _first(desk, wanted, found)
    if not first and not found.is_something:
        return _nothing(wanted)
    beside = skills or usual(desk)
    together = rules.enabled and beside.parallel
    workers = _workers(rules, wanted, len(first)) if together else 1
    facts = {
        "mode": "parallel" if together else "inline",
        "workers_at_once": workers,
        "beat_seconds": rules.polling_interval_seconds,
    }
    retry = read_retry(desk.workspace.config)
    if not skill_is_on(desk.workspace, RETRY):
        retry = replace(retry, enabled=False)
    journal = Journal.open(desk.life.books.runs, desk.clock, wanted, facts)
    beat = beating(rules.polling_interval_seconds, journal.beat)
    with Lock(desk.workspace.home, journal.run_id), beat:
        journal.begin()
        run = Run(desk, rules, ladder, retry, beside, journal, Chart(desk.clock))
        for doubt in taken.doubts:
            run.doubt(doubt)
        try:
            carried = lost.take_over(run, found)
            _finish(run, wanted, found)
            _climb(run, wanted, carried, workers)
        except BaseException:
            with suppress(QuorumError):  # what ended the run is what its caller hears of
                journal.end("stopped")
                _shown(run)
            raise
        _mapped(run)
        journal.end("done")
        journal.buried(found.runs)
    _shown(run)
    return journal.record


def _mapped(run: Run) -> None:
    """Bring the map of what was searched up to what the tiers have answered.

    Code that is not ours is run in workers alone, and the map asks a strategy what it is: with such a one in the queue
    the map waits for the next meeting.
    """
    from quorum.desk.meeting import update_map

    ideas = (one.idea for one in run.desk.life.queue.listed())
    if any(isinstance(idea.strategy, str) and idea.strategy not in OURS for idea in ideas):
        return
    try:
        update_map(run.desk)
    except Exception as error:  # noqa: BLE001 - a map that is behind ends no strategy; the next run draws it
        run.broke(f"the search-space map: {said(error)}")


def _shown(run: Run) -> None:
    """Write the run's files and those of the strategies that it moved; what cannot be written is in the store."""
    with suppress(WorkspaceError):
        show(run.desk, run.journal.record)
    show_life(run.desk, list(run.journal.record["by_strategy"]))


def _planned(one: Due, rules: ParallelSection, ladder: Ladder) -> dict[str, Any]:
    told = {"strategy": one.candidate.idea.name, "status": one.candidate.status.value, "tier": one.tier.value}
    if one.tier not in ladder.tiers:
        return {**told, "left_out": True}
    limits = rules.limits(ladder.of(one.tier), 1)
    return {**told, "seconds": limits.seconds, "memory_mb": limits.memory_mb}


def _first(desk: Desk, asked: Asked, left: lost.Left) -> Sequence[Due]:
    """What a run would begin with, once it has taken over what dead ones left."""
    candidates = list(lost.released(desk.life.queue.listed(), left))
    check_named(candidates, asked)
    return due(candidates, asked, grown(desk, candidates))


def _workers(rules: ParallelSection, asked: Asked, count: int) -> int:
    return max(1, min(count, rules.max_workers, asked.workers or rules.max_workers))


def _climb(run: Run, asked: Asked, carried: Mapping[Tier, Mapping[str, str]], workers: int) -> None:
    """Tier by tier, with those that begin there and those that came so far."""
    queue = run.desk.life.queue
    candidates = queue.listed()
    waiting = due(candidates, asked, grown(run.desk, candidates))
    going: list[str] = []
    for tier in Tier:
        mine = [one for one in waiting if one.tier is tier]
        mine += [Due(queue.get(strategy_id), tier) for strategy_id in going]
        heard = [one for one in mine if tier is not Tier.L3 or stands(run, one.candidate)]
        claims = [claim for claim in map(run.claim, heard) if claim is not None]
        before = carried.get(tier, {})
        if not claims and not before:
            going = []
            continue
        passed, stops = _round(replace(run, chart=Chart(run.desk.clock)), tier, (claims, before), (workers, asked))
        if stops:
            return
        going = [name for name in passed if asked.tier is None and queue.get(name).status is PASSED[tier]]
        _shown(run)
    if asked.tier is None:
        _assess(run)


def _finish(run: Run, asked: Asked, left: lost.Left) -> None:
    """Send those on that failed at a gate, or were being mended, when their run died."""
    for candidate in left.mending:
        resume(run, candidate)
    for candidate in left.judged:
        tier = Tier(candidate.tier or Tier.L0)
        for fixable in reject(run, tier, [candidate.strategy_id]):
            if asked.tier is None:
                mend(run, tier, fixable)


def _round(
    run: Run, tier: Tier, strategies: tuple[Sequence[Claim], Mapping[str, str]], how: tuple[int, Asked]
) -> tuple[list[str], bool]:
    """One tier: the strategies that pass it, mended ones among them, and whether the run stops here."""
    (claims, carried), (workers, asked) = strategies, how
    names = [claim.candidate.strategy_id for claim in claims]
    run.journal.round(tier.value, [*carried, *names])
    if tier not in run.ladder.tiers:
        return _passed_by(run, tier, claims), False
    verdicts = {**carried, **_checked(run, tier, claims, workers)}
    gate = determine(tier, verdicts, run.rules.auto_escalate_threshold)
    if gate.escalates:
        escalate(run, gate)
    run.journal.judged(gate.told())
    fixable = reject(run, tier, gate.failed)
    mended = [one.strategy_id for one in fixable if asked.tier is None and mend(run, tier, one)]
    return [*gate.passed, *mended], len(verdicts) < len(names) + len(carried)


def _checked(run: Run, tier: Tier, claims: Sequence[Claim], workers: int) -> dict[str, str]:
    """The verdict of each strategy; those that a run which fails fast did not come to are given back."""
    verdicts: dict[str, str] = {}
    together = run.journal.record["mode"] == "parallel"
    limits = run.rules.limits(run.ladder.of(tier), workers)
    crew = Crew(run.desk.executor, limits, run.chart, together, run.broke)
    spans: list[Work] = []
    try:
        with (
            beating(run.rules.polling_interval_seconds, run.watch),
            closing(crew.run([run.tried(claim) for claim in claims])) as endings,
        ):
            for one, last in endings:
                run.journal.worker(line(one))
                spans.append(one.work)
                if last:
                    verdicts[one.tried.claim.candidate.strategy_id] = run.settle(one)
                run.watch()
                if run.rules.fail_fast and last and verdicts[one.tried.claim.candidate.strategy_id] in STOPS:
                    break
    finally:
        run.journal.took(together_seconds(spans))
        for claim in claims:
            if claim.candidate.strategy_id not in verdicts:
                run.release(claim, f"{run.run_id} ended before it was checked")
    return verdicts


def _passed_by(run: Run, tier: Tier, claims: Sequence[Claim]) -> list[str]:
    """A tier that the protocol leaves out holds nobody up."""
    for claim in claims:
        run.move(claim.candidate, PASSED[tier], f"the protocol leaves {tier} out")
    names = [claim.candidate.strategy_id for claim in claims]
    run.journal.judged(determine(tier, dict.fromkeys(names, PASSED_WORD), 1.0).told() | {"left_out": True})
    return names


def _assess(run: Run) -> None:
    """Hand those that came through every tier on to their risk assessment."""
    for candidate in run.desk.life.queue.listed({Status.L3_PASSED}):
        if run.skills.assess is None:
            run.skipped(RISK, candidate.strategy_id, "it waits at L3_PASSED")
            continue
        try:
            run.skills.assess(run.desk, candidate.strategy_id)
        except Exception as error:  # noqa: BLE001 - a skill that breaks ends no strategy; it waits where it is
            run.broke(f"the risk assessment of {candidate.strategy_id}: {said(error)}")
        status = run.desk.life.queue.get(candidate.strategy_id).status
        run.journal.strategy(candidate.strategy_id, {"status": status.value})


def _nothing(asked: Asked) -> Record:
    counts = dict.fromkeys(("passed", "failed", "timeout", "error", "inconclusive"), 0)
    tier = "" if asked.tier is None else asked.tier.value
    return {"run_id": None, "tier": tier, "status": "done", **counts, "seconds": 0.0, "sequential_seconds": 0.0} | {
        "elapsed_seconds": 0.0,
        "rounds": [],
        "workers": [],
        "by_strategy": {},
        "alerts": [],
        "taken_over": [],
        "meeting": None,
    }
