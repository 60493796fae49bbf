"""A document and the documents of its sub-workflows become one checked spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from quorum.desk.settings.reading import closest
from quorum.desk.workflows.checking import check
from quorum.desk.workflows.document import (
    Entry,
    Keys,
    Known,
    Protocols,
    Sheet,
    Tasker,
    read_parameters,
    read_steps,
    read_triggers,
)
from quorum.desk.workflows.spec import Loop, Step, SubWorkflow, WorkflowSpec
from quorum.domain import ConfigError

KEYS = (
    "workflow",
    "about",
    "trigger",
    "execution",
    "missed",
    "overlap",
    "deadline_seconds",
    "params",
    "steps",
    "results",
)
DEEPEST = 8
PROTOCOLS = Protocols()


def read_workflow(file: Path | Sheet, known: Known, protocols: Protocols = PROTOCOLS) -> WorkflowSpec:
    """The spec in a YAML file, or in the sheet of one; its sub-workflows come out of `known.workflows`.

    ConfigError `file:line:column: what is wrong; remedy` for whatever is wrong with it, with a sub-workflow of it,
    or with what the one gives the other.
    """
    sheet = file if isinstance(file, Sheet) else Sheet.read(file)
    return _Compiler(known.workflows, known, protocols).spec(sheet)


def compile_workflow(
    document: Mapping[str, Any],
    parts: Mapping[str, Mapping[str, Any]],
    known: Known | None,
    path: Path | None = None,
    protocols: Protocols = PROTOCOLS,
) -> WorkflowSpec:
    """The spec of a document as plain values, its sub-workflows out of `parts`; equal to the one read from its file.

    Without `known` names of agents and tasks are taken as they are: a run's were looked up when it was asked for.
    ConfigError as above; its place is `path` where there is one, and the keys, counted from 1.
    """
    name = document.get("workflow") if isinstance(document, Mapping) else None
    return _Compiler(parts, known, protocols).spec(Sheet.of(document, str(path or name or "workflow")))


class _Compiler:
    """One compiling: each sub-workflow is read once, and none within itself."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]], known: Known | None, protocols: Protocols) -> None:
        self.documents, self.known, self.protocols = documents, known, protocols
        self.done: dict[str, WorkflowSpec] = {}

    def spec(self, sheet: Sheet, chain: tuple[str, ...] = ()) -> WorkflowSpec:
        entry = Entry(sheet, (), "a workflow")
        entry.only(KEYS)
        name = entry.text("workflow")
        steps = read_steps(entry, Tasker(sheet, self.known, self.protocols))
        subs = self._subs(sheet, steps, (*chain, name))
        spec = WorkflowSpec(
            name=name,
            about=entry.text("about", ""),
            steps=steps,
            params=read_parameters(entry),
            triggers=read_triggers(entry),
            results=entry.expressions("results", "results"),
            execution=entry.choice("execution", ("notify", "paper", "live"), "notify"),
            missed=entry.choice("missed", ("run_once", "run_all", "skip"), "skip"),
            overlap=entry.choice("overlap", ("skip", "queue", "cancel"), "skip"),
            deadline_seconds=entry.seconds("deadline_seconds", None) if "deadline_seconds" in entry else None,
            document=entry.values,
        )
        check(spec, sheet, None if self.known is None else self.known.tasks, subs)
        parts = {name: sub.document for name, sub in subs.items()}
        return replace(spec, parts={k: v for sub in subs.values() for k, v in sub.parts.items()} | parts)

    def _subs(self, sheet: Sheet, steps: tuple[Step, ...], chain: tuple[str, ...]) -> dict[str, WorkflowSpec]:
        found: dict[str, WorkflowSpec] = {}
        for k, step in enumerate(steps):
            body = step.body.body if isinstance(step.body, Loop) else step.body
            if isinstance(body, SubWorkflow):
                found[body.workflow] = self._sub(sheet, ("steps", k, "workflow"), body.workflow, chain)
        return found

    def _sub(self, sheet: Sheet, keys: Keys, name: str, chain: tuple[str, ...]) -> WorkflowSpec:
        if name in chain:
            ring = " -> ".join((*chain[chain.index(name) :], name))
            raise sheet.refuse(keys, f"a workflow within itself: {ring}", "leave one of these steps out")
        if len(chain) >= DEEPEST:
            raise sheet.refuse(keys, f"workflows {len(chain) + 1} deep", f"nest at most {DEEPEST}")
        if name not in self.documents:
            near = closest(name, self.documents)
            known = ", ".join(self.documents) or "none"
            raise sheet.refuse(keys, f"there is no workflow {name!r}{near}", f"there are {known}")
        if name not in self.done:
            try:
                self.done[name] = self.spec(Sheet.of(self.documents[name], name), chain)
            except ConfigError as error:
                raise sheet.refuse(keys, f"workflow {name!r}: {error.found}", error.remedy) from None
        return self.done[name]
