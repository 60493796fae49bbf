"""What commands answer: JSON for programs, the same facts for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desk.markets import ENTRY, write_bars
from desk.offices import contents, fresh_task
from quorum.adapters.process import InlineExecutor
from quorum.domain import HOUR, iso
from surfaces.cli.commands import Quorum
from surfaces.pages import Reader

PAPER = ("consensus", "FLATUSDT", "--timeframe", "1h", "--as-of", iso(ENTRY), "--paper")
TRIAL = ("backtest", "demo_ma", "--symbol", "FLATUSDT", "--timeframe", "1h", "--param", "fast=5")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command asks of a fresh process is answered in this one."""
    monkeypatch.setattr("quorum.bootstrap.desk.open_executor", lambda: InlineExecutor({"replay": fresh_task}))


def test_init_makes_a_workspace_once_and_says_who_votes(quorum: Quorum, tmp_path: Path) -> None:
    new = tmp_path / "new"
    told = quorum("init", "--home", new, "--participants", " smc, momentum", "--json").json
    assert told["home"] == str(new)
    assert told["required_participants"] == ["smc", "momentum"]
    assert str(new / "config" / "consensus.yaml") in told["made"]
    before = contents(new)
    again = quorum("init", "--home", new, "--json").json
    assert (again["made"], again["required_participants"]) == ([], ["smc", "momentum"])
    assert contents(new) == before
    assert f"workspace {new}: 0 files written" in quorum("init", "--home", new).out
    assert quorum("init", "--home", tmp_path / "file4", "--json").json["required_participants"] == ["smc", "ml_model"]


def test_init_goes_to_the_nearest_workspace_or_the_folder_at_hand(
    quorum: Quorum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUORUM_HOME")
    (tmp_path / "project" / ".crypto").mkdir(parents=True)
    (tmp_path / "project" / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "project" / "deep")
    assert quorum("init", "--json").json["home"] == str(tmp_path / "project" / ".crypto")


def test_the_lake_is_imported_listed_shown_and_checked(quorum: Quorum, tmp_path: Path) -> None:
    file = write_bars(tmp_path / "files" / "NEWUSDT.sim_1h.csv", [100.0 + i % 7 for i in range(60)])
    lines = file.read_text(encoding="utf-8").splitlines()
    del lines[31:34]
    lines[20] = lines[20].rsplit(",", 2)[0] + ",-5,1"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    funding = "time,symbol,funding_rate\n2024-01-01T00:00:00Z,NEWUSDT,0.0001\n"
    (tmp_path / "files" / "funding.csv").write_text(funding, encoding="utf-8")
    said = quorum("data", "import", tmp_path / "files", "--json")
    (report,) = said.json["symbols"]
    assert (report["rows"], report["rows_added"], report["quarantined"]) == (56, 56, 1)
    assert (report["gaps"], report["missing"]) == (2, 4)
    assert [skipped["file"] for skipped in said.json["skipped"]] == ["funding.csv"]
    again = quorum("data", "import", tmp_path / "files")
    assert "NEWUSDT" in again.out
    assert again.err.startswith("passed over funding.csv: ")
    series = {(s["symbol"], s["timeframe"]): s for s in quorum("data", "show", "--json").json["series"]}
    assert series["NEWUSDT", "1h"]["rows"] == 56
    bars = quorum("data", "show", "NEWUSDT", "--last", "2", "--json").json
    assert [bar["time"] for bar in bars["bars"]] == ["2024-01-03T10:00:00Z", "2024-01-03T11:00:00Z"]
    checked = quorum("data", "check", "NEWUSDT", "--json")
    assert (checked.code, checked.json["series"][0]["sound"]) == (0, True)
    assert "NEWUSDT" in quorum("data", "check", "NEWUSDT").out
    assert "FLATUSDT" in quorum("data", "show").out
    assert "2024-01-03T11:00:00Z" in quorum("data", "show", "NEWUSDT").out


def test_a_file_of_the_lake_that_was_tampered_with_fails_the_check(quorum: Quorum, home: Path) -> None:
    (file,) = (home / "lake" / "bars" / "FLATUSDT.sim" / "1h").glob("seg-*.parquet")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    said = quorum("data", "check", "FLATUSDT", "--json")
    assert said.code == 1
    assert {s["timeframe"]: s["sound"] for s in said.json["series"]} == {"1h": False, "4h": True}
    assert "DAMAGED" in quorum("data", "check", "FLATUSDT").out


def test_strategies_are_listed_with_their_bounds(quorum: Quorum) -> None:
    listed = quorum("strategy", "list", "--json").json["strategies"]
    assert [s["name"] for s in listed][:2] == ["demo_ma", "trend_breakout"]
    assert {s["name"]: s["kind"] for s in listed if s["kind"] != "rule"} == {
        "pairs": "portfolio",
        "rotation": "portfolio",
        "follow": "portfolio",
        "consensus": "consensus",
    }
    shown = quorum("strategy", "show", "trend_breakout", "--json").json
    assert [p["name"] for p in shown["parameters"]] == ["donchian_lookback", "atr_period", "atr_multiple"]
    assert all(p["low"] <= p["default"] <= p["high"] and p["summary"] for p in shown["parameters"])
    assert "donchian_lookback" in quorum("strategy", "show", "trend_breakout").out
    assert quorum("strategy", "show", "consensus", "--json").json["settings"]["required"] == ["momentum"]
    assert all(s["name"] in quorum("strategy", "list").out for s in listed)


def test_strategies_need_no_workspace(quorum: Quorum, tmp_path: Path) -> None:
    assert "trend_breakout" in quorum("strategy", "list", "--home", tmp_path / "nowhere").out
    assert not (tmp_path / "nowhere").exists()


def test_a_backtest_takes_its_options_and_writes_its_sheet(quorum: Quorum, tmp_path: Path) -> None:
    sheet = tmp_path / "sheets" / "one.html"
    sheet.parent.mkdir()
    terms = ("--sizing", "units", "--size", 2, "--fee-bps", 7, "--slippage-bps", 3, "--equity", 5000)
    period = ("--since", "2024-01-05", "--until", "2024-01-20")
    told = quorum(*TRIAL, *period, *terms, "--report", sheet, "--json").json
    assert (told["first"], told["last"], told["bars"]) == ("2024-01-05T00:00:00Z", "2024-01-19T23:00:00Z", 360)
    assert told["parameters"] == {"fast": 5, "slow": 100, "atr_period": 14}
    expected = {"fee_bps": 7.0, "slippage_bps": 3.0, "sizing": "units", "size": 2.0, "starting_equity": 5000.0}
    assert {name: told["terms"][name] for name in expected} == expected
    assert "demo_ma" in Reader(sheet.read_text(encoding="utf-8")).text
    plain = quorum(*TRIAL)
    assert "final_equity" in plain.out
    assert "standard error" in plain.err


def test_a_trade_is_told_explained_listed_and_replayed(quorum: Quorum) -> None:
    told = quorum(*PAPER, "--json").json
    order, risk = told["order"], told["risk"]
    listed = quorum("decisions", "--json").json["decisions"]
    assert [(d["decision_id"], d["kind"]) for d in listed] == [
        (risk["decision_id"], "risk"),
        (told["decision_id"], "consensus"),
    ]
    assert listed[0]["parents"] == [told["decision_id"]]
    assert len(quorum("decisions", "--limit", "1", "--json").json["decisions"]) == 1
    assert risk["decision_id"] in quorum("decisions").out
    (shown,) = quorum("broker", "orders", "--json").json["orders"]
    assert shown == order
    assert order["client_order_id"] in quorum("broker", "orders").out
    explained = quorum("why", order["fills"][0]["fill_id"]).out
    for word in (order["client_order_id"], risk["decision_id"], told["decision_id"], "max_position", "sha256", "bars"):
        assert word in explained
    assert quorum("replay", order["client_order_id"]).out.splitlines()[0] == "identical"
    assert quorum("replay", order["intent_id"], "--json").json["verdict"] == "identical"


def test_a_vote_is_told_in_words(quorum: Quorum) -> None:
    dry = quorum(*PAPER[:-1]).out
    assert "would send: buy" in dry
    traded = quorum(*PAPER).out
    assert "filled" in traded
    kept = quorum(*PAPER).out
    assert "no order" in kept
    assert "already holds" in kept
    for text in (dry, traded, kept):
        assert "consensus: bullish" in text
        assert "more: quorum why DEC-" in text


def test_a_replay_that_differs_says_where_and_ends_with_1(quorum: Quorum, home: Path) -> None:
    told = quorum(*TRIAL, "--json").json
    assert quorum("why", told["trial_id"]).out.startswith(f"trial {told['trial_id']}\n")
    (file,) = (home / "lake" / "bars" / "FLATUSDT.sim" / "1h").glob("seg-*.parquet")
    file.unlink()
    said = quorum("replay", told["trial_id"])
    assert said.code == 1
    assert said.out.splitlines()[0] == "differs (data)"
    assert told["data_hash"] in said.out


def test_an_account_is_told_with_what_it_holds(quorum: Quorum) -> None:
    before = quorum("account", "list", "--json").json["accounts"]
    assert [(a["account"], a["currency"], a["opened"]) for a in before] == [
        ("paper", "USDT", False),
        ("paper-usd", "USD", False),
    ]
    order = quorum(*PAPER, "--json").json["order"]
    assert [a["opened"] for a in quorum("account", "list", "--json").json["accounts"]] == [True, False]
    account = quorum("broker", "account", "--json").json
    assert (account["account"], account["currency"], account["paid_in"]) == ("paper", "USDT", "100000")
    (position,) = quorum("broker", "positions", "--json").json["positions"]
    assert (position["symbol"], position["quantity"]) == ("FLATUSDT", order["filled"])
    assert "paper" in quorum("account", "list").out
    assert account["equity"] in quorum("broker", "account").out
    assert "FLATUSDT" in quorum("broker", "positions").out
    reconciled = quorum("broker", "reconcile", "--json").json
    assert (reconciled["balanced"], reconciled["fills"], reconciled["faults"]) == (True, 1, [])
    assert "balanced" in quorum("broker", "reconcile").out


def test_books_that_are_not_in_order_end_with_1(quorum: Quorum, home: Path) -> None:
    quorum(*PAPER)
    journal = home / "venue" / "paper.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    journal.write_text("".join(line for line in lines if '"funding"' in line), encoding="utf-8")
    said = quorum("broker", "reconcile", "--json")
    assert said.code == 1
    assert said.json["balanced"] is False
    assert said.json["differences"]
    assert {one["step"] for one in said.json["left"]} == {"halt"}
    assert said.json["halted"].startswith("books and venue differ: ")


def timeless(state: Path) -> dict[str, str]:
    """Every view by its name, without the instant at which it was written."""
    kept = ("emergency.json", "halts.json", "reserve")  # these are no views, nor is a lock
    files = [path for path in state.rglob("*") if path.is_file() and path.name not in kept and path.suffix != ".lock"]
    texts = {path.relative_to(state).as_posix(): path.read_text(encoding="utf-8") for path in files}
    return {name: re.sub(r'"updated_at": "[^"]+"', "", text) for name, text in texts.items()}


def test_views_are_written_after_every_cycle_and_rebuilt(quorum: Quorum, home: Path) -> None:
    quorum(*PAPER)
    state = home / "state"
    before = timeless(state)
    for name in before:
        (state / name).unlink()
    written = quorum("views", "--json").json["views"]
    assert {Path(path).relative_to(state).as_posix() for path in written} == set(before)
    assert timeless(state) == before
    assert quorum("views").out.splitlines() == ["0 documents of runs", *written]


def test_the_doctor_ends_with_1_when_something_is_wrong(quorum: Quorum, home: Path) -> None:
    healthy = quorum("doctor", "--json")
    assert (healthy.code, healthy.json["healthy"]) == (0, True)
    (home / "config" / "risk.yaml").write_text("book: {}\n", encoding="utf-8")
    ill = quorum("doctor")
    assert ill.code == 1
    assert "WRONG" in ill.out
    wrong = [check for check in quorum("doctor", "--json").json["checks"] if not check["ok"]]
    assert [check["name"] for check in wrong] == ["configuration"]
    assert wrong[0]["remedy"]


def test_a_series_with_closes_only_is_traded_at_its_closes(quorum: Quorum, tmp_path: Path) -> None:
    file = tmp_path / "SHARE.csv"
    closes = [100 + (i % 40) * (1 if i % 80 < 40 else -1) for i in range(300)]
    rows = [f"{iso(ENTRY + i * 24 * HOUR)[:10]},{close}" for i, close in enumerate(closes)]
    file.write_text("\n".join(["date,close", *rows]) + "\n", encoding="utf-8")
    quorum("data", "import", file)
    means = ("--param", "fast=5", "--param", "slow=20")
    told = quorum("backtest", "demo_ma", "--symbol", "SHARE", "--timeframe", "1d", *means, "--json").json
    assert told["fill"] == "next_close"
    assert told["trades"] >= 3
