"""A recording played: what happened, in its order, with its distances in time, so many times as fast, or at once."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quorum.domain import DataError
from quorum.simulator.core import Listing
from quorum.simulator.public.words import Change, Frame, Print, Touch

Played = Print | Change | Touch | Frame


@dataclass(frozen=True, slots=True)
class Recording:
    """What a venue sent: each happening at the instant it was received, with its symbol; sorted by instant.

    `opening` is what stood before: the first whole book of each symbol.
    """

    listings: tuple[Listing, ...]
    rows: Sequence[tuple[int, str, Played]]
    opening: Mapping[str, Change]

    @property
    def start(self) -> int:
        """The instant of the first of them (ns UTC)."""
        return self.rows[0][0]


def lines_of(folder: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """The lines of the files in `folder` whose name is `wanted`, by name, each with its place.

    DataError when the folder has none, or one cannot be read.
    """
    paths = [folder] if folder.is_file() else sorted(path for path in folder.glob("*") if path.is_file())
    paths = [path for path in paths if wanted(path.name)]
    if not paths:
        raise DataError(f"{folder} holds no recording of this venue", "see docs/reference/sim.md for the formats")
    for path in paths:
        try:
            with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open() as file:
                for number, line in enumerate(file, 1):
                    yield f"{path}:{number}", line.strip()
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise DataError(f"{path} cannot be read ({error})", "give the recording again") from None


class Player:
    """Goes through a recording; `take` says what is due."""

    def __init__(self, recording: Recording) -> None:
        self._rows = recording.rows
        self.played = 0

    @property
    def next(self) -> int | None:
        """The instant of what comes next; None at the end."""
        return self._rows[self.played][0] if self.played < len(self._rows) else None

    def take(self, now: int, most: int) -> Sequence[tuple[int, str, Played]]:
        """What is due at `now`, at most so many."""
        first = last = self.played
        limit = min(first + most, len(self._rows))
        while last < limit and self._rows[last][0] <= now:
            last += 1
        self.played = last
        return self._rows[first:last]
