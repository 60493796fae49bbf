"""The lake's files: immutable segments and a manifest that is swapped whole.

Promise: a reader sees one revision or the next, never a part; what is written stays, and damage is named.
In: columns of bars and rejected rows. Out: Manifest, Segment, columns; DataError, StoreError, WorkspaceError.
Neighbours: `quorum.lake` alone imports this; it knows nothing of quality or calendars.
"""

from quorum.lake.disk.growth import with_rejected, with_segment
from quorum.lake.disk.manifest import Manifest, Segment, SetAside, read_manifest, write_manifest
from quorum.lake.disk.merge import Change, Columns, compare, overlay
from quorum.lake.disk.place import folder_of, only_writer, safe, series_of, storage, sync
from quorum.lake.disk.pulled import read_pulled, write_pulled
from quorum.lake.disk.segments import (
    read_bars,
    read_rejected,
    tampered,
)

__all__ = [
    "Change",
    "Columns",
    "Manifest",
    "Segment",
    "SetAside",
    "compare",
    "folder_of",
    "only_writer",
    "overlay",
    "read_bars",
    "read_manifest",
    "read_pulled",
    "read_rejected",
    "safe",
    "series_of",
    "storage",
    "sync",
    "tampered",
    "with_rejected",
    "with_segment",
    "write_manifest",
    "write_pulled",
]
