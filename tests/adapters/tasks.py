"""Tasks that the executors' tests run: here, as `python tasks.py NAME` with the payload on standard input, or by the
nursery that `python tasks.py` is."""

from __future__ import annotations

import ctypes
import fcntl
import json
import mmap
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from quorum.domain import DataError, Halted, NotFound

Values = Mapping[str, Any]
Beat = Callable[[float], None]
MIB = 1 << 20
KEPT: list[bytearray] = []


def double(payload: Values, beat: Beat) -> Values:
    return {**payload, "numbers": [2 * n for n in payload["numbers"]]}


def halt(payload: Values, beat: Beat) -> Values:
    raise Halted("trading is\n halted", "resume it")


def crash(payload: Values, beat: Beat) -> Values:
    raise ZeroDivisionError("one by nought")


def vanish(payload: Values, beat: Beat) -> Values:
    os.kill(os.getpid(), 9)
    return {}


def chatter(payload: Values, beat: Beat) -> Values:
    print("not JSON")
    return {}


def where(payload: Values, beat: Beat) -> Values:
    return {"pid": os.getpid(), "parent": os.getppid(), "modules": sorted(sys.modules)}


def dawdle(payload: Values, beat: Beat) -> Values:
    """Stay, together with a child; both hold a lock in the folder as long as they live."""
    folder = Path(payload["folder"])
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[lock])
    (folder / "both live").touch()
    time.sleep(60)
    return {}


def missing(payload: Values, beat: Beat) -> Values:
    raise DataError("there is a gap", "fill it")


def leave(payload: Values, beat: Beat) -> Values:
    sys.exit("as it likes")


def breaks_memory(payload: Values, beat: Beat) -> Values:
    """Break this process for good, at an address that is none."""
    ctypes.string_at(0)
    return {}


def exits(payload: Values, beat: Beat) -> Values:
    os._exit(3)


def strange(payload: Values, beat: Beat) -> Values:
    return {"set": {1}}


def starved(payload: Values, beat: Beat) -> Values:
    raise MemoryError


def spin(payload: Values, beat: Beat) -> Values:
    """Use the processor for some seconds; one that is deaf ignores every signal that it can."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM) if payload.get("deaf") else ():
        signal.signal(number, signal.SIG_IGN)
    until = time.process_time() + payload["seconds"]
    while time.process_time() < until:
        pass
    return {}


def wait(payload: Values, beat: Beat) -> Values:
    """Put this process's id into a file, where one is named, and sleep."""
    if "file" in payload:
        Path(payload["file"]).write_text(str(os.getpid()))
    time.sleep(payload["seconds"])
    return {}


def step(payload: Values, beat: Beat) -> Values:
    """Tell of each of four steps."""
    for number in range(4):
        beat(number / 4)
        time.sleep(0.06)
    return {}


def fill(payload: Values, beat: Beat) -> Values:
    """Take and write some MiB; `how` says what of: own, shared with children, or kept for good."""
    size = payload["mb"] * MIB
    block: Any = mmap.mmap(-1, size) if payload.get("how") == "shared" else bytearray(size)
    for at in range(0, size, 4096):
        block[at] = 1
        if payload.get("how") == "shared" and at % MIB == 0:
            time.sleep(0.0005)
    if payload.get("how") == "kept":
        KEPT.append(block)
    return {}


def total(payload: Values, beat: Beat) -> Values:
    """The sum of a shared array, and whether it may be written."""
    from quorum.adapters.process import mapped

    array = mapped(payload["path"])
    return {"sum": float(array.sum()), "writeable": bool(array.flags.writeable)}


ACTS = (missing, leave, breaks_memory, exits, strange, starved, spin, wait, step, fill, total)
TASKS = {f.__name__: f for f in (double, halt, crash, vanish, chatter, where, dawdle, *ACTS)}


def main(name: str) -> None:
    if name not in TASKS:
        raise NotFound(f"there is no task {name!r}", f"known are {', '.join(TASKS)}")
    print(json.dumps(TASKS[name](json.load(sys.stdin), lambda share: None)))


def nursery() -> None:
    from quorum.adapters.process import serve

    serve(TASKS)


if __name__ == "__main__":
    try:
        nursery() if len(sys.argv) == 1 else main(sys.argv[1])
    except (NotFound, Halted) as error:
        sys.exit((sys.stderr.write(f"a warning\nerror: {error}\n"), error.exit_code)[1])
