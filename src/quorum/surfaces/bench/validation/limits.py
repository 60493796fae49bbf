"""What a worker costs to start, and how soon one that takes too much is gone."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quorum.bootstrap import open_desk, open_executor
from quorum.desk import Desk, make_workspace
from quorum.domain import Done, Executor, Limits, Loss, Lost, Outcome, QuorumError, plain
from quorum.surfaces.bench.measure import Measure
from quorum.surfaces.bench.planted import DEVELOPMENT, plant, planted
from quorum.surfaces.bench.validation import rogues
from quorum.validation.life import Idea

TASK = "tier"
SECONDS, MEMORY_MB, WORKERS = 2.0, 200.0, 2
STARTS, PEERS, ROUNDS = 9, 6, 3
GONE_WITHIN = 1.0


@dataclass(frozen=True, slots=True)
class Gone:
    """Seconds from an excess to the word that its worker is gone, and the share of its peers that answered."""

    seconds: float
    untouched: float


def limits_held() -> list[Measure]:
    """A worker's start; one that takes a gigabyte, and one that never ends, among others that do neither."""
    with tempfile.TemporaryDirectory() as folder:
        desk, symbol = small_desk(Path(folder) / "desk")
        place = Path(shutil.copy(rogues.__file__, folder))
        with open_executor() as executor:
            warm(executor, desk, place, symbol)
            started = start_of(executor, desk, place, symbol)
            greedy = [excess(executor, desk, (place, symbol), "GREEDY", number) for number in range(ROUNDS)]
            endless = [excess(executor, desk, (place, symbol), "SPINNING", number) for number in range(ROUNDS)]
    kept = statistics.mean(gone.untouched for gone in (*greedy, *endless))
    worst = max(gone.seconds for gone in greedy), max(gone.seconds for gone in endless)
    return [
        Measure("worker_start", "a fresh worker has its answer to an empty check", started, "s", target=0.3),
        Measure("worker_memory", "one that takes 1 GB of 200 MB is gone after", worst[0], "s", target=GONE_WITHIN),
        Measure("worker_endless", "one that spins is gone after its deadline by", worst[1], "s", target=GONE_WITHIN),
        Measure("worker_peers", "others in the same batch that answered", kept, "share", target=1.0, at_least=True),
    ]


def small_desk(home: Path) -> tuple[Desk, str]:
    """A workspace with one planted market, and its symbol."""
    make_workspace(home, None)
    desk = open_desk(home)
    (case,) = planted(DEVELOPMENT, 1, 0, 0)
    plant(desk.lake, [case])
    return desk, case.idea.symbols[0]


def asked(desk: Desk, idea: Idea, tier: str = "L0") -> Mapping[str, Any]:
    """What a worker is given to check an idea at a tier."""
    home = str(desk.workspace.home)
    return {"home": home, "strategy_id": "STR-001", "tier": tier, "idea": plain(idea), "params": {}, "attempt": 0}


def rogue(place: Path, name: str, symbol: str, number: int) -> Idea:
    """An idea that trades by one of the rogues."""
    return Idea(f"{place}:{name}", (symbol,), "4h", params={"number": number})


def warm(executor: Executor, desk: Desk, place: Path, symbol: str) -> None:
    """Start the nursery, and have compiled code in its cache."""
    calm = [asked(desk, rogue(place, "CALM", symbol, 99_000 + k)) for k in range(WORKERS)]
    for outcome in executor.run_many(TASK, calm, Limits(600.0, None, WORKERS)):
        if isinstance(outcome, Lost):
            raise outcome.error


def start_of(executor: Executor, desk: Desk, place: Path, symbol: str) -> float:
    """Median wall seconds from asking to the answer of a check that has nothing to do, each in a fresh worker."""
    nothing = asked(desk, rogue(place, "CALM", symbol, -1))  # out of bounds: a verdict without a look at the bars
    taken = []
    for _ in range(STARTS):
        lose_worker(executor, desk, place, symbol)
        began = time.monotonic()
        (outcome,) = executor.run_many(TASK, [nothing], Limits(60.0, MEMORY_MB, 1))
        taken.append(time.monotonic() - began)
        if isinstance(outcome, Lost):
            raise outcome.error
    return statistics.median(taken)


def lose_worker(executor: Executor, desk: Desk, place: Path, symbol: str) -> None:
    """Let the worker that waits die of its task, so that the next one is new."""
    (place.parent / "crashing-0-98000.txt").unlink(missing_ok=True)
    crash = asked(desk, rogue(place, "CRASHING", symbol, 98_000))
    (outcome,) = executor.run_many(TASK, [crash], Limits(60.0, None, 1))
    if not _lost(outcome, Loss.CRASH):
        raise QuorumError(f"a worker that should have died answered: {outcome}")


def excess(executor: Executor, desk: Desk, at: tuple[Path, str], name: str, number: int) -> Gone:
    """A rogue among calm peers: how long after its excess it was gone.

    The excess of one that spins is its deadline, that of one that takes memory the instant at which it begins to.
    """
    place, symbol = at
    first = asked(desk, rogue(place, name, symbol, number))
    peers = [asked(desk, rogue(place, "CALM", symbol, 100 * (number + 1) + k)) for k in range(PEERS)]
    limits_of = Limits(60.0, MEMORY_MB, WORKERS) if name == "GREEDY" else Limits(SECONDS, None, WORKERS)
    began, lost_at, answered = time.monotonic(), 0.0, 0
    for outcome in executor.run_many(TASK, [first, *peers], limits_of):
        if outcome.index == 0:
            lost_at = time.monotonic()
            if not (_out_of_memory(outcome) if name == "GREEDY" else _lost(outcome, Loss.TIMEOUT)):
                raise QuorumError(f"{name} ended otherwise than by its excess: {outcome}")
        else:
            answered += isinstance(outcome, Done)
    since = began + SECONDS if name == "SPINNING" else _noted(place, number)
    return Gone(lost_at - since, answered / PEERS)


def _out_of_memory(outcome: Outcome) -> bool:
    """Whether a worker was killed for its memory, or was refused more and said so as its strategy's fault."""
    if isinstance(outcome, Done):
        return "MemoryError" in outcome.answer["verdict"].get("why", "")
    return outcome.why is Loss.MEMORY


def _lost(outcome: Outcome, why: Loss) -> bool:
    return isinstance(outcome, Lost) and outcome.why is why


def _noted(place: Path, number: int) -> float:
    return float((place.parent / f"greedy-{number}.txt").read_text(encoding="utf-8"))
