"""Who runs tasks in other processes: fresh ones, a nursery's, or those of a Ray cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from quorum.adapters.process import ArrayFolder, ProcessExecutor
from quorum.adapters.process.pool import Pool
from quorum.adapters.process.workers import Workers
from quorum.adapters.ray import RayExecutor
from quorum.domain import Limits, UsageError
from quorum.engine import Elsewhere

NURSERY = ("-P", "-c", "from quorum.bootstrap import serve_tasks; serve_tasks()")


RAY_SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


ENGINES = ("inline", "process", "ray")


def open_executor() -> ProcessExecutor:
    """Tasks in other processes, in which no library starts threads of its own."""
    fresh = [sys.executable, "-P", "-m", "quorum", "task"]
    return ProcessExecutor(fresh, [sys.executable, *NURSERY], {**os.environ, **single_threaded()})


def open_pool(command: Sequence[str], size: int | None = None) -> Pool:
    """A warm pool of processes that a nursery forks: this interpreter, called with `command`."""
    return Pool(Workers([sys.executable, *command], {**os.environ, **single_threaded()}), size)


def single_threaded() -> Mapping[str, str]:
    """The environment in which the libraries below numpy start no threads."""
    return dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")


def open_cluster(address: str | None = None) -> RayExecutor:
    """Tasks on a Ray cluster; without an address on one of this machine's own, reached by loopback only."""
    if address is None:
        for name, value in RAY_SETTINGS.items():
            os.environ.setdefault(name, value)
    return RayExecutor(NURSERY, address)


@contextmanager
def open_elsewhere(engine: str, limits: Limits, strategy: str, home: Path | None) -> Iterator[Elsewhere | None]:
    """Where a sweep's combinations run: None for this process, else its own processes or a Ray cluster on loopback.

    UsageError for another engine's name; QuorumError when Ray is not installed.
    """
    if engine not in ENGINES:
        raise UsageError(f"there is no engine {engine!r}", f"choose one of {', '.join(ENGINES)}")
    if engine == "inline":
        yield None
        return
    with open_executor() if engine == "process" else open_cluster() as executor, ArrayFolder() as arrays:
        yield Elsewhere(executor, limits, arrays.put, strategy, None if home is None else str(home))
