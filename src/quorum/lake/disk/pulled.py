"""What was asked of a vendor for a series, so that it is not asked again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from quorum.domain import StoreError, canonical
from quorum.lake.disk.place import write_whole
from quorum.lake.series import Span

NAME = "pulled.json"


def read_pulled(folder: Path) -> tuple[Span, ...] | None:
    """The spans that were asked for, None for a series that was never pulled; StoreError when the file is damaged."""
    path = folder / NAME
    try:
        return tuple(Span(int(start), int(end)) for start, end in json.loads(path.read_bytes())["spans"])
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path}: is damaged", "delete it; what it told is asked for again") from error


def write_pulled(folder: Path, spans: Sequence[Span]) -> None:
    """Swap the record in `folder` for this one, atomically; OSError when the disk refuses."""
    if read_pulled(folder) != tuple(spans):
        write_whole(folder / NAME, canonical({"spans": [list(span) for span in spans]}))
