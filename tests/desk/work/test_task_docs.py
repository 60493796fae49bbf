"""The reference of tasks says what the table has, task by task."""

from __future__ import annotations

import inspect
from pathlib import Path

from quorum.desk.work import TASKS, Place

HEAD = ("| task | where | the answer has at least |", "|---|---|---|")
WHERE = {Place.POOL: "pool", Place.DESK: "worker"}


def table() -> list[str]:
    keys = {name: ", ".join(f"`{key}`" for key in job.answers) for name, job in TASKS.items()}
    return [*HEAD, *(f"| `{name}` | {WHERE[job.place]} | {keys[name]} |" for name, job in TASKS.items())]


def sections() -> list[str]:
    lines: list[str] = []
    for name, job in TASKS.items():
        lines += [f"### {name}", "", *(inspect.getdoc(job.work) or "").splitlines(), ""]
    return lines[:-1]


def test_the_reference_tells_of_every_task_what_it_promises(checkout: Path) -> None:
    text = (checkout / "docs" / "reference" / "tasks.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows == table(), "the table is out of date, it should be:\n" + "\n".join(table())
    found = text[text.index("### ") :].splitlines()
    assert found == sections(), "the sections are out of date, they should be:\n" + "\n".join(sections())
