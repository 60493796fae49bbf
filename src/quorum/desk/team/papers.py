"""The documents of runs in the workspace: what a task answered, or why there is none; and how far a run is."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from quorum.desk.workflows.crew import Facts
from quorum.desk.workflows.scope import ANSWERED
from quorum.desk.workspace import write_text
from quorum.domain import WorkspaceError, iso, plain

TOLD = ("agent", "asked", "seconds", "attempts", "of")

Value = Callable[[], Mapping[str, Any]]


class Papers:
    """Documents below a workspace; each is replaced whole, by a thread of its own, the newest text of it only."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._waiting: OrderedDict[str, Value] = OrderedDict()
        self._changed = threading.Condition()
        self._writing = False
        self._ended = False
        self._refused: dict[str, WorkspaceError] = {}
        self._thread = threading.Thread(target=self._work, name="papers", daemon=True)
        self._thread.start()

    def file(self, facts: Facts, output: str, outcome: Mapping[str, Any]) -> None:
        """Write the document of a task's output; what is no JSON file the task itself has made, or nobody has."""
        if output.endswith(".json"):
            self.show(output, lambda: document(facts, outcome))

    def cached(self, output: str) -> Mapping[str, Any] | None:
        """The answer in the document of an earlier run, and `of`, the instant it was of; None when there is none."""
        with suppress(WorkspaceError):
            self.flush()
        try:
            found = json.loads(self._path(output).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(found, dict) or found.get("status") != "completed":
            return None
        return {"answer": {k: v for k, v in found.items() if k not in ("status", "run")}, "of": found["run"]["as_of"]}

    def show(self, output: str, value: Value) -> None:
        """Write a document or a view soon; `value` is asked for it when its turn comes, unless a newer one has come."""
        with self._changed:
            self._waiting[output] = value
            self._changed.notify_all()

    def flush(self) -> None:
        """Come back when everything is written; WorkspaceError when the disk refused a document."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._writing)
            refused, self._refused = self._refused, {}
        for error in refused.values():
            raise error

    def close(self) -> None:
        """Write what waits, and stop."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join(10.0)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    return
                output, value = self._waiting.popitem(last=False)
                self._writing = True
            error = self._write(output, value)
            with self._changed:
                self._writing = False
                if error is not None:
                    self._refused[output] = error
                self._changed.notify_all()

    def _write(self, output: str, value: Value) -> WorkspaceError | None:
        text = to_json(plain(value()), indent=2).decode() + "\n"
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
