"""What the coordinator costs: a cycle beside bare DBOS, steps a second, calls that hang, a worker that is lost."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
from quorum.surfaces.demo.market import HOUR, START, SYMBOLS, write_market

CYCLES, WARM_UP = 200, 20
THREADS, EACH = 4, 60
HANGS, DEADLINE = 200, 0.2
BARE = "bare DBOS, 6 steps, same database"
AGENTS = ("smc", "momentum", "microstructure", "ml_model")


def desk() -> list[Measure]:
    """All of it, on SQLite; on PostgreSQL too where that is installed."""
    found = [*_cycles(), *_throughput("sqlite"), *_hangs()]
    try:
        with own_postgres(durable=True) as server, sharing(server.url()):
            found += _throughput("postgres")
    except NotFound:
        pass
    return found


@contextmanager
def _at_work(folder: Path) -> Iterator[tuple[Worker, Mapping[str, Any]]]:
    """A worker over a market of 1,000 hours with four agents, and the request of a cycle."""
    home = folder / "desk"
    make_workspace(home, AGENTS)
    write_market(home / "data" / "files", 7)
    desk = open_desk(home)
    desk.lake.import_path(home / "data" / "files")
    worker = open_worker(home)
    assert worker is not None
    with worker:
        worker.warm()
        worker.start()
        spec = find_workflow(
            "realtime_signal_generation", home / "config" / "workflows", known_to(desk), protocols_of(desk)
        )
        params = {"symbol": SYMBOLS[0], "timeframe": str(HOUR), "as_of": iso(START + 1_000 * HOUR.nanoseconds)}
        yield worker, request_of(spec, params, desk.clock.now(), "paper")


def _cycles() -> list[Measure]:
    """The realtime workflow in turn with six bare steps: each sees the same machine."""
    with tempfile.TemporaryDirectory() as folder, _at_work(Path(folder)) as (worker, request):
        ours, bare = [], []
        for number in range(WARM_UP + CYCLES):
            asked = {**request, "as_of": request["as_of"] + number * HOUR.nanoseconds}
            asked["params"] = {**request["params"], "as_of": iso(asked["as_of"])}
            identity = worker.desk.runs.enter(asked)
            bare.append(_seconds(lambda n=number: worker.run_bare(f"bare-{n}")))  # type: ignore[misc]
            ours.append(_seconds(lambda i=identity, a=asked: worker.run(i, a)))  # type: ignore[misc]
    ours, bare = ours[WARM_UP:], bare[WARM_UP:]
    return [
        Measure(f"cycle_{name}", f"a cycle of 6 steps with 4 agents, {name}", a, "ms", b, BARE, most, of_floor=True)
        for name, share, most in (("p50", 50, 3.0), ("p99", 99, 8.0))
        for a, b in [(_quantile(ours, share), _quantile(bare, share))]
    ]


def _throughput(store: str) -> list[Measure]:
    """Steps a second of four threads: our interpreter with a task that answers at once, and bare steps."""
    with tempfile.TemporaryDirectory() as folder, _at_work(Path(folder)) as (worker, request):
        empty = {**request, "workflow": "empty", "document": _EMPTY, "parts": {}, "hash": "empty", "params": {}}
        ours = _rate(lambda name: worker.run(f"ours-{name}", empty))
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
        found = hang(pool.call, HANGS, DEADLINE, 4)
    return [
        Measure(
            "hangs", f"{HANGS} hangs that end within deadline + 1 s", found.in_time, "share", target=1.0, at_least=True
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
