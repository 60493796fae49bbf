"""The right to run workflows: a lock of the workspace's file, or a slot in the shared database."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from quorum.adapters.process.roles import FileLock
from quorum.adapters.sql import Database
from quorum.adapters.sql.coordination import Lease, LeaseLost, Leases
from quorum.domain import StoreError, SystemClock

LOGGER = logging.getLogger("quorum.worker")
FENCED = 75
"""How a worker ends that finds its slot taken over: at once, so that it writes nothing more."""


class Right(Protocol):
    """This process may run workflows, as `executor`, until it gives that back."""

    @property
    def executor(self) -> str:
        """The name under which it runs them: no other process has had it, or has it now."""
        ...

    def guard(self) -> None:
        """Called before the engine's database is touched; ends the process when the right has been lost."""
        ...

    def watch(self, engine: Engine) -> Callable[[], None]:
        """Begin to look for workers that died, whose runs `engine` then takes over, until the answer is called."""
        ...

    def alone(self) -> bool:
        """Whether no other worker is at work."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...


class Engine(Protocol):
    """As much of the engine as taking over needs."""

    def executors(self) -> set[str]: ...

    def take_over(self, executor: str) -> int: ...


class FileRight:
    """The right of a workspace without a server: whoever holds the lock file. It ends with the process."""

    executor = "slot-1"

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    def guard(self) -> None:
        return None

    def watch(self, engine: Engine) -> Callable[[], None]:
        return lambda: None

    def alone(self) -> bool:
        return True

    def release(self) -> None:
        self._lock.release()


class SlotRight:
    """A slot of the shared database, kept by beats of its own thread, which waits for nothing else."""

    def __init__(self, url: str, database: Database, seconds: float, tell: Callable[[str, str], object]) -> None:
        self._leases = Leases(Database(url), SystemClock(), seconds)  # its own connections: a beat must not queue
        self._seconds = seconds
        self._pause = min(1.0, seconds / 5)
        self._tell = tell
        self._lease: Lease = self._leases.claim(uuid.uuid4().hex, socket.gethostname(), os.getpid())
        database.fence = self._leases.fence(self._lease)
        self._beaten = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    @property
    def executor(self) -> str:
        return _executor(self._lease)

    def guard(self) -> None:
        if time.monotonic() - self._beaten > self._seconds / 2:
            self._beat()

    def watch(self, engine: Engine) -> Callable[[], None]:
        ended = threading.Event()
        thread = threading.Thread(target=self._watch, args=(engine, ended), name="watch", daemon=True)
        thread.start()

        def end() -> None:
            ended.set()
            thread.join(self._seconds)

        return end

    def alone(self) -> bool:
        return len(self._leases.living()) <= 1

    def release(self) -> None:
        self._ended.set()
        self._thread.join(self._seconds)
        self._leases.release(self._lease)

    def _keep(self) -> None:
        trouble = _Trouble("the lease of this worker is not renewed")
        while not self._ended.wait(self._pause):
            try:
                self._beat()
                trouble.over()
            except StoreError as error:  # the database does not answer: nobody can take over either
                trouble.told(error)

    def _beat(self) -> None:
        try:
            self._leases.beat(self._lease)
        except LeaseLost:
            os._exit(FENCED)
        self._beaten = time.monotonic()

    def _watch(self, engine: Engine, ended: threading.Event) -> None:
        trouble = _Trouble("nobody looks after the other workers")
        while not ended.wait(self._pause):
            try:
                self._look_after(engine)
                trouble.over()
            except Exception as error:  # noqa: BLE001 - the rim of the loop; the engine is a third party's
                trouble.told(error)

    def _look_after(self, engine: Engine) -> None:
        """Fence who is silent for too long, then take over what nobody runs any more.

        Who has runs is asked before who lives: a name that has runs and is not there afterwards is dead for good.
        """
        for lease in self._leases.expired():
            if self._leases.take_over(lease.slot, lease.epoch):
                self._tell("worker_lost", _executor(lease))
        busy = engine.executors()
        alive = {_executor(lease) for lease in self._leases.held()}
        for executor in busy - alive:
            if engine.take_over(executor):
                self._tell("worker_taken_over", executor)


class _Trouble:
    """A trouble that every beat of an outage would tell of: it is logged when it begins, and when it is over."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._since: float | None = None

    def told(self, error: Exception) -> None:
        if self._since is None:
            self._since = time.monotonic()
            LOGGER.warning("%s: %s: %s", self._what, type(error).__name__, error)

    def over(self) -> None:
        if self._since is not None:
            LOGGER.warning("%s: over after %.0f s", self._what, time.monotonic() - self._since)
            self._since = None


def take_right(
    home: Path, url: str | None, database: Database, seconds: float, tell: Callable[[str, str], object]
) -> Right | None:
    """The right to run the workspace's workflows; None when another process of this machine has it.

    With a shared database, at `url`, there is a slot for everyone, and `database` writes only while it is held.
    """
    if url is not None:
        return SlotRight(url, database, seconds, tell)
    lock = FileLock(home / "worker.lock")
    return FileRight(lock) if lock.take("worker") else None


def _executor(lease: Lease) -> str:
    return f"slot-{lease.slot}.{lease.epoch}"
