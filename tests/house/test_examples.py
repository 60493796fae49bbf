"""What the papers show works: the examples run, the README's Python runs, and no page names a command that is not."""

from __future__ import annotations

import json
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import quorum
from desk.markets import ENTRY, closes, flat, write_bars
from quorum.bootstrap.workers import agent_task
from quorum.desk import make_workspace
from quorum.desk.team.fakes import OwnHands
from quorum.domain import iso
from surfaces.cli.commands import every_command

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
ENDS = {
    "backtest": "Sharpe ",
    "coordinator": "WF-20",
    "lab": "probability of overfitting: ",
    "life": "STR-001: ask me to deploy",
    "paper_cycle": "made again: identical",
    "practise": ": balanced",
}
PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


LONG = {"life": pytest.mark.slow}  # what takes ideas to their ends, as the test of the guide does, too


@pytest.mark.parametrize("path", [pytest.param(e, id=e.stem, marks=LONG.get(e.stem, ())) for e in EXAMPLES])
def test_an_example_runs_and_leaves_nothing_behind(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__main__")
    told = capsys.readouterr().out
    assert ENDS[path.stem] in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_runs_cell_by_cell(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 3
    names: dict[str, object] = {}
    for number, cell in enumerate(code):
        exec(compile(cell, f"{path.name}, cell {number}", "exec"), names)
    assert ENDS[path.stem] in capsys.readouterr().out


def test_the_readmes_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("quorum.bootstrap.worker.open_hands", lambda size=None: OwnHands({"agent": agent_task}))
    make_workspace(tmp_path / ".quorum", ["momentum"])
    quorum.Desk.open().import_bars(write_bars(tmp_path / "BTCUSDT.csv", closes(flat)))
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for i, block in enumerate(blocks):
        script = tmp_path / f"block{i}.py"
        script.write_text(block.replace('"2024-06-03"', f'"{iso(ENTRY)}"'), encoding="utf-8")
        runpy.run_path(str(script))
    told = capsys.readouterr().out
    assert "±" in told
    assert "completed bullish" in told


def shown() -> Iterator[tuple[str, str]]:
    """Every line of a code block that is a command of ours, with its paper."""
    for paper in PAPERS:
        for block in re.findall(r"```\w*\n(.*?)```", paper.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip().startswith("quorum "):
                    yield paper.name, line.strip()


def test_every_command_that_is_shown_exists_with_its_options() -> None:
    known = every_command()
    lines = list(shown())
    assert lines
    for paper, line in lines:
        words = shlex.split(line, comments=True)[1:]
        name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
        assert name in known, f"{paper}: {line}"
        options = {flag for p in known[name].params for flag in p.opts}
        asked = {word for word in words if word.startswith("--")}
        assert asked <= options | {"--help"}, f"{paper}: {line}"
