"""Halts in a file of the workspace, which needs no store, no engine and no network."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from quorum.adapters.halts.locks import MODE, locked_until
from quorum.domain import Halt, QuorumError, Scope, Severity, WorkspaceError, plain

WAIT, AT_THE_GATE, DRAINED_WITHIN = 1.0, 3.0, 0.25

UNREADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError, QuorumError)
MEND = "mend it, or move it away: halts that the store has stand on"


class HaltFile:
    """HaltBook over a JSON list, swapped whole; a file that is not there halts nothing, one that is wrong halts all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._gate, self._sending = path.with_name("gate.lock"), path.with_name("sending.lock")

    def standing(self) -> Sequence[Halt]:
        try:
            return self._read()
        except UNREADABLE as error:
            return _all(f"{self._path} cannot be read ({error}): nothing opens; {MEND}")

    @contextmanager
    def leaving(self) -> Iterator[Sequence[Halt]]:
        """See Halts. Whoever halts shuts the gate, and writes once those within are done; a gate that stays shut
        halts all, and so does one that cannot be had.
        """
        with ExitStack() as stack:
            try:
                found = self._entered(stack)
            except QuorumError as error:
                found = _all(f"nothing opens: {error}")
            yield found

    def _entered(self, stack: ExitStack) -> Sequence[Halt]:
        until = time.monotonic() + AT_THE_GATE
        with locked_until(self._gate, until, shared=True) as holder:
            if holder is None:
                holder = stack.enter_context(locked_until(self._sending, until, shared=True))
        return self.standing() if holder is None else _all(f"process {holder} is halting and has not ended")

    def settled(self, until: float) -> bool:
        """Wait until no order is leaving that has not seen every halt, or until `until` of the monotonic clock."""
        with locked_until(self._sending, until) as holder:
            return holder is None

    def raise_(self, halt: Halt) -> None:
        """See HaltBook; no order leaves from here on, and what was leaving is waited for, though not for long.

        WorkspaceError when it cannot be kept. A file that was cut short, on a full disk, halts everything.
        """
        with self._turn(), self._shut():
            try:
                kept = self._read()
            except UNREADABLE:
                kept = ()  # what could not be read halted everything; from here on this halt does, or what it names
                self._put_aside()
                halt = Halt(Scope.DESK, "", Severity.BLACK, f"{halt.name}: {halt.reason}", halt.by, halt.at)
            if halt not in kept:
                try:
                    self._write((*kept, halt))
                except WorkspaceError as error:
                    raise self._cut_short(error) from error

    def lift(self, halt: Halt, by: str, reason: str) -> None:
        """See HaltBook. WorkspaceError for a file that cannot be read: what it halted, only a person can know."""
        with self._turn():
            try:
                kept = self._read()
            except UNREADABLE as error:
                raise WorkspaceError(f"{self._path} cannot be read ({error})", MEND) from error
            if halt in kept:
                self._write([one for one in kept if one != halt])

    def _read(self) -> tuple[Halt, ...]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        return tuple(Halt.read(values) for values in json.loads(text))

    def _put_aside(self) -> None:
        """What could not be read is kept for a person to look at."""
        with suppress(OSError):
            self._path.replace(self._path.with_suffix(f".unreadable-{time.monotonic_ns()}"))

    def _cut_short(self, error: WorkspaceError) -> WorkspaceError:
        """What was written so far takes the place of the file, for one that cannot be read halts everything."""
        try:
            self._draft.replace(self._path)
        except OSError:
            return error
        return WorkspaceError(f"{error.found}; it was cut short, which halts everything", f"free some space; {MEND}")

    @property
    def _draft(self) -> Path:
        return self._path.with_suffix(f".{os.getpid()}.draft")

    def _write(self, halts: Sequence[Halt]) -> None:
        draft = self._draft
        body = json.dumps([plain(halt) for halt in halts], indent=1).encode() + b"\n"
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, MODE), "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise WorkspaceError(f"{self._path}: {error.strerror}", "make the folder writable for you") from error

    @contextmanager
    def _shut(self) -> Iterator[None]:
        """Nobody enters, and whoever was within has left, or takes too long."""
        gate = locked_until(self._gate, time.monotonic() + WAIT)
        with gate, locked_until(self._sending, time.monotonic() + DRAINED_WITHIN):
            yield

    def _turn(self) -> AbstractContextManager[object]:
        """One writer at a time; one that hangs is not waited for, since a halt must not be."""
        return locked_until(self._path.with_suffix(".lock"), time.monotonic() + WAIT)


def _all(said: str) -> Sequence[Halt]:
    return (Halt(Scope.DESK, "", Severity.BLACK, said, "quorum", 0),)
