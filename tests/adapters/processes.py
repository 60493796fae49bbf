"""Several processes at once, each begun when all have loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]


def run(module: str, *arguments: object) -> list[str]:
    """The lines that one process prints; it must end well."""
    (lines,) = run_at_once(module, [arguments], waits=False)
    return lines


def run_at_once(module: str, each: Sequence[Sequence[object]], *, waits: bool = True) -> list[list[str]]:
    """The lines of each of several processes that are let go together; all must end well."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", module]
    running = [
        subprocess.Popen([*command, *map(str, one)], stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=TESTS)
        for one in each
    ]
    if waits:
        assert [process.stdout.readline() for process in running if process.stdout] == ["ready\n"] * len(each)
        for process in running:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
    told = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0] * len(each), [said for _, said in told]
    return [answer.splitlines() for answer, _ in told]
