"""The benchmarks, each with its floor and its target."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from quorum.bootstrap import open_desk, use_kernel_cache
from quorum.desk import Question, convene, make_workspace
from quorum.domain import NotFound, VirtualClock
from quorum.engine import machine
from quorum.signals.strategies import DEMO_MA
from quorum.surfaces.bench.clocks import cpu_of, cpu_of_command
from quorum.surfaces.bench.desk import desk
from quorum.surfaces.bench.execution import execution
from quorum.surfaces.bench.frames import frames
from quorum.surfaces.bench.lab import lab, memory
from quorum.surfaces.bench.markets import minutes
from quorum.surfaces.bench.measure import BenchReport, Measure
from quorum.surfaces.bench.statistics import gates, statistics
from quorum.surfaces.bench.validation import validation
from quorum.surfaces.demo import run_demo
from quorum.surfaces.demo.market import HOUR, START, SYMBOLS, write_market


def run_benches(names: Sequence[str]) -> BenchReport:
    """Run the named benchmarks, all of them when none is named; NotFound for a name that is none."""
    for name in names:
        if name not in BENCHES:
            raise NotFound(f"there is no benchmark {name!r}", f"there are {', '.join(BENCHES)}")
    use_kernel_cache()
    found = [measure for name in names or BENCHES for measure in BENCHES[name]()]
    return BenchReport(tuple(found), {**machine(), "cores": str(os.cpu_count())}, os.getloadavg())


def _help() -> list[Measure]:
    bare = cpu_of_command(["-c", "pass"], 7)
    taken = cpu_of_command(["-m", "quorum", "--help"], 7)
    return [Measure("help", "quorum --help", taken, "CPU s", bare, "python -c pass", 0.3)]


def _stream() -> list[Measure]:
    """Streaming the same rule bar by bar: the cost of a bar must not grow with the past."""
    bars, rule = minutes().slice(0, 40_000), DEMO_MA
    rows = list(bars.rows())

    def walk(count: int) -> None:
        state = rule.start(bars, {})
        for row in rows[:count]:
            state, _ = rule.step(state, row)

    short, long = cpu_of(lambda: walk(10_000), 5) / 10_000, cpu_of(lambda: walk(40_000), 5) / 40_000
    return [Measure("stream", "stream demo_ma, a bar of 40,000", long * 1e6, "CPU us", short * 1e6, "a bar of 10,000")]


def _cycle() -> list[Measure]:
    """One paper cycle at its edges: read, vote, check, commit, send, book."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "desk"
        make_workspace(home, ("smc", "momentum"))
        write_market(home / "data" / "files", 7)
        clock = VirtualClock(START + 1_000 * HOUR.nanoseconds)
        office = open_desk(home, clock)
        office.lake.import_path(home / "data" / "files")

        def step() -> None:
            clock.advance_to(clock.now() + HOUR.nanoseconds)
            convene(office, Question(SYMBOLS[0], HOUR, paper=True))

        return [Measure("cycle", "one paper cycle, 1,000 bars", cpu_of(step, 100) * 1e3, "CPU ms")]


def _demo() -> list[Measure]:
    with tempfile.TemporaryDirectory() as folder:
        result = run_demo(Path(folder) / "demo", Path(folder) / "report.html", 7, lambda _: None)
    return [Measure("demo", "quorum demo", result.seconds, "s", target=120.0)]


BENCHES: Mapping[str, Callable[[], list[Measure]]] = {
    "help": _help,
    "backtest": lab,
    "statistics": statistics,
    "frames": frames,
    "memory": memory,
    "gates": gates,
    "stream": _stream,
    "cycle": _cycle,
    "desk": desk,
    "validation": validation,
    "execution": execution,
    "demo": _demo,
}
