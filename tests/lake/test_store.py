"""A lake keeps every revision, adds nothing twice, finds a series by what people call it, and notices damage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.tables import D1, H1, NOW, START, bars_of, bring, frame, instants, lake_at, text, write
from quorum.domain import (
    DAY,
    HOUR,
    DataError,
    NotFound,
    StoreError,
    Timeframe,
    UsageError,
    VirtualClock,
    WorkspaceError,
)
from quorum.lake import Bars, BarSource, ImportOptions, Lake, MemoryLake
from quorum.lake.disk.merge import compare, overlay

REPEATED = "same time as an earlier row, other values"


def files_of(root: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_bars_come_back_as_they_were(tmp_path: Path) -> None:
    table = frame(100)
    (report,) = bring(tmp_path, write(table, tmp_path / "BTCUSDT.binance.parquet")).symbols
    bars = lake_at(tmp_path).bars("BTCUSDT", H1)
    assert (bars.symbol, bars.venue, bars.timeframe, bars.revision, bars.price_decimals) == (
        "BTCUSDT",
        "binance",
        H1,
        1,
        2,
    )
    for name, column in bars.columns().items():
        assert column.tolist() == table["ts" if name == "time" else name].to_physical().to_list()
        assert column.flags.c_contiguous
        assert not column.flags.writeable
    assert (report.rows, report.rows_added, report.first, report.last) == (100, 100, START, START + 99 * HOUR)
    assert (report.calendar, report.revision, report.price_decimals, report.files) == (
        "24/7",
        1,
        2,
        ("BTCUSDT.binance.parquet",),
    )


def test_a_second_import_of_the_same_file_changes_nothing(tmp_path: Path) -> None:
    table = pl.concat([frame(50), frame(1, price=7.0), frame(1), frame(1, price=-1.0)])
    path = write(table, tmp_path / "X.csv")
    first = bring(tmp_path, path).symbols[0]
    before = files_of(tmp_path / "lake")
    second = bring(tmp_path, path).symbols[0]
    assert files_of(tmp_path / "lake") == before
    assert (first.rows_added, second.rows_added, second.revised, second.revision) == (50, 0, 0, 1)
    for report in (first, second):
        assert (report.rows, report.duplicates, report.out_of_order, report.quarantined) == (50, 1, 2, 2)
        assert report.reasons == {"price not positive": 1, REPEATED: 1}
    rejected = lake_at(tmp_path).quarantine("X", H1)
    assert [(r.reason, r.source, r.row) for r in rejected] == [
        ("price not positive", "X.csv", 53),
        (REPEATED, "X.csv", 51),
    ]
    assert json.loads(rejected[1].raw)["close"] == "7.0"


def test_a_changed_bar_is_a_revision_and_the_old_one_can_still_be_read(tmp_path: Path) -> None:
    clock = VirtualClock(NOW)
    lake = Lake(tmp_path / "lake", clock)
    table = frame(30)
    lake.import_path(write(table, tmp_path / "X.csv"))
    clock.advance_to(NOW + DAY)
    changed = table.with_columns(close=pl.when(pl.col("close") == 101.0).then(101.25).otherwise("close"))
    (report,) = lake.import_path(
        write(pl.concat([changed, frame(2, start=START + 30 * HOUR)]), tmp_path / "X.csv")
    ).symbols
    assert (report.rows, report.rows_added, report.revised, report.revision) == (32, 2, 1, 2)
    assert [(r.time, r.old_close, r.new_close) for r in report.revisions] == [(START + 4 * HOUR, 101.0, 101.25)]
    new, old = lake.bars("X", H1), lake.bars("X", H1, revision=1)
    assert (len(new), new.close[4], new.revision) == (32, 101.25, 2)
    assert (len(old), old.close[4], old.revision) == (30, 101.0, 1)
    assert lake.bars("X", H1, revision=2).data_hash == new.data_hash != old.data_hash
    manifest = json.loads(next((tmp_path / "lake").rglob("manifest.json")).read_bytes())
    assert [(s["revision"], s["rows"], s["known_at"]) for s in manifest["segments"]] == [
        (1, 30, NOW),
        (2, 3, NOW + DAY),
    ]
    assert [len(list((tmp_path / "lake").rglob(f"seg-{r}-*.parquet"))) for r in (1, 2)] == [1, 1]
    for wrong in (0, 3, -1):
        with pytest.raises(NotFound, match="has revisions 1 to 2"):
            lake.bars("X", H1, revision=wrong)


def test_many_small_imports_end_in_the_same_bars_at_every_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quorum.lake.disk.growth.LONGEST_CHAIN", 4)
    table = frame(20)
    lake = lake_at(tmp_path)
    for i in range(10):
        lake.import_path(write(table[: 2 * i + 2], tmp_path / "X.parquet"), ImportOptions(timeframe=H1))
    assert [len(lake.bars("X", H1, revision=r)) for r in range(1, 11)] == list(range(2, 22, 2))
    assert lake.bars("X", H1).close.tolist() == table["close"].to_list()
    segments = json.loads(next((tmp_path / "lake").rglob("manifest.json")).read_bytes())["segments"]
    assert [s["revision"] for s in segments if s["whole"]] == [1, 5, 9], "a long chain is begun anew"


ROWS = st.dictionaries(st.integers(0, 12), st.sampled_from([1.0, 2.0]), max_size=10)


@settings(max_examples=50)
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_merging_is_what_a_dictionary_does(batches: list[dict[int, float]]) -> None:
    state = {"time": np.empty(0, np.int64), "close": np.empty(0)}
    held: dict[int, float] = {}
    for batch in batches:
        times = sorted(batch)
        new = {"time": np.array(times, np.int64), "close": np.array([batch[t] for t in times])}
        change = compare(state, new)
        assert change.added == len(set(batch) - set(held))
        assert new["time"][change.revised_new].tolist() == [t for t in times if held.get(t, batch[t]) != batch[t]]
        assert state["time"][change.revised_old].tolist() == new["time"][change.revised_new].tolist()
        assert set(change.rows["time"].tolist()) == {t for t in times if held.get(t) != batch[t]}
        state = overlay(state, change.rows)
        held |= batch
        assert dict(zip(state["time"].tolist(), state["close"].tolist(), strict=True)) == held
        assert state["time"].tolist() == sorted(held)


def sources(root: Path) -> list[BarSource]:
    """A lake on disk and one in memory with the same bars."""
    lake = lake_at(root)
    for venue, price in (("binance", 100.0), ("binance_usdm.perp", 200.0)):
        lake.import_path(write(frame(5, price=price), root / f"BTCUSDT.{venue}.csv"))
    lake.import_path(write(frame(9, DAY), root / "BTCUSDT.binance.csv"))
    lake.import_path(write(frame(6, price=300.0), root / "BRK.B.csv"))
    lake.import_path(write(frame(6, price=400.0), root / "BRK.B.csv"))
    held = [lake.bars(s.symbol, s.timeframe, s.venue, r) for s in lake.series() for r in range(1, s.revision + 1)]
    return [lake, MemoryLake(*held)]


def test_every_source_of_bars_finds_a_series_by_what_people_call_it(tmp_path: Path) -> None:
    for source in sources(tmp_path):
        assert source.bars("BTCUSDT", H1, "binance").close[0] == 100.0
        assert source.bars("BTCUSDT.binance_usdm.perp", H1).close[0] == 200.0
        assert source.bars("BTCUSDT.binance_usdm.perp", H1).venue == "binance_usdm.perp"
        assert source.bars("BTCUSDT", D1).venue == "binance", "the only venue with days"
        assert (source.bars("BRK.B", H1).symbol, source.bars("BRK.B.local", H1).symbol) == ("BRK.B", "BRK.B")
        assert (source.bars("BRK.B", H1).close[0], source.bars("BRK.B", H1, revision=1).close[0]) == (400.0, 300.0)


def test_every_source_of_bars_says_what_it_has_instead(tmp_path: Path) -> None:
    for source in sources(tmp_path):
        with pytest.raises(UsageError, match=r"several venues: binance, binance_usdm\.perp; say which venue"):
            source.bars("BTCUSDT", H1)
        with pytest.raises(NotFound, match=r"BTCUSDT is there in 1h, 1d, not in 5m.*quorum data import"):
            source.bars("BTCUSDT", Timeframe.parse("5m"))
        with pytest.raises(NotFound, match=r"no bars of BTCUSD in the lake; close to it: BTCUSDT.*quorum data import"):
            source.bars("BTCUSD", H1)
        with pytest.raises(NotFound, match=r"no bars of XXX in the lake, which has BRK\.B\.local, BTCUSDT\.binance"):
            source.bars("XXX", H1)
        with pytest.raises(NotFound, match=r"no bars of BTCUSDT\.kraken"):
            source.bars("BTCUSDT", H1, "kraken")
        with pytest.raises(NotFound, match="revisions"):
            source.bars("BRK.B", H1, revision=7)


def test_an_empty_lake_has_nothing_and_makes_nothing(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    assert lake.series() == ()
    assert lake.check() == ()
    with pytest.raises(NotFound, match="which has none"):
        lake.bars("X", H1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("symbol", ["BTC/USDT", "../up", "BRK.B", "^GSPC", "ES=F", "%2E", "Ünï", "a b", ".", "x" * 60])
def test_any_symbol_has_a_folder_of_its_own_inside_the_lake(tmp_path: Path, symbol: str) -> None:
    path = write(frame(3).with_columns(pl.lit(symbol).alias("symbol")), tmp_path / "all.csv")
    (report,) = bring(tmp_path, path, venue="a.b/c").symbols
    lake = lake_at(tmp_path)
    assert report.symbol == lake.bars(symbol, H1).symbol == symbol
    assert [(s.symbol, s.venue) for s in lake.series()] == [(symbol, "a.b/c")]
    assert lake.series(symbol) == lake.series()
    (folder,) = (tmp_path / "lake" / "bars").iterdir()
    assert [p.parent.parent for p in (tmp_path / "lake").rglob("manifest.json")] == [folder]


def test_the_series_of_a_symbol_are_its_own_and_no_other_is_opened(tmp_path: Path) -> None:
    for symbol in ("BTC", "BTCUSDT", "BRK.B", "BRK"):
        for venue in ("binance", "local"):
            path = write(frame(3).with_columns(pl.lit(symbol).alias("symbol")), tmp_path / "all.csv")
            bring(tmp_path, path, venue=venue)
    lake = lake_at(tmp_path)
    for symbol in ("BTC", "BTCUSDT", "BRK.B", "BRK"):
        assert lake.series(symbol) == tuple(s for s in lake.series() if s.symbol == symbol)
        assert len(lake.series(symbol)) == 2
    assert lake.series("btc") == lake.series("B") == lake.series("") == lake.series("BTC.binance") == ()
    (tmp_path / "lake" / "bars" / "BTC.local" / "1h" / "manifest.json").write_text("damaged")
    assert len(lake.series("BTCUSDT")) == 2
    with pytest.raises(StoreError, match="damaged"):
        lake.series("BTC")


def test_a_series_of_closes_stays_one(tmp_path: Path) -> None:
    path = text(tmp_path / "X.csv", "date,close", "2024-01-02,1.5", "2024-01-03,2", "2024-01-04,2.5")
    (report,) = bring(tmp_path, path).symbols
    bars = lake_at(tmp_path).bars("X", D1)
    assert (report.price_decimals, bars.closes_only, bars.volume, lake_at(tmp_path).series()[0].closes_only) == (
        1,
        True,
        None,
        True,
    )
    with pytest.raises(
        DataError, match=r"X\.parquet: has open, .*the lake holds X\.local 1d with close; import it with"
    ):
        bring(tmp_path, write(frame(5, DAY), tmp_path / "X.parquet"))
    assert len(lake_at(tmp_path).bars("X", D1)) == 3
    write(frame(5, DAY), tmp_path / "both" / "Y.csv")
    text(tmp_path / "both" / "Y.local.csv", "date,close", "2024-01-02,1.5", "2024-01-03,2")
    with pytest.raises(DataError, match=r"Y\.local\.csv has close of Y\.local 1d, Y\.csv has open"):
        bring(tmp_path, tmp_path / "both")


def test_files_of_one_series_merge_and_the_first_of_two_versions_stays(tmp_path: Path) -> None:
    folder = tmp_path / "bars"
    write(frame(10), folder / "X_2024-01-01.csv")
    write(frame(12, price=200.0)[8:], folder / "X_2024-01-02.csv")
    (report,) = bring(tmp_path, folder).symbols
    assert (report.rows, report.quarantined, report.duplicates, report.out_of_order) == (12, 2, 0, 0)
    assert lake_at(tmp_path).bars("X", H1).close[8:].tolist() == [102.0, 102.25, 202.5, 202.75]
    assert {r.source for r in lake_at(tmp_path).quarantine("X", H1)} == {"X_2024-01-02.csv"}


def test_a_calendar_is_found_out_unless_a_person_chose_one(tmp_path: Path) -> None:
    path = write(frame(5, DAY), tmp_path / "X.csv")
    assert bring(tmp_path, path).symbols[0].calendar == "weekdays", "so far, New Year included"
    path = write(frame(20, DAY), tmp_path / "X.csv")
    assert bring(tmp_path, path).symbols[0].calendar == "24/7"
    assert bring(tmp_path, path, calendar="weekdays").symbols[0].calendar == "weekdays"
    assert bring(tmp_path, path).symbols[0].calendar == "weekdays"
    assert lake_at(tmp_path).series()[0].calendar == "weekdays"


def test_check_tells_gaps_flags_quarantine_and_damage(tmp_path: Path) -> None:
    table = frame(60).with_columns(volume=pl.when(pl.int_range(60) < 3).then(0.0).otherwise("volume"))
    bring(tmp_path, write(pl.concat([table[:20], table[25:], frame(1, price=-1.0)]), tmp_path / "X.csv"))
    bring(tmp_path, write(frame(5, DAY), tmp_path / "Y.csv"))
    lake = lake_at(tmp_path)
    (report,) = lake.check("X")
    assert report.sound
    assert report.findings is not None
    assert [(g.start, g.end, g.missing) for g in report.findings.gaps] == [(START + 20 * HOUR, START + 25 * HOUR, 5)]
    assert (report.findings.missing, report.findings.zero_volume_bars) == (5, 3)
    assert report.quarantined == {"price not positive": 1}
    assert [c.series.symbol for c in lake.check()] == ["X", "Y"]
    assert [c.series.symbol for c in lake.check(timeframe=D1)] == ["Y"]
    assert [c.series.symbol for c in lake.check("X.local")] == ["X"]
    with pytest.raises(NotFound, match="close to it: X"):
        lake.check("XX")


@pytest.mark.parametrize("damage", ["change", "cut", "gone", "swap"])
def test_a_damaged_segment_is_named_and_check_says_so(tmp_path: Path, damage: str) -> None:
    bring(tmp_path, write(frame(60), tmp_path / "X.csv"))
    (segment,) = (tmp_path / "lake").rglob("seg-*.parquet")
    whole = segment.read_bytes()
    if damage == "gone":
        segment.unlink()
    elif damage == "swap":
        frame(3).rename({"ts": "time"}).write_parquet(segment)
    else:
        segment.write_bytes(whole[:-100] if damage == "cut" else whole[:-1] + b"x")
    (report,) = lake_at(tmp_path).check()
    assert (report.sound, report.tampered, report.series.rows) == (False, (segment.name,), 60)
    with pytest.raises(DataError) as caught:
        lake_at(tmp_path).bars("X", H1)
    assert str(segment) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_segment_with_one_number_changed_is_noticed_by_check_alone(tmp_path: Path) -> None:
    bring(tmp_path, write(frame(60), tmp_path / "X.csv"))
    (segment,) = (tmp_path / "lake").rglob("seg-*.parquet")
    pl.read_parquet(segment).with_columns(close=pl.col("close") + 0.25).write_parquet(segment)
    (report,) = lake_at(tmp_path).check()
    assert report.tampered == (segment.name,)
    assert report.findings is not None
    assert not report.sound


def test_a_damaged_quarantine_file_is_named_and_the_bars_are_looked_at_all_the_same(tmp_path: Path) -> None:
    bring(tmp_path, write(pl.concat([frame(9), frame(1, price=-1.0)]), tmp_path / "X.csv"))
    (aside,) = (tmp_path / "lake").rglob("quarantine-*.parquet")
    aside.write_bytes(b"gone")
    (report,) = lake_at(tmp_path).check()
    assert (report.tampered, report.quarantined, report.sound) == ((aside.name,), {}, False)
    assert report.findings is not None
    with pytest.raises(DataError, match="is damaged"):
        lake_at(tmp_path).quarantine("X", H1)


def test_a_damaged_or_newer_manifest_is_refused(tmp_path: Path) -> None:
    bring(tmp_path, write(frame(5), tmp_path / "X.csv"))
    manifest = next((tmp_path / "lake").rglob("manifest.json"))
    held = json.loads(manifest.read_bytes())
    for content, error, message in (
        ("{", StoreError, "is damaged"),
        ("[]", StoreError, "is damaged"),
        (json.dumps({"version": 1}), StoreError, "is damaged"),
        (json.dumps(held | {"segments": [{"file": "x"}]}), StoreError, "is damaged"),
        (json.dumps(held | {"version": 99}), WorkspaceError, "version 99, this program knows 1"),
    ):
        manifest.write_text(content)
        with pytest.raises(error, match=message) as caught:
            lake_at(tmp_path).bars("X", H1)
        assert str(manifest) in str(caught.value)


def test_bars_check_what_they_are_given() -> None:
    with pytest.raises(DataError, match="shape"):
        bars_of([1, 2], [1.0])
    with pytest.raises(DataError, match="increasing"):
        bars_of([2, 1], [1.0, 2.0])
    with pytest.raises(DataError, match="come together"):
        bars_of([1, 2], [1.0, 2.0], open=np.ones(2))
    with pytest.raises(DataError, match="give int64 nanoseconds"):
        Bars("X", "test", H1, np.array([1, 2], dtype="datetime64[s]"), np.ones(2))
    whole = bars_of([1, 2], [1.0, 2.0], volume=np.array([3, 4]))
    assert whole.volume is not None
    assert whole.volume.dtype == np.float64


def test_bars_are_cut_by_time_and_seen_when_they_are_closed() -> None:
    bars = bars_of(instants(10).tolist(), list(range(10)))
    assert bars.between(START + HOUR, START + 3 * HOUR).close.tolist() == [1, 2]
    assert len(bars.as_of(START + 3 * HOUR)) == 3
    assert len(bars.as_of(START + 3 * HOUR - 1)) == 2
    assert bars.between(START + HOUR).data_hash == bars.slice(1, 10).data_hash != bars.data_hash
