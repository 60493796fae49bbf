"""The Python surface: three names, light to import, each working as its documentation says."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import quorum
from desk.markets import ENTRY, closes, flat, write_bars
from desk.offices import copied, fresh_task, template
from quorum.adapters.process import InlineExecutor
from quorum.bootstrap.workers import agent_task
from quorum.desk.team.fakes import OwnHands
from quorum.domain import DAY, DataError, InvalidSignal, NotFound, UsageError, WorkspaceError, iso, parse_instant
from quorum.signals import from_batch
from surfaces.cli.commands import Quorum

HEAVY = ("numpy", "numba", "polars", "sqlalchemy", "pydantic", "typer", "rich")


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the drawn markets, in which nothing has been decided yet."""
    return copied(template(tmp_path_factory.getbasetemp() / "desk"), tmp_path / "desk")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_bars(tmp_path / "BTCUSDT.csv", closes(flat))


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import sys, json, quorum; quorum.Desk, quorum.backtest; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = json.loads(done.stdout)
    assert [name for name in HEAVY if name in modules] == []
    assert [name for name in modules if name.startswith("quorum.")] == []


def test_its_names_are_these_and_each_is_documented_and_typed() -> None:
    assert quorum.__all__ == ["Desk", "backtest", "load_bars", "sweep", "validate"]
    methods = {name for name in vars(quorum.Desk) if not name.startswith("_")}
    kept = {"open", "import_bars", "backtest", "consensus", "queue", "run_workflow", "validate", "evaluate"}
    assert methods == kept | {"why", "replay"}
    free = (quorum.backtest, quorum.load_bars, quorum.sweep, quorum.validate)
    for thing in (*free, *(getattr(quorum.Desk, name) for name in methods)):
        assert inspect.getdoc(thing)
        signature = inspect.signature(thing)
        assert signature.return_annotation is not inspect.Signature.empty
        assert all(p.annotation is not p.empty for name, p in signature.parameters.items() if name != "self")


def test_every_type_that_is_named_exists() -> None:
    import quorum.desk
    import quorum.engine
    import quorum.lake
    import quorum.signals

    names = {"rooms": quorum.desk, "Backtest": quorum.engine.Backtest}
    names |= {name: getattr(quorum.lake, name) for name in ("Bars", "Panel", "ImportOptions", "ImportReport")}
    names |= {"AnyStrategy": quorum.signals.AnyStrategy}
    methods = (quorum.Desk.consensus, quorum.Desk.replay, quorum.Desk.import_bars)
    for thing in (quorum.load_bars, quorum.backtest, *methods):
        assert typing.get_type_hints(thing, localns=names)


def test_the_example_of_the_module_runs(home: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (quorum.__doc__ or "").partition("\n\n")[2].replace('"2024-06-03"', f'"{iso(ENTRY)}"')
    monkeypatch.chdir(file.parent)
    monkeypatch.setenv("QUORUM_HOME", str(home))
    monkeypatch.setattr("quorum.bootstrap.worker.open_hands", lambda size=None: OwnHands({"agent": agent_task}))
    quorum.Desk.open().import_bars(file)
    found: dict[str, typing.Any] = {}
    exec(compile(text, "quorum.__doc__", "exec"), found)
    assert found["record"].decision_id.startswith("DEC-")
    assert found["result"].trial_id is None
    assert found["run"]["by_strategy"].keys() == {found["idea"]}


def test_bars_come_from_a_file_or_from_the_lake(home: Path, file: Path) -> None:
    bars = quorum.load_bars(file)
    assert (bars.symbol, str(bars.timeframe), len(bars)) == ("BTCUSDT", "1h", len(closes(flat)))
    assert quorum.load_bars(str(file), "1h").data_hash == bars.data_hash
    day = quorum.load_bars(file, since="2024-01-02", until="2024-01-03T00:00:00Z")
    assert (len(day), int(day.time[0])) == (24, parse_instant("2024-01-02"))
    assert int(day.time[-1]) < parse_instant("2024-01-02") + DAY
    lake = quorum.load_bars("FLATUSDT", "1h", home=home)
    assert (lake.symbol, lake.venue, len(lake)) == ("FLATUSDT", "sim", len(bars))
    assert quorum.load_bars("FLATUSDT.sim", "4h", home=home).timeframe.nanoseconds == 4 * DAY // 24
    with pytest.raises(UsageError, match="FLATUSDT has bars of 1h, 4h; choose one"):
        quorum.load_bars("FLATUSDT", home=home)
    quorum.Desk.open(home).import_bars(file)
    assert quorum.load_bars("BTCUSDT", home=home).data_hash == bars.data_hash
    assert quorum.load_bars(file, symbol="XBT", venue="desk").symbol == "XBT"


def test_bars_that_are_not_there_are_refused(home: Path, file: Path, tmp_path: Path) -> None:
    two = tmp_path / "two.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    two.write_text(
        "\n".join(["symbol," + lines[0], *(f"{name},{line}" for name in ("A", "B") for line in lines[1:50])]) + "\n",
        encoding="utf-8",
    )
    for error, call in (
        (UsageError, lambda: quorum.load_bars(tmp_path / "none.csv")),
        (UsageError, lambda: quorum.load_bars(file, "1x")),
        (UsageError, lambda: quorum.load_bars(file, since="soon")),
        (DataError, lambda: quorum.load_bars(two)),
        (NotFound, lambda: quorum.load_bars("FLATUST", "1h", home=home)),
        (NotFound, lambda: quorum.load_bars("FLATUST", home=home)),
        (WorkspaceError, lambda: quorum.load_bars("FLATUSDT", "1h", home=tmp_path / "nowhere")),
        (WorkspaceError, lambda: quorum.Desk.open(tmp_path / "nowhere")),
    ):
        with pytest.raises(error):
            call()


def test_a_backtest_without_a_workspace_is_counted_by_nobody(file: Path) -> None:
    bars = quorum.load_bars(file)
    result = quorum.backtest("demo_ma", bars, params={"fast": 5, "slow": 20}, sizing="weight", fee_bps=0.0, cash=500.0)
    assert (result.trial_id, result.trials_in_family) == (None, None)
    assert (result.parameters["fast"], result.terms.fee_bps, result.terms.starting_equity) == (5, 0.0, 500.0)
    assert len(result.equity) == len(bars)
    assert quorum.backtest("consensus", bars).strategy == "consensus"
    with pytest.raises(NotFound, match="did you mean demo_ma"):
        quorum.backtest("demo_mb", bars)
    with pytest.raises(UsageError, match="fast"):
        quorum.backtest("demo_ma", bars, params={"fast": 0})
    with pytest.raises(UsageError, match="sizing"):
        quorum.backtest("demo_ma", bars, sizing="large")


def test_a_desk_does_what_the_commands_do(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUORUM_HOME", str(home))
    monkeypatch.setattr("quorum.bootstrap.desk.open_executor", lambda: InlineExecutor({"replay": fresh_task}))
    desk, command = quorum.Desk.open(home), Quorum(capsys)
    record = desk.consensus("FLATUSDT", "1h", as_of=iso(ENTRY), paper=True)
    assert record.order is not None
    assert record.order["status"] == "filled"
    shown = json.loads((home / "state" / "consensus" / "consensus.json").read_text(encoding="utf-8"))
    assert shown["decision_id"] == record.decision_id
    chain = desk.why(record.order["client_order_id"])
    assert command("why", record.order["client_order_id"], "--json").json["chain"] == json.loads(json.dumps(chain))
    asked = ("backtest", "demo_ma", "--symbol", "FLATUSDT", "--timeframe", "1h", "--param", "fast=5", "--json")
    trial = desk.backtest("demo_ma", "FLATUSDT", "1h", fast=5)
    assert command(*asked).json["trial_id"] == trial.trial_id
    assert (trial.trials_in_family, desk.backtest("demo_ma", "FLATUSDT", "1h", fast=6).trials_in_family) == (1, 2)
    answer = desk.replay(record.decision_id)
    assert (answer.verdict, answer.replayed) == ("identical", (record.decision_id, record.risk["decision_id"]))


def test_a_desk_runs_a_workflow_in_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorum.bootstrap.worker.open_hands", lambda size=None: OwnHands({"agent": agent_task}))
    desk = quorum.Desk.open(home)
    asked: dict[str, typing.Any] = {"symbol": "FLATUSDT", "timeframe": "1h", "as_of": iso(ENTRY)}
    told = desk.run_workflow("realtime_signal_generation", **asked)
    assert (told["status"], told["execution"], told["as_of"]) == ("completed", "notify", iso(ENTRY))
    assert desk.why(told["decision_id"])[0]["kind"] == "consensus"
    traded = desk.run_workflow("realtime_signal_generation", execution="paper", **asked)
    assert (traded["execution"], traded["order"]["status"]) == ("paper", "filled")
    with pytest.raises(NotFound, match="realtime_signal_generation"):
        desk.run_workflow("realtime_signal", **asked)
    with pytest.raises(UsageError, match="needs symbol"):
        desk.run_workflow("realtime_signal_generation")


def test_a_file_with_a_row_that_is_no_bar_is_refused_by_row(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    cells = lines[20].split(",")
    lines[20] = ",".join([cells[0], "0", *cells[2:]])
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="row 20 is no bar: price not positive"):
        quorum.load_bars(file)


def test_what_is_no_bars_is_refused(file: Path) -> None:
    for nothing in (None, file, [1.0, 2.0]):
        with pytest.raises(UsageError, match="load_bars"):
            quorum.backtest("demo_ma", nothing)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="load_bars"):
            quorum.sweep("demo_ma", nothing, {"fast": [5], "slow": [20]})  # type: ignore[arg-type]


def test_a_strategy_from_outside_that_looks_ahead_is_refused(file: Path) -> None:
    bars = quorum.load_bars(file)
    mirror = from_batch("mirror", lambda bars, params: bars.close * 0.0 + 1.0 / len(bars), 2)
    with pytest.raises(InvalidSignal, match="mirror looks ahead on BTCUSDT"):
        quorum.backtest(mirror, bars)
    with pytest.raises(InvalidSignal, match="mirror looks ahead on BTCUSDT"):
        quorum.sweep(mirror, bars)


def test_a_value_alone_is_an_axis_of_one(file: Path) -> None:
    found = quorum.sweep("demo_ma", quorum.load_bars(file), {"fast": 5, "slow": ["20", 30]})
    assert [(c["fast"], c["slow"]) for c in found.combinations] == [(5, 20), (5, 30)]


def test_the_key_of_the_kernels_is_worked_out_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = quorum.load_bars(file)
    quorum.backtest("demo_ma", bars)
    asked: list[Path] = []
    monkeypatch.setattr("quorum.bootstrap.places.cache_kernels", lambda folder: asked.append(folder))
    quorum.backtest("demo_ma", bars)
    quorum.sweep("demo_ma", bars, {"fast": 5, "slow": 20})
    assert asked == []
