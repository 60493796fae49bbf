"""Tasks that the executors' tests run, here or as `python tasks.py NAME` with the payload on standard input."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quorum.domain import Halted, NotFound

Values = Mapping[str, Any]


def double(payload: Values) -> Values:
    return {**payload, "numbers": [2 * n for n in payload["numbers"]]}


def halt(payload: Values) -> Values:
    raise Halted("trading is\n halted", "resume it")


def crash(payload: Values) -> Values:
    raise ZeroDivisionError("one by nought")


def vanish(payload: Values) -> Values:
    os.kill(os.getpid(), 9)
    return {}


def chatter(payload: Values) -> Values:
    print("not JSON")
    return {}


def where(payload: Values) -> Values:
    return {"pid": os.getpid(), "modules": sorted(sys.modules)}


def dawdle(payload: Values) -> Values:
    """Stay, together with a child; both hold a lock in the folder as long as they live."""
    folder = Path(payload["folder"])
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[lock])
    (folder / "both live").touch()
    time.sleep(60)
    return {}


TASKS = {f.__name__: f for f in (double, halt, crash, vanish, chatter, where, dawdle)}


def main(name: str) -> None:
    if name not in TASKS:
        raise NotFound(f"there is no task {name!r}", f"known are {', '.join(TASKS)}")
    print(json.dumps(TASKS[name](json.load(sys.stdin))))


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (NotFound, Halted) as error:
        sys.exit((sys.stderr.write(f"a warning\nerror: {error}\n"), error.exit_code)[1])
