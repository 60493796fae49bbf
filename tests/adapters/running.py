"""A body for the engine that does what its request says, and a process that works.

`python -m adapters.running PLACE FILE STEP`: be a worker of the engine at PLACE, and die in a step of that name.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quorum.adapters.dbos import DbosWorkflows, Engine, open_system
from quorum.desk.workflows import Durable, RunState

WAIT_SECONDS = 20.0
OVER = ("done", "failed", "cancelled")


class Doing:
    """A body: `steps` steps that write their names into a file, a wait for `topic`, `children`, an `error`;
    `part` is asked of the children beside their steps, `children_at` stands before their numbers.

    The process dies in the work of the step `die`, after its effect.
    """

    def __init__(self, file: Path, die: str = "") -> None:
        self._file, self._die = file, die

    def __call__(self, run: Durable, request: Mapping[str, Any]) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for number in range(1, request.get("steps", 0) + 1):
            name = f"{number}.look"
            found[name] = run.step(name, lambda name=name: self._work(run.identity, name, request))["of"]
            if request.get("pause"):
                run.step(f"{number}.pause", lambda: {"slept": time.sleep(request["pause"]) is None})
        if "topic" in request:
            found["told"] = run.wait(request["topic"], request["seconds"])
            found["after"] = run.step("9.after", lambda: self._work(run.identity, "9.after", request))["of"]
        if "children" in request:
            where = f"{request['children_at']}." if "children_at" in request else ""
            asked = [
                (f"{run.identity}/{where}{n}", {"steps": n, **request.get("part", {})}) for n in request["children"]
            ]
            found["children"] = [dict(outcome) for outcome in run.children(asked)]
        if "error" in request:
            raise ValueError(request["error"])
        return found

    def done(self) -> list[str]:
        """Every effect there was, in order."""
        return self._file.read_text().split("\n")[:-1] if self._file.exists() else []

    def _work(self, identity: str, name: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._file.open("a") as file:
            file.write(f"{identity} {name}\n")
        if name == self._die:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"of": name, "n": request.get("n")}


@contextmanager
def working(place: Path | str, body: Callable[[Durable, Mapping[str, Any]], Mapping[str, Any]]) -> Iterator[Engine]:
    """The engine at work in this process."""
    engine = Engine(open_system(place), "slot-1", body, 4)
    engine.start()
    try:
        yield engine
    finally:
        engine.close()


def ended(workflows: DbosWorkflows, identity: str) -> RunState:
    """The run, once it has ended."""
    return until(workflows, identity, lambda state: state.status in OVER)


def until(workflows: DbosWorkflows, identity: str, holds: Callable[[RunState], bool]) -> RunState:
    give_up = time.monotonic() + WAIT_SECONDS
    while not holds(state := workflows.run(identity)[0]):
        if time.monotonic() > give_up:
            raise TimeoutError(f"{identity} is {state.status}")
        time.sleep(0.02)
    return state


def main() -> None:
    place: Path | str = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])
    with working(place, Doing(Path(sys.argv[2]), sys.argv[3])):
        time.sleep(WAIT_SECONDS)


if __name__ == "__main__":
    main()
