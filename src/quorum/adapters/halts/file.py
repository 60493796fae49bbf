"""Halts in a file of the workspace, which needs no store, no engine and no network."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from quorum.domain import Halt, QuorumError, Scope, Severity, WorkspaceError, plain

MODE = 0o644


class HaltFile:
    """HaltBook over a JSON list, swapped whole; a file that is not there halts nothing, one that is wrong halts all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def standing(self) -> Sequence[Halt]:
        try:
            return self._read()
        except (OSError, ValueError, TypeError, KeyError, AttributeError, QuorumError) as error:
            said = f"{self._path.name} cannot be read ({error}): nothing opens until it can, or is removed"
            return (Halt(Scope.DESK, "", Severity.BLACK, said, "quorum", 0),)

    def raise_(self, halt: Halt) -> None:
        with self._turn():
            try:
                kept = self._read()
            except (OSError, ValueError, TypeError, KeyError, AttributeError, QuorumError):
                kept = ()  # what could not be read halted everything; from here on this halt does, or what it names
                halt = Halt(Scope.DESK, "", Severity.BLACK, f"{halt.name}: {halt.reason}", halt.by, halt.at)
            if halt not in kept:
                self._write((*kept, halt))

    def lift(self, halt: Halt, by: str, reason: str) -> None:
        with self._turn():
            kept = [one for one in self.standing() if one != halt]
            self._write(tuple(one for one in kept if one.at))

    def _read(self) -> tuple[Halt, ...]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        return tuple(Halt.read(values) for values in json.loads(text))

    def _write(self, halts: Sequence[Halt]) -> None:
        draft = self._path.with_suffix(".draft")
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
    def _turn(self) -> Iterator[None]:
        """One writer at a time."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
        except OSError as error:
            raise WorkspaceError(f"{self._path}: {error.strerror}", "make the folder writable for you") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
