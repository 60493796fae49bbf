"""Emergencies of a desk whose store is a server: while it answers, while it is away, while it hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from quorum.adapters.halts import HaltFile
from quorum.bootstrap import cancel_everywhere, halt_trading, open_desk
from quorum.desk import Desk, books
from quorum.desk.deploying import Word
from quorum.desk.trading.halting import Range, follow_halts, resume_trading
from quorum.desk.trading.reconciling import reconcile
from quorum.domain import DecisionKind, NotFound, OrderStatus, Scope
from quorum.surfaces.bench.postgres import OwnPostgres, own_postgres
from servers.postgres import fresh
from simulator.sim_markets import venue
from surfaces.cli.emergencies import NAMES, WORD, against, buys, close, held
from surfaces.cli.senders import wanted
from surfaces.cli.test_broker_at_alpaca import workspace

ANN = Word("Ann", "all is well")


@contextmanager
def placed(folder: Path, url: str, environment: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with its store on a server and its account at a simulated Alpaca, which holds and has an order open."""
    environment.setenv("QUORUM_DATABASE_URL", url)
    with venue(start=time.time_ns(), speed=1.0) as (address, _):
        opened = open_desk(workspace(folder, address))
        opened.account_for("USD", "shares")
        against(opened, "4")
        buys(opened, {NAMES[0]: "2", NAMES[1]: "1"})
        assert opened.sender("shares").send(wanted(opened, "resting")).status is OrderStatus.ACCEPTED
        yield opened


@pytest.fixture
def desk(tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with placed(tmp_path, postgres, monkeypatch) as opened:
        yield opened


@pytest.fixture(scope="module")
def lasting() -> Iterator[OwnPostgres]:
    """A server that keeps what it has acknowledged when it is killed."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(own_postgres(durable=True))
        except NotFound as error:
            pytest.skip(error.found)
        yield server


@pytest.fixture
def lasting_desk(tmp_path: Path, lasting: OwnPostgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with fresh(lasting) as url, placed(tmp_path, url, monkeypatch) as opened:
        yield opened


def processes(server: OwnPostgres) -> list[int]:
    """The server and its children."""
    with psycopg.connect(server.url("template1")) as connection:
        told = connection.execute("show data_directory").fetchone()
    assert told is not None
    root = int((Path(told[0]) / "postmaster.pid").read_text(encoding="ascii").split()[0])
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(root)], capture_output=True, text=True, check=False)
    return [root, *map(int, listed.stdout.split())]


def test_halt_cancel_close_and_resume(desk: Desk) -> None:
    home = desk.workspace.home
    told = halt_trading(home, (Scope.DESK, ""), WORD, follow=False)
    assert (told["failed"], told["notes"], len(told["cancelled"])) == ([], [], 1)
    follow_halts(desk)
    assert desk.states.current().state == "halted"
    assert cancel_everywhere(home, None)["failed"] == []
    told = close(desk)
    assert (told["failed"], told["notes"], told["closed"][0]["quantity"]) == ([], [], "3")
    assert held(desk) == {}
    assert books(desk, "shares").balanced
    assert not (home / "state" / "emergency.jsonl").exists()
    found = resume_trading(desk, Range(everything=True), ANN)
    assert (len(found["resumed"]), found["standing"], found["state"]) == (2, [], "operational")
    assert len(desk.decisions.recent(50, DecisionKind.HALT)) == 4


@pytest.mark.slow
def test_a_server_that_is_away_keeps_nobody_from_closing(lasting_desk: Desk, lasting: OwnPostgres) -> None:
    desk = lasting_desk
    lasting.stop(signal.SIGQUIT)
    try:
        told = close(desk)
        assert (told["failed"], told["closed"][0]["quantity"]) == ([], "3")
        assert "without the store: " in told["notes"][0]
        assert [halt.reason for halt in desk.halts.standing() if halt.at] == [WORD[1]]
    finally:
        lasting.start()
    assert reconcile(desk, "shares").clean
    follow_halts(desk)
    assert len(desk.decisions.recent(50, DecisionKind.HALT)) == 1
    assert books(desk, "shares").balanced
    assert close(desk)["failed"] == []  # what was held against each other is crossed now
    assert held(desk) == {}
    assert resume_trading(desk, Range(), ANN)["standing"] == []


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.05, 0.1, 0.15, 0.2, 0.3, 0.6])
@pytest.mark.parametrize("hangs", [False, True], ids=["dies", "hangs"])
def test_a_server_that_is_lost_midway_keeps_nobody_from_closing(
    lasting_desk: Desk, lasting: OwnPostgres, after: float, hangs: bool
) -> None:
    desk, theirs = lasting_desk, processes(lasting)  # what is begun later hangs as well: nobody lets it in

    def tell(word: signal.Signals) -> None:
        for pid in theirs:
            with suppress(ProcessLookupError):
                os.kill(pid, word)

    def lose() -> None:
        if hangs:
            tell(signal.SIGSTOP)
        else:
            lasting.stop(signal.SIGQUIT)

    loser = threading.Timer(after, lose)
    loser.start()
    try:
        told = close(desk, 8.0)
    finally:
        loser.join()
        if hangs:
            tell(signal.SIGCONT)
        else:
            lasting.start()
    assert told["failed"] == []
    assert desk.sender("shares").broker.account().positions == {}
    assert reconcile(desk, "shares").clean
    close(desk, 0.5)  # what was held against each other is crossed now
    assert held(desk) == {}
    assert books(desk, "shares").balanced
    assert HaltFile(desk.workspace.home / "state" / "halts.json").standing()
