"""What a process takes: CPU seconds and MiB of memory, and how much more it may take. Memory is read where /proc is."""

from __future__ import annotations

import resource
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MIB = 1024.0 * 1024.0


class Footprint(NamedTuple):
    """MiB of a process: resident, the most ever resident, private (in memory and swapped), and reserved for data."""

    resident: float
    peak: float
    private: float
    data: float


def footprint(pid: int | None = None) -> Footprint:
    """That of process `pid`, or of this one; OSError when it is gone or nothing here tells."""
    lines = Path(f"/proc/{pid or 'self'}/status").read_text().splitlines()
    told = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    size = {name: float(value[0]) / 1024.0 for name, value in told.items() if value[1:] == ["kB"]}
    if "VmRSS" not in size:
        raise ProcessLookupError(f"process {pid} has ended")
    private = size["RssAnon"] + size["RssShmem"] + size.get("VmSwap", 0.0)
    return Footprint(size["VmRSS"], size["VmHWM"], private, size["VmData"])


def here() -> Footprint:
    """That of this process; without /proc its peak alone is known, and stands for all."""
    try:
        return footprint()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
        return Footprint(peak, peak, peak, peak)


def forget_peak() -> None:
    """Let the peak of this process begin again from what it takes now, where that is possible."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def restrict(data_mb: float | None) -> None:
    """Let no allocation take this process's data beyond `data_mb`; None takes the restriction away."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = hard if data_mb is None else int(data_mb * MIB)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))


def cpu_seconds() -> float:
    """CPU seconds of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
