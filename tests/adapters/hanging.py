"""Nurseries of tasks that misbehave: some that die, babble or grow, and with every one that hangs beside them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adapters import tasks
from quorum.adapters.process import serve

Values = Mapping[str, Any]
Beat = Callable[[float], None]
START = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r}); from adapters.hanging import "
NURSERY = [sys.executable, "-c", f"{START} some; some()"]
HANGING = [sys.executable, "-c", f"{START} every; every()"]


def line() -> int:
    """The handle of this worker's line."""
    open_ones = (int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2)
    return next(n for n in open_ones if Path(f"/proc/self/fd/{n}").exists() and stat.S_ISSOCK(os.fstat(n).st_mode))


def garbles(payload: Values, beat: Beat) -> Values:
    """Say something on the line that is no answer."""
    os.write(line(), payload["said"].encode() + b"\n")
    return {}


def floods(payload: Values, beat: Beat) -> Values:
    """Say something without an end."""
    while True:
        os.write(line(), b"x" * 65_536)


def prints(payload: Values, beat: Beat) -> Values:
    """Print some megabytes."""
    for _ in range(payload["mb"] << 10):
        os.write(1, b"p" * 1023 + b"\n")
    return {}


def is_large(payload: Values, beat: Beat) -> Values:
    """Answer with some megabytes."""
    return {"text": "x" * (payload["mb"] << 20)}


def answers_a_list(payload: Values, beat: Beat) -> Any:
    """Answer with the wrong shape."""
    return [1, 2]


def leaves_a_child(payload: Values, beat: Beat) -> Values:
    """Die, and leave a child that holds the line."""
    if os.fork() == 0:
        time.sleep(3600)
    os._exit(7)


def answers_and_leaves_children(payload: Values, beat: Beat) -> Values:
    """Answer, and leave a child here and one in a session of its own."""
    command = [sys.executable, "-S", "-c", "import time; time.sleep(3600)"]
    made = [subprocess.Popen(command, start_new_session=apart) for apart in (False, True)]
    return {"pids": [child.pid for child in made]}


def keeps(payload: Values, beat: Beat) -> Values:
    """Keep some memory after the answer."""
    tasks.KEPT.append(bytearray(b"x" * (payload["mb"] << 20)))
    return {"pid": os.getpid()}


def counts(payload: Values, beat: Beat) -> Values:
    """Leave a mark of each call in a folder, and say how many this process has made."""
    mark = Path(payload["folder"]) / str(os.getpid())
    with mark.open("a") as file:
        file.write("x")
    time.sleep(payload.get("seconds", 0.0))
    return {"pid": os.getpid(), "calls": len(mark.read_text())}


def calm(payload: Values, beat: Beat) -> Values:
    """Answer at once."""
    return {"pid": os.getpid()}


MORE = (
    *(garbles, floods, prints, is_large, answers_a_list, leaves_a_child),
    *(answers_and_leaves_children, keeps, counts, calm),
)
SOME = {**tasks.TASKS, **{task.__name__: task for task in MORE}}


def some() -> None:
    serve(SOME)


def every() -> None:
    from quorum.surfaces.bench.hangs import TASKS

    serve({**SOME, **TASKS})
