"""The chapter of risk and execution: orders, limits that bit, a lost reply, the end, and both sides of the books."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from quorum.domain import Side
from quorum.surfaces.report import (
    Agreement,
    ClosedStory,
    ExecutionStory,
    LimitLine,
    LostStory,
    Mark,
    SentLine,
    desk_report,
)
from surfaces.pages import Reader, chart_of, made_bars, made_story

D = Decimal
HOSTILE = "</td><script>alert('x')</script><img src=http://evil.example/a onerror=alert(1)>"
BARS = made_bars(48)
TEN = D(10)
BOUGHT = SentLine("2024-01-01", "QAAA", "buy", TEN, D(5), D(5), D("99.5"), D("0.0125"), "BTC", "entry", "filled")
STORY = ExecutionStory(
    strategy_id="STR-001",
    name="dip",
    summary="20 % of account practice",
    approval_id="APR-1",
    deployment_id="DEP-1",
    venue="a simulated Alpaca",
    account="practice",
    currency="USD",
    bars=BARS,
    marks=(Mark(int(BARS.time[5]), 99.5, Side.BUY, "buy 5 at 99.5"),),
    orders=(BOUGHT, replace(BOUGHT, client_order_id="QBBB", filled=D(0), price=None, status="cancelled")),
    limits=(
        LimitLine("DEC-1", "shrunk", TEN, D(5), "cut from 10 to 5 by max_order_notional"),
        LimitLine("DEC-2", "vetoed", TEN, D(0), "no room for an order"),
    ),
    lost=LostStory("QAAA", ("sent", "unknown", "filled"), 1),
    closed=ClosedStory("account practice (BLACK)", 2, ("5 BTC/USD",), (), (), 0.125),
    slippage_bps=1.03,
    statement=(("capital paid in", D(100_000)), ("cash", D("99516.25"))),
    agreed=(Agreement("orders", "2", "2"), Agreement("cash, USD", "99516.25", "99516.25")),
    postings=62,
    differences=(),
)


def test_the_chapter_tells_orders_limits_the_lost_reply_the_end_and_the_books() -> None:
    page = desk_report(made_story(execution=STORY))
    text = Reader(page).text
    for fact in (
        "Then STR-001 was deployed, and traded 1 time at a simulated Alpaca, until all was closed",
        "20 % of account practice ( DEP-1 , by APR-1 )",
        "1.0 basis points worse than the prices that were decided at",
        "buy 10 5 5 99.5 0.0125 BTC entry filled QAAA",
        "DEC-1 shrunk 10 5 cut from 10 to 5 by max_order_notional",
        "DEC-2 vetoed 10 0 no room for an order",
        "sent → unknown → filled",
        "accepted once, by its journal",
        "5 BTC/USD, 2 orders cancelled, in 0.12 seconds",
        "Left nothing",
        "capital paid in 100,000.00",
        "The books balance and equal the venue's, to the last unit",
        "62 postings were audited from their raw rows. Reconciliation found no difference.",
    ):
        assert fact in text, fact
    assert chart_of(page, "execution")["kind"] == "candles"
    assert "Risk and execution" not in Reader(desk_report(made_story())).text


def test_what_went_wrong_is_said() -> None:
    twice = replace(STORY, lost=replace(STORY.lost, accepted=2), slippage_bps=None, limits=())  # type: ignore[type-var]
    left = replace(twice, closed=replace(STORY.closed, failed=("BTC/USD: it does not trade",), notes=("dust",)))
    differs = replace(left, agreed=(Agreement("cash, USD", "1", "2"),), differences=("cash differs by 1",))
    text = Reader(desk_report(made_story(execution=differs))).text
    for fact in (
        "accepted 2 times, by its journal",
        "Left BTC/USD: it does not trade (dust)",
        "Books and venue differ",
        "cash differs by 1",
        "the venue's journal differs from that",
    ):
        assert fact in text, fact
    for left_out in ("Reconciliation found no difference", "Where a limit bit", "Slippage"):
        assert left_out not in text


def test_a_chapter_without_trades_is_whole() -> None:
    bare = replace(STORY, bars=BARS.slice(0, 0), marks=(), orders=(), limits=(), lost=None)
    text = Reader(desk_report(made_story(execution=bare))).text
    assert "traded 0 times" in text
    assert "A reply that was lost" not in text


def test_hostile_words_stay_words() -> None:
    line = replace(BOUGHT, time=HOSTILE, client_order_id=HOSTILE, side=HOSTILE, fee_in=HOSTILE, why=HOSTILE)
    bad = replace(
        STORY,
        **dict.fromkeys(("strategy_id", "name", "summary", "approval_id", "deployment_id", "venue"), HOSTILE),
        orders=(replace(line, status=HOSTILE),),
        limits=(LimitLine(HOSTILE, HOSTILE, TEN, TEN, HOSTILE),),
        lost=LostStory(HOSTILE, (HOSTILE,), 1),
        closed=ClosedStory(HOSTILE, 0, (HOSTILE,), (HOSTILE,), (HOSTILE,), 0.0),
        statement=((HOSTILE, TEN),),
        agreed=(Agreement(HOSTILE, HOSTILE, HOSTILE),),
        differences=(HOSTILE,),
    )
    clean, found = (Reader(desk_report(made_story(execution=s))) for s in (STORY, bad))
    assert "img" not in found.tags
    assert found.tags.count("script") == clean.tags.count("script")
