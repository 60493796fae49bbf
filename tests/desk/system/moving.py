"""Other processes that move the system's state at once: `python -m desk.system.moving COUNT FOLDER|URL`."""

from __future__ import annotations

import os
import random
import sys
from functools import partial
from pathlib import Path

from adapters.processes import all_at_once
from adapters.stores import NOW, PROVENANCE, opened, place
from quorum.adapters.sql.coordination.states import SqlStates
from quorum.desk.system import Part, Person, SystemState
from quorum.domain import IllegalMove, VirtualClock


def move(where: Path | str, number: int) -> None:
    """Try thirty moves; print how many were made and how many refused."""
    states = SqlStates(opened(where), VirtualClock(NOW), PROVENANCE)
    chance = random.Random(number)
    made = refused = 0
    for _ in range(30):
        by = Person(f"person-{number}") if number % 2 else Part(f"part-{number}")
        try:
            states.move(chance.choice(list(SystemState)), by, "at once")
            made += 1
        except IllegalMove:
            refused += 1
    os.write(1, f"{made} {refused}\n".encode())  # whole, among the lines of the others


def main(count: str, where: str) -> int:
    return all_at_once([partial(move, place(where), number) for number in range(int(count))])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
