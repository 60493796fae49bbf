"""The documents of runs in the workspace: what a task answered, or why there is none; and how far a run is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from quorum.desk.workflows.crew import Facts
from quorum.desk.workflows.scope import ANSWERED
from quorum.desk.workspace import write_text
from quorum.domain import UsageError, WorkspaceError, iso, parse_instant

LATER = 1 << 62
REFUSED_SECONDS = 2.0
PAUSE_SECONDS = 0.03
TOLD = ("agent", "asked", "seconds", "attempts", "of")

Value = Callable[[], Mapping[str, Any]]
"""Plain JSON values, made when they are written."""


class Papers:
    """Documents below a workspace; each is replaced whole, by a thread of its own, `PAUSE_SECONDS` after it was filed.

    Of several texts of one document that come within that time, the newest is written. What the disk refuses is tried
    again every `REFUSED_SECONDS`.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._waiting: dict[str, tuple[int, Value]] = {}
        self._changed = threading.Condition()
        self._ticket = 0
        self._writing: int | None = None
        self._hurried = 0
        self._ended = False
        self._refused: dict[str, WorkspaceError] = {}
        self._thread = threading.Thread(target=self._work, name="papers", daemon=True)
        self._thread.start()

    def file(self, facts: Facts, output: str, outcome: Mapping[str, Any]) -> None:
        """Write the document of a task's output; what is no JSON file the task itself has made, or nobody has."""
        if output.endswith(".json"):
            self._put(output, lambda: document(facts, outcome), self._next_ticket())

    def cached(self, output: str) -> Mapping[str, Any] | None:
        """The answer in the document of an earlier run, and `of`, the instant it was of; None when there is none."""
        with suppress(WorkspaceError):
            self.flush()
        try:
            found = json.loads(self._path(output).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(found, dict) or found.get("status") not in ANSWERED:
            return None
        answer = {k: v for k, v in found.items() if k not in ("status", "run")}
        return {"answer": answer, "of": found["run"].get("of", found["run"]["as_of"])}

    def show(self, output: str, value: Value) -> None:
        """Write a view soon, unless a newer one comes before; nobody waits for it."""
        self._put(output, value, LATER)

    def flush(self) -> None:
        """Come back when every document that was filed before is written; WorkspaceError when the disk refused one."""
        with self._changed:
            last = self._ticket
            self._hurried += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_written(last))
            self._hurried -= 1
            refused, self._refused = self._refused, {}
        for error in refused.values():
            raise error

    def close(self) -> None:
        """Write what waits, and stop."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join(10.0)

    def _next_ticket(self) -> int:
        with self._changed:
            self._ticket += 1
            return self._ticket

    def _put(self, output: str, value: Value, ticket: int) -> None:
        with self._changed:
            before, _ = self._waiting.get(output, (ticket, value))
            self._waiting[output] = (min(before, ticket), value)
            self._changed.notify_all()

    def _is_written(self, last: int) -> bool:
        tickets = [ticket for ticket, _ in self._waiting.values()]
        return all(ticket > last for ticket in ([*tickets, self._writing] if self._writing else tickets))

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    return
                self._changed.wait_for(lambda: self._hurried or self._ended, PAUSE_SECONDS)
                batch, self._waiting = self._waiting, {}
                self._writing = min(ticket for ticket, _ in batch.values())
            errors = {output: self._write(output, value) for output, (_, value) in batch.items()}
            refused = {output: error for output, error in errors.items() if error is not None}
            with self._changed:
                self._writing = None
                self._refused |= refused
                self._changed.notify_all()
                if refused and not self._ended:
                    self._waiting = {output: (LATER, batch[output][1]) for output in refused} | self._waiting
                    self._changed.wait_for(lambda: self._ended, REFUSED_SECONDS)

    def _write(self, output: str, value: Value) -> WorkspaceError | None:
        text = to_json(value(), indent=2).decode() + "\n"
        try:
            write_text(self._path(output), text, durable=False)
        except OSError as error:
            return WorkspaceError(f"{output}: {error.strerror or error}", "mend the folder or free some space")
        return None

    def _path(self, output: str) -> Path:
        return self._home / output.lstrip("/")


def document(facts: Facts, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """The document of an outcome: the answer's keys, or the reason why there is none; `run` says of which run."""
    run = {"workflow": facts.workflow, "workflow_id": facts.identity, "as_of": iso(facts.as_of)}
    run |= {name: outcome[name] for name in TOLD if name in outcome}
    if outcome["status"] in ANSWERED:
        return {**outcome["answer"], "status": outcome["status"], "run": run}
    word = "skipped" if outcome["status"] == "skipped" else "unavailable"
    return {"status": word, "reason": outcome["reason"], "run": run}


def is_newer(path: Path, facts: Facts) -> bool:
    """Whether the document at a path is of a later instant than this run's."""
    try:
        run = json.loads(path.read_text(encoding="utf-8"))["run"]
        return bool(parse_instant(run["as_of"]) > facts.as_of)
    except (OSError, ValueError, KeyError, TypeError, UsageError):
        return False
