"""The lines of the guide to paper trading that go on until they are stopped: a real process, a venue, and Ctrl-C."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from desk.trading.practice import Plan, deploy_all
from desk.trading.test_turns_alpaca import QUICK, SERIES, home_at
from quorum.bootstrap import open_desk, open_vendor
from quorum.desk import Desk
from quorum.domain import MINUTE, SystemClock
from quorum.lake.pull import Asked, pull
from simulator.sim_markets import venue

ENDLESS = ("--watch", "--until")
TOO_EARLY = "error: stopped\n"


@pytest.fixture
def lines(checkout: Path) -> list[str]:
    text = (checkout / "docs" / "guides" / "paper-trading.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if any(word in line for word in ENDLESS)]


def pulled(desk: Desk) -> None:
    """The venue's last half hour in the lake."""
    now = SystemClock()
    vendor = open_vendor(desk.workspace, "alpaca", SERIES.symbol, print)
    pull(desk.lake, vendor, Asked(SERIES.symbol, SERIES.timeframe, now.now() - 30 * MINUTE), now)


def stopped(line: str, home: Path, after: float) -> dict[str, Any]:
    """What the line tells when it is stopped by Ctrl-C after so many seconds; that may be before it began."""
    command = [sys.executable, "-m", *shlex.split(line), "--home", str(home), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=after)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    if err == TOO_EARLY:
        return {"turns": 0}
    assert (process.returncode, err) == (0, "")
    told: dict[str, Any] = json.loads(out)
    return told


@pytest.mark.slow
def test_they_go_on_until_ctrl_c_and_then_tell_what_came_of_it(tmp_path: Path, lines: list[str]) -> None:
    assert len(lines) == 2
    with venue(prices="generated", start=SystemClock().now(), speed=1.0) as (address, _):
        desk = open_desk(home_at(tmp_path, address))
        pulled(desk)
        deploy_all(desk, Plan(QUICK, ("AAPL",), 0.1, timeframe="1m", venue="alpaca"), account="shares")
        for line in lines:
            tries = (stopped(line, desk.workspace.home, after) for after in (4.0, 8.0, 16.0, 25.0))
            told = next(one for one in tries if one["turns"])
            assert told["errors"] == {}
            assert [row["strategy_id"] for row in told["standing"]] == ["STR-001"]
