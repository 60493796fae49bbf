"""What the calls of agents say of them: how often they succeed, how long they take, how well they run at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

from quorum.desk.agents.book import FAILURES, Call, CallOutcome
from quorum.domain import SECOND

_SURE = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Performance:
    """One agent's calls in figures.

    `rate` is the share of successes among calls that succeeded or failed, in `low`..`high` with 95 % (Wilson's
    interval, 1927); p50 and p95 are seconds of the successful ones; `effectiveness` is the share of the successful
    ones that made something that is used. None where no call says so. Unavailable calls count in `calls` alone.
    """

    agent: str
    calls: int
    successes: int
    failures: int
    rate: float | None
    low: float | None
    high: float | None
    p50: float | None
    p95: float | None
    effectiveness: float | None
    stood_in: int
    last_used: int


@dataclass(frozen=True, slots=True)
class Efficiency:
    """How well calls ran at once: seconds of work, seconds of wall time, and their share of what could be had.

    Only stretches count in which at least two calls of one workflow overlap; `share` is busy / (wall x workers),
    the workers of a stretch being at most its calls; `speedup` is busy / wall.
    """

    stretches: int
    busy: float
    wall: float
    share: float
    speedup: float


def performance(calls: Iterable[Call]) -> Mapping[str, Performance]:
    """The performance of every agent that was called."""
    held: defaultdict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.agent:
            held[call.agent].append(call)
    return {agent: _of(agent, held[agent]) for agent in sorted(held)}


def _of(agent: str, calls: Sequence[Call]) -> Performance:
    done = [call for call in calls if call.outcome is CallOutcome.DONE]
    failures = sum(call.outcome in FAILURES for call in calls)
    asked = len(done) + failures
    low, high = wilson(len(done), asked) if asked else (None, None)
    return Performance(
        agent,
        calls=len(calls),
        successes=len(done),
        failures=failures,
        rate=len(done) / asked if asked else None,
        low=low,
        high=high,
        p50=percentile([call.seconds for call in done], 0.50),
        p95=percentile([call.seconds for call in done], 0.95),
        effectiveness=sum(bool(call.effect) for call in done) / len(done) if done else None,
        stood_in=sum(call.asked_agent != call.agent for call in calls),
        last_used=max(call.at for call in calls),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of the values do not exceed; None without values."""
    ranked = sorted(values)
    return ranked[max(0, ceil(share * len(ranked)) - 1)] if ranked else None


def wilson(successes: int, tries: int) -> tuple[float, float]:
    """Where the true rate of success lies with 95 %, by Wilson's score interval (1927); `tries` is above 0."""
    rate, squared = successes / tries, _SURE * _SURE
    middle = rate + squared / (2 * tries)
    reach = _SURE * sqrt(rate * (1 - rate) / tries + squared / (4 * tries * tries))
    return max(0.0, (middle - reach) / (1 + squared / tries)), min(1.0, (middle + reach) / (1 + squared / tries))


def ranking(found: Mapping[str, Performance]) -> tuple[Performance, ...]:
    """The agents that succeeded or failed at all, best first: by the lower end of their rate, then by their speed.

    The lower end, not the rate: one success of one call says less than 99 of 100.
    """
    judged = [p for p in found.values() if p.low is not None]
    return tuple(sorted(judged, key=lambda p: (-(p.low or 0.0), p.p95 if p.p95 is not None else float("inf"), p.agent)))


def parallel_efficiency(calls: Iterable[Call], workers: int) -> Efficiency | None:
    """How well the overlapping calls of each workflow used up to `workers` workers; None when none overlap."""
    by_run: defaultdict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.workflow_id and call.seconds > 0:
            by_run[call.workflow_id].append(call)
    stretches = [s for run in by_run.values() for s in _stretches(run) if len(s) > 1]
    if not stretches:
        return None
    busy = sum(call.seconds for s in stretches for call in s)
    walls = [(max(c.ended for c in s) - min(c.at for c in s)) / SECOND for s in stretches]
    room = sum(wall * min(workers, len(s)) for wall, s in zip(walls, stretches, strict=True))
    return Efficiency(len(stretches), busy, sum(walls), busy / room, busy / sum(walls))


def _stretches(calls: Iterable[Call]) -> Iterator[list[Call]]:
    """Calls that hang together by overlapping, each stretch in order of time."""
    stretch: list[Call] = []
    end = 0
    for call in sorted(calls, key=lambda c: c.at):
        if stretch and call.at >= end:
            yield stretch
            stretch = []
        end = max(end, call.ended) if stretch else call.ended
        stretch.append(call)
    if stretch:
        yield stretch


def gaps_asked(calls: Iterable[Call]) -> Mapping[str, int]:
    """The names that nobody answered to, and how often each was asked for."""
    return dict(sorted(Counter(c.asked_agent for c in calls if c.outcome is CallOutcome.GAP).items()))
