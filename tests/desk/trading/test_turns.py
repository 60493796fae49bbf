"""Turns of deployed strategies: the backtest's trades on paper, once each, whoever runs them and however often."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from desk.trading.practice import SPAN, START, Plan, at, backtested, deploy_all, fills, home_with, market, rounded
from quorum.bootstrap import open_desk
from quorum.desk import Desk, books
from quorum.desk.deploying import Word, pause, resume
from quorum.desk.trading.turns import (
    Streams,
    Turn,
    attributions,
    beside_baseline,
    retire_and_close,
    tell_bands,
    trade_turn,
    undeploy_and_close,
)
from quorum.domain import Halt, OrderKind, Scope, Severity, Timeframe
from quorum.engine import Terms, drive
from quorum.signals import SpecStrategy, read_spec

FIRST, LAST = 44, 118
WORD = Word("ada", "a test")
UP = {
    "name": "with_the_wave",
    "indicators": {"a": "sma(close, 3)", "b": "sma(close, 8)"},
    "long": "a > b",
    "exit_long": "a < b",
}
DOWN = {**UP, "name": "against_the_wave", "long": "a < b", "exit_long": "a > b"}
STOPPED = {**UP, "name": "with_a_stop", "trail": "1.4"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_desk(home_with(tmp_path, market(), market("ETHUSDT", 5)))


def play(desk: Desk, first: int = FIRST, last: int = LAST, streams: Streams | None = None) -> list[Turn]:
    """A turn at the close of each bar."""
    streams = streams or Streams(desk)
    return [trade_turn(desk, streams, paper=True, clock=at(i)) for i in range(first, last)]


def test_paper_trades_as_the_backtest_does_and_the_books_equal_the_venue(desk: Desk) -> None:
    deploy_all(desk, Plan())
    turns = play(desk)
    assert not [turn.errors for turn in turns if turn.errors]
    expected = [f for f in backtested(desk, 0.3) if START + FIRST * SPAN < f[0] <= START + LAST * SPAN]
    assert rounded(fills(desk)) == expected
    assert len(expected) >= 3
    report = books(desk, "paper", at(LAST))
    assert report.balanced, (report.differences, report.audit.faults)


def test_a_restart_at_each_bar_and_a_turn_twice_change_nothing(desk: Desk) -> None:
    deploy_all(desk, Plan())
    for i in range(FIRST, 50):
        fresh = open_desk(desk.workspace.home)
        trade_turn(fresh, Streams(fresh), paper=True, clock=at(i))
        again = trade_turn(desk, Streams(desk), paper=True, clock=at(i))
        assert again.orders == []
    last = START + 51 * SPAN
    assert rounded(fills(desk)) == [f for f in backtested(desk, 0.3) if START + FIRST * SPAN < f[0] < last]


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(desk: Desk) -> None:
    deploy_all(desk, Plan())
    play(desk, FIRST, 47)
    before = desk.rows(("intent", "decision", "strategy_target", "mark"))
    turn = trade_turn(desk, Streams(desk), paper=False, clock=at(47))
    assert [order["side"] for order in turn.orders] == ["buy"]
    assert desk.rows(("intent", "decision", "strategy_target", "mark")) == before
    assert trade_turn(desk, Streams(desk), paper=True, clock=at(47)).trades == 1


def test_strategies_of_one_account_are_netted_and_each_has_its_own(desk: Desk) -> None:
    plans = [
        Plan(UP, share=0.15),
        Plan(share=0.1),
        Plan(DOWN, share=0.1),
        Plan(symbols=("ETHUSDT", "BTCUSDT"), share=0.2),
    ]
    ids = deploy_all(desk, *plans)
    crossed = [cross for turn in play(desk) for cross in turn.crosses]
    shared = [o for o in desk.orders.of("paper") if len(o.intent.parts) > 1]
    assert shared
    assert crossed
    report = books(desk, "paper", at(LAST))
    assert report.balanced, (report.differences, report.audit.faults)
    found = attributions(desk)
    assert {one.strategy_id for one in found} == set(ids)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        mine = sum(one.quantity for one in found if one.symbol == symbol)
        assert mine == report.book.quantity(symbol)
    whole = report.book.equity - report.book.funded
    assert sum(one.profit for one in found) == pytest.approx(whole, abs=Decimal("0.0001"))
    slipped = [one.slippage_bps for one in found if one.slippage_bps is not None]
    assert all(Decimal(-200) < bps < Decimal(200) for bps in slipped)


def test_a_stop_rests_at_the_venue_moves_and_is_not_entered_again(desk: Desk) -> None:
    deploy_all(desk, Plan(STOPPED, share=0.3))
    turns = play(desk)
    assert not [turn.errors for turn in turns if turn.errors]
    stops = [o for o in desk.orders.of("paper") if o.intent.terms.kind is OrderKind.STOP]
    assert len({o.intent.terms.trigger for o in stops}) > 3
    entries = [o for o in desk.orders.of("paper") if o.intent.purpose == "target"]
    held = desk.rows(("strategy_target",))["strategy_target"]
    assert len(held) == 1
    assert len({o.intent.created_at for o in entries}) == len(entries)
    report = books(desk, "paper", at(LAST))
    assert report.balanced, (report.differences, report.audit.faults)
    open_now = desk.orders.of("paper", only_open=True)
    assert sum(o.remaining for o in open_now) <= abs(report.book.quantity("BTCUSDT"))


def test_a_stop_inside_of_a_bar_fills_as_in_the_backtest(desk: Desk) -> None:
    deploy_all(desk, Plan(STOPPED, share=0.3))
    play(desk, FIRST, 119)
    stops = {o.intent.client_order_id for o in desk.orders.of("paper") if o.intent.terms.kind is OrderKind.STOP}
    bars = desk.lake.bars("BTCUSDT", Timeframe.parse("4h"), "sim")
    left = [f for f in fills(desk) if f.client_order_id in stops]
    inside = [f for f in left if float(f.price) != float(bars.open[(f.time - START) // SPAN]) * (1 - 0.0002)]
    assert inside
    terms = Terms(fill="next_open_presized", size=0.3, fee_bps=10, slippage_bps=2)
    known = {"BTCUSDT": desk.settings.instruments.instrument(bars)}
    driven = drive(bars, SpecStrategy(read_spec(STOPPED)), {}, terms, desk.limits("paper"), known).backtest.fills
    exits = {(f.time, f.price) for f in driven if f.quantity < 0}
    assert {(f.time, float(f.price)) for f in inside} <= exits


def test_a_paused_one_keeps_what_it_holds_and_a_halted_one_only_lets_go(desk: Desk) -> None:
    (one,) = deploy_all(desk, Plan())
    play(desk, FIRST, 50)
    pause(desk, one, WORD)
    assert all(not turn.orders for turn in play(desk, 66, 72))
    resume(desk, one, WORD)
    (left,) = [turn for turn in play(desk, 75, 77) if turn.orders]
    assert [order["purpose"] for order in left.orders] == ["reduction"]  # what was decided meanwhile, late
    halt = Halt(Scope.STRATEGY, one, Severity.RED, "a test", "ada", at(90).now())
    desk.halts.raise_(halt)
    assert all(not turn.orders for turn in play(desk, 92, 95))
    desk.halts.lift(halt, "ada", "looked at it")
    assert [o["side"] for turn in play(desk, 130, 138) for o in turn.orders] == ["buy"]


@pytest.mark.parametrize("act", [retire_and_close, undeploy_and_close])
def test_who_leaves_with_close_sells_what_it_holds_and_no_more(desk: Desk, act: object) -> None:
    one, other = deploy_all(desk, Plan(), Plan(UP, share=0.1))
    play(desk, FIRST, 50)
    before = {a.strategy_id: a.quantity for a in attributions(desk)}
    told = act(desk, one, WORD, "close", at(50))  # type: ignore[operator]
    assert told["left"] == {}
    now = {a.strategy_id: a.quantity for a in attributions(desk)}
    assert now == {one: Decimal(0), other: before[other]}
    assert all(not turn.orders for turn in play(desk, 51, 60))


def test_outside_of_its_band_people_are_told_once_a_day(desk: Desk) -> None:
    deploy_all(desk, Plan())
    play(desk)
    for _ in range(2):
        found = beside_baseline(desk, at(LAST))
        tell_bands(desk, found, at(LAST))
    (beside,) = found
    assert (beside.word, beside.days) == ("outside", 12)
    told = [n for n in desk.outbox.listed(100) if n.notice.occurrence.event == "alert"]
    assert len(told) == 1
    assert told[0].notice.severity is Severity.YELLOW


def test_one_strategy_that_breaks_leaves_the_others_alone(desk: Desk) -> None:
    broken, sound = deploy_all(desk, Plan(symbols=("NOTHERE",)), Plan())
    turns = play(desk, FIRST, 50)
    assert set(turns[-1].errors) == {broken}
    assert {a.strategy_id for a in attributions(desk)} == {sound}
