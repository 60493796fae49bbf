"""A desk that queues ideas beside others: `python -m desk.life.racing HOME NUMBER`."""

from __future__ import annotations

import sys
from pathlib import Path

from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.life import queue_idea
from quorum.validation.life import Idea

EACH = 4


def queue_some(desk: Desk, number: int) -> None:
    """One idea that every desk has, and some of its own."""
    queue_idea(desk, Idea("demo_ma", ("CRASHUSDT",), "1h"))
    for n in range(EACH):
        queue_idea(desk, Idea("demo_ma", ("FLATUSDT",), "1h", params={"fast": 5 + EACH * number + n}))


if __name__ == "__main__":
    queue_some(open_desk(Path(sys.argv[1])), int(sys.argv[2]))
