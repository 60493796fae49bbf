"""A process with a batch on its way, for tests that interrupt or kill it: it tells the ids of all its processes."""

from __future__ import annotations

import sys
from pathlib import Path

from quorum.adapters.process import ProcessExecutor
from quorum.domain import Done, Limits

TASKS = [sys.executable, str(Path(__file__).with_name("tasks.py"))]


def main() -> None:
    executor = ProcessExecutor(TASKS, TASKS)
    ids = set()
    for outcome in executor.run_many("where", [{}] * 20, Limits(workers=2)):
        assert isinstance(outcome, Done)
        ids |= {outcome.answer["pid"], outcome.answer["parent"]}
    waits = executor.run_many("wait", [{"seconds": 0}, *[{"seconds": 60}] * 4], Limits(workers=2))
    next(waits)
    print(*ids, flush=True)
    next(waits)


if __name__ == "__main__":
    main()
