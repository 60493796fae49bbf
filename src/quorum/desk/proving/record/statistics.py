"""What validation in parallel took and saved; pure, from the records of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quorum.desk.proving.record.journal import VERDICTS
from quorum.domain import iso

LOST = ("timeout", "crash", "memory", "error", "malformed")


def statistics(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of these runs together: strategies, seconds beside what one after the other would have taken, workers lost.

    `saved_seconds` is the difference, `speed_up` the ratio, `completion_rate` the share of strategies that came to a
    verdict. `newest` is the last run alone.
    """
    told = [_told(run) for run in runs]
    seconds, sequential = (sum(run[name] for run in told) for name in ("seconds", "sequential_seconds"))
    strategies = sum(run["strategies"] for run in told)
    ended = sum(run["completed"] for run in told)
    return {
        "runs_counted": len(told),
        "strategies": strategies,
        "seconds": seconds,
        "sequential_seconds": sequential,
        "saved_seconds": max(0.0, sequential - seconds),
        "speed_up": sequential / seconds if seconds else None,
        "completion_rate": ended / strategies if strategies else None,
        **{verdict: sum(run[verdict] for run in told) for verdict in VERDICTS},
        "workers_lost": sum(run["workers_lost"] for run in told),
        "newest": told[-1] if told else None,
    }


def _told(run: Mapping[str, Any]) -> dict[str, Any]:
    lines = [line for line in run.get("by_strategy", {}).values() if "verdict" in line]
    workers = run.get("workers", ())
    counts = {verdict: sum(line["verdict"] == verdict for line in lines) for verdict in VERDICTS}
    seconds, sequential = run.get("seconds", 0.0), run.get("sequential_seconds", 0.0)
    return {
        "run_id": run["run_id"],
        "start": iso(run["at"]),
        "tier": run["tier"] or "all",
        "mode": run.get("mode"),
        "status": run["status"],
        "workers_at_once": run.get("workers_at_once"),
        "strategies": len(lines),
        "completed": len(lines) - counts["error"],
        **counts,
        "seconds": seconds,
        "sequential_seconds": sequential,
        "saved_seconds": max(0.0, sequential - seconds),
        "speed_up": sequential / seconds if seconds else None,
        "workers": len(workers),
        "workers_lost": sum(line["exit"] in LOST for line in workers),
        "cpu_seconds": sum(line["cpu_seconds"] or 0.0 for line in workers),
        "peak_mb": max((line["peak_mb"] or 0.0 for line in workers), default=0.0),
        "alerts": len(run.get("alerts", ())),
    }
