"""docs/guides/strategies-life.md: its lines run, its table of keys says what the settings say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import polars as pl
import pytest

from desk.keys import keys
from quorum.desk.settings.validation import ValidationFile
from quorum.domain import DAY, HOUR, Timeframe, parse_instant
from quorum.lake import synthetic_market
from surfaces.cli.commands import Quorum

DAYS = 420


@pytest.fixture(scope="module")
def guide(checkout: Path) -> str:
    return (checkout / "docs" / "guides" / "strategies-life.md").read_text(encoding="utf-8")


def test_its_lines_run_from_an_idea_to_a_decision(
    guide: str, bare: Quorum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUORUM_HOME", raising=False)
    (tmp_path / "bars").mkdir()
    start = parse_instant("2020-01-01T00:00:00Z")
    drawn = synthetic_market(5, ("BTCUSDT", "ETHUSDT"), Timeframe.parse("4h"), start, DAYS * DAY // (4 * HOUR))
    for symbol, bars in drawn.items():
        columns = {name: getattr(bars, name) for name in ("time", "open", "high", "low", "close", "volume")}
        table = pl.DataFrame(columns).with_columns(pl.from_epoch("time", "ns"))
        table.write_parquet(tmp_path / "bars" / f"{symbol}.binance_4h.parquet")
    lines = [line for block in re.findall(r"```console\n(.*?)```", guide, re.DOTALL) for line in block.splitlines()]
    assert len(lines) > 8
    for line in lines:
        program, *words = shlex.split(line, comments=True)
        assert program == "quorum"
        said = bare(*words)
        assert said.code == 0, f"{line}: {said.err}"
    told = bare("queue", "show", "--json").json
    assert {one["strategy_id"] for one in told["strategies"]} == {"STR-001", "STR-002"}
    assert not [one for one in told["strategies"] if one["status"] == "PENDING" or "VALIDATING" in one["status"]]
    home = tmp_path / ".quorum"
    assert (home / "pipeline" / "parallel-validation-metrics.yaml").exists()
    assert (home / "knowledge" / "strategies" / "STR-001" / "backtest-results" / "L0_results.yaml").exists()


def test_the_table_of_keys_has_each_key_with_its_default(guide: str) -> None:
    section = guide[guide.index("## What may be set") : guide.index("## What is written")]
    rows = {}
    for names, defaults in re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", section, re.MULTILINE):
        words = [word.replace("…", "timeout_multiplier") for word in re.findall(r"`([^`]+)`", names)]
        rows |= dict(zip(words, defaults.split(", "), strict=True))
    known = {key.removeprefix("parallel_validation."): key for key in keys(ValidationFile)}
    assert set(rows) == set(known)
    values = ValidationFile().model_dump()["parallel_validation"]
    for name, told in rows.items():
        value = values
        for step in name.split("."):
            value = value[step]
        assert (str(value).lower() == told) if isinstance(value, bool) else (float(told) == value), name
