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
from pathlib import Path
from typing import Any

from quorum.adapters.process.footprint import footprint
from quorum.adapters.process.nursery import WORD
from quorum.domain import QuorumError

CHUNK = 1 << 16
SEND_SECONDS = 30.0
NURSERY_SECONDS = 60.0
MOST_BYTES = 64 << 20
MOST_SAID = 1 << 20
SAID_A_SECOND = 1 << 16
SAID_SECONDS = 1.0


class Ration:
    """What tasks print, passed on to standard error: a megabyte at once, then 64 kB a second; the rest is counted.

    Once something was left out nothing is passed on until a second's worth may be, so that the counts are few too.
    """

    def __init__(self, source: int) -> None:
        self._source = source
        self._left = float(MOST_SAID)
        self._at = time.monotonic()
        self._dropped = 0
        self._thread = threading.Thread(target=self._work, name="quorum-said", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until all that was said is passed on."""
        self._thread.join(seconds)

    def _work(self) -> None:
        """Until the last process that can speak has ended."""
        try:
            while said := os.read(self._source, CHUNK):
                self._pass(said)
            self._confess()
        except OSError:  # standard error is gone
            return
        finally:
            os.close(self._source)

    def _pass(self, said: bytes) -> None:
        now = time.monotonic()
        self._left = min(float(MOST_SAID), self._left + SAID_A_SECOND * (now - self._at))
        self._at = now
        silent = self._dropped and self._left < SAID_A_SECOND
        part = b"" if silent else said[: int(self._left)]
        if part:
            self._confess()
            os.write(2, part)
        self._left -= len(part)
        self._dropped += len(said) - len(part)

    def _confess(self) -> None:
        if self._dropped:
            os.write(2, f"\n[{self._dropped:,} bytes that tasks printed are left out]\n".encode())
            self._dropped = 0


class Nursery:
    """The process that forks workers, started by `command` when it is first asked; one question at a time."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None) -> None:
        ours, theirs = socket.socketpair()
        said, saying = os.pipe()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=theirs.fileno(),
                    stdout=saying,
                    stderr=saying,
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                os.close(said)
                raise QuorumError(f"workers: {command[0]} does not start ({error.strerror})") from error
            finally:
                os.close(saying)
        self._ration = Ration(said)
        ours.settimeout(NURSERY_SECONDS)
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
                if isinstance(error, TimeoutError):
                    self._process.kill()
                code = self._process.wait()
                raise QuorumError(f"workers do not start: the process that forks them ended with {code}") from error

    def bury(self, worker: int) -> int | None:
        """Kill a worker with all its children; its exit code as it was before, or None when nobody can tell."""
        if not self.kill(worker):
            return None
        try:
            return self._ask(worker)
        except OSError:
            return None

    def kill(self, worker: int) -> bool:
        """Kill a worker with all its children, and wait for nobody; False when its nursery has died, and it too."""
        if self._process.poll() is not None:
            return False
        children = _descendants(worker)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(worker, signal.SIGKILL)
        for child in children:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        return True

    def close(self) -> None:
        """End nursery and workers, and wait until they are gone; what tasks have started and left goes with them."""
        if os.getpid() != self._owner:
            return
        left = _descendants(self._process.pid)
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for child in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        self._ration.wait(SAID_SECONDS)

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
        self.life = _watched(self.pid)
        self._heard = bytearray()
        self._start_mb = _private(self.pid)
        self.index = -1
        self.deadline = inf

    @property
    def is_answering(self) -> bool:
        """Whether it has said something that has not been heard to its end."""
        return bool(self._heard) or self.speaks(0.0)

    def speaks(self, seconds: float) -> bool:
        """Whether it says something, or dies, within that time."""
        return _ready(seconds, self.line) if self.life is None else _ready(seconds, self.line, self.life)

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
        """What it has said, once it speaks; None when it has died. QuorumError for what is no answer, or is endless."""
        if not _ready(0.0, self.line):
            return None  # a child of it may hold the line
        try:
            said = self.line.recv(CHUNK)
        except OSError:
            return None
        if not said:
            return None
        self._heard += said
        if len(self._heard) > MOST_BYTES:
            raise QuorumError(f"said more than {MOST_BYTES >> 20} MB", "put what is large into a file")
        if b"\n" not in said:
            return []
        *lines, rest = self._heard.split(b"\n")
        self._heard = rest
        return [_words(bytes(line)) for line in lines]

    def private_mb(self) -> float:
        """MiB of its own that it takes beyond its start-up."""
        return _private(self.pid) - self._start_mb

    def kill(self) -> None:
        """Kill it with its children, and wait for nobody; `end` is still to come."""
        self._nursery.kill(self.pid)

    def end(self) -> int | None:
        """Kill it with its children; its exit code, when that can be told."""
        self.leave()
        return self._nursery.bury(self.pid)

    def leave(self) -> None:
        """Give back what this side holds of it."""
        self.line.close()
        if self.life is not None:
            os.close(self.life)
            self.life = None


def _words(line: bytes) -> dict[str, Any]:
    try:
        words = json.loads(line)
    except ValueError as error:
        raise QuorumError("answered with something else than JSON", "report it") from error
    if not isinstance(words, dict) or not ("share" in words or {"kept", "cpu", "peak"} <= set(words)):
        raise QuorumError("answered with something else than an answer", "report it")
    return words


def _ready(seconds: float, *handles: socket.socket | int) -> bool:
    """Whether one of these can be read, or has ended, within that time."""
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    return bool(poll.poll(1000.0 * seconds))


def _watched(pid: int) -> int | None:
    """A handle that can be waited for until the process ends, where there are such."""
    try:
        return os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    except OSError:
        return None


def _descendants(pid: int) -> list[int]:
    """Its children and theirs, also those with a session of their own; none where nothing here tells."""
    found: list[int] = []
    with suppress(OSError, ValueError):
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, file.read_text().split()):
                found += [child, *_descendants(child)]
    return found


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
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None
        for worker in self._idle:
            worker.leave()
        self._idle.clear()
