"""CPU seconds of functions and of commands; medians, since machines are noisy."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence


def cpu_of(task: Callable[[], object], runs: int) -> float:
    """Median CPU seconds of `task` in this process, after one call that is not counted."""
    task()
    taken = []
    for _ in range(runs):
        started = time.process_time()
        task()
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def cpu_of_command(arguments: Sequence[str], runs: int) -> float:
    """Median CPU seconds, user and system, of `python ARGUMENTS` as a process of its own."""
    taken = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(taken)


def peak_of_command(arguments: Sequence[str]) -> float:
    """Peak resident memory, in MB, of `python ARGUMENTS` as a process of its own."""
    # not ru_maxrss, which begins with what the process that starts it has resident
    code = "import sys; exec(sys.argv[1]); from quorum.adapters.process.footprint import here; print(here().peak)"
    said = output_of(["-c", code, arguments[-1]])
    return float(said.split()[-1]) * 1024 * 1024 / 1e6


def output_of(arguments: Sequence[str]) -> str:
    """What `python ARGUMENTS` prints."""
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout
