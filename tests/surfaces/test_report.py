"""The pages: complete in themselves, true to their numbers, safe against hostile text, and quick to make."""

from __future__ import annotations

import re
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from quorum.domain import DAY, MINUTE, Side, UsageError, Vote, WorkspaceError
from quorum.stats import performance
from quorum.surfaces.report import (
    ChartStory,
    Command,
    Evidence,
    LedgerCheck,
    Mark,
    comparison,
    desk_report,
    luck,
    ranking,
    tearsheet,
    write_page,
)
from quorum.surfaces.report.page import money, percent, price, ratio
from surfaces.pages import Reader, chart_of, made_bars, made_decision, made_panel, made_run, made_story

HOSTILE = "</script><script>alert('x')</script><img src=http://evil.example/a onerror=alert(1)>"


@pytest.fixture(scope="module")
def sheet() -> str:
    bars = made_bars(24 * 60)
    return tearsheet(made_run(bars))


@pytest.fixture(scope="module")
def report() -> str:
    return desk_report(made_story())


def test_the_tear_sheet_tells_its_numbers(sheet: str) -> None:
    bars = made_bars(24 * 60)
    run = made_run(bars)
    done = run.performance
    text = Reader(sheet).text
    assert f"Final equity {run.final_equity:,.2f} USDT, from 1,000.00" in text
    assert f"Sharpe ratio {done.sharpe:.2f} ± {done.sharpe_se:.2f}" in text
    assert f"Max drawdown {done.max_drawdown:.2%}" in text
    assert "Trades 3 1 still open at the end" in text
    assert "Hit rate 50.00% of 2 closed trades" in text
    assert "Profit factor 2.00" in text
    assert "no profit is promised" in text
    assert "one of 12 recorded trials" in text
    assert "Without its 5 best days the account would have ended at" in text
    for fact in (
        run.data_hash,
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


def test_a_page_that_tells_some_decisions_says_how_many_there_were() -> None:
    page = Reader(desk_report(made_story(voted=1_395))).text
    assert "1,395 decisions by vote" in page
    assert f"Shown are {len(made_story().decisions)} of 1,395." in page
    assert "Shown are" not in Reader(desk_report(made_story())).text


def test_pages_load_nothing_and_send_nothing(sheet: str, report: str) -> None:
    for page in (sheet, report):
        read = Reader(page)
        assert all(target.startswith(("#", "data:")) for target in read.loads)
        assert {t.removeprefix("#") for t in read.loads if t.startswith("#")} <= set(read.ids)
        assert "default-src 'none'" in page
        assert "@import" not in re.findall(r"<style>.*?</style>", page, re.DOTALL)[0]
        assert not re.search(r"fetch\(|XMLHttpRequest|WebSocket|sendBeacon|https?://", page)
        assert len(page) < 400_000


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
    assert read.tags.count("script") == 3  # the charts' own and one for each chart
    assert "img" not in read.tags
    assert "</script><script>alert" not in page
    assert HOSTILE in read.text
    run = replace(made_run(bars), strategy=HOSTILE, parameters={HOSTILE: HOSTILE}, trial_id=HOSTILE)
    sheet = tearsheet(run, evidence=[Evidence(HOSTILE, HOSTILE, HOSTILE, None, HOSTILE)])
    assert Reader(sheet).tags.count("script") == 4
    assert Reader(comparison([run], {HOSTILE: HOSTILE})).tags.count("script") == 2
    for hostile in (sheet, comparison([run], {HOSTILE: HOSTILE})):
        assert "img" not in Reader(hostile).tags


def test_the_same_input_gives_the_same_bytes(sheet: str, report: str) -> None:
    bars = made_bars(24 * 60)
    assert tearsheet(made_run(bars)) == sheet
    assert desk_report(made_story()) == report


def test_a_long_series_is_there_whole_in_little_time() -> None:
    bars = made_bars(60_000, MINUTE)
    run = made_run(bars, 3_000)
    began = time.process_time()
    page = tearsheet(run)
    assert time.process_time() - began < 3.0
    text = Reader(page).text
    assert "The last 200 of 3,000 round trips" in text
    assert len(page) < 1_000_000
    price = chart_of(page, "price")["data"]
    assert len(price["close"]) == 60_000
    assert len(price["at"]) == 5_999


@pytest.mark.parametrize("n", [1, 3, 5_000])
def test_closes_only_and_zero_trades(n: int) -> None:
    bars = made_bars(n, closes_only=True)
    text = Reader(tearsheet(made_run(bars, 0))).text
    assert "Trades 0 round trips" in text
    assert "never traded" in text
    assert "Closing prices" in text


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
    page = tearsheet(replace(run, equity=equity))
    row = re.search(r"<tr><td>2024</td>(.*?)</tr>", page, re.DOTALL)
    assert row
    assert re.findall(r">(-?\d+\.\d)<", row.group(1)) == ["10.0", "-10.0", "0.0", "-1.0"]


def test_every_gate_of_the_evidence_is_a_row_with_its_verdict() -> None:
    run = made_run(made_bars(48))
    gates = [
        Evidence("deflated Sharpe", "0.31", "above 0.95", False, "2014"),
        Evidence("PBO", "0.1", "0.5", True, "2017"),
    ]
    gates.append(Evidence("walk-forward", "n/a", "8 of 12", None, "rules"))
    text = Reader(tearsheet(run, evidence=gates)).text
    assert (
        "deflated Sharpe 0.31 above 0.95 failed 2014 PBO 0.1 0.5 passed 2017 walk-forward n/a 8 of 12 undecided" in text
    )
    assert "No gate was asked." in Reader(tearsheet(run, evidence=[])).text
    assert "evidence-section" not in tearsheet(run)


def test_many_symbols_have_contributions_and_no_candles() -> None:
    panel = made_panel(120, 30)
    text = Reader(page := tearsheet(made_run(panel, 40))).text
    assert "sma_cross on 30 symbols" in text
    assert "The best and the worst ten of 30." in text
    assert "Price and trades" not in text
    assert chart_of(page, "exposure")["data"]["y2"].max() == 1.0
    assert "buy and hold, equal parts" in text


def test_a_ruined_account_has_a_page_like_any_other() -> None:
    bars = made_bars(24 * 90)
    equity = np.linspace(1000.0, -500.0, len(bars))
    run = replace(made_run(bars), equity=equity, performance=performance(bars.time, equity, 1000.0))
    text = Reader(tearsheet(run)).text
    assert "Total return -150.00%" in text
    assert "Sharpe ratio n/a" in text
    assert "sma_cross" in Reader(comparison([run, made_run(bars)])).text


def test_what_is_odd_about_the_bars_stands_on_the_page() -> None:
    bars = made_bars(24 * 30)
    kept = np.delete(np.arange(len(bars)), [100, 101])
    cut = {name: column[kept] for name, column in bars.columns().items()}
    text = Reader(tearsheet(made_run(replace(bars, **cut)))).text
    assert "missing bars" in text
    assert "2 bars missing until 2024-01-05T06:00:00" in text
    assert "Nothing odd was found" in Reader(tearsheet(made_run(bars))).text


def test_strategies_are_ranked_by_sharpe_and_the_best_is_deflated() -> None:
    bars = made_bars(24 * 60)
    good, bad = made_run(bars, 9, (9.0, -3.0)), replace(made_run(bars, 9, (3.0, -9.0)), strategy="worse")
    idle = replace(made_run(bars, 0), strategy="idle")
    assert [(r.rank, r.strategy) for r in ranking([idle, bad, good])] == [(1, "sma_cross"), (2, "worse"), (3, "idle")]
    chance = luck([idle, bad, good])
    assert chance.trials == 36
    best = ranking([good])[0]
    assert chance.deflated < best.probability
    assert luck([replace(good, trials_in_family=None)]).luckiest == 0.0
    page = comparison([idle, bad, good], {"rotation": "it takes 2 symbols or more, not 1"})
    text = Reader(page).text
    assert f"sma_cross on BTCUSDT leads with a Sharpe ratio of {best.sharpe:.2f} ± {best.sharpe_se:.2f} a year." in text
    assert "The luckiest of 36 trials without any skill" in text
    assert "rotation it takes 2 symbols or more, not 1" in text
    drawn = chart_of(page, "equity")
    assert [s["name"] for s in drawn["panes"][0]["series"]] == ["Buy and hold", "sma_cross", "worse", "idle"]
    assert drawn["data"]["y1"][-1] == pytest.approx(good.final_equity / 1000 - 1)
    assert comparison([idle, bad, good], {"rotation": "it takes 2 symbols or more, not 1"}) == page
    with pytest.raises(UsageError):
        comparison([])


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
