"""Known names and small workflows that the tests of specs share."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from quorum.desk.workflows import Known, WorkflowSpec, read_workflow
from quorum.domain import ConfigError

KNOWN = Known(
    agents={
        "trading-coordinator": ("verify_data_feeds", "check_agents", "tell"),
        "data-pipeline-manager": ("latest_bars", "training_data"),
        "data-collector": ("latest_bars", "training_data"),
        "backtester": ("validate_model", "walk_forward"),
        "risk-manager": ("trade_approval",),
        "smc-pattern-recognizer": ("view",),
        "momentum-analyst": ("view",),
    },
    tasks={
        "latest_bars": ("snapshot", "participants"),
        "training_data": ("path", "rows"),
        "validate_model": ("passed", "verdict"),
        "walk_forward": ("oos_sharpe", "windows"),
        "trade_approval": ("risk_approved",),
        "view": ("source", "signals"),
        "verify_data_feeds": ("fresh", "feeds"),
        "check_agents": ("ready",),
        "tell": (),
    },
)
HEAD = "workflow: mine\nparams: {symbol: {kind: symbol, required: true}, names: {kind: list}}\n"  # two lines
FIRST = """\
- step: 1
  name: latest
  agent: data-pipeline-manager
  task: latest_bars
  outputs: {snapshot: snapshot, participants: participants}
"""


def document(steps: str, head: str = HEAD, tail: str = "") -> str:
    """A workflow of these steps; the first line of them is the fourth of the file, two columns in."""
    return head + "steps:\n" + indent(dedent(steps), "  ") + dedent(tail)


def written(folder: Path, text: str, name: str = "mine") -> Path:
    """The file NAME.yaml with this text."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def read(folder: Path, text: str, known: Known = KNOWN) -> WorkflowSpec:
    return read_workflow(written(folder, text), known)


def refused(folder: Path, text: str, known: Known = KNOWN) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        read(folder, text, known)
    return error.value


def refused_at(folder: Path, text: str, says: str, known: Known = KNOWN) -> None:
    """`text` is refused at the place of its one §, which is not part of it, with words that hold `says`."""
    before = dedent(text).partition("§")[0].split("\n")
    error = refused(folder, text.replace("§", ""), known)
    assert error.found.startswith(f"{folder}/mine.yaml:{len(before)}:{len(before[-1]) + 1}: ")
    assert says in str(error)
