"""docs/guides/practise.md: every block of it runs, over venues of its own."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from desk.trading.local import QUICK
from desk.trading.practice import Plan, deploy_all
from quorum.bootstrap import open_desk
from quorum.desk import make_workspace
from quorum.domain import DAY, SystemClock, iso
from quorum.simulator import Address, Options, read_faults, running
from surfaces.cli.commands import Quorum

ADDRESS = "http://127.0.0.1:41965"  # as the guide writes it


@pytest.fixture
def blocks(checkout: Path) -> list[str]:
    text = (checkout / "docs" / "guides" / "practise.md").read_text(encoding="utf-8")
    return re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def bare(capsys: pytest.CaptureFixture[str]) -> Quorum:
    return Quorum(capsys)


def one(blocks: list[str], begins: str) -> str:
    """The block that begins so; there is one."""
    (found,) = [block for block in blocks if block.startswith(begins)]
    return found


@contextmanager
def serving(line: str, folder: Path) -> Iterator[dict[str, Any]]:
    """The venue of a line of the guide in a process of its own, at a free port; where it is, until Ctrl-C."""
    words = shlex.split(line.replace("--port 41965", "--port 0"))
    assert words[:2] == ["quorum", "sim"]
    command = [sys.executable, "-m", *words, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline() or process.communicate()[1])
        finally:
            process.send_signal(signal.SIGINT)
            assert (process.wait(10), process.stderr.read() if process.stderr else "") == (0, "")


def test_each_line_that_starts_a_venue_starts_one(
    blocks: list[str], tmp_path: Path, bare: Quorum, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(options: Options, tell: Callable[[Address], None]) -> None:
        with running(replace(options, port=0)) as address:
            tell(address)
            assert httpx.get(f"{address.control}/state").json()["orders"] == 0

    monkeypatch.setattr("quorum.bootstrap.simulation.serve", serve)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faults.yaml").write_text(one(blocks, "# faults.yaml"), encoding="utf-8")
    shown = one(blocks, '{"trading"')
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("quorum sim")]
    assert len(lines) == 7
    lines.remove("quorum sim --fault list")
    assert "partial_close" in bare("sim", "--fault", "list").out
    for line in lines:
        at = bare(*shlex.split(line)[1:], "--json").json
        assert set(re.findall(r'"(\w+)":', shown)) <= at.keys()
        assert f'"key":"{at["key"]}","secret":"{at["secret"][:8]}…"' in shown
    assert (tmp_path / "sim.jsonl").read_text().startswith('{"n": 1, "kind": "opened"')


def test_its_faults_are_faults_and_its_doors_answer(blocks: list[str], tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(one(blocks, "# faults.yaml"), encoding="utf-8")
    assert [fault.kind.value for fault in read_faults(file)] == [
        *("hidden", "duplicate", "lose", "absurd", "halt", "partial_close")
    ]
    with serving("quorum sim --symbols AAPL,MSFT --faults faults.yaml", tmp_path) as at:
        lines = one(blocks, "curl").splitlines()
        assert len(lines) == 2
        for line in lines:
            address = shlex.split(line)[-1].replace("$CONTROL", at["control"])
            assert httpx.get(address).raise_for_status().json() is not None


@pytest.mark.parametrize("until", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_a_strategy_trades_on_it(
    until: int, blocks: list[str], tmp_path: Path, bare: Quorum, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, *lines = one(blocks, "quorum sim --port").splitlines()
    home = tmp_path / "home"
    make_workspace(home, ("momentum",))
    monkeypatch.setenv("QUORUM_HOME", str(home))
    with serving(start, tmp_path) as at:
        keys = one(blocks, "ALPACA_API_KEY=").replace("PK5329232E090A5CC183", at["key"])
        (home / "sim.env").touch(0o600)
        (home / "sim.env").write_text(re.sub("SECRET_KEY=.*", f"SECRET_KEY={at['secret']}", keys))
        for name, begins in (("accounts", "accounts:"), ("sources", "alpaca:")):
            text = one(blocks, begins).replace(ADDRESS, at["url"])
            (home / "config" / f"{name}.yaml").write_text(text)
        pulled, traded, reconciled = ([*shlex.split(line)[1:]] for line in lines)
        pulled[-1] = iso(SystemClock().now() - DAY)  # instead of the day on which the guide was written
        assert (pulled.index("--since"), traded[-2:]) == (len(pulled) - 2, ["--until", "10"])
        traded[-1] = str(until)
        assert bare(*pulled).code == 0
        deploy_all(open_desk(home), Plan(QUICK, ("AAPL",), 0.1, timeframe="1m", venue="alpaca"), account="shares")
        told = bare(*traded, "--json").json
        assert told["trades"] >= until
        assert told["errors"] == {}
        assert bare(*reconciled).json["balanced"] is True
        assert len(httpx.get(f"{at['control']}/journal?kind=traded").json()) >= until
