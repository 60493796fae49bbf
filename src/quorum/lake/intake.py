"""From files to batches: all rows that an import brings for one series, in order, with what was wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quorum.domain import DataError, iso
from quorum.lake.bars import Floats, Instants
from quorum.lake.quality import FAULTS, Fault, put_in_order, row_faults
from quorum.lake.reports import Skipped
from quorum.lake.schema import ImportOptions, NotBars
from quorum.lake.series import Series
from quorum.lake.tables import Part, Rejected, read_parts, table_files

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """Sound rows for one series, one an instant and oldest first; `columns` of shape (n,), without the time."""

    series: Series
    time: Instants
    columns: dict[str, Floats]
    rejected: tuple[Rejected, ...]
    duplicates: int
    out_of_order: int
    files: tuple[str, ...]

    @property
    def reasons(self) -> Mapping[str, int]:
        """How many rows were rejected, by reason."""
        return Counter(r.reason for r in self.rejected)

    @property
    def verdict(self) -> str:
        """What there is to say about a batch without sound rows."""
        counts = ", ".join(f"{reason}: {count}" for reason, count in self.reasons.items())
        return f"none of its {len(self.rejected)} rows is a bar ({counts})"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one series from elsewhere than a file, in any order, sound or not.

    `time` holds opens in ns UTC, `columns` the values by name, each of shape (n,); reports call them `source`.
    """

    series: Series
    source: str
    time: Instants
    columns: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Intake:
    """Everything that was found at a path: batches by series, the files they are from, the files passed over."""

    batches: tuple[Batch, ...]
    files: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def gather(path: Path, options: ImportOptions) -> Intake:
    """Read the table at `path`, or every table below that folder; several files of one series become one batch.

    When one file is wrong, DataError names it and nothing is taken. Tables of other kinds are passed over in a
    folder; a path that holds nothing else is a DataError too.
    """
    if path.is_dir():
        parts, skipped = _read_folder(path, options)
    elif path.exists():
        parts, skipped = list(read_parts(path, path.name, options)), ()
    else:
        raise DataError(f"{path}: there is no such file or folder", "give the path of a Parquet or CSV file")
    by_series: dict[Series, list[Part]] = {}
    for part in parts:
        by_series.setdefault(part.series, []).append(part)
    batches = tuple(merged(by_series[series]) for series in sorted(by_series))
    return Intake(batches, tuple(dict.fromkeys(p.source for p in parts)), skipped)


def sort_out(rows: Rows) -> Batch:
    """The rows as a batch: impossible ones rejected with their reason, the others in order, one an instant."""
    fault = row_faults(rows.columns)
    sound = np.flatnonzero(fault == 0)
    rejected = tuple(
        Rejected(FAULTS[fault[i] - 1].value, rows.source, int(i) + 1, _as_text(rows.time, rows.columns, int(i)))
        for i in np.flatnonzero(fault)
    )
    columns = {n: c[sound] for n, c in rows.columns.items()}
    return merged([Part(rows.series, rows.source, rows.time[sound], columns, sound + 1, rejected)])


def _read_folder(folder: Path, options: ImportOptions) -> tuple[list[Part], tuple[Skipped, ...]]:
    parts: list[Part] = []
    others: list[tuple[str, NotBars]] = []
    wrong: list[tuple[str, DataError]] = []
    for file in table_files(folder):
        source = file.relative_to(folder).as_posix()
        try:
            parts += read_parts(file, source, options)
        except NotBars as error:
            others.append((source, error))
        except DataError as error:
            wrong.append((source, error))
    if wrong:
        more = [name for name, _ in wrong[1:]]
        rest = f"; {len(more)} more cannot be taken: {', '.join(more[:_NAMED])}" if more else ""
        first = wrong[0][1]
        raise DataError(f"{first.found}{rest}", f"{first.remedy}; nothing of {folder} was imported") from first
    if not parts:
        raise NotBars(f"{folder}: no bars in {len(others)} tables ({others[0][1].found})", others[0][1].remedy)
    return parts, tuple(Skipped(name, str(error)) for name, error in others)


def merged(parts: Sequence[Part]) -> Batch:
    """One batch of the parts of a series; of rows with one time the first of the first file stays."""
    for part in parts[1:]:
        if set(part.columns) != set(parts[0].columns):
            raise DataError(
                f"{part.source} has {', '.join(part.columns)} of {part.series}, "
                f"{parts[0].source} has {', '.join(parts[0].columns)}",
                "import one of them with another venue",
            )
    time = np.concatenate([p.time for p in parts])
    columns = {n: np.concatenate([p.columns[n] for p in parts]) for n in parts[0].columns}
    order = put_in_order(time, columns)
    row = np.concatenate([p.row for p in parts])
    owner = np.repeat(np.arange(len(parts)), [len(p.time) for p in parts])
    conflicts = tuple(
        Rejected(Fault.CONFLICT.value, parts[owner[i]].source, int(row[i]), _as_text(time, columns, int(i)))
        for i in order.conflicts
    )
    early = sum(put_in_order(p.time, {}).out_of_order for p in parts) if len(parts) > 1 else order.out_of_order
    return Batch(
        series=parts[0].series,
        time=time[order.kept],
        columns={n: c[order.kept] for n, c in columns.items()},
        rejected=(*(r for p in parts for r in p.rejected), *conflicts),
        duplicates=order.duplicates,
        out_of_order=early,
        files=tuple(p.source for p in parts),
    )


def _as_text(time: Instants, columns: dict[str, Floats], i: int) -> str:
    return json.dumps({"time": iso(int(time[i])), **{n: repr(float(c[i])) for n, c in columns.items()}})
