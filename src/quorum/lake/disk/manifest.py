"""The manifest of a series: which immutable files make it up, revision by revision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quorum.domain import StoreError, Timeframe, UsageError, WorkspaceError, canonical
from quorum.lake.disk.place import write_whole
from quorum.lake.series import Series

VERSION = 1
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of bars that one import added or changed, known to the lake since `known_at` (ns UTC).

    `first` and `last` are the opens of its first and last bar; `price_decimals` is that of the whole series at its
    revision. A `whole` segment holds every bar of the series at its revision, so that reading begins there.
    """

    file: str
    revision: int
    rows: int
    first: int
    last: int
    sha256: str
    known_at: int
    price_decimals: int | None
    whole: bool


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file of rows that are no bars."""

    file: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All there is to know about a series but its bars; `rows`, `first` and `last` are those of its newest state.

    `calendar` is the one in force, `calendar_asked` whether a person chose it, `columns` the series' columns.
    """

    series: Series
    calendar: str
    calendar_asked: bool
    columns: tuple[str, ...]
    price_decimals: int | None
    revision: int
    rows: int
    first: int
    last: int
    segments: tuple[Segment, ...] = ()
    quarantine: tuple[SetAside, ...] = ()

    def at(self, revision: int) -> tuple[Segment, ...]:
        """The segments that make up `revision`, oldest first."""
        upto = tuple(s for s in self.segments if s.revision <= revision)
        begin = max((i for i, s in enumerate(upto) if s.whole), default=0)
        return upto[begin:]


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in `folder`, None where there is none.

    StoreError when it is damaged, WorkspaceError when a newer program wrote it.
    """
    path = folder / NAME
    try:
        held = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise WorkspaceError(f"{path}: cannot be read ({error.strerror})", "check the folder's permissions") from error
    except ValueError as error:
        raise _damaged(path, "it is no JSON") from error
    if not isinstance(held, dict) or not isinstance(held.get("version"), int):
        raise _damaged(path, "it has no version")
    if held["version"] > VERSION:
        raise WorkspaceError(
            f"{path}: has version {held['version']}, this program knows {VERSION}", "install the newer program"
        )
    try:
        return _from_plain(held)
    except (KeyError, TypeError, UsageError) as error:
        raise _damaged(path, f"{type(error).__name__} {error}") from error


def _damaged(path: Path, what: str) -> StoreError:
    return StoreError(f"{path}: the manifest is damaged ({what})", "restore the folder from a backup or import anew")


def _from_plain(held: Mapping[str, Any]) -> Manifest:
    return Manifest(
        series=Series(held["symbol"], held["venue"], Timeframe.parse(held["timeframe"])),
        calendar=held["calendar"],
        calendar_asked=held["calendar_asked"],
        columns=tuple(held["columns"]),
        price_decimals=held["price_decimals"],
        revision=held["revision"],
        rows=held["rows"],
        first=held["first"],
        last=held["last"],
        segments=tuple(Segment(**segment) for segment in held["segments"]),
        quarantine=tuple(SetAside(**file) for file in held["quarantine"]),
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Swap the manifest in `folder` for this one, atomically and durably; OSError when the disk refuses."""
    held = {
        "version": VERSION,
        "symbol": manifest.series.symbol,
        "venue": manifest.series.venue,
        "timeframe": str(manifest.series.timeframe),
        "calendar": manifest.calendar,
        "calendar_asked": manifest.calendar_asked,
        "columns": manifest.columns,
        "price_decimals": manifest.price_decimals,
        "revision": manifest.revision,
        "rows": manifest.rows,
        "first": manifest.first,
        "last": manifest.last,
        "segments": manifest.segments,
        "quarantine": manifest.quarantine,
    }
    write_whole(folder / NAME, canonical(held))
