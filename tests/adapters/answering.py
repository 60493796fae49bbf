"""Other processes that answer or ask at once: `python -m adapters.answering COUNT FOLDER|URL SEED|ask`."""

from __future__ import annotations

import os
import random
import sys
from functools import partial
from pathlib import Path

from adapters.processes import all_at_once
from adapters.stores import NOW, PROVENANCE, opened, place
from quorum.adapters.sql.coordination.approvals import SqlApprovals
from quorum.desk.approvals import Question
from quorum.domain import HOUR, IllegalMove, VirtualClock

COUNT = 12


def answer(where: Path | str, seed: str, number: int) -> None:
    """Answer every question in an order of its own; print those that were its to answer."""
    approvals = SqlApprovals(opened(where), VirtualClock(NOW), PROVENANCE)
    names = [f"APR-20240603-{n:03d}" for n in range(1, COUNT + 1)]
    random.Random(f"{seed}{number}").shuffle(names)
    heard = []
    for name in names:
        try:
            approvals.answer(name, number % 2 == 0, f"person-{number}", "at once", "cli")
        except IllegalMove:
            continue
        heard.append(name)
    _print(heard)


def ask(where: Path | str, number: int) -> None:
    """Ask the same questions as everybody else; print their ids."""
    approvals = SqlApprovals(opened(where), VirtualClock(NOW), PROVENANCE)
    asked = [approvals.ask(Question(f"key-{n}", "WF-1", "step", "Yes?", NOW + HOUR)) for n in range(COUNT)]
    _print([approval.approval_id for approval in asked])


def _print(names: list[str]) -> None:
    os.write(1, (" ".join(names) + "\n").encode())  # whole, among the lines of the others


def main(count: str, where: str, how: str) -> int:
    act = partial(ask, place(where)) if how == "ask" else partial(answer, place(where), how)
    return all_at_once([partial(act, number) for number in range(int(count))])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
