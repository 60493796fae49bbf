"""The documents of runs in the workspace: what a task answered, or why there is none; and how far a run is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import to_json

from quorum.desk.work import ENTRIES
from quorum.desk.workflows.crew import Call, Facts
from quorum.desk.workflows.scope import ANSWERED
from quorum.desk.workflows.spec import Degrade
from quorum.desk.workspace import write_text
from quorum.domain import UsageError, WorkspaceError, iso, parse_instant

LATER = 1 << 62
REFUSED_SECONDS = 2.0
PAUSE_SECONDS = 0.1
SUBJECT = ("symbol", "symbols", "timeframe", "venue", "strategy", "account")
TOLD = ("agent", "asked", "seconds", "attempts", "of")

Value = Callable[[], Mapping[str, Any]]
"""Plain JSON values, made when they are written."""


class _Filed(NamedTuple):
    """A document that waits: who waits for it has a `ticket` at least as high; `run` is empty for a view."""

    ticket: int
    value: Value
    run: str = ""


class Papers:
    """Documents below a workspace; each is replaced whole, by a thread of its own, `PAUSE_SECONDS` after it was filed.

    Of several texts of one document that come within that time, the newest is written. What the disk refuses is tried
    again every `REFUSED_SECONDS`.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._waiting: dict[str, _Filed] = {}
        self._changed = threading.Condition()
        self._ticket = 0
        self._writing: int | None = None
        self._hurried = 0
        self._ended = False
        self._refused: dict[str, tuple[WorkspaceError, str]] = {}
        self._thread = threading.Thread(target=self._work, name="papers", daemon=True)
        self._thread.start()

    def file(self, facts: Facts, output: str, outcome: Mapping[str, Any]) -> None:
        """Write the document of a task's output; what is no JSON file the task itself has made, or nobody has."""
        if output.endswith(".json"):
            self._put(output, _Filed(self._next_ticket(), lambda: document(facts, outcome), facts.identity))

    def cached(self, facts: Facts, output: str) -> Mapping[str, Any] | None:
        """The answer in the document of an earlier run, and `of`, the instant it was of; None when there is none.

        None too for an answer about another subject or of a later instant.
        """
        self._wait()
        try:
            found = json.loads(self._path(output).read_text(encoding="utf-8"))
            run = found["run"]
            of = run.get("of", run["as_of"])
            fits = _about(run["params"]) == _about(facts.params) and parse_instant(of) <= facts.as_of
        except (OSError, ValueError, KeyError, TypeError, AttributeError, UsageError):
            return None
        if not fits or found.get("status") not in ANSWERED:
            return None
        return {"answer": {k: v for k, v in found.items() if k not in ("status", "run")}, "of": of}

    def show(self, output: str, value: Value) -> None:
        """Write a view soon, unless a newer one comes before; nobody waits for it."""
        self._put(output, _Filed(LATER, value))

    def flush(self, run: str | None = None) -> None:
        """Come back when every document that was filed before is written.

        WorkspaceError when the disk refused one, of that `run` where one is named; it is told of once.
        """
        self._wait()
        with self._changed:
            told = [output for output, (_, of) in self._refused.items() if run in (None, of)]
            errors = [self._refused.pop(output)[0] for output in told]
        for error in errors:
            raise error

    def _wait(self) -> None:
        with self._changed:
            last = self._ticket
            self._hurried += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_written(last))
            self._hurried -= 1

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

    def _put(self, output: str, filed: _Filed) -> None:
        with self._changed:
            before = self._waiting.get(output, filed)
            if not self._waiting:  # else who writes is awake already
                self._changed.notify_all()
            self._waiting[output] = filed._replace(ticket=min(before.ticket, filed.ticket))

    def _is_written(self, last: int) -> bool:
        tickets = [filed.ticket for filed in self._waiting.values()]
        return all(ticket > last for ticket in ([*tickets, self._writing] if self._writing else tickets))

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    return
                self._changed.wait_for(lambda: self._hurried or self._ended, PAUSE_SECONDS)
                batch, self._waiting = self._waiting, {}
                self._writing = min(filed.ticket for filed in batch.values())
            errors = {output: self._write(output, filed.value) for output, filed in batch.items()}
            refused = {output: (error, batch[output].run) for output, error in errors.items() if error is not None}
            with self._changed:
                self._writing = None
                self._refused |= refused
                self._changed.notify_all()
                if refused and not self._ended:
                    self._waiting = {o: batch[o]._replace(ticket=LATER) for o in refused} | self._waiting
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
    run: dict[str, Any] = {"workflow": facts.workflow, "workflow_id": facts.identity, "as_of": iso(facts.as_of)}
    run["params"] = _asked(facts)
    run |= {name: outcome[name] for name in TOLD if name in outcome}
    if outcome["status"] in ANSWERED:
        return {**outcome["answer"], "status": outcome["status"], "run": run}
    word = "skipped" if outcome["status"] == "skipped" else "unavailable"
    return {"status": word, "reason": outcome["reason"], "run": run}


def cache_of(call: Call) -> str | None:
    """The document that holds the last answer of a task whose policy may use it.

    None where no earlier answer is used: on the way to a trade, and of an item of a loop.
    """
    task = call.task
    if Degrade.USE_CACHED not in (task.fallback.policy, task.fallback.then):
        return None
    if task.task in ENTRIES or "." in task.name:
        return None
    if task.output is not None and task.output.endswith(".json"):
        return task.output
    return f"/state/answers/{call.facts.workflow}/{call.key.removeprefix(f'{call.facts.identity}/')}.json"


def _asked(facts: Facts) -> dict[str, Any]:
    """What a run was asked about, whenever it was."""
    return {name: value for name, value in facts.params.items() if name != "as_of" and value is not None}


def _about(params: Mapping[str, Any]) -> dict[str, Any]:
    """The subject of a run: an answer about another one is none."""
    return {name: params[name] for name in SUBJECT if params.get(name) is not None}


def is_newer(path: Path, facts: Facts) -> bool:
    """Whether the document at a path is of a later instant than this run's."""
    try:
        run = json.loads(path.read_text(encoding="utf-8"))["run"]
        return bool(parse_instant(run["as_of"]) > facts.as_of)
    except (OSError, ValueError, KeyError, TypeError, UsageError):
        return False
