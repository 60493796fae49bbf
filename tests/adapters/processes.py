"""Work done by other processes: a module run once, or acts of one module in several processes at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]


def run(module: str, *arguments: object) -> list[str]:
    """The lines that `python -m module arguments` prints; it must end well."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def all_at_once(acts: Sequence[Callable[[], None]]) -> int:
    """Take each act in a process of its own, all let go together; how many failed. They share only what is loaded."""
    assert "polars" not in sys.modules, "a fork after polars would hang"
    waiting, go = os.pipe()
    children = []
    for act in acts:
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(waiting, 1)
            act()
            sys.stdout.flush()
            os._exit(0)
        children.append(child)
    os.close(go)
    os.close(waiting)
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)
