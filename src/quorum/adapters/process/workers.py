"""Warm workers from a nursery: each does one task at a time, and is killed and replaced when that goes too far."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import inf
from typing import Any

from quorum.adapters.process.footprint import footprint
from quorum.adapters.process.nursery import WORD
from quorum.domain import QuorumError

CHUNK = 1 << 16
SEND_SECONDS = 30.0


class Nursery:
    """The process that forks workers, started by `command` when it is first asked; one question at a time."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    command, stdin=theirs.fileno(), stdout=2, env=environment, start_new_session=True
                )
            except OSError as error:
                ours.close()
                raise QuorumError(f"workers: {command[0]} does not start ({error.strerror})") from error
        self._line = ours
        self._turn = threading.Lock()
        self._owner = os.getpid()
        self._sound = True

    @property
    def lives(self) -> bool:
        """Whether it can be asked: it runs, and no question was left without its answer."""
        with self._turn:
            return self._sound and self._process.poll() is None

    def fork(self) -> tuple[int, socket.socket]:
        """A new worker's process id and the line to it; QuorumError when the nursery has died."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                return self._ask(0, [theirs.fileno()]), ours
            except OSError as error:
                ours.close()
                code = self._process.wait()
                raise QuorumError(f"workers do not start: the process that forks them ended with {code}") from error

    def bury(self, worker: int) -> int | None:
        """Kill a worker with all its children; its exit code as it was before, or None when nobody can tell."""
        if self._process.poll() is not None:
            return None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(worker, signal.SIGKILL)
        try:
            return self._ask(worker)
        except OSError:
            return None

    def close(self) -> None:
        """End nursery and workers, and wait until they are gone."""
        if os.getpid() != self._owner:
            return
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, number: int, handles: Sequence[int] = ()) -> int:
        with self._turn:
            if not self._sound:
                raise ConnectionResetError
            self._sound = False
            socket.send_fds(self._line, [WORD.pack(number)], handles)
            word = self._line.recv(WORD.size)
            if len(word) < WORD.size:
                raise ConnectionResetError
            self._sound = True
        answer: int = WORD.unpack(word)[0]
        return answer


class Worker:
    """This side of a worker: its line, and the task that it has, if any."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self.pid, self.line = nursery.fork()
        self.line.settimeout(SEND_SECONDS)
        self._heard = b""
        self._start_mb = _private(self.pid)
        self.index = -1
        self.deadline = inf

    @property
    def is_answering(self) -> bool:
        """Whether it has said something that has not been heard to its end."""
        return bool(self._heard) or bool(select.select([self.line], [], [], 0.0)[0])

    def give(self, index: int, order: str, seconds: float | None) -> bool:
        """Hand over a task; False when the worker has died."""
        try:
            self.line.sendall(order.encode() + b"\n")
        except OSError:
            return False
        self.index = index
        self.deadline = inf if seconds is None else time.monotonic() + seconds
        return True

    def hear(self) -> list[dict[str, Any]] | None:
        """What it has said since; None when its line has ended."""
        try:
            said = self.line.recv(CHUNK)
        except OSError:
            return None
        if not said:
            return None
        *lines, self._heard = (self._heard + said).split(b"\n")
        return [json.loads(line) for line in lines]

    def private_mb(self) -> float:
        """MiB of its own that it takes beyond its start-up."""
        return _private(self.pid) - self._start_mb

    def end(self) -> int | None:
        """Kill it with its children; its exit code, when that can be told."""
        self.line.close()
        return self._nursery.bury(self.pid)


def _private(pid: int) -> float:
    """MiB that only this process has; 0 when it is gone or nothing here tells."""
    try:
        return footprint(pid).private
    except OSError:
        return 0.0


class Workers:
    """The warm workers of a process: those of one batch wait for the next. `command` starts their nursery."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._command = list(command)
        self._environment = environment
        self._turn = threading.Lock()
        self._nursery: Nursery | None = None
        self._idle: list[Worker] = []
        self._hired = 0

    def hire(self) -> Worker:
        """A worker that waits, or a new one."""
        with self._turn:
            if self._nursery is None or not self._nursery.lives:
                self._close()
                self._nursery = Nursery(self._command, self._environment)
            worker = self._idle.pop() if self._idle else Worker(self._nursery)
            self._hired += 1
            return worker

    def release(self, worker: Worker) -> None:
        """Let a worker wait for the next batch."""
        with self._turn:
            self._hired -= 1
            self._idle.append(worker)

    def dismiss(self, worker: Worker) -> int | None:
        """Kill a worker; its exit code, when that can be told."""
        with self._turn:
            self._hired -= 1
        return worker.end()

    def close(self) -> None:
        """End all processes; the next batch starts new ones."""
        with self._turn:
            self._close()

    def abandon(self) -> None:
        """End all processes unless another batch is on its way."""
        with self._turn:
            if self._hired == 0:
                self._close()

    def _close(self) -> None:
        for worker in self._idle:
            worker.line.close()
        self._idle.clear()
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None
