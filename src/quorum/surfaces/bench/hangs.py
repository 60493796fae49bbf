"""Tasks that never end, each in its own way, and how soon after their deadline whoever asked for them is free."""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quorum.domain import Done, Loss, Lost

LONG = 3600.0
ENDED_WITHIN = 1.0

Values = Mapping[str, Any]
Beat = Callable[[float], None]
Call = Callable[[str, Values, float], Done | Lost]


def busy_in_python(payload: Values, beat: Beat) -> Values:
    """Run around in the interpreter."""
    while True:
        pass


def busy_in_c(payload: Values, beat: Beat) -> Values:
    """Run around in C with the interpreter locked, where no signal is looked at."""
    return {"never": all(itertools.repeat(True))}


def busy_in_a_hash(payload: Values, beat: Beat) -> Values:
    """Compute in C with the interpreter free."""
    return {"hash": hashlib.pbkdf2_hmac("sha256", b"hang", b"hang", 2**31 - 1).hex()}


def busy_in_a_pattern(payload: Values, beat: Beat) -> Values:
    """Match a pattern that takes exponential time."""
    return {"match": re.match(r"(a+)+$", "a" * 64 + "b") is not None}


def sleeps(payload: Values, beat: Beat) -> Values:
    """Sleep."""
    time.sleep(LONG)
    return {}


def sleeps_in_c(payload: Values, beat: Beat) -> Values:
    """Sleep in C with the interpreter locked."""
    ctypes.PyDLL(None).sleep(int(LONG))
    return {}


def reads_a_silent_pipe(payload: Values, beat: Beat) -> Values:
    """Read what nobody writes."""
    silent, _ = os.pipe()
    return {"read": len(os.read(silent, 1))}


def waits_for_a_guest(payload: Values, beat: Beat) -> Values:
    """Wait for a connection that nobody makes."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return {"from": str(door.accept()[1])}


def waits_for_itself(payload: Values, beat: Beat) -> Values:
    """Wait for a lock that it holds."""
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
    return {}


def stops_itself(payload: Values, beat: Beat) -> Values:
    """Be stopped like a frozen process."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return {}


def is_deaf(payload: Values, beat: Beat) -> Values:
    """Block every signal that can be blocked."""
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
    return sleeps(payload, beat)


def talks(payload: Values, beat: Beat) -> Values:
    """Tell of its progress for ever."""
    while True:
        beat(0.5)
        time.sleep(0.001)


def has_a_child(payload: Values, beat: Beat) -> Values:
    """Sleep together with a child that has all its handles."""
    os.fork()
    return sleeps(payload, beat)


def has_a_child_apart(payload: Values, beat: Beat) -> Values:
    """Wait for a child in a session of its own."""
    command = [sys.executable, "-S", "-c", f"import time; time.sleep({LONG})"]
    with subprocess.Popen(command, start_new_session=True) as child:
        return {"code": child.wait()}


def calm(payload: Values, beat: Beat) -> Values:
    """Answer at once."""
    return {"pid": os.getpid()}


HANGS: tuple[Callable[[Values, Beat], Values], ...] = (
    *(busy_in_python, busy_in_c, busy_in_a_hash, busy_in_a_pattern, sleeps, sleeps_in_c, reads_a_silent_pipe),
    *(waits_for_a_guest, waits_for_itself, stops_itself, is_deaf, talks, has_a_child, has_a_child_apart),
)
TASKS: Mapping[str, Callable[[Values, Beat], Values]] = {task.__name__: task for task in (*HANGS, calm)}


@dataclass(frozen=True, slots=True)
class Hangs:
    """What became of some hanging calls: seconds after the deadline at which each ended, in ascending order.

    `strange` says of each that ended otherwise than on its deadline how it did, and of each calm call that failed.
    """

    seconds: float
    overruns: tuple[float, ...]
    strange: tuple[str, ...]

    @property
    def in_time(self) -> float:
        """The share that ended within a second after its deadline, and because of it."""
        good = sum(over <= ENDED_WITHIN for over in self.overruns) - len(self.strange)
        return max(0.0, good / len(self.overruns))

    def quantile(self, share: float) -> float:
        """Seconds after the deadline within which that share ended."""
        return self.overruns[min(len(self.overruns) - 1, int(share * len(self.overruns)))]


def hang(call: Call, count: int, seconds: float, at_once: int) -> Hangs:
    """Make `count` calls that hang, of every kind in turn, `at_once` at a time, and after each a calm one."""
    turn, numbers = threading.Lock(), iter(range(count))
    overruns: list[float] = []
    strange: list[str] = []

    def work() -> None:
        while True:
            with turn:
                number = next(numbers, None)
            if number is None:
                return
            name = HANGS[number % len(HANGS)].__name__
            began = time.monotonic()
            outcome = call(name, {}, seconds)
            overruns.append(time.monotonic() - began - seconds)
            if not isinstance(outcome, Lost) or outcome.why is not Loss.TIMEOUT:
                strange.append(f"{name}: {outcome}")
            after = call(calm.__name__, {}, seconds + ENDED_WITHIN)
            if isinstance(after, Lost):
                strange.append(f"calm after {name}: {after.error}")

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Hangs(seconds, tuple(sorted(overruns)), tuple(strange))


def serve() -> None:
    """Be the nursery of workers that hang."""
    from quorum.bootstrap import serve_only

    serve_only(TASKS)
