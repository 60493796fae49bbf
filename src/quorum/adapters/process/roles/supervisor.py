"""The supervisor: one child process a role, started again when it dies, ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
WINDOW_SECONDS = 300.0
TOO_MANY = 3
GRACE_SECONDS = 15.0
LOOK_SECONDS = 0.1

Tell = Callable[[str, Mapping[str, Any]], object]


@dataclass
class _Child:
    """A role: its command, its process while there is one, when it died lately, and in which row of deaths that was."""

    role: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    row: int = 0
    start_at: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, start_new_session=True)

    def died(self, now: float) -> float:
        """Note a death; the seconds until it is started again."""
        self.process = None
        lately = [death for death in self.deaths if now - death < WINDOW_SECONDS]
        self.row += not lately
        self.deaths = [*lately, now]
        pause = PAUSES[min(len(self.deaths), len(PAUSES)) - 1]
        self.start_at = now + pause
        return pause


class Supervisor:
    """Keeps the roles of a desk running until it is told to stop.

    A role that dies is started again after 1, 2, 5, 15, 30 s. `tell` hears `role_restarting`, and `role_dead` when one
    died three times in five minutes; it is tried again all the same. Deaths with less than five minutes between them
    have one number, `row`. At the end each role has `grace_seconds` to come home.
    """

    def __init__(self, commands: Mapping[str, Sequence[str]], tell: Tell, grace_seconds: float = GRACE_SECONDS) -> None:
        self._children = [_Child(role, command) for role, command in commands.items()]
        self._tell = tell
        self._grace = grace_seconds
        self._stopping = False

    def run(self) -> None:
        """Run the roles until SIGTERM or SIGINT; then end them in order and come back."""
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            while not self._stopping:
                for child in self._children:
                    self._look_after(child)
                time.sleep(LOOK_SECONDS)
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_at and not self._stopping:
                self._start(child, now)
            return
        code = child.process.poll()
        if code is not None:
            self._bury(child, now, f"it ended with {code}")

    def _start(self, child: _Child, now: float) -> None:
        try:
            child.start()
        except OSError as error:
            self._bury(child, now, f"it does not start ({error.strerror})")

    def _bury(self, child: _Child, now: float, why: str) -> None:
        pause = child.died(now)
        event = "role_dead" if len(child.deaths) >= TOO_MANY else "role_restarting"
        facts = {"role": child.role, "error": why, "deaths": len(child.deaths), "again_in_seconds": pause}
        self._tell(event, {**facts, "row": child.row})

    def _end(self) -> None:
        """SIGTERM to all of them, and after a while SIGKILL to what is left, with its children."""
        alive = [child.process for child in self._children if child.process is not None]
        for process in alive:
            _signal(process, signal.SIGTERM)
        until = time.monotonic() + self._grace
        for process in alive:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the role alone to end in order; to its whole group to end at once."""
    try:
        if number is signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    except ProcessLookupError:
        return
