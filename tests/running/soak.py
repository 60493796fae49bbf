"""Workers that must not be taken for dead: `python -m running.soak MINUTES`, over a PostgreSQL of its own.

Two workers do runs without a pause while every core is kept busy beside them. It tells every minute how it goes, and
ends badly when a worker was taken over, or a run was not done exactly once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quorum.adapters.sql import Database
from quorum.adapters.sql.coordination import Leases
from quorum.bootstrap import sharing
from quorum.desk import Desk
from quorum.domain import SystemClock
from quorum.surfaces.bench.postgres import own_postgres
from quorum.surfaces.bench.takeover import ask, check_run, two_at_work

LEASE_SECONDS = 5.0
AT_ONCE, BUSY_PER_CORE = 6, 1
LOOK_SECONDS = 0.2
ENDED = ("done", "failed", "cancelled")
LOST = ("worker_lost", "worker_taken_over")


class Soak:
    """Runs under way, and what was seen of the workers meanwhile."""

    def __init__(self, desk: Desk, leases: Leases) -> None:
        self._desk, self._leases = desk, leases
        self._under_way = [ask(desk) for _ in range(AT_ONCE)]
        self.runs = 0
        self.silence = 0.0

    def look(self) -> None:
        """Check the runs that ended, ask for as many again, and note who has been silent for how long."""
        self.silence = max([self.silence, *(holder.age for holder in self._leases.living())])
        for identity in list(self._under_way):
            if self._desk.workflows.run(identity)[0].status in ENDED:
                check_run(self._desk, identity)
                self._under_way.remove(identity)
                self._under_way.append(ask(self._desk))
                self.runs += 1

    def taken(self) -> list[str]:
        """The takeovers that were told of."""
        told = (told.notice.occurrence for told in self._desk.outbox.listed(10_000))
        return [found.summary for found in told if found.event in LOST]


@contextmanager
def busy_cores() -> Iterator[None]:
    """Every core is wanted by somebody else too."""
    command = [sys.executable, "-c", "while True: pass"]
    burning = [subprocess.Popen(command) for _ in range(BUSY_PER_CORE * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def soak(minutes: float, folder: Path, url: str) -> int:
    """The exit code: 0 when nobody was taken over."""
    with two_at_work(folder, LEASE_SECONDS) as (desk, workers):
        names = {worker.executor for worker in workers.values()}
        found = Soak(desk, Leases(Database(url), SystemClock(), LEASE_SECONDS))
        with busy_cores():
            began = told = time.monotonic()
            while time.monotonic() - began < minutes * 60:
                found.look()
                if time.monotonic() - told > 60:
                    told = time.monotonic()
                    tell(f"{(told - began) / 60:.0f} min", found)
                time.sleep(LOOK_SECONDS)
        alive = all(worker.process.poll() is None for worker in workers.values())
        tell(f"{minutes:g} minutes, {len(names)} workers, lease {LEASE_SECONDS:g} s", found)
        return 0 if alive and not found.taken() else 1


def tell(when: str, found: Soak) -> None:
    load = os.getloadavg()[0]
    facts = f"{found.runs} runs, longest silence {found.silence:.2f} s, {len(found.taken())} takeovers, load {load:.1f}"
    sys.stdout.write(f"{when}: {facts}\n")
    sys.stdout.flush()


def main() -> int:
    minutes = float(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder, own_postgres(durable=True) as server, sharing(server.url()):
        return soak(minutes, Path(folder), server.url())


if __name__ == "__main__":
    raise SystemExit(main())
