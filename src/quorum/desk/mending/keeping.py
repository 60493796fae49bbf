"""Keeping: the backup of what was, the attempt in the store and in its file, before and after it is tried."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.mending.experience import success_of
from quorum.desk.settings import yaml_with_comments
from quorum.desk.workspace import write_text
from quorum.domain import Choice, DecisionKind, WorkspaceError, iso, plain
from quorum.validation.life import Candidate
from quorum.validation.repair import Attempt, Failing, Fix, applied
from quorum.validation.repair.resuming import kept_after, kept_before

SCHEMA = 1
LOG = "pipeline/auto-retry-log.yaml"
CYCLES = 100


class DeskKeeper:
    """Keeps the attempts of one strategy at one tier; attempt 1 of this failure is the one after `before`."""

    def __init__(self, desk: Desk, candidate: Candidate, tier: str, before: int, run_id: str) -> None:
        self._desk = desk
        self._candidate = candidate
        self._tier = tier
        self._before = before
        self._run_id = run_id

    def before(self, number: int, failing: Failing, fix: Fix) -> None:
        """The backup is on disk, and the row of the attempt in the store with what was, when this returns."""
        desk, ordinal = self._desk, self._before + number
        backup = keep_folder(folder_of(desk, failing.strategy_id), ordinal, plain(failing.idea))
        record = {
            **self._key(ordinal),
            "schema": SCHEMA,
            "agent": fix.agent,
            "action": fix.action,
            "category": "",
            "reasoning": fix.reasoning,
            "changes": plain(fix.changes),
            "identity": fix.identity,
            "outcome": "",
            "kept": kept_before(failing, fix),
            "backup": str(backup.relative_to(desk.workspace.home)),
            "idea_before": plain(failing.idea),
            "idea_after": plain(applied(failing.idea, fix)),
        }
        desk.life.books.attempts.put(record)
        self._show(record)

    def after(self, attempt: Attempt) -> None:
        """The result first, then the row, then the file; the decision names what was tried and what that came to."""
        desk, ordinal = self._desk, self._before + attempt.number
        if attempt.result is not None:
            told = attempt.result.told()
            desk.life.results.keep(self._candidate.strategy_id, self._tier, ordinal, self._run_id, told)
        attempts = desk.life.books.attempts
        key = self._key(ordinal)
        facts = {**attempt.told(), "number": ordinal}
        decided = self._decide(ordinal, facts)
        more = {**facts, "decision_id": decided, "idea_after": plain(attempt.idea), "kept": kept_after(attempt)}
        record = attempts.change(tuple(key.values()), lambda found: {**found, **more})
        self._show(record)

    def _key(self, ordinal: int) -> dict[str, Any]:
        return {"strategy_id": self._candidate.strategy_id, "tier": self._tier, "number": ordinal}

    def _decide(self, ordinal: int, facts: Mapping[str, Any]) -> str:
        mine = self._candidate.strategy_id
        told = ("agent", "action", "category", "reasoning", "changes", "data", "reason_before", "learnings_used")
        metric = facts["metric"]
        choice = Choice(
            DecisionKind.RETRY,
            mine,
            self._desk.clock.now(),
            {"tier": self._tier, "attempt": ordinal, **{name: facts[name] for name in told}},
            {"outcome": facts["outcome"], "metric": metric, "trials_added": facts["trials_added"], "why": facts["why"]},
            f"{mine} {self._tier}, fix {ordinal}, {facts['action']} by {facts['agent']}: {facts['why']}",
        )
        return self._desk.decisions.once(f"retry/{mine}/{self._tier}/{ordinal}/{self._run_id}", choice)

    def _show(self, record: Record) -> None:
        path = folder_of(self._desk, self._candidate.strategy_id) / f"fix-attempt-{record['number']}.yaml"
        write_yaml(path, page_of(record))


def folder_of(desk: Desk, strategy_id: str) -> Path:
    """The strategy's folder."""
    return desk.workspace.home / "knowledge" / "strategies" / strategy_id


def keep_folder(folder: Path, ordinal: int, idea: Mapping[str, Any]) -> Path:
    """Copy what stands in a strategy's folder, and its idea, below backup/; what a kill left half is made anew."""
    backup = folder / "backup" / f"before-fix-attempt-{ordinal}"
    made = backup.with_name(f".{backup.name}")
    try:
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                shutil.copy2(path, made / path.name)
        write_yaml(made / "idea.yaml", {"schema": SCHEMA, "idea": idea})
        shutil.rmtree(backup, ignore_errors=True)
        made.rename(backup)
    except OSError as error:
        raise WorkspaceError(
            f"{backup}: {error.strerror or error}", "a strategy is not changed without a backup: mend the folder"
        ) from error
    return backup


def page_of(record: Record) -> dict[str, Any]:
    """fix-attempt-N.yaml as plain values, without the key of the store."""
    skipped = ("at", "idea_before", "kept")
    page = {name: value for name, value in record.items() if name not in skipped}
    return page if "at" not in record else {"at": iso(record["at"]), **page}


def write_log(desk: Desk) -> Path:
    """pipeline/auto-retry-log.yaml: the newest cycles, and how often each fix worked."""
    attempts = desk.life.books.attempts.listed()
    cycles: dict[tuple[str, str], list[Record]] = {}
    for record in attempts:
        cycles.setdefault((record["strategy_id"], record["tier"]), []).append(record)
    newest = list(cycles.items())[-CYCLES:]
    path = desk.workspace.home / LOG
    document = {
        "schema": SCHEMA,
        "success": success_of(attempts).told(),
        "cycles": [_line(key, rows) for key, rows in newest],
    }
    write_yaml(path, document)
    return path


def _line(key: tuple[str, str], rows: Sequence[Record]) -> dict[str, Any]:
    told = ("number", "agent", "action", "category", "outcome", "trials_added", "decision_id")
    return {
        "strategy_id": key[0],
        "tier": key[1],
        "at": iso(rows[-1]["at"]),
        "attempts": [{name: row.get(name) for name in told} for row in rows],
        "result": rows[-1].get("outcome") or "under way",
    }


def write_yaml(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document as YAML, whole or not at all; WorkspaceError when the disk refuses."""
    text = StringIO()
    yaml_with_comments().dump(plain(dict(document)), text)
    try:
        write_text(path, text.getvalue(), durable=False)
    except OSError as error:
        raise WorkspaceError(f"{path}: {error.strerror or error}", "make the workspace writable for you") from error
