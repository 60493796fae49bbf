"""A desk that trades for days, killed again and again at any instant, ends as one that nobody disturbed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from time import sleep

import pytest

from adapters.processes import TESTS
from durability.driver import trade
from durability.market import ACCOUNT, Aftermath, Occasion, aftermath, close
from quorum.domain import HOUR

HOURS = 110


def trade_until_killed(home: Path, first: int, last: int, seconds: float) -> tuple[int, int]:
    """Trade in a child that is killed `seconds` after its first cycle; the last instant begun, and how it ended."""
    command = [sys.executable, "-m", "durability.driver", "trade", str(home), str(first), str(last)]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        told = child.stdout.readline() + child.stdout.readline()
        sleep(seconds)
        child.kill()
        rest = child.stdout.read()
    return int((told + rest).split()[-1]), child.returncode


def end(home: Path, last: int) -> Aftermath:
    """What is left when the time of every order has run out."""
    occasion = Occasion(home, last)
    desk = occasion.desk()
    close(occasion, desk)
    assert not desk.orders.of(ACCOUNT, only_open=True)
    return aftermath(occasion, desk)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_desk_that_is_killed_at_random_ends_as_an_undisturbed_one(
    seed: int, occasion: Occasion, tmp_path: Path
) -> None:
    dice, first, last = random.Random(seed), occasion.as_of - 5 * HOUR, occasion.as_of + HOURS * HOUR
    calm, killed = occasion.copy(tmp_path / "calm").home, occasion.copy(tmp_path / "killed").home
    trade(str(calm), str(first), str(last))
    expected = end(calm, last)
    assert len(expected.fills) > 4
    now, ended, kills = first, -signal.SIGKILL, 0
    while ended:
        assert ended == -signal.SIGKILL
        now, ended = trade_until_killed(killed, now, last, dice.uniform(0.0, 0.15))
        kills += ended != 0
    found = end(killed, last)
    assert kills >= 3
    assert found.report.balanced
    assert found.fills == found.venue_fills
    assert len(set(found.placed)) == len(found.placed) == len(expected.placed)
    assert found.book == expected.book
    assert Counter(f[1:] for f in found.fills.values()) == Counter(f[1:] for f in expected.fills.values())
