"""Other processes for the tests of notices: raising them, and sending them until something ends it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from adapters.processes import all_at_once
from desk.notices.happenings import happened
from quorum.adapters.keys import Keys
from quorum.adapters.notify import AppriseChannels, FileNotifier
from quorum.adapters.sql import Database
from quorum.adapters.sql.coordination.notices import SqlOutbox, SqlPost
from quorum.desk.notices import Address, ChannelRule, Policy, deliver
from quorum.domain import VirtualClock, parse_instant

NOW = parse_instant("2024-06-03T12:00:00Z")


def raise_all(processes: int, where: str, count: int) -> None:
    """Raise the same things in several processes at once, each in an order of its own; print their ids."""

    def act(number: int) -> None:
        outbox = SqlOutbox(Database(where if "://" in where else Path(where)), VirtualClock(NOW))
        order = [(i + number * 4) % count for i in range(count)]
        ids = {i: outbox.raise_(happened(key=str(i))).notification_id for i in order}
        os.write(1, f"{' '.join(ids[i] for i in range(count))}\n".encode())  # whole, among the lines of the others

    assert all_at_once([lambda n=n: act(n) for n in range(processes)]) == 0


def send(database: str, port: int, log: str) -> None:
    """Make one pass that sends to a webhook on loopback."""
    clock = VirtualClock(NOW)
    channels = AppriseChannels(
        {"hook": Address(f"json://127.0.0.1:{port}/hook")}, Keys({}, Path()), FileNotifier(Path(log), clock), 30.0
    )
    deliver(SqlPost(Database(Path(database)), clock), channels, Policy((ChannelRule("hook"),)), clock)


if __name__ == "__main__":
    if sys.argv[1] == "raise":
        raise_all(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        send(sys.argv[2], int(sys.argv[3]), sys.argv[4])
