"""A process that takes turns over bars until it is killed: `python turner.py HOME FIRST LAST PROGRESS`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from desk.trading.practice import at
from quorum.bootstrap import open_desk
from quorum.desk.trading.turns import Streams, trade_turn


def main(home: Path, first: int, last: int, progress: Path) -> None:
    """Go on where the progress says, the turn that was broken off once more."""
    desk = open_desk(home)
    streams = Streams(desk)
    done = int(progress.read_text()) if progress.exists() else first
    for i in range(done, last):
        turn = trade_turn(desk, streams, paper=True, clock=at(i))
        if turn.errors:
            raise SystemExit(str(turn.errors))
        draft = progress.with_suffix(".draft")
        draft.write_text(str(i + 1))
        draft.replace(progress)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
