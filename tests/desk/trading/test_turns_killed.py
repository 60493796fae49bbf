"""Killed at any point and begun again, paper trades what the backtest does, once, and its books equal the venue's."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desk.trading.practice import SPAN, START, Plan, at, backtested, deploy_all, fills, home_with, market, rounded
from quorum.bootstrap import open_desk
from quorum.desk import books

FIRST = 40
TURNER = Path(__file__).with_name("turner.py")


@pytest.mark.parametrize(
    ("last", "kills"),
    [
        pytest.param(118, 1, id="a-sample"),
        pytest.param(400, 12, id="many-kills", marks=pytest.mark.slow),
    ],
)
def test_killed_and_begun_again_it_trades_once(tmp_path: Path, last: int, kills: int) -> None:
    home = home_with(tmp_path, market(n=last + 20))
    desk = open_desk(home)
    deploy_all(desk, Plan())
    progress, luck, killed = tmp_path / "progress", random.Random(last), 0
    words = [sys.executable, str(TURNER), str(home), str(FIRST), str(last), str(progress)]
    while True:
        process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        if killed < kills:
            _wait_for(progress, FIRST + (killed + 1) * (last - FIRST) // (kills + 2))
            time.sleep(luck.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            killed += 1
            continue
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        break
    expected = [f for f in backtested(desk, 0.3) if START + FIRST * SPAN < f[0] <= START + last * SPAN]
    assert rounded(fills(desk)) == expected
    assert len(expected) >= (10 if last > 200 else 3)
    report = books(open_desk(home), "paper", at(last))
    assert report.balanced, (report.differences, report.audit.faults)


def _wait_for(progress: Path, until: int) -> None:
    for _ in range(6000):
        if progress.exists() and int(progress.read_text()) >= until:
            return
        time.sleep(0.01)
    raise AssertionError(f"nobody came to turn {until}")
