"""The files of the validation: a run file a day, the metrics of the newest runs. Views of the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.proving.record.statistics import statistics
from quorum.desk.workspace import write_text
from quorum.domain import DAY, WorkspaceError, iso, plain

SCHEMA = 1
NEWEST = 30
OF_A_DAY = 100
BLOCKS = 3
FOLDER = "pipeline"
METRICS = "parallel-validation-metrics.yaml"
SHOWN = ("run_id", "tier", "status", "by", "mode", "host", "pid", "workers_at_once", "seconds", "sequential_seconds")
LISTED = (
    "elapsed_seconds",
    "rounds",
    "workers",
    "by_strategy",
    "alerts",
    "taken_over",
    "meeting",
    "ended",
    "lost_at",
    "by_run",
)


def show(desk: Desk, record: Record) -> tuple[Path, ...]:
    """Write the run file of the record's day and the metrics of the newest runs, as the store has them; the paths."""
    day = record["at"] // DAY
    runs = desk.life.books.runs.listed(OF_A_DAY)
    today = [run for run in runs if run["at"] // DAY == day]
    folder = desk.workspace.home / FOLDER
    files = {
        folder / f"parallel-validation-{iso(day * DAY)[:10]}.yaml": _day(iso(day * DAY)[:10], today),
        folder / METRICS: metrics(runs),
    }
    for path, values in files.items():
        _write(path, values)
    return tuple(files)


def rebuild(desk: Desk) -> tuple[Path, ...]:
    """Write the files of the newest runs again, from the store alone."""
    days = {run["at"] // DAY: run for run in desk.life.books.runs.listed(NEWEST)}
    return tuple(dict.fromkeys(path for run in days.values() for path in show(desk, run)))


def metrics(runs: Sequence[Record]) -> dict[str, Any]:
    """What the newest runs took and saved, oldest first, and all of them together."""
    newest = runs[-NEWEST:]
    return {"schema": SCHEMA, **statistics(newest), "runs": [statistics([run])["newest"] for run in newest]}


def _day(day: str, runs: Sequence[Record]) -> dict[str, Any]:
    told = [{**{name: run.get(name) for name in SHOWN}, **_listed(run)} for run in runs]
    return {"schema": SCHEMA, "date": day, "runs": {run["run_id"]: run for run in told}}


def _listed(run: Record) -> dict[str, Any]:
    return {"start": iso(run["at"]), **{name: run[name] for name in LISTED if name in run}}


def _write(path: Path, values: Mapping[str, Any]) -> None:
    try:
        write_text(path, "\n".join(_lines(plain(values))) + "\n", durable=False)
    except OSError as error:
        found = f"view {path}: {error.strerror or error}"
        raise WorkspaceError(found, "the store holds everything: mend the folder, then `quorum views`") from error


def _lines(values: Mapping[str, Any], deep: int = 0) -> Iterator[str]:
    """YAML, its innermost values a line each: a run of hundreds of workers stays readable, and is written at once."""
    for name, value in values.items():
        start = "  " * deep + name
        if isinstance(value, Mapping) and value and deep < BLOCKS:
            yield f"{start}:"
            yield from _lines(value, deep + 1)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield f"{start}:"
            yield from (f"{'  ' * (deep + 1)}- {json.dumps(each, ensure_ascii=False)}" for each in value)
        else:
            yield f"{start}: {json.dumps(value, ensure_ascii=False)}"
