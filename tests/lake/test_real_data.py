"""Real bars: those that come with libraries, and those beside the checkout, whose defects are known."""

from __future__ import annotations

import time
from pathlib import Path

import polars as pl
import pytest

from lake.tables import D1, H1, bring, lake_at, write
from quorum.domain import NotFound, Timeframe, iso
from quorum.lake import index_bars, sample_bars, stock_closes
from quorum.lake.calendars import detect_calendar, find_gaps, xnys

HOURLY = {  # symbol: rows, gaps, missing hours, as crypto/SOURCES.md says
    "ADAUSDT": (58732, 25, 88),
    "AVAXUSDT": (37462, 10, 20),
    "BCHUSDT": (44622, 15, 32),
    "BTCUSDT": (61246, 27, 122),
    "DOGEUSDT": (48112, 18, 44),
    "DOTUSDT": (38285, 10, 20),
    "ETHUSDT": (61246, 27, 122),
    "LINKUSDT": (52178, 20, 60),
    "LTCUSDT": (61246, 27, 122),
    "NEARUSDT": (36935, 10, 20),
    "SOLUSDT": (38470, 10, 20),
    "TRXUSDT": (57405, 25, 88),
    "XRPUSDT": (58320, 25, 88),
}


def test_the_samples_are_there_without_a_network() -> None:
    indices, shares = index_bars(), stock_closes()
    assert (list(indices), len(shares)) == (["SP500", "NASDAQ"], 20)
    assert all(len(b) == 5031 and not b.closes_only and b.volume is not None for b in indices.values())
    assert all(len(b) == 8313 and b.closes_only for b in shares.values())
    first = indices["SP500"].row(0)
    assert (iso(first.time), first.close) == ("1999-01-04T00:00:00Z", 1228.099976)
    assert sample_bars("AAPL").data_hash == shares["AAPL"].data_hash
    for bars in (indices["NASDAQ"], shares["XOM"]):
        assert detect_calendar(bars.time, D1) == "XNYS"
        assert not find_gaps(bars.time, D1, "XNYS"), "the exchange's calendar knows every holiday since 1990"
    with pytest.raises(NotFound, match="AAPL"):
        sample_bars("APPL")


@pytest.mark.real_data
def test_hours_have_the_gaps_that_the_exchange_had(shared: Path, tmp_path: Path) -> None:
    report = bring(tmp_path, shared / "data/crypto/bars_1h")
    assert {s.symbol: (s.rows, s.gaps, s.missing) for s in report.symbols} == HOURLY
    assert all((s.venue, s.timeframe, s.calendar) == ("binance", H1, "24/7") for s in report.symbols)
    assert all(s.quarantined == s.duplicates == s.off_grid == 0 for s in report.symbols)
    (check,) = lake_at(tmp_path).check("BTCUSDT")
    assert check.findings is not None
    worst = max(check.findings.gaps, key=lambda g: g.missing)
    assert (iso(worst.start), iso(worst.end), worst.missing) == ("2018-02-08T01:00:00Z", "2018-02-09T10:00:00Z", 33)


@pytest.mark.real_data
def test_days_have_none(shared: Path, tmp_path: Path) -> None:
    report = bring(tmp_path, shared / "data/crypto/bars_1d")
    assert len(report.symbols) == 13
    assert all((s.timeframe, s.calendar) == (D1, "24/7") for s in report.symbols)
    assert all(s.gaps == s.quarantined == s.off_grid == 0 for s in report.symbols)


@pytest.mark.real_data
def test_a_year_of_minutes_is_read_at_once(shared: Path, tmp_path: Path) -> None:
    (report,) = bring(tmp_path, shared / "data/crypto/bars_1m/BTCUSDT.binance.parquet").symbols
    assert (report.rows, report.gaps, report.quarantined, report.price_decimals) == (527_040, 0, 0, 2)
    lake = lake_at(tmp_path)
    lake.bars("BTCUSDT", Timeframe.parse("1m"))
    before = time.process_time()
    bars = lake.bars("BTCUSDT", Timeframe.parse("1m"))
    assert time.process_time() - before < 0.5, "about 0.04 s of CPU on an idle machine"
    assert (len(bars), bars.close.flags.writeable) == (527_040, False)


@pytest.mark.real_data
def test_perpetuals_and_marks_do_not_collide_and_funding_is_passed_over(shared: Path, tmp_path: Path) -> None:
    report = bring(tmp_path, shared / "data/crypto/perp")
    assert {(s.symbol, s.venue, s.rows) for s in report.symbols} == {
        ("BTCUSDT", "binance_usdm.mark", 44053),
        ("BTCUSDT", "binance_usdm.perp", 46591),
        ("ETHUSDT", "binance_usdm.mark", 44053),
        ("ETHUSDT", "binance_usdm.perp", 44681),
    }
    assert len(report.skipped) == 5
    assert all("funding" in s.file and "funding rates" in s.reason for s in report.skipped)


@pytest.mark.real_data
def test_shares_as_listed_then_have_the_holes_that_they_have(shared: Path, tmp_path: Path) -> None:
    some = pl.read_parquet(shared / "data/equities/prices_pit_2015_2017.parquet", n_rows=6_000)
    report = bring(tmp_path, write(some, tmp_path / "prices.parquet"))
    assert {s.symbol for s in report.symbols} == set(some["ticker"])
    assert all((s.venue, s.timeframe, s.quarantined) == ("local", D1, 0) for s in report.symbols)
    sessions = xnys(2017).day.astype("datetime64[ns]").astype("datetime64[D]")
    for s in report.symbols:
        held = some.filter(pl.col("ticker") == s.symbol)["date"].to_numpy()
        due = sessions[(sessions >= held.min()) & (sessions <= held.max())]
        assert s.missing == len(due) - len(held), "all sessions of the file but those the share lacks"
    assert sum(s.missing for s in report.symbols) > 0
