"""The nursery: one process that has loaded what tasks need and has no thread, and forks each worker from there.

Whoever holds the other end of its standard input asks in words of 8 bytes: 0, with a socket, for a worker that takes
its tasks there; a worker's process id, for how that one ended. When the asker is gone, nursery and workers end.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from quorum.adapters.process.footprint import Footprint, cpu_seconds, forget_peak, here, restrict
from quorum.adapters.process.task import Task, answered, called
from quorum.domain import QuorumError

WORD = struct.Struct("!q")
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's prctl
GRACE = 0.25
BEAT_SECONDS = 0.05


def serve(tasks: Mapping[str, Task]) -> None:
    """Fork workers for the asker at standard input until it is gone, then end every one of them."""
    line = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    gc.collect()
    gc.freeze()
    workers: set[int] = set()
    with suppress(ConnectionError):
        while word := _word(line):
            number, handles = word
            line.sendall(WORD.pack(_ended(number, workers) if number else _begun(line, handles[0], tasks, workers)))
    for worker in workers:
        with suppress(ProcessLookupError):
            os.killpg(worker, signal.SIGKILL)


def _word(line: socket.socket) -> tuple[int, list[int]] | None:
    said, handles, _, _ = socket.recv_fds(line, WORD.size, 1)
    return (WORD.unpack(said)[0], handles) if said else None


def _begun(line: socket.socket, handle: int, tasks: Mapping[str, Task], workers: set[int]) -> int:
    nursery = os.getpid()
    worker = os.fork()
    if worker == 0:
        try:
            line.close()
            _die_with(nursery)
            Worker(socket.socket(fileno=handle), tasks).work()
        finally:
            os._exit(0)
    with suppress(OSError):
        os.setpgid(worker, worker)
    os.close(handle)
    workers.add(worker)
    return worker


def _ended(worker: int, workers: set[int]) -> int:
    workers.discard(worker)
    return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])


def _die_with(parent: int) -> None:
    """End with the parent even while a task is busy; elsewhere than on Linux the nursery alone sees to that."""
    with suppress(OSError):
        os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


class Worker:
    """Takes one task at a time from its line, a JSON text each, and answers there; an alarm ends it if nobody does."""

    def __init__(self, line: socket.socket, tasks: Mapping[str, Task]) -> None:
        self._line = line
        self._tasks = tasks
        self._start: Footprint = here()
        self._beaten = 0.0

    def work(self) -> None:
        """Until the line ends."""
        with self._line.makefile("rb") as orders, suppress(ConnectionError):
            for order in orders:
                self._tell(self._answer(json.loads(order)))

    def _tell(self, text: str) -> None:
        self._line.sendall(text.encode() + b"\n")

    def _answer(self, order: Mapping[str, Any]) -> str:
        before = cpu_seconds()
        forget_peak()
        self._bind(order["seconds"], order["memory_mb"])
        try:
            words = '"answer": ' + answered(called(self._tasks, order["task"], order["payload"], self._beat))
        except QuorumError as error:
            words = '"error": ' + json.dumps([type(error).__name__, error.found, error.remedy])
        except MemoryError:
            words = '"memory": true'
        finally:
            self._bind(None, None)
        now = here()
        peak, kept = max(0.0, now.peak - self._start.resident), now.private - self._start.private
        return f'{{{words}, "cpu": {cpu_seconds() - before}, "peak": {peak}, "kept": {kept}}}'

    def _bind(self, seconds: float | None, memory_mb: float | None) -> None:
        """Put the limits of a task in force, or none; the asker keeps them too, and is a little earlier."""
        signal.setitimer(signal.ITIMER_REAL, 0.0 if seconds is None else seconds + GRACE)
        restrict(None if memory_mb is None else self._start.data + memory_mb)

    def _beat(self, share: float) -> None:
        if time.monotonic() - self._beaten >= BEAT_SECONDS:
            self._beaten = time.monotonic()
            self._tell(json.dumps({"share": share}))
