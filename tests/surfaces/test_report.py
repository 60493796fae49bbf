"""The pages: complete in themselves, true to their numbers, safe against hostile text, and quick to make."""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quorum.domain import DAY, MINUTE, Side, Vote, WorkspaceError
from quorum.surfaces.report import ChartStory, Command, LedgerCheck, Mark, desk_report, tearsheet, write_page
from quorum.surfaces.report.charts import join_bars, price_chart, thin
from quorum.surfaces.report.page import money, percent, price, ratio
from surfaces.pages import START, Reader, made_bars, made_decision, made_run, made_story

HOSTILE = "</script><script>alert('x')</script><img src=http://evil.example/a onerror=alert(1)>"


@pytest.fixture(scope="module")
def sheet() -> str:
    bars = made_bars(24 * 60)
    return tearsheet(made_run(bars), bars)


@pytest.fixture(scope="module")
def report() -> str:
    return desk_report(made_story())


def test_the_tear_sheet_tells_its_numbers(sheet: str) -> None:
    bars = made_bars(24 * 60)
    done = made_run(bars).performance
    text = Reader(sheet).text
    assert "Final equity 1,015.00 USDT, from 1,000.00" in text
    assert f"Sharpe ratio {done.sharpe:.2f} ± {done.sharpe_se:.2f}" in text
    assert f"Max drawdown {done.max_drawdown:.2%}" in text
    assert "Trades 3 1 still open at the end" in text
    assert "Win rate 50.00% of 2 closed trades" in text
    assert "Profit factor 2.00" in text
    assert "no profit is promised" in text
    assert "one of 12 recorded trials" in text
    assert "Without its 5 best days the account would have ended at 995.05." in text
    for fact in (
        "d" * 64,
        "c" * 64,
        "TRL-7",
        "7.5 bps",
        "next bar's open",
        "50.00% of the equity",
        done.convention,
    ):
        assert fact in text


def test_the_desk_report_tells_its_story(report: str) -> None:
    text = Reader(report).text
    for fact in (
        "1 fill in BTCUSDT for a paper account",
        "from 1,000.00 to 1,012.50 USDT (1.25%)",
        "0.62 ± 0.41",
        "-21.45%",
        "bullish 0.72 × 0.50",
        "no order book",
        "shrunk from 2 to 1 by position_limit",
        "31, with 84 postings",
        "Fees paid -0.75",
        "100.25",
        "quorum why DEC-20240101-001",
        "Recorded prices of two days.",
    ):
        assert fact in text


def test_pages_load_nothing_and_send_nothing(sheet: str, report: str) -> None:
    for page in (sheet, report):
        read = Reader(page)
        assert all(target.startswith(("#", "data:")) for target in read.loads)
        assert {t.removeprefix("#") for t in read.loads if t.startswith("#")} <= set(read.ids)
        assert "default-src 'none'" in page
        assert "@import" not in re.findall(r"<style>.*?</style>", page, re.DOTALL)[0]
        charts = page.count("Plotly.newPlot(")
        assert charts == 2
        assert page.count('"showSendToCloud": false') == charts
        assert page.count("plotly.js v") == 1
        assert len(page) < 8_000_000


def test_hostile_text_stays_text() -> None:
    bad = Vote(HOSTILE, HOSTILE, 1.0, 0.5, HOSTILE)
    bars = replace(made_bars(48), symbol=HOSTILE)
    story = made_story(
        title=HOSTILE,
        notes=(HOSTILE,),
        decisions=(
            made_decision(rationale=HOSTILE, votes=(bad,), verdict=HOSTILE, decision_id=HOSTILE, direction=HOSTILE),
        ),
        charts=(ChartStory(bars, (Mark(int(bars.time[3]), 100.0, Side.SELL, HOSTILE),)),),
        commands=(Command(HOSTILE, HOSTILE),),
    )
    page = desk_report(story)
    read = Reader(page)
    assert read.tags.count("script") == 3  # plotly.js and one for each chart
    assert "img" not in read.tags
    assert "</script><script>alert" not in page
    assert HOSTILE in read.text
    run = replace(made_run(made_bars(48)), strategy=HOSTILE, parameters={HOSTILE: HOSTILE}, trial_id=HOSTILE)
    assert Reader(tearsheet(run, made_bars(48))).tags.count("script") == 3


def test_the_same_input_gives_the_same_bytes(sheet: str, report: str) -> None:
    bars = made_bars(24 * 60)
    assert tearsheet(made_run(bars), bars) == sheet
    assert desk_report(made_story()) == report


def test_a_long_series_is_joined_and_says_so_in_little_time() -> None:
    bars = made_bars(60_000, MINUTE)
    run = made_run(bars, 3_000)
    began = time.process_time()
    page = tearsheet(run, bars)
    assert time.process_time() - began < 3.0
    text = Reader(page).text
    assert "Each candle joins 40 bars of 1m, so that 60,000 bars fit." in text
    assert "The last 1,000 of 5,999 entries and exits are marked." in text
    assert "The last 200 of 3,000 round trips" in text
    assert len(page) < 8_000_000


@pytest.mark.parametrize("n", [1, 3, 5_000])
def test_closes_only_and_zero_trades(n: int) -> None:
    bars = made_bars(n, closes_only=True)
    text = Reader(tearsheet(made_run(bars, 0), bars)).text
    assert "Trades 0 round trips" in text
    assert "never traded" in text
    assert "Closing prices" in text
    assert ("keeps the highs and lows of 5,000 closes" in text) == (n == 5_000)


def test_a_desk_without_any_history_is_said_plainly() -> None:
    nothing = np.empty(0)
    cash = Decimal(1000)
    text = Reader(
        desk_report(
            made_story(
                time=nothing.astype(np.int64),
                equity=nothing,
                charts=(),
                backtests=(),
                decisions=(),
                fills=(),
                steps=(),
                ledger=LedgerCheck(True, 0, 0, cash, cash),
            )
        )
    ).text
    for line in ("no history yet", "No decision was taken", "No backtest was run", "Nothing was filled"):
        assert line in text


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (LedgerCheck(True, 1, 2, Decimal(5), Decimal(5)), "The books balance and equal the broker's"),
        (LedgerCheck(True, 1, 2, Decimal(5), Decimal(4)), "The books differ from the broker's"),
        (LedgerCheck(True, 1, 2, Decimal(5), Decimal(5), ("BTC 1 here, 2 there",)), "BTC 1 here, 2 there"),
        (LedgerCheck(False, 1, 2, Decimal(5), Decimal(5)), "The books do not balance"),
    ],
)
def test_the_ledger_check_is_green_only_when_all_is_well(check: LedgerCheck, says: str) -> None:
    page = desk_report(made_story(ledger=check))
    assert says in Reader(page).text
    assert ('class="check gain"' in page) == (says == "The books balance and equal the broker's")
    assert ("Ledger In balance" in Reader(page).text) == check.passed


def test_a_vote_is_drawn_as_long_as_it_is_sure_and_on_its_side(report: str) -> None:
    assert '<i class="right" style="width: 36.0%; height: 14.0px">' in report
    assert '<i class="left" style="width: 15.0%; height: 9.5px">' in report
    assert '<div class="silent"><span>abstain</span></div>' in report
    assert '<i class="right" style="width: 20.5%; height: 14.0px">' in report


def test_monthly_returns_are_in_their_cells() -> None:
    bars = made_bars(61, DAY)
    run = made_run(bars, 0)
    equity = np.append(np.full(31, 1100.0), np.full(30, 990.0))
    page = tearsheet(replace(run, equity=equity), bars)
    row = re.search(r"<tr><td>2024</td>(.*?)</tr>", page, re.DOTALL)
    assert row
    assert re.findall(r">(-?\d+\.\d)<", row.group(1)) == ["10.0", "-10.0", "0.0", "-1.0"]


def test_a_hundredfold_rise_is_drawn_to_a_logarithmic_scale_and_says_so() -> None:
    bars = made_bars(200)
    steep = replace(bars, close=np.geomspace(1.0, 100.0, 200), open=None, high=None, low=None)
    assert "logarithmic" in price_chart("steep", steep, []).note
    assert '"type":"log"' in price_chart("steep", steep, []).html
    assert '"type":"log"' not in price_chart("flat", bars, []).html


@given(st.integers(1, 400), st.integers(4, 60))
def test_joined_bars_keep_what_candles_say(n: int, most: int) -> None:
    bars = made_bars(n)
    joined = join_bars(bars, most)
    assert len(joined) <= most
    assert joined.open is not None
    assert joined.high is not None
    assert joined.low is not None
    assert joined.volume is not None
    assert bars.open is not None
    assert bars.high is not None
    assert bars.low is not None
    assert (joined.open[0], joined.close[-1]) == (bars.open[0], bars.close[-1])
    assert (joined.high.max(), joined.low.min()) == (bars.high.max(), bars.low.min())
    assert joined.volume.sum() == n


@given(arrays(np.float64, st.integers(1, 500), elements=st.floats(-1e6, 1e6)), st.integers(4, 80))
def test_a_thinned_line_keeps_its_ends_and_extremes(values: np.ndarray, most: int) -> None:
    kept = thin(values, most)
    assert len(kept) <= most
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    assert (values[kept].max(), values[kept].min()) == (values.max(), values.min())
    assert bool(np.all(np.diff(kept) > 0))


def test_a_chart_of_one_bar_with_a_mark() -> None:
    chart = price_chart("one", made_bars(1), [Mark(START, 100.0, Side.BUY, "first")])
    assert "candlestick" in chart.html
    assert "first" in chart.html
    assert chart.note == ""


def test_numbers_as_people_read_them() -> None:
    assert [money(v) for v in (1234.5, Decimal("0.00012345"), 0.0, -0.001, float("nan"))] == [
        "1,234.50",
        "0.0001234",
        "0.00",
        "-0.001",
        "n/a",
    ]
    assert [price(v) for v in (98412.5, 1.5, 0.000012345678, 0)] == ["98,412.50", "1.5", "0.0000123457", "0"]
    assert [percent(v) for v in (0.1234, -1e-9, float("inf"), 250.0)] == ["12.34%", "0.00%", "n/a", "25,000%"]
    assert [ratio(v) for v in (0.617, float("inf"), float("nan"))] == ["0.62", "no losses", "n/a"]


def test_a_page_is_written_whole_into_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "page.html"
    write_page(path, "first")
    write_page(path, "second ± \ud800")
    assert path.read_text(encoding="utf-8") == "second ± ?"
    assert list(path.parent.iterdir()) == [path]


def test_a_refused_write_is_one_line_and_leaves_the_old_page(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_page(path, "old")
    with _files_up_to(10_000), pytest.raises(WorkspaceError) as full:
        write_page(path, "x" * 100_000)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    assert "\n" not in str(full.value)
    with pytest.raises(WorkspaceError, match=r"page\.html"):
        write_page(path / "below.html", "a file is no folder")
    with pytest.raises(WorkspaceError):
        write_page(tmp_path, "a folder is no file")


@contextmanager
def _files_up_to(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
@pytest.mark.parametrize("name", ["report", pytest.param("sheet", marks=pytest.mark.slow)])
def test_a_browser_draws_the_charts_without_complaint(tmp_path: Path, name: str, sheet: str, report: str) -> None:
    path = tmp_path / "page.html"
    path.write_text({"sheet": sheet, "report": report}[name], encoding="utf-8")
    done = _chromium(tmp_path, path.as_uri())
    assert "CONSOLE" not in done.stderr
    assert len(re.findall(r'<div class="plot-container', done.stdout)) == 2
    assert 'class="trace boxes"' in done.stdout


def _chromium(folder: Path, address: str) -> subprocess.CompletedProcess[str]:
    quiet = ["background-networking", "component-update", "sync", "gpu", "extensions"]
    flags = [f"--disable-{name}" for name in quiet]
    return subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--no-first-run",
            *flags,
            "--enable-logging=stderr",
            "--virtual-time-budget=3000",
            f"--user-data-dir={folder / 'profile'}",
            "--dump-dom",
            address,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
