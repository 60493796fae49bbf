"""Running commands and reading what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from typer.main import get_command

from quorum.surfaces.cli import run
from quorum.surfaces.cli.app import app

HIDDEN = {"follow-halts", "task"}
WITHOUT_JSON = {"broker serve", "up", *HIDDEN}


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code in (0, 1), self.err
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line of a refusal, which has printed nothing else."""
        assert self.code in (1, 2), f"ended with {self.code}: {self.out}"
        assert self.out == ""
        assert self.err.startswith("error: ")
        assert self.err.count("\n") == 1
        assert "; " in self.err, "there is no remedy"
        assert "Traceback" not in self.err
        return self.err.removeprefix("error: ").rstrip("\n")


class Quorum:
    """The command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> Said:
        self._capsys.readouterr()
        code = run([str(word) for word in words])
        out, err = self._capsys.readouterr()
        return Said(code, out, err)


def fresh(*words: object, said: str | None = None) -> Said:
    """The command line in a process of its own, given `said` on its standard input."""
    command = [sys.executable, "-m", "quorum", *map(str, words)]
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


def every_command() -> dict[str, Any]:
    """Each command by its words, as `data import`, with what typer made of it."""
    return dict(_walk("", get_command(app)))


def _walk(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None or command.invoke_without_command:
        yield words, command
    if inner is None:
        return
    for name, below in inner.items():
        yield from _walk(f"{words} {name}".strip(), below)
