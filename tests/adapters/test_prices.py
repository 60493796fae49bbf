"""The venue's prices are the lake's, from the finest bars that reach far enough."""

from __future__ import annotations

import gc
import weakref
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from quorum.adapters.process import LakeChart, LakePrices
from quorum.domain import HOUR, MINUTE, NotFound, SystemClock, iso, parse_instant
from quorum.execution.simulated import Range
from quorum.lake import Lake

D = Decimal
START = parse_instant("2024-06-03")


def bars(name: str, step: int, count: int, *, opens: bool = True, volume: bool = True, start: int = START) -> str:
    """The text of a table whose bar i opens at 100 + i and closes at 100.5 + i."""
    names = ["time", *(("open", "high", "low") if opens else ()), "close", *(("volume",) if volume else ())]
    lines = [",".join(names)]
    for i in range(count):
        ohl = [f"{100 + i}", f"{101 + i}", f"{99 + i}"] if opens else []
        lines.append(",".join([iso(start + i * step), *ohl, f"{100.5 + i}", *(["7.25"] if volume else [])]))
    return "\n".join(lines) + "\n"


def prices(folder: Path, **tables: str) -> LakePrices:
    folder.mkdir(exist_ok=True)
    lake = Lake(folder / "lake", SystemClock())
    for name, text in tables.items():
        file = folder / f"{name}.csv"
        file.write_text(text)
        lake.import_path(file)
    return LakePrices(lake)


def test_prints_are_the_opens_from_the_first_instant_to_the_last_both_included(tmp_path: Path) -> None:
    venue = prices(tmp_path, XUSDT_1h=bars("x", HOUR, 10))
    trades = list(venue.prints("XUSDT", START + HOUR, START + 3 * HOUR))
    assert [(t.symbol, t.time, t.price, t.quantity) for t in trades] == [
        ("XUSDT", START + i * HOUR, Decimal(100 + i), Decimal("7.25")) for i in (1, 2, 3)
    ]
    assert not list(venue.prints("XUSDT", START + HOUR + 1, START + 2 * HOUR - 1))
    assert not list(venue.prints("XUSDT", START + 99 * HOUR, START + 999 * HOUR))


def test_without_opens_a_print_is_a_close_known_when_its_bar_ends(tmp_path: Path) -> None:
    venue = prices(tmp_path, XUSDT_1h=bars("x", HOUR, 5, opens=False, volume=False))
    (trade,) = venue.prints("XUSDT", START, START + HOUR)
    assert (trade.time, trade.price, trade.quantity) == (START + HOUR, Decimal("100.5"), 0)


def test_the_finest_bars_that_reach_the_instant_are_taken_and_else_the_latest(tmp_path: Path) -> None:
    fine, coarse = bars("x", MINUTE, 60), bars("x", HOUR, 30)
    venue = prices(tmp_path, XUSDT_1m=fine, XUSDT_1h=coarse)
    assert str(venue.series("XUSDT", START + 30 * MINUTE).timeframe) == "1m"
    assert str(venue.series("XUSDT", START + 2 * HOUR).timeframe) == "1h"
    assert str(venue.series("XUSDT", START + 99 * HOUR).timeframe) == "1h"
    first, second = list(venue.prints("XUSDT", START + 10 * MINUTE, START + 11 * MINUTE))
    assert (first.price, second.price) == (Decimal(110), Decimal(111))


def test_bars_that_come_later_are_seen(tmp_path: Path) -> None:
    venue = prices(tmp_path, XUSDT_1h=bars("x", HOUR, 5))
    assert len(list(venue.prints("XUSDT", START, START + 99 * HOUR))) == 5
    (tmp_path / "XUSDT_1h.csv").write_text(bars("x", HOUR, 8))
    Lake(tmp_path / "lake", SystemClock()).import_path(tmp_path / "XUSDT_1h.csv")
    assert len(list(venue.prints("XUSDT", START, START + 99 * HOUR))) == 8


def test_a_print_has_the_digits_of_its_bar(tmp_path: Path) -> None:
    text = "time,open,high,low,close,volume\n" + "\n".join(
        f"{iso(START + i * HOUR)},0.1,0.3,0.1,0.2,1e-7" for i in range(3)
    )
    trades = list(prices(tmp_path, XUSDT_1h=text).prints("XUSDT", START, START + HOUR))
    assert [(t.price, t.quantity) for t in trades] == [(Decimal("0.1"), Decimal("1E-7"))] * 2
    assert all(type(t.time) is int and not isinstance(t.price, np.generic) for t in trades)


def test_a_symbol_without_bars_is_not_found(tmp_path: Path) -> None:
    venue = prices(tmp_path, XUSDT_1h=bars("x", HOUR, 5))
    with pytest.raises(NotFound, match="the lake has no prices of YUSDT; import them with `quorum data import`"):
        venue.prints("YUSDT", START, START)


def test_a_chart_tells_how_far_a_bar_went_once_it_has_ended(tmp_path: Path) -> None:
    chart = prices(tmp_path, XUSDT_1h=bars("x", HOUR, 3)).chart("XUSDT", START)
    told = [bar for _, bar in chart.bars(START, START + 2 * HOUR)]
    assert told == [Range(START, D(100), D(101), D(99)), Range(START + HOUR, D(101), D(102), D(100)), None]
    assert not list(chart.bars(START + HOUR, START))
    closes = prices(tmp_path / "closes", YUSDT_1h=bars("y", HOUR, 3, opens=False)).chart("YUSDT", START)
    assert [(t.time, bar) for t, bar in closes.bars(START, START + HOUR)] == [(START + HOUR, None)]


def test_bars_that_come_later_leave_the_edition_and_others_do_not(tmp_path: Path) -> None:
    venue = prices(tmp_path, XUSDT_1h=bars("x", HOUR, 5))
    lake, first = Lake(tmp_path / "lake", SystemClock()), venue.chart("XUSDT", START)

    def brought(text: str) -> LakeChart:
        (tmp_path / "XUSDT_1h.csv").write_text(text)
        lake.import_path(tmp_path / "XUSDT_1h.csv")
        return venue.chart("XUSDT", START)

    assert brought(bars("x", HOUR, 5)) is first
    later = brought(bars("x", HOUR, 8))
    assert (len(later.held), later.edition) == (8, first.edition)
    before = brought(bars("x", HOUR, 1, start=START - HOUR))
    assert before.edition != first.edition
    revised = brought(bars("x", HOUR, 8).replace("102.5", "102.6"))
    assert revised.edition not in (first.edition, before.edition)


def test_only_the_newest_bars_of_a_series_are_kept_and_nothing_of_others_is_read(tmp_path: Path) -> None:
    venue = prices(tmp_path, XUSDT_1h=bars("x", HOUR, 5), YUSDT_1h=bars("y", HOUR, 5))
    kept = weakref.ref(venue.series("XUSDT", START))
    (tmp_path / "lake" / "bars" / "YUSDT.local" / "1h" / "manifest.json").write_text("damaged")
    (tmp_path / "XUSDT_1h.csv").write_text(bars("x", HOUR, 6))
    Lake(tmp_path / "lake", SystemClock()).import_path(tmp_path / "XUSDT_1h.csv")
    assert len(venue.series("XUSDT", START)) == 6
    gc.collect()
    assert kept() is None
