"""How a series grows: one more segment, one more file of rows set aside, and the manifest that names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from quorum.lake.disk.manifest import Manifest, Segment
from quorum.lake.disk.merge import Change, Columns
from quorum.lake.disk.segments import read_rejected, write_bars, write_rejected
from quorum.lake.tables import Rejected

LONGEST_CHAIN = 32


def with_segment(
    folder: Path, manifest: Manifest, change: Change, state: Columns, known_at: int, price_decimals: int | None
) -> Manifest:
    """The manifest with what `change` brought as its next revision, after which the series is `state`.

    A long chain ends with a segment of the whole, so that reading stays short. OSError as the disk says.
    """
    revision = manifest.revision + 1
    whole = not manifest.revision or len(manifest.at(manifest.revision)) >= LONGEST_CHAIN
    rows = state if whole else change.rows
    file, digest = write_bars(folder, revision, rows)
    first, last = int(rows["time"][0]), int(rows["time"][-1])
    segment = Segment(file, revision, len(rows["time"]), first, last, digest, known_at, price_decimals, whole)
    return replace(
        manifest,
        revision=revision,
        segments=(*manifest.segments, segment),
        price_decimals=price_decimals,
        rows=len(state["time"]),
        first=int(state["time"][0]),
        last=int(state["time"][-1]),
    )


def with_rejected(folder: Path, manifest: Manifest, rejected: Sequence[Rejected]) -> Manifest:
    """The manifest with those rows set aside that it has not set aside before."""
    known = set(read_rejected(folder, manifest)) if rejected else set()
    fresh = [r for r in dict.fromkeys(rejected) if r not in known]
    if not fresh:
        return manifest
    return replace(manifest, quarantine=(*manifest.quarantine, write_rejected(folder, manifest.revision, fresh)))
