"""Every limit of a book, provoked through a desk's cycle: it cuts to the last lot, or vetoes with its name."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from desk.markets import ENTRY
from desk.offices import ask, at_work
from quorum.desk import Desk
from quorum.desk.guarding import check_books
from quorum.desk.guarding.telling import tell_losses
from quorum.desk.notices import Event
from quorum.domain import MINUTE
from quorum.risk import LastTrade

CASH = 100_000


def limited(home: Path, limits: str, more: str = "") -> Desk:
    (home / "config" / "risk.yaml").write_text(f"books: {{crypto: {{{limits}}}, equities: {{}}}}\n{more}\n")
    return at_work(home)


@pytest.mark.parametrize(
    ("name", "limit", "room", "more"),
    [
        ("max_position", "0.0123", 1_230, ""),
        ("max_deployed", "0.0123", 1_230, ""),
        ("max_leverage", "0.0123", 1_230, ""),
        ("max_sector", "0.0123", 1_230, "sectors: {one: [FLATUSDT, CRASHUSDT]}"),
        ("max_order_notional", "1230", 1_230, ""),
    ],
)
def test_a_limit_in_money_leaves_room_to_the_last_lot(home: Path, name: str, limit: str, room: int, more: str) -> None:
    desk = limited(home, f"{name}: {limit}", more)
    record = ask(desk, "FLATUSDT")
    assert record.reason.endswith(f"by {name}")
    (order,) = desk.orders.of("paper")
    assert order.intent.reserve <= room < order.intent.reserve + Decimal("0.00001") * order.intent.collar


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ("max_order_lots: 1000000", "max_order_lots"),
        ("min_reward_risk: 50", "(min_reward_risk)"),
        ("min_order_notional: 900000", "(min_order_notional)"),
        ("max_from_last_bps: 5", "(max_from_last_bps)"),
    ],
)
def test_a_limit_of_the_order_itself_cuts_it_or_vetoes_it_by_name(home: Path, limits: str, says: str) -> None:
    record = ask(limited(home, limits), "FLATUSDT")
    assert record.risk is not None
    assert says in record.reason
    assert record.risk["verdict"] == ("vetoed" if says.startswith("(") else "shrunk")


def test_a_second_order_in_a_minute_is_vetoed(home: Path) -> None:
    desk = limited(home, "max_orders_per_minute: 1, max_cluster: 1")
    assert ask(desk, "FLATUSDT").order is not None
    assert "(max_orders_per_minute)" in ask(desk, "SURGEUSDT").reason


def test_what_is_held_counts_at_its_mark_and_80_percent_of_a_limit_is_a_warning(home: Path) -> None:
    desk = limited(home, "max_position: 0.10, max_deployed: 0.12, max_cluster: 1")
    ask(desk, "FLATUSDT")
    (book,) = check_books(desk, "paper")["books"]
    near = {use["limit"]: use["share"] for use in book["warnings"]}
    assert {"max_position", "max_deployed"} <= set(near)
    assert 0.8 <= near["max_deployed"] < 1
    again = ask(desk, "SURGEUSDT")
    assert "max_deployed" in again.reason
    with desk.accounts.transaction("paper") as transaction:
        held = transaction.book()
    assert held.deployed <= Decimal("0.12") * held.equity


@pytest.mark.parametrize(
    ("limit", "share"), [("max_day_loss", "0.03"), ("max_week_loss", "0.05"), ("max_total_loss", "0.2")]
)
def test_from_80_percent_of_a_loss_on_people_are_told_and_at_the_limit_nothing_opens(
    home: Path, limit: str, share: str
) -> None:
    ladder = "halve_at: 0.9, no_entries_at: 0.9, black_at: 0.9, close_all_at: 0.9"
    others = {"max_day_loss": 1, "max_week_loss": 1, "max_total_loss": 1, limit: share}
    desk = limited(home, ", ".join([ladder, *(f"{name}: {value}" for name, value in others.items())]))
    ask(desk, "FLATUSDT")
    with desk.accounts.transaction("paper") as transaction:
        book = transaction.book()
    lost, held = Decimal(share) * CASH, book.quantity("FLATUSDT")
    for part, near in (("0.7", False), ("0.85", True)):
        told = _told(desk, limit, book.marks["FLATUSDT"] - (book.equity - CASH + Decimal(part) * lost) / held)
        assert bool(told) is near
    assert all("comes near" in summary for summary in told)
    told = _told(desk, limit, book.marks["FLATUSDT"] - (book.equity - CASH + lost) / held)
    assert any("has reached" in summary for summary in told)


def _told(desk: Desk, limit: str, price: Decimal) -> list[str]:
    """What people hear of a loss when FLATUSDT is at a price, a minute after the entry."""
    now = ENTRY + MINUTE
    with desk.accounts.transaction("paper") as transaction:
        book = transaction.value({"FLATUSDT": LastTrade(price, now)}, now)
        tell_losses(desk, book, desk.limits("paper"), transaction.around(book, now), transaction)
    found = [told.notice.occurrence for told in desk.outbox.listed(50)]
    return [one.summary for one in found if one.event == Event.DRAWDOWN_WARNING and limit in one.summary]
