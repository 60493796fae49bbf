"""What the coordinator costs: a cycle beside bare DBOS, steps a second, calls that hang, a worker that is lost."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from typing import Any

from quorum.bootstrap import Worker, open_desk, open_pool, open_worker, sharing
from quorum.desk import make_workspace
from quorum.desk.running import known_to, protocols_of, request_of
from quorum.desk.workflows import find_workflow
from quorum.domain import NotFound, iso
from quorum.surfaces.bench.hangs import hang
from quorum.surfaces.bench.measure import Measure
from quorum.surfaces.bench.postgres import own_postgres
from quorum.surfaces.bench.takeover import lost_workers
from quorum.surfaces.demo.market import HOUR, START, SYMBOLS, write_market

CYCLES, WARM_UP = 200, 20
THREADS, EACH = 4, 60
HANGS, DEADLINE = 1_000, 0.2
BARE = "bare DBOS, 6 steps, same database"
OPTIONAL = "[smc, microstructure]"
LOOKED_AT = 200


def desk() -> list[Measure]:
    """All of it, on SQLite; on PostgreSQL too where that is installed."""
    found = [*_cycles(), *_throughput("sqlite"), *_hangs()]
    try:
        with own_postgres(durable=True) as server, sharing(server.url()):
            found += [*_throughput("postgres"), *lost_workers()]
    except NotFound:
        pass
    return found


@contextmanager
def _at_work(folder: Path) -> Iterator[tuple[Worker, Mapping[str, Any]]]:
    """A worker over a market of some thousand hours, and the request of a cycle."""
    home = folder / "desk"
    make_workspace(home, ("momentum",))
    rules = home / "config" / "consensus.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("optional_participants: []", f"optional_participants: {OPTIONAL}"), encoding="utf-8")
    write_market(home / "data" / "files", 7)
    desk = open_desk(home)
    desk.lake.import_path(home / "data" / "files")
    worker = open_worker(home)
    assert worker is not None
    with worker:
        worker.warm()
        worker.start()
        known = home / "config" / "workflows", known_to(desk), protocols_of(desk)
        params = {"symbol": SYMBOLS[0], "timeframe": str(HOUR), "as_of": iso(START + 1_000 * HOUR.nanoseconds)}
        yield worker, request_of(find_workflow("realtime_signal_generation", *known), params, desk.clock.now())


def _cycles() -> list[Measure]:
    """The realtime workflow in turn with six bare steps: each sees the same machine.

    Four agents work in the pool (three analysts, the feature engineer); the vote, risk's word and the notice are
    committed with synchronous=FULL. Only instants at which risk is asked are measured.
    """
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder, _at_work(Path(folder)) as (worker, request):
        for number, asked in enumerate(_that_reach_risk(worker, request)):
            identity = worker.desk.runs.enter(asked)
            bare.append(_seconds(partial(worker.run_bare, f"bare-{number}")))
            ours.append(_seconds(partial(worker.engine.run, identity, asked)))
    return [
        Measure(f"cycle_{name}", f"a cycle of 6 steps with 4 agents, {name}", a, "ms", b, BARE, most, of_floor=True)
        for name, share, most in (("p50", 50, 3.0), ("p99", 99, 8.0))
        for a, b in [(_quantile(ours[WARM_UP:], share), _quantile(bare[WARM_UP:], share))]
    ]


def _that_reach_risk(worker: Worker, request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Requests of hours at which the vote has a side that is worth a trade, the same ones again and again."""
    hours = [_at(request, number) for number in range(LOOKED_AT)]
    found = []
    for asked in hours:
        end = worker.run(worker.desk.runs.enter(asked), asked)
        if end["steps"]["5"] == "completed":
            found.append(asked)
    return islice(cycle(found), WARM_UP + CYCLES)


def _at(request: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    as_of = request["as_of"] + number * HOUR.nanoseconds
    return {**request, "as_of": as_of, "params": {**request["params"], "as_of": iso(as_of)}}


def _throughput(store: str) -> list[Measure]:
    """Steps a second of four threads: our interpreter with a task that answers at once, and bare steps."""
    with tempfile.TemporaryDirectory() as folder, _at_work(Path(folder)) as (worker, request):
        empty = {**request, "workflow": "empty", "document": _EMPTY, "parts": {}, "hash": "empty", "params": {}}
        ours = _rate(lambda name: worker.engine.run(f"ours-{name}", empty))
        bare = _rate(lambda name: worker.run_bare(f"bare-{name}"))
    return [
        Measure(
            f"steps_{store}", f"steps a second, {store}", ours, "steps/s", bare, BARE, 0.8, of_floor=True, at_least=True
        )
    ]


def _rate(run: Callable[[str], object]) -> float:
    def work(thread: int) -> None:
        for number in range(EACH):
            run(f"{thread}-{number}")

    for number in range(5):
        run(f"warm-{number}")
    with ThreadPoolExecutor(THREADS) as threads:
        taken = _seconds(lambda: list(threads.map(work, range(THREADS))))
    return THREADS * EACH * 6 / taken


def _hangs() -> list[Measure]:
    """Tasks that never end, of every kind: how long after its deadline a call has its answer."""
    with open_pool(("-P", "-c", "from quorum.surfaces.bench.hangs import serve; serve()"), 4) as pool:
        pool.warm("calm", {})
        found = hang(pool.call, HANGS, DEADLINE, 4)
    return [
        Measure(
            "hangs",
            f"{HANGS:,} hangs that end within deadline + 1 s",
            found.in_time,
            "share",
            target=1.0,
            at_least=True,
        ),
        Measure("hangs_p99", "overrun of a hang's deadline, p99", found.quantile(0.99) * 1e3, "ms", target=1_000.0),
    ]


_EMPTY: Mapping[str, Any] = {
    "workflow": "empty",
    "about": "Six steps whose condition never holds: nothing but the engine and the interpreter.",
    "steps": [{"step": n, "name": f"step_{n}", "task": "verify_data_feeds", "condition": "1 > 2"} for n in range(1, 7)],
}


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _quantile(seconds: list[float], share: int) -> float:
    return quantiles(seconds, n=100)[share - 1] * 1e3
