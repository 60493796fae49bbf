"""One cycle: what a dry run leaves behind, one trade an occasion, exits, vetoes, lateness, crashes."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from desk.markets import ENTRY, write_bars
from desk.offices import ask, at_work, stored
from quorum.desk import Desk, Question, books, convene, publish, replay, settle
from quorum.domain import HOUR, DataError, NotFound, OrderStatus, Timeframe, UsageError, VirtualClock
from quorum.execution import Broker

BOOKED = ("intent", "order_event", "order_state", "fill", "posting", "position", "mark")
SOON = Timeframe.parse("1h")


def configure(home: Path, file: str, old: str, new: str) -> None:
    """Change one line of a configuration file."""
    path = home / "config" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def kinds(desk: Desk) -> list[str]:
    return [row["kind"] for row in desk.rows(["decision"])["decision"]]


def quantity(desk: Desk, symbol: str, account: str = "paper") -> Decimal:
    return books(desk, account).book.quantity(symbol)


def test_a_dry_run_records_its_decisions_and_changes_no_book(desk: Desk, home: Path) -> None:
    desk.account_for("USDT")
    before = stored(home)
    record = ask(desk, "FLATUSDT", paper=False)
    assert record.order is not None
    assert (record.order["status"], record.order["side"]) == ("dry_run", "buy")
    assert kinds(desk) == ["consensus", "risk"]
    after = stored(home)
    assert {name: after[name] for name in (*BOOKED, "account")} == {name: before[name] for name in (*BOOKED, "account")}
    assert not (home / "venue").exists()


def test_a_dry_run_notifies_that_a_person_has_to_act_and_a_trade_does_not(desk: Desk, home: Path) -> None:
    record = ask(desk, "FLATUSDT", paper=False)
    ask(desk, "FLATUSDT")
    lines = (home / "logs" / "notifications.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    told = json.loads(lines[0])
    assert told["details"]["decision_id"] == record.decision_id
    assert "--paper" in told["details"]["action_required"]
    assert told["details"]["risk_approved_size"] == record.order["quantity"]
    assert "bullish" in told["summary"]


def test_paper_books_what_was_approved_and_the_venue_agrees(desk: Desk) -> None:
    record = ask(desk, "FLATUSDT")
    assert record.order["status"] == "filled"
    assert record.order["quantity"] == record.risk["quantity"] == record.order["filled"]
    report = books(desk, "paper")
    assert report.balanced
    assert report.book.quantity("FLATUSDT") == Decimal(record.order["filled"])
    assert report.venue.positions == {"FLATUSDT": Decimal(record.order["filled"])}


def test_the_same_occasion_trades_once(desk: Desk) -> None:
    first = ask(desk, "FLATUSDT")
    second = ask(desk, "FLATUSDT")
    assert second.order is None
    assert "already holds" in second.reason
    assert [o.intent.client_order_id for o in desk.orders.of("paper")] == [first.order["client_order_id"]]
    assert second.decision_id != first.decision_id


@pytest.mark.parametrize(("symbol", "hours", "why"), [("CRASHUSDT", 3, "stop"), ("SURGEUSDT", 3, "target")])
def test_a_holding_is_left_at_its_stop_and_at_its_target(desk: Desk, symbol: str, hours: int, why: str) -> None:
    bought = ask(desk, symbol)
    assert ask(desk, symbol, hours - 1).order is None
    left = ask(desk, symbol, hours)
    assert (left.risk["proposal"]["purpose"], left.order["side"]) == ("reduction", "sell")
    assert (left.order["quantity"], left.order["status"]) == (bought.order["filled"], "filled")
    assert left.reason == f"the holding is left: {why}"
    assert quantity(desk, symbol) == 0
    assert books(desk, "paper").balanced


def test_a_holding_is_left_when_its_time_is_over(desk: Desk) -> None:
    ask(desk, "FLATUSDT")
    exit_plan = desk.orders.of("paper")[0].intent.exit
    assert exit_plan.valid_until is not None
    over = -(-(exit_plan.valid_until - ENTRY) // HOUR)
    assert ask(desk, "FLATUSDT", over - 1).order is None
    left = ask(desk, "FLATUSDT", over)
    assert left.reason == "the holding is left: time"
    assert quantity(desk, "FLATUSDT") == 0


def test_a_holding_is_left_when_the_consensus_turns(desk: Desk) -> None:
    ask(desk, "FLATUSDT")
    turned = ask(desk, "FLATUSDT", 3, timeframe="4h")
    assert turned.consensus["direction"] == "bearish"
    assert turned.reason == "the holding is left: consensus"
    assert (turned.risk["proposal"]["purpose"], turned.order["side"]) == ("reduction", "sell")
    assert quantity(desk, "FLATUSDT") == 0


def test_what_was_left_is_not_entered_again_on_the_same_occasion(desk: Desk) -> None:
    ask(desk, "SURGEUSDT")
    left = ask(desk, "SURGEUSDT", 3)
    again = ask(desk, "SURGEUSDT", 3)
    assert again.consensus["direction"] == "bullish"
    assert again.order is None
    assert again.reason == "this occasion has been traded: the holding was left"
    assert [o.intent.client_order_id for o in desk.orders.of("paper")][-1] == left.order["client_order_id"]


def test_a_dry_run_of_an_exit_says_that_it_is_one(desk: Desk, home: Path) -> None:
    ask(desk, "CRASHUSDT")
    record = ask(desk, "CRASHUSDT", 3, paper=False)
    assert record.order["status"] == "dry_run"
    told = json.loads((home / "logs" / "notifications.jsonl").read_text(encoding="utf-8"))
    assert told["details"]["type"] == "exit_due"
    assert quantity(desk, "CRASHUSDT") > 0


def test_looking_at_another_instant_does_not_move_the_book(desk: Desk) -> None:
    ask(desk, "CRASHUSDT")
    before = books(desk, "paper").book
    ask(desk, "CRASHUSDT", 12, paper=False)
    assert books(desk, "paper").book == before


def test_a_veto_is_recorded_and_nothing_is_sent(desk: Desk, home: Path) -> None:
    record = ask(desk, "FLATUSDT", 3, timeframe="4h")
    assert record.risk["verdict"] == "vetoed"
    assert (record.risk["quantity"], record.order) == ("0", None)
    assert record.reason == f"risk vetoes: {record.risk['reasons'][0]}"
    decision = desk.decisions.get(record.risk["decision_id"])
    assert decision.choice.outcome["verdict"] == "vetoed"
    assert decision.choice.parents == (record.decision_id,)
    assert stored(home)["intent"] == []
    assert not (home / "logs" / "notifications.jsonl").exists()


def test_an_account_in_another_currency_is_vetoed(desk: Desk) -> None:
    record = convene(desk, Question("FLATUSDT", SOON, ENTRY, account="paper-usd", paper=True))
    assert record.account == "paper-usd"
    assert "FLATUSDT trades in USDT, the account paper-usd is in USD" in record.reason
    assert record.order is None


def test_the_account_is_the_first_in_the_symbols_currency(desk: Desk) -> None:
    assert ask(desk, "FLATUSD", paper=False).account == "paper-usd"
    assert ask(desk, "FLATUSDT", paper=False).account == "paper"
    with pytest.raises(UsageError, match="no account is in EUR"):
        desk.account_for("EUR")


def test_an_account_keeps_the_currency_that_it_was_opened_in(desk: Desk, home: Path) -> None:
    ask(desk, "FLATUSDT")
    configure(home, "accounts.yaml", "currency: USDT", "currency: USD")
    with pytest.raises(UsageError, match=r"account paper was opened in USDT, config/accounts.yaml says USD; put the"):
        ask(at_work(home), "FLATUSD")


def test_who_answers_late_has_failed_and_the_replay_knows_it(home: Path) -> None:
    configure(home, "consensus.yaml", "timeout_seconds: 30", "timeout_seconds: 0.000000001")
    desk = at_work(home)
    record = ask(desk, "FLATUSDT")
    (absence,) = record.consensus["absent"]
    assert (record.votes, record.consensus["direction"]) == ([], "no_consensus")
    assert absence["why"].startswith("agent failed: late: ")
    assert record.order is None
    publish(desk)
    shown = json.loads((home / "state" / "signals" / "momentum_signals.json").read_text(encoding="utf-8"))
    assert (shown["status"], shown["reason"]) == ("unavailable", absence["why"])
    configure(home, "consensus.yaml", "timeout_seconds: 0.000000001", "timeout_seconds: 30")
    assert replay(at_work(home), record.decision_id).verdict == "identical"


class _PulledPlug(BaseException):
    """The process ends here."""


def crashing(desk: Desk) -> Desk:
    """A desk that dies when it reaches for the venue a second time: after the intent, before the send."""
    doors = iter([desk.broker])

    def door(account: str, clock: VirtualClock) -> Broker:
        for broker in doors:
            return broker(account, clock)
        raise _PulledPlug

    return replace(desk, broker=door)


def test_what_a_crashed_run_had_intended_is_sent_once_by_the_next(desk: Desk) -> None:
    with pytest.raises(_PulledPlug):
        ask(crashing(desk), "FLATUSDT")
    (order,) = desk.orders.of("paper")
    assert order.status is OrderStatus.INTENDED
    assert books(desk, "paper").book.reserved["FLATUSDT"] == order.intent.reserve
    (sent,) = settle(desk, "paper", VirtualClock(ENTRY))
    assert sent.status is OrderStatus.FILLED
    assert settle(desk, "paper", VirtualClock(ENTRY)) == []
    assert books(desk, "paper").balanced


def test_the_next_cycle_settles_before_it_decides(desk: Desk) -> None:
    with pytest.raises(_PulledPlug):
        ask(crashing(desk), "FLATUSDT")
    record = ask(desk, "FLATUSDT", 1)
    assert "already holds" in record.reason
    assert len(desk.orders.of("paper")) == 1


def test_an_intent_that_waited_too_long_is_not_sent(desk: Desk) -> None:
    with pytest.raises(_PulledPlug):
        ask(crashing(desk), "FLATUSDT")
    (order,) = settle(desk, "paper", desk.clock)
    assert order.status is OrderStatus.EXPIRED
    assert quantity(desk, "FLATUSDT") == 0
    assert books(desk, "paper").book.reserved.get("FLATUSDT", 0) == 0


def test_an_order_that_the_volume_cannot_fill_ends_with_what_it_got(desk: Desk) -> None:
    record = ask(desk, "THINUSDT")
    assert record.order["status"] == "expired"
    assert 0 < Decimal(record.order["filled"]) < Decimal(record.order["quantity"])
    assert len(record.order["fills"]) > 1
    report = books(desk, "paper")
    assert report.balanced
    assert report.book.reserved.get("THINUSDT", 0) == 0
    assert report.book.quantity("THINUSDT") == Decimal(record.order["filled"])


def test_now_is_the_desks_clock_and_the_order_stays_open_until_prices_come(home: Path) -> None:
    clock = VirtualClock(ENTRY)
    desk = at_work(home, clock)
    record = convene(desk, Question("THINUSDT", SOON, paper=True))
    assert record.snapshot["as_of"] == "2024-01-11T20:00:00Z"
    assert record.order["status"] == "partially_filled"
    clock.advance_to(ENTRY + HOUR)
    (order,) = settle(desk, "paper", clock)
    assert order.status is OrderStatus.PARTIALLY_FILLED
    assert order.filled == 2 * Decimal(record.order["filled"])


def test_only_bars_that_were_closed_are_seen(desk: Desk, home: Path, tmp_path: Path) -> None:
    record = ask(desk, "FLATUSDT", paper=False)
    assert record.snapshot["last"] == "2024-01-11T19:00:00Z"
    later = write_bars(tmp_path / "FLATUSDT.sim_1h.csv", [500.0, 600.0], start=ENTRY)
    assert desk.lake.import_path(later).symbols[0].revised == 2
    again = ask(desk, "FLATUSDT", paper=False)
    assert again.snapshot["data_hash"] == record.snapshot["data_hash"]
    assert (again.votes, again.order["quantity"]) == (record.votes, record.order["quantity"])


def test_what_cannot_be_asked_is_refused_before_anything_is_written(desk: Desk, home: Path) -> None:
    for error, question in (
        (UsageError, Question("FLATUSDT", SOON, desk.clock.now() + HOUR)),
        (DataError, Question("FLATUSDT", SOON, ENTRY - 10_000 * HOUR)),
        (NotFound, Question("FLATUST", SOON, ENTRY)),
        (NotFound, Question("FLATUSDT", Timeframe.parse("1d"), ENTRY)),
        (NotFound, Question("FLATUSDT", SOON, ENTRY, venue="kraken")),
        (UsageError, Question("FLATUSDT", SOON, ENTRY, account="papr")),
    ):
        with pytest.raises(error):
            convene(desk, replace(question, paper=True))
    assert kinds(desk) == []
    assert desk.accounts.listed() == []
