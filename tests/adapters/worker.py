"""Other processes for the tests of the store: `python -m adapters.worker COUNT VERB FOLDER …` runs COUNT at once.

FOLDER is the URL of a database of PostgreSQL where that is meant.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from alembic import command

from adapters.processes import all_at_once
from adapters.stores import ACCOUNT, NOW, choice, opened, ordered, place, store_at
from quorum.adapters.sql.coordination.leases import Leases
from quorum.domain import QuorumError, Severity, VirtualClock


def migrate(folder: Path | str) -> None:
    """Bring an empty database up to date."""
    database = opened(folder)
    database.migrate()
    os.write(1, f"{database.revision()}\n".encode())  # whole, among the lines of the others


def record(folder: Path | str, count: str) -> None:
    """Append decisions and print their ids."""
    store = store_at(folder)
    made = [store.decisions.record(choice(f"{os.getpid()}-{number}")).decision_id for number in range(int(count))]
    os.write(1, f"{' '.join(made)}\n".encode())  # whole, among the lines of the others


def trade(folder: Path | str, count: str) -> None:
    """Write intents under numbers of our own, one a transaction; the book moves by nobody else's meanwhile."""
    store = store_at(folder)
    for number in range(1_000 * os.getpid(), 1_000 * os.getpid() + int(count)):
        with store.accounts.transaction(ACCOUNT) as transaction:
            before = transaction.book()
            ordered(transaction, number)
            after = transaction.book()
            assert after.version == before.version + 1
            assert after.deployed == before.deployed + 2 * Decimal(101)


def count(folder: Path | str, batches: str) -> None:
    """Count the same batches of trials as everybody else, and tell of each when it is acknowledged."""
    from adapters.trials import sweep

    store = store_at(folder)
    for number in range(int(batches)):
        store.trials.record_many(sweep(50, family=f"trend-{number}"))
        os.write(1, f"{number}\n".encode())


def take_over(folder: Path | str) -> None:
    """Take over every lease that has run out and tell the slots that were taken."""
    leases = Leases(opened(folder), VirtualClock(NOW), 1.0)
    for lease in leases.expired():
        if leases.take_over(*lease):
            os.write(1, f"{lease.slot}\n".encode())


def forbidden(folder: Path) -> None:
    """Try everything in a folder that may not be written; root gives up its right to write everywhere."""
    if os.geteuid() == 0:
        header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        assert ctypes.CDLL(None, use_errno=True).capset(header, none) == 0
    every(folder)


def full(folder: Path) -> None:
    """Try everything where no file may grow beyond what the largest is now, by a little."""
    from quorum.adapters.notify import FileNotifier
    from quorum.adapters.process import FileJournal

    store = store_at(folder)
    every(folder)  # so that what there is to allocate once is allocated
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    largest = max(file.stat().st_size for file in folder.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    tell(lambda: store.decisions.record(choice("large", text="x" * 2 * largest)))
    journal = FileJournal(folder / "journal.jsonl")
    with journal.exclusive():
        journal.unread()
        tell(lambda: journal.append({"kind": "large", "text": "x" * largest}))
        journal.append({"kind": "after"})
    notifier = FileNotifier(folder / "notifications.jsonl", VirtualClock(NOW))
    tell(lambda: notifier.notify(Severity.RED, "large", {"text": "x" * largest}))
    notifier.notify(Severity.RED, "after", {})


def every(folder: Path) -> None:
    """Write once to each kind of file."""
    from quorum.adapters.notify import FileNotifier
    from quorum.adapters.process import FileJournal

    tell(lambda: store_at(folder).decisions.record(choice("small")))
    tell(lambda: FileJournal(folder / "journal.jsonl").append({"kind": "small"}))
    tell(lambda: FileNotifier(folder / "notifications.jsonl", VirtualClock(NOW)).notify(Severity.RED, "small", {}))


def tell(act: Callable[[], object]) -> None:
    """Print what became of an attempt, in one line when all is well."""
    try:
        act()
    except QuorumError as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("written")


VERBS = {f.__name__: f for f in (migrate, record, trade, count, take_over, forbidden, full)}


def main(count: str, verb: str, folder: str, *more: str) -> int:
    assert command, "alembic is loaded before the race begins"
    return all_at_once([lambda: VERBS[verb](place(folder), *more)] * int(count))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
