"""Tables of every layout become the same bars; what is no table of bars is refused in one line that helps."""

from __future__ import annotations

import gzip
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from lake.tables import D1, H1, START, bring, frame, instants, lake_at, text, write
from quorum.domain import DAY, HOUR, MINUTE, DataError, QuorumError, Timeframe, iso
from quorum.lake import ImportOptions, NotBars, Rejected
from quorum.lake.tables import read_parts
from quorum.lake.tables.names import read_name
from quorum.lake.tables.spacing import find_timeframe, opens

ROWS = ("100,101,99,100.5,7", "100.5,102,100,101.5,8", "101.5,103,101,102.5,9")
CLOSES = [100.5, 101.5, 102.5]
HOURS = ("2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00")


def closes(path: Path, **options: Any) -> list[float]:
    (part,) = read_parts(path, path.name, ImportOptions(**options))
    return part.columns["close"].tolist()


def csv(path: Path, header: str, delimiter: str = ",", **options: Any) -> list[float]:
    lines = [f"{t},{r}".replace(",", delimiter) for t, r in zip(HOURS, ROWS, strict=True)]
    return closes(text(path, *([header] if header else []), *lines), **options)


@pytest.mark.parametrize(
    "header",
    [
        "ts,open,high,low,close,volume",
        "Date,Open,High,Low,Close,Volume",
        "Open time,Open,High,Low,Close,Volume",
        "open_time,o,h,l,c,v",
        "Gmt time,OPEN,HIGH,LOW,CLOSE,VOLUME",
        "<DATETIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>",
        "timestamp,open,high,low,price,qty",
        "T,Open,High,Low,Last,base_volume",
        "datetime,Open,High,Low,Adj Close,Volume BTC",
        ",Open,High,Low,Close,Volume",
        "",
    ],
)
def test_columns_are_known_by_their_names_with_any_delimiter(tmp_path: Path, header: str) -> None:
    for delimiter in (",", ";", "\t", "|"):
        assert csv(tmp_path / "X.csv", header.replace(",", delimiter), delimiter) == CLOSES


def test_klines_without_header_are_known_by_their_twelve_columns(tmp_path: Path) -> None:
    lines = [f"{t // 10**6},{r},0,0,0,0,0,0" for t, r in zip(instants(3), ROWS, strict=True)]
    (part,) = read_parts(text(tmp_path / "BTCUSDT-1h-2024-01.csv", *lines), "f", ImportOptions())
    assert part.columns["close"].tolist() == CLOSES
    assert part.columns["volume"].tolist() == [7, 8, 9]
    assert (str(part.series), part.time[0]) == ("BTCUSDT.local 1h", START)


def test_a_title_line_bom_quotes_and_blank_lines_do_not_matter(tmp_path: Path) -> None:
    lines = [f'"{t}",{r}' for t, r in zip(HOURS, ROWS, strict=True)]
    path = tmp_path / "X.csv"
    head = ["﻿https://www.example.org", '"date",open,high,low,close,volume']
    path.write_text("\n".join([*head, *lines[:2], "", lines[2], "", "# end"]))
    assert closes(path) == CLOSES
    packed = tmp_path / "X.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert closes(packed) == CLOSES
    path.write_bytes(path.read_text().removeprefix("﻿").encode("utf-16"))
    assert closes(path) == CLOSES


def test_a_date_column_and_a_clock_column_are_one_time(tmp_path: Path) -> None:
    lines = [f"2024.01.01\t{hour:02}:00:00\t1\t2\t1\t2\t5" for hour in (9, 10, 11)]
    path = text(tmp_path / "EURUSD_H1.csv", "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>", *lines)
    (part,) = read_parts(path, "f", ImportOptions())
    assert [iso(int(t)) for t in part.time] == [f"2024-01-01T{h:02}:00:00Z" for h in (9, 10, 11)]


def test_layouts_of_known_programs_are_read(tmp_path: Path) -> None:
    stooq = ("<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>", "A.US,60,20240102,93000,1,2,1,1.5,5")
    (part,) = read_parts(text(tmp_path / "a.us.txt", *stooq), "f", ImportOptions(timeframe=H1))
    assert (part.series.symbol, iso(int(part.time[0]))) == ("A.US", "2024-01-02T09:30:00Z")
    yfinance = ("Price,Close,High,Low,Open,Volume", "Ticker,A,A,A,A,A", "Date,,,,,", "2024-01-02,1.5,2,1,1,5")
    (part,) = read_parts(text(tmp_path / "data.csv", *yfinance), "f", ImportOptions(timeframe=D1))
    assert (part.series.symbol, part.columns["close"].tolist()) == ("A", [1.5])
    metatrader = ("2024.01.02,03:00,1,2,1,1.5,5", "2024.01.02,04:00,1,2,1,1.5,5")
    (part,) = read_parts(text(tmp_path / "EURUSD60.csv", *metatrader), "f", ImportOptions())
    assert [iso(int(t)) for t in part.time] == ["2024-01-02T03:00:00Z", "2024-01-02T04:00:00Z"]
    title = "https://www.example.org"
    header = "unix,date,symbol,open,high,low,close,Volume BTC,Volume USDT"
    newest_first = [f"{t},x,BTC/USDT,1,2,1,1.5,{i},900" for i, t in enumerate((1704074400000, 1704070800000))]
    (part,) = read_parts(text(tmp_path / "Binance_BTCUSDT_1h.csv", title, header, *newest_first), "f", ImportOptions())
    assert (str(part.series), part.columns["volume"].tolist()) == ("BTC/USDT.local 1h", [0, 1])


def test_a_decimal_comma_is_read_when_a_value_proves_it(tmp_path: Path) -> None:
    header = "date;open;high;low;close;volume"
    assert closes(text(tmp_path / "X.csv", header, "02.01.2024;1;2;1;1,5;5", "03.01.2024;1;2;1;1,250;5")) == [1.5, 1.25]
    with pytest.raises(DataError, match="price missing or no number"):
        closes(
            text(
                tmp_path / "X.csv",
                header,
                "02.01.2024;1,000;2,000;1,000;1,500;5",
                "03.01.2024;1,000;2,000;1,000;1,250;5",
            )
        )


@pytest.mark.parametrize("kind", [pl.Decimal(18, 4), pl.Decimal(38, 18), pl.Int64, pl.Float32, pl.String])
def test_numbers_of_any_type_become_float64(tmp_path: Path, kind: Any) -> None:
    table = frame(4, price=1000.0).with_columns(pl.col("open", "high", "low", "close", "volume").round().cast(kind))
    (part,) = read_parts(write(table, tmp_path / "X.parquet"), "f", ImportOptions())
    assert part.columns["close"].dtype == "float64"
    assert part.columns["close"].tolist() == [1000.0, 1000.0, 1000.0, 1001.0]


def test_long_decimals_are_rounded_once(tmp_path: Path) -> None:
    exact = Decimal("42283.580000000000000001")
    table = pl.DataFrame(
        {"date": ["2024-01-01", "2024-01-02"], "close": pl.Series([exact] * 2, dtype=pl.Decimal(38, 18))}
    )
    assert closes(write(table, tmp_path / "X.parquet")) == [float(exact)] * 2


def test_closes_alone_make_a_series_and_an_adjusted_close_serves_only_without_a_close(tmp_path: Path) -> None:
    path = text(tmp_path / "X.csv", "date,Adj Close,close", "2024-01-02,1,2", "2024-01-03,3,4")
    (part,) = read_parts(path, "f", ImportOptions())
    assert {n: c.tolist() for n, c in part.columns.items()} == {"close": [2.0, 4.0]}
    path = text(tmp_path / "X.csv", "date,Adj Close", "2024-01-02,1", "2024-01-03,3")
    assert closes(path) == [1.0, 3.0]
    assert closes(text(tmp_path / "X.csv", "day,nav", "2024-01-02,1", "2024-01-03,3"), columns={"close": "nav"}) == [
        1,
        3,
    ]


def test_an_empty_volume_column_counts_as_absent(tmp_path: Path) -> None:
    table = frame(3).with_columns(pl.lit(None, dtype=pl.Float64).alias("volume"))
    (part,) = read_parts(write(table, tmp_path / "X.parquet"), "f", ImportOptions())
    assert "volume" not in part.columns
    assert not part.rejected


def test_one_file_may_hold_many_symbols(tmp_path: Path) -> None:
    table = pl.concat([frame(3, DAY).with_columns(pl.lit(s).alias("Ticker")) for s in ("BBB", "AAA", "BRK.B")])
    path = write(table.sample(fraction=1.0, shuffle=True, seed=1), tmp_path / "prices.csv")
    report = bring(tmp_path, path)
    assert [(s.symbol, s.venue, s.rows) for s in report.symbols] == [
        ("AAA", "local", 3),
        ("BBB", "local", 3),
        ("BRK.B", "local", 3),
    ]
    assert len(lake_at(tmp_path).bars("BRK.B", D1)) == 3
    (part,) = read_parts(path, "f", ImportOptions(symbol="BBB"))
    assert part.series.symbol == "BBB"


@pytest.mark.parametrize(
    ("name", "symbol", "venue", "timeframe"),
    [
        ("BTCUSDT.binance.parquet", "BTCUSDT", "binance", None),
        ("BTCUSDT.binance_usdm.perp_1h.parquet", "BTCUSDT", "binance_usdm.perp", "1h"),
        ("BTCUSDT.binance_usdm.mark_1h.parquet", "BTCUSDT", "binance_usdm.mark", "1h"),
        ("AAPL.csv", "AAPL", "local", None),
        ("BTC-USDT_1h.csv", "BTC-USDT", "local", "1h"),
        ("BTCUSDT_1h.csv", "BTCUSDT", "local", "1h"),
        ("BTCUSDT-1h-2024-01.csv", "BTCUSDT", "local", "1h"),
        ("BTCUSDT-1m-2024-01-05.csv.gz", "BTCUSDT", "local", "1m"),
        ("BTCUSDT.1h.csv", "BTCUSDT", "local", "1h"),
        ("BTCUSDT_20240101_20240201.csv", "BTCUSDT", "local", None),
        ("EURUSD_M15.csv", "EURUSD", "local", "15m"),
        ("EURUSD_15M.csv", "EURUSD", "local", "15m"),
        ("BTCUSDT_daily.csv", "BTCUSDT", "local", "1d"),
        ("1INCHUSDT.binance.parquet", "1INCHUSDT", "binance", None),
        ("BRK.B.csv", "BRK.B", "local", None),
        ("^GSPC.csv", "^GSPC", "local", None),
        ("BTCUSDT_1M.csv", "BTCUSDT", "local", None),
        ("1d_AAPL.csv", "AAPL", "local", "1d"),
    ],
)
def test_names_tell_symbol_venue_and_timeframe(name: str, symbol: str, venue: str, timeframe: str | None) -> None:
    found = read_name(Path(name))
    assert (found.symbol, found.venue) == (symbol, venue)
    assert found.timeframe == (timeframe and Timeframe.parse(timeframe))


def test_months_of_one_series_become_one_series(tmp_path: Path) -> None:
    folder = tmp_path / "klines"
    for month, first in (("02", START + 31 * DAY), ("01", START)):
        write(frame(48, HOUR, first), folder / f"BTCUSDT-1h-2024-{month}.csv")
    (report,) = bring(tmp_path, folder).symbols
    assert (report.rows, report.gaps, report.missing, report.out_of_order) == (96, 1, 29 * 24, 0)
    assert report.files == ("BTCUSDT-1h-2024-01.csv", "BTCUSDT-1h-2024-02.csv")


def spaced(*hours: int, asked: str | None = None, named: str | None = None) -> str:
    times = START + HOUR * np.asarray(hours, dtype=np.int64)
    said = [Timeframe.parse(t) if t else None for t in (asked, named)]
    return str(find_timeframe([times], *said, "f.csv"))


def test_the_timeframe_is_what_most_bars_are_apart() -> None:
    assert spaced(0, 1, 2, 5, 6) == "1h"
    assert spaced(6, 2, 1, 0, 5) == "1h"
    assert spaced(0, 24, 48, 120) == "1d", "a weekend"
    assert spaced(0, 24, 96) == "1d", "half of the distances, and it divides the rest"
    assert spaced(0, 168, 336) == "7d"
    assert spaced(0, named="1h") == spaced(0, asked="1h") == "1h"
    assert spaced(0, 1, 2, asked="1h", named="4h") == "1h"
    assert spaced(0, 7, 19, 50, asked="1h") == "1h", "bars of a thinly traded share"


@pytest.mark.parametrize(
    ("hours", "said", "message"),
    [
        ((0,), {}, "1 time .2024-01-01T00:00:00Z. does not tell how long a bar is; say the timeframe"),
        ((0, 1, 8, 10, 13), {}, "no common distance; say the timeframe"),
        ((0, 1, 2), {"asked": "4h"}, "most bars are 1h apart, the timeframe asked for says 4h"),
        ((0, 1, 2), {"named": "15m"}, "most bars are 1h apart, its name says 15m; say the timeframe"),
        ((0, 1, 3, 4, 6), {"asked": "1d"}, "most bars are less apart|most bars are 1h apart"),
        ((0, 744, 1440, 2184), {}, "months apart"),
    ],
)
def test_an_unclear_or_contradicted_timeframe_is_refused(hours: Any, said: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        spaced(*hours, **said)


@pytest.mark.parametrize("late", [0, 1, 1_000, 1_000_000, 1_000_000_000])
def test_closes_of_any_precision_are_taken_back_to_opens(late: int) -> None:
    closes = instants(5) + HOUR - late
    assert opens(closes, H1).tolist() == instants(5).tolist()


def test_a_file_stamped_with_closes_is_imported_by_its_opens(tmp_path: Path) -> None:
    table = frame(5).with_columns(pl.col("ts").dt.offset_by("1h"))
    bring(tmp_path, write(table, tmp_path / "X.parquet"), time_is="close")
    assert lake_at(tmp_path).bars("X", H1).time.tolist() == instants(5).tolist()


FINE = "2024-01-01,1,2,1,2,5"
BAD = {
    "empty.csv": ("", "is empty"),
    "header.csv": ("ts,open,high,low,close,volume\n", "is empty .ts, open.*0 rows"),
    "prose.csv": ("Dear reader\nthis is no table\n", "is no table, it begins with 'Dear reader'"),
    "binary.csv": ("a,b\0,c\n1,2,3\n", "is no text"),
    "noclose.csv": ("ts,foo,bar\n2024-01-01,1,2\n", "no column for close among ts, foo, bar.*`--column close=NAME`"),
    "notime.csv": ("open,high,low,close\n1,2,1,2\n", "no column for time"),
    "half.csv": ("ts,open,close\n2024-01-01,1,2\n", "no column for high and low"),
    "seven.csv": (f"{FINE},7\n{FINE},7\n", "has no header and 7 columns; add a header"),
    "twice.csv": ("ts,close,Close\n2024-01-01,1,2\n", "'close' and 'Close' both look like close"),
    "ragged.csv": ("ts,close\n2024-01-01,1\n2024-01-02,1,2\n", "is no table that can be read .*more fields"),
    "junk.csv": (
        "ts,close\n2024-01-01,abc\n2024-01-02,-1\n",
        "none of its 2 rows is a bar .*price missing or no number: 1",
    ),
    "nosymbol.csv": ("ts,close,ticker\n2024-01-01,1,A\n2024-01-02,1,\n", "1 rows have no ticker .row 2"),
    "single.csv": ("ts,close\n2024-01-01,1\n", "does not tell how long a bar is; say the timeframe"),
    "X.funding.csv": ("ts,funding_rate\n2024-01-01,0.0001\n", "holds funding rates, no bars"),
    "trades.csv": ("ts,trade_id,price,qty,side\n2024-01-01,1,2,3,1\n", "holds trades, no bars"),
    "book.csv": ("ts,bid,ask\n2024-01-01,1,2\n", "holds an order book, no bars"),
    "1h.csv": (f"ts,open,high,low,close,volume\n{FINE}\n", "neither a column nor its name tells the symbol"),
    "bad.parquet": ("PAR1 but not really PAR1", "is no table that can be read"),
    "bad.csv.gz": ("no gzip", "cannot be read"),
    "bars.xlsx": ("x", "is of no known kind; give a file that ends in"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_bad_file_is_refused_in_one_line_that_names_it(tmp_path: Path, name: str) -> None:
    content, message = BAD[name]
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        bring(tmp_path, path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert not (tmp_path / "lake").exists(), "nothing is made for a file that is refused"


def test_a_path_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        bring(tmp_path, tmp_path / "missing.csv")
    write(frame(3), tmp_path / "folder" / ".hidden" / "X.csv")
    text(tmp_path / "folder" / "notes.md", "no table")
    with pytest.raises(DataError, match="no table in this folder"):
        bring(tmp_path, tmp_path / "folder")


def test_one_wrong_file_of_a_folder_is_named_and_nothing_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "bars"
    write(frame(5), folder / "A.csv")
    text(folder / "deep.csv", "ts,foo", "2024-01-01,1")
    text(folder / "later.csv", "")
    with pytest.raises(DataError, match=r"deep.csv: no column for close.*1 more cannot be taken: later.csv"):
        bring(tmp_path, folder)
    assert not (tmp_path / "lake").exists()


def test_other_kinds_of_tables_in_a_folder_are_passed_over_and_reported(tmp_path: Path) -> None:
    write(frame(5), tmp_path / "bars" / "A.csv")
    text(tmp_path / "bars" / "A.funding.csv", "ts,funding_rate", "2024-01-01,0.0001")
    report = bring(tmp_path, tmp_path / "bars")
    assert [s.symbol for s in report.symbols] == ["A"]
    assert [s.file for s in report.skipped] == ["A.funding.csv"]
    assert "funding rates" in report.skipped[0].reason
    with pytest.raises(NotBars):
        bring(tmp_path, tmp_path / "bars" / "A.funding.csv")


def test_a_symbol_without_a_sound_row_is_passed_over_and_reported(tmp_path: Path) -> None:
    good = frame(3, DAY).with_columns(pl.lit("A").alias("symbol"))
    bad = frame(3, DAY, price=-50.0).with_columns(pl.lit("B").alias("symbol"))
    report = bring(tmp_path, write(pl.concat([good, bad]), tmp_path / "all.csv"))
    assert [s.symbol for s in report.symbols] == ["A"]
    assert "B.local 1d: none of its 3 rows is a bar (price not positive: 3)" in report.skipped[0].reason
    assert [s.symbol for s in lake_at(tmp_path).series()] == ["A"]


def test_rows_that_are_no_bars_keep_their_number_and_their_words(tmp_path: Path) -> None:
    path = text(tmp_path / "X.csv", "ts,close", "2024-01-01,1", "2024-01-02,n/a", "never,3", "2024-01-04,4")
    (part,) = read_parts(path, "X.csv", ImportOptions())
    assert part.rejected == (
        Rejected("price missing or no number", "X.csv", 2, '{"ts": "2024-01-02", "close": "n/a"}'),
        Rejected("time unreadable", "X.csv", 3, '{"ts": "never", "close": "3"}'),
    )
    assert part.row.tolist() == [1, 4]


@pytest.mark.parametrize("cut", [10, 900])
def test_a_damaged_parquet_file_never_escapes_as_a_foreign_error(tmp_path: Path, cut: int) -> None:
    path = write(frame(50), tmp_path / "X.parquet")
    whole = bytearray(path.read_bytes())
    for damaged in (bytes(whole[:cut]), bytes(whole[:-cut]), bytes(whole[:cut] + b"\0" * 40 + whole[cut + 40 :])):
        path.write_bytes(damaged)
        with suppress(QuorumError):
            bring(tmp_path, path)


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 240, 1440, 10080])
def test_bars_of_any_length_are_recognised(tmp_path: Path, minutes: int) -> None:
    (report,) = bring(tmp_path, write(frame(40, minutes * MINUTE), tmp_path / "X.csv")).symbols
    assert report.timeframe == Timeframe(minutes * MINUTE)
    assert (report.rows, report.gaps, report.off_grid, report.quarantined) == (40, 0, 0, 0)
