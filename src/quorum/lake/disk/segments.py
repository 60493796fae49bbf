"""Segments: immutable Parquet files of bars, and of the rows that are none."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quorum.domain import DataError
from quorum.lake.disk.kept import Kept
from quorum.lake.disk.manifest import Manifest, Segment, SetAside
from quorum.lake.disk.merge import Columns, overlay
from quorum.lake.disk.place import write_whole
from quorum.lake.tables import Rejected

if TYPE_CHECKING:
    import polars as pl

_KEPT = Kept(64 << 20)
_MEND = "restore the file from a backup, or remove the series' folder and import it anew"


def write_bars(folder: Path, revision: int, columns: Columns) -> tuple[str, str]:
    """Write bars (`time` int64, the rest float64) as a segment; its name and SHA-256. OSError as the disk says."""
    import polars as pl

    return _write(folder, f"seg-{revision}", pl.DataFrame(columns))


def write_rejected(folder: Path, revision: int, rejected: Sequence[Rejected]) -> SetAside:
    """Write rows that are no bars."""
    import polars as pl

    fields = {name: [getattr(r, name) for r in rejected] for name in ("reason", "source", "row", "raw")}
    file, digest = _write(folder, f"quarantine-{revision}", pl.DataFrame(fields))
    return SetAside(file, len(rejected), digest)


def _write(folder: Path, name: str, frame: pl.DataFrame) -> tuple[str, str]:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="lz4")
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    file = f"{name}-{digest[:16]}.parquet"
    write_whole(folder / file, content)
    return file, digest


def read_bars(folder: Path, manifest: Manifest, revision: int) -> Columns:
    """The columns of a series at `revision`: read-only, contiguous, oldest first, the newest values of each bar.

    DataError, naming the file, when a segment is missing, damaged or not what the manifest says.
    """
    pieces: list[Columns] = [_read_kept(folder / s.file, s, manifest.columns) for s in manifest.at(revision)]
    if not pieces:
        return {n: np.empty(0, np.int64 if n == "time" else np.float64) for n in manifest.columns}
    if len(pieces) == 1:
        return pieces[0]
    return overlay(pieces[0], reduce(overlay, pieces[1:]))  # the first is the long one: copied once


def _read_kept(path: Path, segment: Segment, names: Sequence[str]) -> Columns:
    return _KEPT.get(path, lambda: _read_segment(path, segment, names))


def _read_segment(path: Path, segment: Segment, names: Sequence[str]) -> Columns:
    frame = _read_parquet(path)
    if frame.height != segment.rows or frame.columns != list(names):
        raise DataError(
            f"{path}: holds {frame.height} rows of {', '.join(frame.columns)}, the manifest says {segment.rows}",
            _MEND,
        )
    return {name: frame[name].to_numpy() for name in names}


def _read_parquet(path: Path) -> pl.DataFrame:
    """A Parquet file of the lake; DataError when it is missing or damaged."""
    import polars as pl

    try:
        return pl.read_parquet(path, glob=False)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or 'missing'})", _MEND) from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = (str(error).strip() or "unknown").splitlines()[0]
        raise DataError(f"{path}: is damaged ({reason})", _MEND) from error


def read_rejected(folder: Path, manifest: Manifest) -> tuple[Rejected, ...]:
    """The rows of a series that are no bars, oldest import first; DataError when a file is missing or damaged."""
    return tuple(Rejected(*row) for q in manifest.quarantine for row in _rows_of(folder / q.file))


def _rows_of(path: Path) -> list[tuple[str, str, int, str]]:
    return _read_parquet(path).select("reason", "source", "row", "raw").rows()


def tampered(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """Names of the series' files that are missing or whose SHA-256 is not the manifest's."""
    held = [(s.file, s.sha256) for s in manifest.segments] + [(q.file, q.sha256) for q in manifest.quarantine]
    return tuple(file for file, digest in held if _digest(folder / file) != digest)


def _digest(path: Path) -> str | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
