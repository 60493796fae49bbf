"""Breakers among deployed strategies: halts that the desk follows, stops that move, parts that close, resumes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from desk.offices import change
from desk.trading.practice import Plan, at, deploy_all, home_with, market
from quorum.bootstrap import open_desk
from quorum.desk import Desk, books
from quorum.desk.deploying import Word
from quorum.desk.guarding import Watched, check_strategy, clusters_of, watch_book
from quorum.desk.guarding.acting import tightened_stops
from quorum.desk.guarding.histories import strategy_histories
from quorum.desk.notices import Event
from quorum.desk.system import SystemState
from quorum.desk.trading.halting import Range, resume_trading
from quorum.desk.trading.turns import Streams, Turn, trade_turn
from quorum.domain import (
    DAY,
    BrokerError,
    Choice,
    Clock,
    DecisionKind,
    Hold,
    Order,
    OrderIntent,
    OrderKind,
    OrderStatus,
    OrderTerms,
    Position,
    Proposal,
    Purpose,
    Scope,
    Severity,
    Side,
)
from quorum.execution import Broker, BrokerOrder, Sender, make_intent
from quorum.execution.ledger import entry_of_adjustment
from quorum.risk import RAISED_BY, Asked
from quorum.validation.life import Status

FIRST = 44
WORD = Word("ada", "looked at it")
STOPPED = {
    "name": "with_a_stop",
    "indicators": {"a": "sma(close, 3)", "b": "sma(close, 8)"},
    "long": "a > b",
    "exit_long": "a < b",
    "trail": "4.0",
}
LIVE = (
    "insert into worth (account, strategy_id, day, opened, highest, lowest, latest, peak, deepest, funded, resumed, at)"
    " values ('paper', ?, ?, '0', '0', '0', ?, '0', '0', ?, 0, 0)"
)
NAMES = ("halve_at", "no_entries_at", "black_at", "close_all_at")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_with(tmp_path, market(), market("ETHUSDT", 5))


def limited(home: Path, *falls: float, **more: float | str) -> Desk:
    """A desk whose breakers stand at these falls, in the order of the ladder; the last one for the rest of it."""
    ladder = dict(zip(NAMES, (*falls, *([falls[-1]] * 4)), strict=False))
    lines = "".join(f"    {name}: {at}\n" for name, at in {**ladder, **more}.items())
    (home / "config" / "risk.yaml").write_text(f"books:\n  crypto:\n{lines}  equities: {{}}\n", encoding="utf-8")
    return open_desk(home)


def play(desk: Desk, first: int, last: int) -> list[Turn]:
    streams = Streams(desk)
    return [trade_turn(desk, streams, paper=True, clock=at(i)) for i in range(first, last)]


def entered(desk: Desk, *plans: Plan) -> tuple[list[str], int]:
    """The strategies at work until they hold something, and the bar after."""
    ids, streams = deploy_all(desk, *plans), Streams(desk)
    for i in range(FIRST, 120):
        trade_turn(desk, streams, paper=True, clock=at(i))
        if held(desk):
            return ids, i + 1
    raise AssertionError("nothing was bought")


def held(desk: Desk, symbol: str = "BTCUSDT") -> Decimal:
    with desk.accounts.transaction("paper") as transaction:
        return transaction.book().quantity(symbol)


def holdings(desk: Desk) -> dict[str, Decimal]:
    with desk.accounts.transaction("paper") as transaction:
        return {name: one.quantity for (name, _), one in transaction.holdings().items() if one.quantity}


def fallen(desk: Desk, i: int, by: str) -> Watched:
    """A look at the book after everybody has seen it worth so much more: a fall without a market that falls."""
    watch_book(desk, "paper", at(i))
    rows = desk.rows(("worth",))["worth"]
    top = max(Decimal(row["peak"]) for row in rows if not row["strategy_id"]) / (1 - Decimal(by))
    change(desk.workspace.home, "update worth set peak = ? where strategy_id = ''", (str(top),))
    return watch_book(desk, "paper", at(i))


def resting(desk: Desk) -> list[Order]:
    return [o for o in desk.orders.of("paper", only_open=True) if o.intent.terms.kind is OrderKind.STOP]


def told(desk: Desk, event: Event) -> list[str]:
    return [one.notice.occurrence.summary for one in desk.outbox.listed(100) if one.notice.occurrence.event == event]


def test_black_by_a_breaker_halts_the_desk_tells_people_and_a_person_resumes(home: Path) -> None:
    desk = limited(home, 0.1, 0.15, 0.2, 0.25)
    _, i = entered(desk, Plan())
    seen = fallen(desk, i, "0.21")
    assert seen.breaker.severity is Severity.BLACK
    assert desk.states.current().state is SystemState.HALTED
    assert any(said.startswith("the desk is halted: account paper has fallen 2") for said in told(desk, Event.HALTED))
    done = resume_trading(desk, Range(), WORD)
    assert (done["state"], done["standing"]) == ("operational", [])
    after = watch_book(desk, "paper", at(i))
    assert (after.breaker.at, after.around.peak_equity) == (0, after.book.equity)
    assert desk.states.current().state is SystemState.OPERATIONAL


def test_a_strategy_s_own_breaker_stops_its_entries_not_its_exits_until_it_is_resumed(home: Path) -> None:
    desk = limited(home, 0.5)
    ((one, other), i) = entered(desk, Plan(share=0.2), Plan(STOPPED, ("ETHUSDT",), 0.2))
    assert watch_book(desk, "paper", at(i)).stopped == ()
    change(home, "update worth set peak = '4000' where strategy_id = ?", (one,))
    assert watch_book(desk, "paper", at(i)).stopped == (one,)
    (halt,) = [halt for halt in desk.halts.standing() if halt.of == one]
    assert (halt.scope, halt.severity, halt.by) == (Scope.STRATEGY, Severity.RED, RAISED_BY)
    assert "(strategy_red_at)" in halt.reason
    assert any(one in said for said in told(desk, Event.DRAWDOWN_WARNING))
    assert desk.life.queue.get(one).status is Status.PAPER
    looked = {name: check_strategy(desk, name) for name in (one, other)}
    assert [looked[name]["verdict"]["may_open"] for name in (one, other)] == [False, True]
    assert any("(strategy_red_at)" in reason for reason in looked[one]["verdict"]["reasons"])
    assert {"max_strategy", "strategy_red_at"} == {use["limit"] for use in looked[one]["limits"]}
    assert watch_book(desk, "paper", at(i)).stopped == ()
    later, until = list[str](), i
    while one in holdings(desk):
        later += [order["client_order_id"] for turn in play(desk, until, until + 4) for order in turn.orders]
        until += 4
    intents = [desk.orders.get(name).intent for name in later]
    assert {i.purpose for i in intents if one in {part.strategy_id for part in i.parts}} == {Purpose.REDUCTION}
    done = resume_trading(desk, Range(Scope.STRATEGY, one), WORD)
    assert [told["of"] for told in done["resumed"]] == [one]
    assert one not in watch_book(desk, "paper", at(until)).stopped
    with desk.accounts.transaction("paper") as transaction:
        around = transaction.around(transaction.book(), at(until).now(), Asked("", one, Decimal("0.2")))
    assert around.strategy_drawdown == 0
    assert other in desk.life.queue.get(other).strategy_id


def test_stops_that_rest_at_the_venue_are_tightened_in_the_same_look_and_the_next_turn_leaves_them(home: Path) -> None:
    desk = limited(home, 0.1, 0.15, 0.2, 0.25)
    _, i = entered(desk, Plan(STOPPED))
    play(desk, i, i + 1)
    (before,) = resting(desk)
    seen = fallen(desk, i, "0.16")
    (after,) = resting(desk)
    level = tightened_stops(desk, "paper")["BTCUSDT"]
    assert before.intent.terms.trigger is not None
    assert after.intent.terms.trigger == level > before.intent.terms.trigger
    assert (after.remaining, after.intent.parts[0].strategy_id) == (held(desk), before.intent.parts[0].strategy_id)
    assert seen.done is not None
    assert (seen.done["stops_moved"], seen.done["failed"]) == ([after.intent.client_order_id], {})
    assert watch_book(desk, "paper", at(i)).done is None
    assert [o.intent.client_order_id for o in resting(desk)] == [after.intent.client_order_id]
    (turn,) = play(desk, i, i + 1)
    assert (turn.orders, turn.errors) == ([], {})
    assert [o.intent.terms.trigger for o in resting(desk)] == [level]


def test_what_was_tightened_in_a_fall_that_was_resumed_is_not_tight_in_the_next_one(home: Path) -> None:
    desk = limited(home, 0.1, 0.15, 0.2, 0.25)
    _, i = entered(desk, Plan(STOPPED))
    play(desk, i, i + 1)
    fallen(desk, i, "0.16")
    assert tightened_stops(desk, "paper")
    resume_trading(desk, Range(everything=True), WORD)
    assert tightened_stops(desk, "paper") == {}
    fallen(desk, i + 1, "0.21")
    assert tightened_stops(desk, "paper") == {}


def test_a_part_is_closed_of_those_whose_it_is_and_the_stop_rests_on_what_is_left_at_once(home: Path) -> None:
    desk = limited(home, 0.1, 0.15, 0.2, 0.25)
    ((one, other), i) = entered(desk, Plan(STOPPED, share=0.2), Plan(share=0.1))
    play(desk, i, i + 1)
    before, whole = holdings(desk), held(desk)
    assert set(before) == {one, other}
    seen = fallen(desk, i, "0.21")
    assert seen.done is not None
    assert seen.done["failed"] == {}
    after = holdings(desk)
    assert sum(after.values()) == held(desk) == pytest.approx(whole / 2, abs=Decimal("0.00001"))
    for name in before:
        assert after[name] == pytest.approx(before[name] / 2, abs=Decimal("0.00002"))
    (stop,) = resting(desk)
    assert (stop.remaining, stop.intent.parts[0].strategy_id) == (after[one], one)
    deeper = fallen(desk, i, "0.26")
    assert deeper.done is not None
    assert (holdings(desk), held(desk), resting(desk)) == ({}, 0, [])
    report = books(desk, "paper", at(i))
    assert report.balanced, (report.differences, report.audit.faults)


def test_strategies_that_stand_against_each_other_are_both_flat_when_everything_is_closed(home: Path) -> None:
    short = {"name": "short", "indicators": STOPPED["indicators"], "short": "a > b", "exit_short": "a < b"}
    desk = limited(home, 0.1, 0.15, 0.2, 0.25, allow_short="true")
    _, i = entered(desk, Plan(share=0.25), Plan(short, share=0.1))
    play(desk, i, i + 1)
    signs = {quantity > 0 for quantity in holdings(desk).values()}
    assert signs == {True, False}
    done = fallen(desk, i, "0.26").done
    assert done is not None
    assert done["failed"] == {}
    assert (holdings(desk), held(desk)) == ({}, 0)
    report = books(desk, "paper", at(i))
    assert report.balanced, (report.differences, report.audit.faults)


def test_open_entries_are_cancelled_by_black_and_protective_stops_stay(home: Path) -> None:
    desk = limited(home, 0.1, 0.15, 0.2, 0.25)
    _, i = entered(desk, Plan(STOPPED))
    play(desk, i, i + 1)
    now = at(i).now()
    wish = Proposal(
        purpose=Purpose.PLAN,
        account="paper",
        symbol="ETHUSDT",
        side=Side.BUY,
        quantity=Decimal(1),
        price=Decimal(50),
        as_of=now,
        expires=now + DAY,
        key="an entry far below",
        origin="",
    )
    intent = replace(
        make_intent(wish, wish.quantity, Decimal(50), "", 0, now), terms=OrderTerms(OrderKind.LIMIT, Hold.GTC)
    )
    with desk.accounts.transaction("paper") as transaction:
        decided = transaction.record(Choice(DecisionKind.RISK, "ETHUSDT", now, {}, {}, "in a test")).decision_id
        order = transaction.intend(replace(intent, decision_id=decided))
    assert desk.sender("paper", at(i)).send(order).status is OrderStatus.ACCEPTED
    done = fallen(desk, i, "0.21").done
    assert done is not None
    assert done["cancelled"] == [intent.client_order_id]
    assert desk.orders.get(intent.client_order_id).status is OrderStatus.CANCELLED
    assert len(resting(desk)) == 1


def test_a_holding_without_bars_is_named_and_closed_or_told_that_it_is_not(home: Path) -> None:
    desk = limited(home, 0.1, 0.15, 0.2, 0.25)
    _, i = entered(desk, Plan())
    with desk.accounts.transaction("paper") as transaction:
        entry = entry_of_adjustment("paper", "position", "NOBARSUSDT", Decimal(10), (at(i).now(), "given"))
        transaction.adopt(entry, Position("NOBARSUSDT", Decimal(10), Decimal(500)))
    seen = fallen(desk, i, "0.26")
    assert seen.unpriced == ("NOBARSUSDT",)
    assert held(desk) == 0
    assert any("NOBARSUSDT" in said for said in told(desk, Event.DATA_UNAVAILABLE))
    assert seen.done is not None
    (why,) = seen.done["failed"].values()
    assert "NOBARSUSDT" in why
    assert any("NOBARSUSDT" in said for said in told(desk, Event.DRAWDOWN_WARNING))
    assert watch_book(desk, "paper", at(i + 1)).done is None


@dataclass(frozen=True)
class Refusing:
    """A venue that takes no order."""

    inner: Broker

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        raise BrokerError("not now")


def test_a_closing_that_failed_too_often_is_told_and_keeps_nobody_from_going_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quorum.desk.guarding.closing.ATTEMPTS", 3)
    desk = limited(home, 0.1, 0.15, 0.2, 0.25)
    _, i = entered(desk, Plan())
    sender = desk.sender

    def refused(self: Desk, account: str, clock: Clock | None = None) -> Sender:
        of = sender(account, clock)
        return replace(of, broker=cast("Broker", Refusing(of.broker)))

    with monkeypatch.context() as patch:
        patch.setattr(Desk, "sender", refused)
        fallen(desk, i, "0.26")
        for _ in range(4):
            watch_book(desk, "paper", at(i))
    assert held(desk) != 0
    assert any("are not closed" in said for said in told(desk, Event.DRAWDOWN_WARNING))
    (turn,) = play(desk, i + 1, i + 2)
    assert turn.errors == {}


def test_strategies_whose_live_days_are_alike_are_a_cluster_whatever_their_tests_said(home: Path) -> None:
    desk = limited(home, 0.5)
    ids = deploy_all(desk, Plan(share=0.2), Plan(STOPPED, share=0.1), Plan({**STOPPED, "name": "third"}, share=0.1))
    day, names = at(0).now() // DAY, frozenset(ids)
    rows = []
    for k in range(300):
        alike, apart = (-1) ** k * (1 + k % 7), (-1) ** (k // 2) * (1 + k % 5)
        of = {"": 100_000, ids[0]: alike, ids[1]: 2 * alike, ids[2]: apart}
        rows += [(name, day - 300 + k, str(value), "0" if name else "100000") for name, value in of.items()]
    with closing(sqlite3.connect(home / "desk.db")) as database, database:
        database.executemany(LIVE, rows)
    live = strategy_histories(desk, "paper", names, day)
    assert {len(found.day) for found in live.values()} == {300}
    assert live[ids[0]].returns[-1] == pytest.approx(-(1 + 299 % 7) / 20_000)
    with desk.accounts.transaction("paper") as transaction:
        around = transaction.around(transaction.book(), day * DAY)
    around = replace(around, strategies=dict.fromkeys(ids, Decimal(1)))
    found = clusters_of(desk, around, frozenset(), "paper")
    assert list(found.values()) == [frozenset(ids[:2])]
