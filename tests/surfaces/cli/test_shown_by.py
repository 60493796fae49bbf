"""What the first slice is shown by, on the real bars of thirteen coins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from desk.offices import copied, fresh_task
from quorum.adapters.process import InlineExecutor
from quorum.domain import HOUR, Timeframe, iso, parse_instant
from surfaces.cli.commands import Quorum, Said, fresh

pytestmark = pytest.mark.real_data

BACKTEST = ("backtest", "trend_breakout", "--symbol", "BTCUSDT", "--timeframe", "1h", "--json")
JUNE = "2024-06-03T00:00:00Z"
GAPS = {
    "ADAUSDT": (58_732, 25),
    "AVAXUSDT": (37_462, 10),
    "BCHUSDT": (44_622, 15),
    "BTCUSDT": (61_246, 27),
    "DOGEUSDT": (48_112, 18),
    "DOTUSDT": (38_285, 10),
    "ETHUSDT": (61_246, 27),
    "LINKUSDT": (52_178, 20),
    "LTCUSDT": (61_246, 27),
    "NEARUSDT": (36_935, 10),
    "SOLUSDT": (38_470, 10),
    "TRXUSDT": (57_405, 25),
    "XRPUSDT": (58_320, 25),
}


@pytest.fixture
def first(tmp_path_factory: pytest.TempPathFactory, shared: Path, bare: Quorum) -> tuple[Path, Said]:
    """A workspace made once by the commands of the README, and what its import said."""
    home = tmp_path_factory.getbasetemp() / "real"
    said = home / "logs" / "import.txt"
    if not home.exists():
        assert bare("init", "--home", home, "--participants", "smc,momentum").code == 0
        said.write_text(bare("data", "import", shared / "data" / "crypto" / "bars_1h", "--home", home, "--json").out)
    return home, Said(0, said.read_text(encoding="utf-8"), "")


@pytest.fixture
def home(first: tuple[Path, Said], tmp_path: Path) -> Path:
    """A copy of the workspace with the thirteen coins."""
    return copied(first[0], tmp_path / "desk")


def test_the_import_reports_every_coin_and_a_second_one_adds_nothing(
    quorum: Quorum, first: tuple[Path, Said], shared: Path
) -> None:
    told = {s["symbol"]: s for s in first[1].json["symbols"]}
    assert {name: (s["rows"], s["gaps"]) for name, s in told.items()} == GAPS
    assert all(s["rows_added"] == s["rows"] and s["quarantined"] == 0 for s in told.values())
    again = quorum("data", "import", shared / "data" / "crypto" / "bars_1h", "--json").json["symbols"]
    assert {s["symbol"]: (s["rows"], s["gaps"]) for s in again} == GAPS
    assert {(s["rows_added"], s["revised"], s["quarantined"]) for s in again} == {(0, 0, 0)}


def test_a_backtest_is_the_same_bytes_here_again_and_in_a_fresh_process(quorum: Quorum) -> None:
    once, twice, elsewhere = quorum(*BACKTEST), quorum(*BACKTEST), fresh(*BACKTEST)
    assert once.out == twice.out == elsewhere.out
    told = once.json
    assert told.keys() >= {"trades", "final_equity", "sharpe", "max_drawdown", "data_hash", "code_hash", "trial_id"}
    assert told["bars"] == 61_246
    assert told["trades"] > 100
    assert -1 < told["max_drawdown"] < 0
    assert all(len(told[name]) == 64 for name in ("data_hash", "code_hash"))


def test_a_consensus_prints_its_votes_its_risk_and_its_order_or_the_reason_for_none(quorum: Quorum) -> None:
    told = quorum("consensus", "BTCUSDT", "--timeframe", "1h", "--as-of", JUNE, "--json").json
    assert told.keys() >= {"decision_id", "votes", "consensus", "risk", "order", "reason"}
    assert told["snapshot"]["as_of"] == JUNE
    assert told["snapshot"]["last"] == "2024-06-02T23:00:00Z"
    assert [v["voter"] for v in told["votes"]] == ["smc", "momentum"]
    assert all(v["reason"] and v["choice"] for v in told["votes"])
    assert told["order"] or told["reason"]
    known = [e["known_at"] for v in told["votes"] for e in v.get("evidence", ())]
    assert known
    assert max(map(parse_instant, known)) <= parse_instant(JUNE)
    kinds = [link["kind"] for link in quorum("why", told["decision_id"], "--json").json["chain"]]
    assert kinds == ["consensus", "bars"]
    assert quorum("broker", "orders", "--json").json == {"orders": [], "foreign": []}


def instants() -> Iterator[str]:
    """Every twelve hours from the instant of the issue on."""
    start = parse_instant(JUNE)
    return (iso(start + k * 12 * HOUR) for k in range(60))


def test_on_paper_it_is_booked_explained_and_replayed_until_a_bar_is_tampered_with(
    quorum: Quorum, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("consensus", "BTCUSDT", "--timeframe", "1h", "--paper", "--json", "--as-of")
    told = next(t for t in (quorum(*asked, when).json for when in instants()) if t["order"])
    order = told["order"]
    assert order["status"] == "filled"
    (held,) = quorum("broker", "positions", "--json").json["positions"]
    assert (held["symbol"], held["quantity"]) == ("BTCUSDT", order["quantity"])
    assert quorum("broker", "reconcile", "--json").json["balanced"] is True
    fill = order["fills"][0]["fill_id"]
    chain = quorum("why", fill, "--json").json["chain"]
    assert [link["kind"] for link in chain] == ["fill", "order", "risk", "consensus", "bars"]
    again = quorum("replay", fill, "--json")
    assert (again.code, again.json["verdict"]) == (0, "identical")
    tamper(home, parse_instant(told["snapshot"]["last"]) - 5 * HOUR)
    monkeypatch.setattr("quorum.bootstrap.desk.open_executor", lambda: InlineExecutor({"replay": fresh_task}))
    again = quorum("replay", told["decision_id"], "--json")
    assert (again.code, again.json["verdict"]) == (1, "differs")
    assert again.json["field"] == "data.data_hash"


def tamper(home: Path, time: int) -> None:
    """Another close in one stored bar of BTCUSDT."""
    (file,) = (home / "lake" / "bars" / "BTCUSDT.binance" / str(Timeframe(HOUR))).glob("seg-*.parquet")
    frame = pl.read_parquet(file)
    close = pl.when(pl.col("time") == time).then(pl.col("close") + 1).otherwise(pl.col("close"))
    changed = frame.with_columns(close=close)
    assert (changed["close"] != frame["close"]).sum() == 1
    changed.write_parquet(file)
