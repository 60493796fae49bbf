"""A worker with a lease, for tests that stop it: `python -m adapters.holder PLACE SECONDS`, then a word a line.

It tells its slot and epoch, and of each word what became of it. `write NAME` writes a row, `hold NAME` too but waits
for another line before it commits, `beat` holds on, `on` writes and beats without end.
"""

from __future__ import annotations

import itertools
import os
import sys

from adapters.stores import NOW, opened, place
from quorum.adapters.sql import Database, tables
from quorum.adapters.sql.coordination.leases import Leases
from quorum.domain import QuorumError, VirtualClock

IDLE_MS = 600


def tell(*words: object) -> None:
    os.write(1, f"{' '.join(map(str, words))}\n".encode())


def write(database: Database, name: str, *, hold: bool = False) -> None:
    """Write a row; told to hold, wait amid the transaction until there is another line."""
    with database.write() as connection:
        connection.execute(tables.counter.insert().values(name=name, value=1))
        if hold:
            tell("inside")
            sys.stdin.readline()


def main(where: str, seconds: str) -> None:
    database = opened(place(where)) if "://" not in where else Database(where, idle_ms=IDLE_MS)
    leases = Leases(database, VirtualClock(NOW), float(seconds))
    lease = leases.claim("stopped", "here", os.getpid())
    database.fence = leases.fence(lease)
    tell(lease.slot, lease.epoch)
    for line in sys.stdin:
        word, *names = line.split()
        try:
            if word == "beat":
                leases.beat(lease)
            elif word == "on":
                for number in itertools.count():
                    write(database, f"{lease.epoch}-{number}")
                    leases.beat(lease)
            else:
                write(database, names[0], hold=word == "hold")
        except QuorumError as error:
            tell(type(error).__name__, error)
        else:
            tell("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
