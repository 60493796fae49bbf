"""Schedulers in other processes: `python -m adapters.ticking COUNT PLACE MINUTES` lets COUNT of them race."""

from __future__ import annotations

import os
import sys

from adapters.processes import all_at_once
from adapters.stores import NOW, opened, place
from quorum.adapters.sql.coordination.ticks import SqlTicks
from quorum.desk.schedule import Tick, TickStatus
from quorum.domain import MINUTE, VirtualClock


def race(where: str, minutes: int) -> None:
    """Claim every minute, and tell of each claim that was won."""
    database = opened(place(where))
    ticks = SqlTicks(database, VirtualClock(NOW))
    since = ticks.arm("race", f"cron {os.getpid()}", NOW)
    won = [f"armed={since}"]
    for minute in range(1, minutes + 1):
        made = ticks.claim(Tick("race", NOW + minute * MINUTE, TickStatus.CLAIMED, NOW))
        if made is not None:
            won.append(f"{minute}={made.workflow_id}")
            assert ticks.move(made, TickStatus.SENT)
    os.write(1, f"{' '.join(won)}\n".encode())  # whole, among the lines of the others


def main(count: str, where: str, minutes: str) -> int:
    return all_at_once([lambda: race(where, int(minutes))] * int(count))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
