"""What a model is trained on: the bars and their features, as two Parquet files of the workspace."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quorum.desk.desk import Desk
from quorum.desk.work.asked import answer_of, bars_of, snapshot_bars, told
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.market.feature_state import FEATURES, SET_HASH
from quorum.domain import DataError, WorkspaceError, iso, parse_instant
from quorum.features.formulas import bars_needed, compute
from quorum.lake import Bars
from quorum.lake.calendars import detect_calendar
from quorum.lake.doubts import stale_runs, suspected_splits, unfunded_runs
from quorum.lake.quality import inspect

Floats = NDArray[np.float64]

DATASET = Path("data/training/latest_dataset.parquet")
FEATURES_FILE = Path("data/training/latest_features.parquet")
LISTED = 5


def training_data(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The bars up to the instant as `data/training/latest_dataset.parquet`, with what is strange about them.

    `time` is int64 ns UTC, the rest float64, oldest first; the file is swapped in when it is whole. `sha256` is of
    its bytes, and the same bars give the same bytes. DataError when a price is no number above 0.
    """
    bars = bars_of(desk, assignment)
    if bars.flaw is not None:
        column, row, _ = bars.flaw
        raise DataError(
            f"{bars.symbol} {bars.timeframe}: {column} of the bar of {iso(int(bars.time[row]))} is no price",
            "run `quorum data check` and import the bar again",
        )
    digest = _write(desk.workspace.home, DATASET, bars.columns())
    return {
        "snapshot": told(bars, assignment.as_of),
        "path": DATASET.as_posix(),
        "sha256": digest,
        "rows": len(bars),
        "columns": list(bars.columns()),
        "quality": quality_of(bars),
    }


def quality_of(bars: Bars) -> dict[str, Any]:
    """What is strange about bars, counted, with the first places (UTC); nothing is taken out of them."""
    calendar = detect_calendar(bars.time, bars.timeframe)
    found = inspect(bars, calendar)
    splits, stale, unfunded = suspected_splits(bars), stale_runs(bars), unfunded_runs(bars)
    counts = {
        "missing_bars": found.missing,
        "outliers": len(found.outliers),
        "zero_volume_bars": found.zero_volume_bars,
        "off_grid_bars": len(found.off_grid),
        "suspected_splits": len(splits),
        "stale_bars": sum(run.bars for run in stale),
        "unfunded_bars": sum(run.bars for run in unfunded),
    }
    places = {
        "missing_bars": [gap.start for gap in found.gaps],
        "outliers": [outlier.time for outlier in found.outliers],
        "zero_volume_bars": [run.start for run in found.zero_volume],
        "off_grid_bars": list(found.off_grid),
        "suspected_splits": [split.time for split in splits],
        "stale_bars": [run.start for run in stale],
        "unfunded_bars": [run.start for run in unfunded],
    }
    seen = {name: [iso(t) for t in times[:LISTED]] for name, times in places.items() if times}
    return {"calendar": calendar, "clean": not any(counts.values()), **counts, "first_places": seen}


def training_features(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The declared features of every bar of the dataset, as `data/training/latest_features.parquet`, and their facts.

    Rows are the dataset's, NaN where a value is not known yet; `features` tells of each its formula, unit, share of
    known rows, mean, deviation (ddof 1) and range. A feature that the dataset has no column for is `left_out`.
    DataError when the dataset is another one by now.
    """
    dataset = answer_of(assignment, "dataset")
    bars = _of_dataset(desk, dataset)
    columns: dict[str, Floats] = {}
    left_out: dict[str, str] = {}
    for feature in FEATURES:
        try:
            columns[feature.name] = compute(feature.formula, bars)
        except DataError as error:
            left_out[feature.name] = error.found
    digest = _write(desk.workspace.home, FEATURES_FILE, {"time": bars.time, **columns})
    return {
        "snapshot": dataset["snapshot"],
        "dataset_sha256": dataset["sha256"],
        "feature_set": SET_HASH,
        "path": FEATURES_FILE.as_posix(),
        "sha256": digest,
        "rows": len(bars),
        "features": [
            {**f._asdict(), "bars_needed": bars_needed(f.formula), **_facts(columns[f.name])}
            for f in FEATURES
            if f.name in columns
        ],
        "left_out": left_out,
    }


def _of_dataset(desk: Desk, dataset: Mapping[str, Any]) -> Bars:
    """The bars that a dataset was made of; DataError when its file is another one by now."""
    path = desk.workspace.home / str(dataset["path"])
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{dataset['path']}: {error.strerror or error}", "prepare the training data again") from error
    if found != dataset["sha256"]:
        raise DataError(
            f"{dataset['path']} is {found[:16]} by now, the run prepared {str(dataset['sha256'])[:16]}",
            "prepare the training data again; another run has replaced it",
        )
    snapshot = dataset["snapshot"]
    return snapshot_bars(desk, snapshot, parse_instant(snapshot["as_of"]))


def _facts(values: Floats) -> dict[str, float | None]:
    known = values[np.isfinite(values)]
    share = len(known) / len(values)
    if len(known) < 2:
        return {"known": share, "mean": None, "deviation": None, "least": None, "largest": None}
    return {
        "known": share,
        "mean": float(known.mean()),
        "deviation": float(known.std(ddof=1)),
        "least": float(known.min()),
        "largest": float(known.max()),
    }


def _write(home: Path, file: Path, columns: Mapping[str, NDArray[Any]]) -> str:
    """Write the columns as a Parquet file of the workspace, whole or not at all; the SHA-256 of its bytes."""
    import polars as pl

    buffer = io.BytesIO()
    pl.DataFrame(dict(columns)).write_parquet(buffer, compression="lz4")
    content = buffer.getvalue()
    try:
        _swap_in(home / file.parts[0], home / file, content)
    except OSError as error:
        raise WorkspaceError(f"{file}: {error.strerror or error}", "nothing was replaced: mend the folder") from error
    return hashlib.sha256(content).hexdigest()


def _swap_in(beside: Path, path: Path, content: bytes) -> None:
    """Put `content` at `path`, which a reader sees as it was or as it is; its folder is made at the last moment."""
    beside.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(dir=beside, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
