"""`quorum data pull` at a terminal: what it brings, says and refuses, and what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapters.vendor_server import BANNED, DOWN, HTML, Reply, Server, alpaca, binance, kraken, kraken_trades, rising
from adapters.vendor_server import serving as served
from adapters.vendor_setups import KEY, SECRET
from quorum.bootstrap import open_lake, open_workspace
from quorum.desk.settings import SourcesFile
from quorum.domain import HOUR, Timeframe, VirtualClock, parse_instant
from surfaces.cli.commands import Quorum

START = parse_instant("2024-01-01")
NOW = START + 100 * HOUR + HOUR // 2
H1 = Timeframe.parse("1h")
ROWS = rising(START, HOUR, 101)
BINANCE = ("data", "pull", "BTCUSDT", "--source", "binance", "--timeframe", "1h")
PULL = (*BINANCE, "--since", "2024-01-01")
QUICK = "tries: 2, retry_seconds: 0"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace with nothing in it yet."""
    (tmp_path / "desk" / "config").mkdir(parents=True)
    (tmp_path / "desk" / "workspace.yaml").write_text("version: 1\n", encoding="utf-8")
    return tmp_path / "desk"


@pytest.fixture(autouse=True)
def _at_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is half past an hour on 5 January 2024; there are no keys unless a test has some."""
    monkeypatch.setattr("quorum.domain.SystemClock", lambda: VirtualClock(NOW))
    for name in ("ALPACA_API_KEY", "ALPACA_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


def point(home: Path, source: str, base: str, more: str = QUICK) -> None:
    (home / "config" / "sources.yaml").write_text(f"{source}: {{base: '{base}', {more}}}\n", encoding="utf-8")


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    with served(binance(lambda: ROWS, HOUR)) as server:
        point(home, "binance", server.base)
        yield server


def test_closed_bars_come_and_the_running_one_does_not(quorum: Quorum, server: Server, home: Path) -> None:
    said = quorum(*PULL, "--json")
    assert said.err == ""
    facts = said.json
    shown = {name: facts[name] for name in ("symbol", "venue", "timeframe", "rows", "rows_added", "pages", "gaps")}
    assert shown == {
        "symbol": "BTCUSDT",
        "venue": "binance",
        "timeframe": "1h",
        "rows": 100,
        "rows_added": 100,
        "pages": 1,
        "gaps": [],
    }
    assert (facts["first"], facts["last"], facts["missing"]) == ("2024-01-01T00:00:00Z", "2024-01-05T03:00:00Z", 0)
    bars = open_lake(open_workspace(home)).bars("BTCUSDT", H1, "binance")
    assert bars.close.tolist() == [row[4] for row in ROWS[:100]]
    assert bars.volume is not None
    assert bars.volume.tolist() == [row[5] for row in ROWS[:100]]


def test_a_second_pull_asks_nothing(quorum: Quorum, server: Server) -> None:
    quorum(*PULL)
    server.asked.clear()
    said = quorum(*PULL, "--json")
    assert (server.asked, said.json["pages"], said.json["rows"]) == ([], 0, 100)


def test_lines_are_for_people_and_gaps_are_named(quorum: Quorum, server: Server) -> None:
    server.answers = binance(lambda: [row for i, row in enumerate(ROWS) if i not in (7, 8)], HOUR)
    said = quorum(*PULL)
    assert said.code == 0
    assert said.out.splitlines()[0] == "series           BTCUSDT.binance 1h"
    assert said.err == "gap: 2 missing from 2024-01-01T07:00:00Z to 2024-01-01T09:00:00Z\n"


def test_of_many_gaps_the_first_are_named_and_quarantined_rows_are_counted(quorum: Quorum, server: Server) -> None:
    odd = [(*row[:3], -1.0, *row[4:]) if i == 90 else row for i, row in enumerate(ROWS) if i % 3 or i >= 90]
    server.answers = binance(lambda: odd, HOUR)
    lines = quorum(*PULL).err.splitlines()
    assert len([line for line in lines if line.startswith("gap: ")]) == 20
    assert lines[20:] == [
        "and 10 more gaps; `quorum data check BTCUSDT` has them all",
        "quarantined: 1 (price not positive)",
    ]


def test_a_person_at_a_terminal_sees_how_far_it_is(
    quorum: Quorum, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    said = quorum(*PULL, "--until", "2024-01-03")
    assert said.err == "BTCUSDT.binance 1h: 100%, to 2024-01-03T00:00:00Z, 48 bars added\n"
    server.faults.append(DOWN)
    told = quorum(*PULL).err.splitlines()
    assert told[0].endswith("/api/v3/klines answered 503; asking again")
    assert told[1].startswith("BTCUSDT.binance 1h: 100%, to 2024-01-05T03:30:00Z, 52 bars added")
    assert quorum(*PULL, "--since", "2023-12-01", "--json").err == ""


def test_the_workspace_is_made_around_what_came(
    quorum: Quorum, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SourcesFile.model_validate({"binance": {"base": server.base, "tries": 1}})
    monkeypatch.setattr("quorum.bootstrap.workspaces.read_settings", lambda path, model: settings)
    new = tmp_path / "new"
    server.faults.append(DOWN)
    assert "answered 503, once" in quorum(*PULL, "--home", new).error
    assert not new.exists()
    said = quorum(*PULL, "--home", new)
    assert (said.code, said.err) == (0, f"made a workspace at {new}\n")
    assert quorum("doctor", "--home", new, "--json").json["healthy"]


def test_a_workspace_of_a_newer_version_is_left_alone(quorum: Quorum, server: Server, home: Path) -> None:
    (home / "workspace.yaml").write_text("version: 99\n", encoding="utf-8")
    assert "has version 99, this quorum knows up to 1; upgrade quorum" in quorum(*PULL).error
    assert server.asked == []


def test_a_source_that_is_not_there_makes_no_workspace(quorum: Quorum, tmp_path: Path) -> None:
    new = tmp_path / "new"
    refused = quorum("data", "pull", "BTCUSDT", "--source", "nowhere", "--since", "2024-01-01", "--home", new)
    assert "there is no source 'nowhere'; choose one of binance, kraken, alpaca, yfinance" in refused.error
    assert not new.exists()


WRONG: list[tuple[tuple[str, ...], int, str]] = [
    ((*BINANCE, "--since", "soon"), 2, "'soon' is no date or time; write it as 2024-"),
    ((*BINANCE, "--since", "2031-01-01"), 2, "2031-01-01T00:00:00Z lies in the future, it is 2024-01-05T04:30:00Z"),
    ((*BINANCE, "--since", "2024-01-05T04:00"), 2, "no bar of 1h that opens from 2024-01-05T04:00:00Z on is closed"),
    ((*PULL, "--until", "2023-01-01"), 2, "nothing lies between 2024-01-01T00:00:00Z and 2023-01-01T00:00:00Z"),
    ((*PULL, "--until", "later"), 2, "'later' is no date or time"),
    ((*PULL[:5], "--since", "2024-01-01", "--timeframe", "7h"), 2, "binance has no bars of 7h; choose one of 1s, 1m"),
    ((*PULL[:5], "--since", "2024-01-01", "--timeframe", "x"), 2, "'x' is no timeframe"),
    (("data", "pull", "NOSUCH", *PULL[3:]), 2, "binance does not know the symbol"),
    (("data", "pull", "A B", *PULL[3:]), 2, "'A B' is no symbol; write it as BTCUSDT"),
    ((*PULL, "--from-trades"), 2, "binance makes no bars of trades; leave --from-trades away"),
    (("data", "pull", "BTCUSDT"), 2, "Missing option"),
]


@pytest.mark.parametrize(("words", "code", "what"), WRONG, ids=[" ".join(case[0][2:]) for case in WRONG])
def test_what_cannot_be_asked_is_refused_and_writes_nothing(
    quorum: Quorum, server: Server, home: Path, words: tuple[str, ...], code: int, what: str
) -> None:
    said = quorum(*words)
    assert what in said.error
    assert said.code == code
    assert not (home / "lake").exists()


@pytest.mark.parametrize("fault", [DOWN, HTML, BANNED, Reply([["a"]]), Reply([]), Reply(b"", 403)], ids=str)
def test_a_fault_is_one_line_with_a_remedy_and_writes_nothing(
    quorum: Quorum, server: Server, home: Path, fault: Reply
) -> None:
    server.faults += [fault] * 2
    said = quorum(*PULL)
    assert said.error
    assert said.code == 1
    assert not (home / "lake").exists()


def test_a_fault_after_some_pages_keeps_them(quorum: Quorum, server: Server, home: Path) -> None:
    quorum(*PULL, "--until", "2024-01-02")
    server.faults += [DOWN] * 2
    assert "answered 503, 2 times; what came before is in the lake; run it again later" in quorum(*PULL).error
    assert len(open_lake(open_workspace(home)).bars("BTCUSDT", H1)) == 24
    assert quorum(*PULL, "--json").json["rows"] == 100


SETTINGS = [
    ("binance: {bse: 1}", "sources.yaml:1:11: unknown key 'binance.bse', did you mean 'base'?"),
    ("binace: {}", "sources.yaml:1:1: unknown key 'binace', did you mean 'binance'?"),
    ("binance: {base: example.com}", "sources.yaml:1:11: binance.base: an address is written as https://"),
    ("binance: {base: 'https://[::1'}", "sources.yaml:1:11: binance.base: Invalid IPv6 URL"),
    ("binance: {base: 'https://a:99999'}", "sources.yaml:1:11: binance.base: Port out of range"),
    ("binance:\n  tries: 0", "sources.yaml:2:3: binance.tries: must be greater than or equal to 1"),
    ("alpaca: {feed: fast}", "sources.yaml:1:10: alpaca.feed: must be 'iex' or 'sip'"),
    ("binance: {per_minute: .nan}", "sources.yaml:1:11: binance.per_minute"),
]


@pytest.mark.parametrize(("text", "what"), SETTINGS, ids=[text for text, _ in SETTINGS])
def test_a_setting_that_is_wrong_is_refused_at_its_place(quorum: Quorum, home: Path, text: str, what: str) -> None:
    (home / "config" / "sources.yaml").write_text(text + "\n", encoding="utf-8")
    said = quorum(*PULL)
    assert what in said.error
    assert said.code == 2


def test_kraken_says_what_is_out_of_its_reach_and_its_trades_reach_it(quorum: Quorum, home: Path) -> None:
    now = START + 800 * HOUR
    rows = rising(START, HOUR, 801)
    words = ("data", "pull", "BTC/USDT", "--source", "kraken", "--since", "2024-01-01")
    with pytest.MonkeyPatch.context() as patch, served(kraken(lambda: rows, HOUR, now - HOUR)) as server:
        patch.setattr("quorum.domain.SystemClock", lambda: VirtualClock(now))
        point(home, "kraken", server.base)
        said = quorum(*words)
        assert (said.code, said.err.count("\n")) == (0, 1)
        assert "out of reach: nothing from 2024-01-01T00:00:00Z to 2024-01-04T08:00:00Z; kraken gives its" in said.err
        assert "--from-trades" in said.err
        server.answers = kraken_trades([(row[0] + 5, f"{row[4]}", "1") for row in rows])
        facts = quorum(*words, "--from-trades", "--json").json
    assert (facts["rows"], facts["out_of_reach"], facts["gaps"]) == (800, None, [])


@pytest.fixture
def shares(home: Path) -> Iterator[Server]:
    with served(alpaca(lambda: ROWS)) as server:
        point(home, "alpaca", server.base)
        yield server


AAPL = ("data", "pull", "aapl", "--source", "alpaca", "--since", "2024-01-01")


def test_alpacas_keys_come_from_the_environment(
    quorum: Quorum, shares: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPACA_API_KEY", KEY)
    monkeypatch.setenv("ALPACA_SECRET_KEY", SECRET)
    said = quorum(*AAPL, "--json")
    assert said.json["rows"] == 100
    assert shares.headers[0]["apca-api-key-id"] == KEY
    shares.faults += [Reply({"message": f"bad key {KEY} {SECRET}"}, 403)]
    refused = quorum(*AAPL, "--until", "2024-01-09", "--since", "2023-12-01")
    assert "refuses the keys" in refused.error
    for text in (said.out, said.err, refused.out, refused.err):
        assert KEY not in text
        assert SECRET not in text


def test_alpacas_keys_come_from_a_file_of_its_owner(quorum: Quorum, shares: Server, home: Path) -> None:
    point(home, "alpaca", shares.base, "key: 'file:keys.env:ID', secret: 'file:keys.env:SECRET'")
    (home / "keys.env").write_text(f"ID={KEY}\nSECRET={SECRET}\n", encoding="utf-8")
    (home / "keys.env").chmod(0o644)
    assert "others may use it (mode 644); run `chmod 600 " in quorum(*AAPL).error
    (home / "keys.env").chmod(0o600)
    assert quorum(*AAPL, "--json").json["rows"] == 100
    assert shares.headers[0]["apca-api-secret-key"] == SECRET


def test_without_keys_it_says_where_they_are_looked_for(quorum: Quorum, shares: Server, home: Path) -> None:
    said = quorum(*AAPL)
    assert "there is no key at env:ALPACA_API_KEY nor at env:ALPACA_SECRET_KEY" in said.error
    assert shares.asked == []


def test_a_key_written_where_a_reference_belongs_is_not_repeated(quorum: Quorum, shares: Server, home: Path) -> None:
    for text in (KEY, "12345678", "[a, b]", f"{{{KEY}: 1}}"):
        point(home, "alpaca", shares.base, f"key: {text}")
        refused = quorum(*AAPL).error
        assert "is of no known form, and is not shown" in refused
        assert text.strip("[]{}") not in refused


def test_the_environment_may_not_hold_a_key_and_the_pair_needs_none(quorum: Quorum, home: Path) -> None:
    with served(alpaca(lambda: ROWS, "BTC/USD")) as server:
        point(home, "alpaca", server.base)
        said = quorum("data", "pull", "BTC/USD", "--source", "alpaca", "--since", "2024-01-01", "--json")
    assert (said.json["symbol"], said.json["rows"]) == ("BTC/USD", 100)
    assert "apca-api-key-id" not in server.headers[0]


def test_where_yfinance_is_absent_one_line_says_so(quorum: Quorum, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yfinance", None)
    said = quorum("data", "pull", "AAPL", "--source", "yfinance", "--timeframe", "1d", "--since", "2024-01-01")
    assert "yfinance is not installed; install it with `pip install 'quorum[yfinance]'`" in said.error


@pytest.mark.parametrize("killed_at", [pytest.param(2, marks=pytest.mark.slow), 4])
def test_a_kill_between_pages_loses_none_and_the_next_pull_goes_on(
    quorum: Quorum, home: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    """A real process, killed while it waits for a page; the next one starts behind the last bar that was kept."""
    rows = rising(START, HOUR, 4500)
    running: list[subprocess.Popen[bytes]] = []
    inner = binance(lambda: rows, HOUR)

    def answers(path: str, asked: Any) -> Reply:
        if len(server.asked) == killed_at and running:
            os.kill(running[0].pid, signal.SIGKILL)
        return inner(path, asked)

    monkeypatch.setattr("quorum.domain.SystemClock", lambda: VirtualClock(START + 5000 * HOUR))
    words = (*PULL, "--until", "2024-07-01", "--home", str(home), "--json")
    with served(answers) as server:
        point(home, "binance", server.base)
        command = [sys.executable, "-m", "quorum", *words]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        assert running[0].communicate(timeout=60) == (b"", b"")
        running.clear()
        lake = open_lake(open_workspace(home))
        assert len(lake.bars("BTCUSDT", H1)) == 1000 * (killed_at - 1)
        before = server.asked[killed_at - 1][1]["startTime"]
        assert quorum(*words).json["gaps"] == []
    bars = lake.bars("BTCUSDT", H1)
    assert bars.close.tolist() == [row[4] for row in rows[: 182 * 24]]
    assert all(b - a == HOUR for a, b in pairwise(bars.time.tolist()))
    resumed = int(server.asked[killed_at][1]["startTime"])
    assert int(before) - resumed < 2 * HOUR // 10**6  # the newest bar is asked for again, and no other
    assert [report.sound for report in lake.check()] == [True]
