"""What a check costs on the hourly pairs, and what a second worker gains."""

from __future__ import annotations

import multiprocessing
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from quorum.bootstrap import open_desk, open_executor
from quorum.domain import Done, Executor, Limits, Outcome, QuorumError
from quorum.surfaces.bench.measure import Measure
from quorum.surfaces.bench.validation.limits import TASK, asked
from quorum.surfaces.bench.validation.market import built_in, eight, hourly_desk
from quorum.validation.ladder import Tier
from quorum.validation.life import Idea

ROUNDS, TURNS = 3, 150_000_000
MOST = {"L0": 10.0, "L1": 30.0, "ladder": 300.0}
UNHURRIED = Limits(1800.0, None, 1)


def speeds() -> list[Measure]:
    """CPU seconds a tier and a whole ladder, and the gain of two workers beside that of two spinning processes."""
    with tempfile.TemporaryDirectory() as folder, open_executor() as executor:
        home = Path(folder) / "desk"
        _, market = hourly_desk(home)
        return [*_costs(executor, home, market), _scaling(executor, home, market)]


def _costs(executor: Executor, home: Path, market: str) -> list[Measure]:
    """The dearest strategy of each tier; the first round, which may compile, is not counted."""
    strategies = built_in()
    for tier in Tier:
        _checked(executor, _fresh(home), strategies[:1], tier, 1)
    fresh = _fresh(home)
    spent = {tier: [done.cpu_seconds for done in _checked(executor, fresh, strategies, tier, 1)] for tier in Tier}
    whole = max(sum(of) for of in zip(*spent.values(), strict=True))
    dearest = {tier.value: max(taken) for tier, taken in spent.items()}
    told = {**{tier: f"{tier} of the dearest strategy" for tier in dearest}, "ladder": "the whole ladder of one"}
    return [
        Measure(f"tier_{name.lower()}", f"{told[name]}, {market}", cost, "CPU s", target=MOST.get(name))
        for name, cost in {**dearest, "ladder": whole}.items()
    ]


def _scaling(executor: Executor, home: Path, market: str) -> Measure:
    """Eight strategies at L2 on all pairs with one worker and with two, each in a workspace that has no trials."""
    gains, floors = [], []
    for _ in range(ROUNDS):
        floors.append(_spun(1) * 2 / _spun(2))
        alone = _seconds(executor, _fresh(home), 1)
        gains.append(alone / _seconds(executor, _fresh(home), 2))
        floors.append(_spun(1) * 2 / _spun(2))
    gain, floor = statistics.median(gains), statistics.median(floors)
    name = f"8 strategies at L2 with 2 workers, times as fast as with 1, {market}"
    return Measure(
        "scaling", name, gain, "x", floor, "two processes that spin", target=0.85, of_floor=True, at_least=True
    )


def _seconds(executor: Executor, home: Path, workers: int) -> float:
    began = time.monotonic()
    _checked(executor, home, eight(), Tier.L2, workers)
    return time.monotonic() - began


def _checked(executor: Executor, home: Path, given: Sequence[Idea], tier: Tier, workers: int) -> list[Done]:
    """Every idea checked at a tier, in the order given."""
    desk = open_desk(home)
    payloads = [asked(desk, idea, tier.value) for idea in given]
    limits = Limits(UNHURRIED.seconds, None, workers)
    done = [_answered(outcome) for outcome in executor.run_many(TASK, payloads, limits)]
    return sorted(done, key=lambda one: one.index)


def _answered(outcome: Outcome) -> Done:
    if not isinstance(outcome, Done):
        raise outcome.error
    verdict = outcome.answer["verdict"]
    if verdict["verdict"] == "inconclusive":
        raise QuorumError(f"a check on the hourly pairs says nothing: {verdict}")
    return outcome


def _fresh(home: Path) -> Path:
    """A copy of the workspace, without any trial."""
    copy = Path(tempfile.mkdtemp(dir=home.parent)) / "desk"
    shutil.copytree(home, copy)
    return copy


def _spun(processes: int) -> float:
    """Wall seconds in which each of so many processes counts as far."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(processes + 1)
    crew = [context.Process(target=_spin, args=(gate,)) for _ in range(processes)]
    for one in crew:
        one.start()
    gate.wait()
    began = time.monotonic()
    for one in crew:
        one.join()
    return time.monotonic() - began


def _spin(gate: object) -> None:
    gate.wait()  # type: ignore[attr-defined]
    for _ in range(TURNS):
        pass
