"""An order that a limit forbids is vetoed by its name in a desk's cycle, and nothing is sent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from desk.markets import CALM, RISE, closes, flat, write_bars
from desk.offices import ask, at_work
from quorum.desk import CycleRecord, Desk
from quorum.execution.rates import Rate


def limited(home: Path, text: str) -> Desk:
    (home / "config" / "risk.yaml").write_text(f"{text}\n", encoding="utf-8")
    return at_work(home)


def together(home: Path, limits: str, more: str = "") -> Desk:
    """A desk with limits over both its accounts."""
    desk = limited(home, f"desk: {{{limits}}}\n{more}")
    desk.account_for("", "paper")
    desk.account_for("", "paper-usd")
    desk.rates.keep(Rate("USD", "USDT", Decimal(1), desk.clock.now(), "a test"))
    return desk


def vetoed(desk: Desk, record: CycleRecord, name: str, orders: int = 0) -> dict[str, Any]:
    """The check of that name, which vetoed the order; the account has as many orders as before."""
    assert record.order is None
    assert record.risk is not None
    assert record.risk["verdict"] == "vetoed"
    assert name in record.reason
    assert len(desk.orders.of("paper")) == orders
    assert [row for row in desk.rows(("intent",))["intent"] if row["account"] == "paper-usd"] == []
    (check,) = [check for check in record.risk["checks"] if check["name"] == name]
    return check


def test_what_moves_together_is_vetoed_where_the_cluster_is_full(home: Path) -> None:
    desk = limited(home, "books: {crypto: {max_cluster: 0.001}, equities: {}}")
    assert ask(desk, "FLATUSDT").order is not None
    check = vetoed(desk, ask(desk, "SURGEUSDT"), "max_cluster", orders=1)
    assert Decimal(check["used"]) > Decimal(check["limit"])


def test_a_price_that_is_too_old_opens_nothing(home: Path, tmp_path: Path) -> None:
    until_entry = closes(flat)[: CALM + RISE]
    write_bars(tmp_path / "files" / "LATEUSDT.sim_1h.csv", until_entry)
    desk = at_work(home)
    desk.lake.import_path(tmp_path / "files")
    check = vetoed(desk, ask(desk, "LATEUSDT", 2), "last_trade_seconds")
    assert (check["limit"], check["used"]) == ("900", "3600")


@pytest.mark.parametrize("name", ["max_position", "max_deployed", "max_leverage", "max_sector"])
def test_a_room_of_the_whole_desk_that_holds_no_order_vetoes_it(home: Path, name: str) -> None:
    desk = together(home, f"{name}: 0.00001", "sectors: {one: [FLATUSDT]}")
    check = vetoed(desk, ask(desk, "FLATUSDT"), f"desk_{name}")
    assert Decimal(check["limit"]) == 2


@pytest.mark.parametrize("name", ["max_total_loss", "max_day_loss", "max_week_loss"])
def test_what_the_whole_desk_has_lost_stops_every_account(home: Path, name: str) -> None:
    desk = together(home, f"{name}: 0.00001", "books: {crypto: {max_cluster: 1}, equities: {}}")
    assert ask(desk, "FLATUSDT").order is not None  # its fee is the loss
    check = vetoed(desk, ask(desk, "SURGEUSDT"), f"desk_{name}", orders=1)
    assert Decimal(check["used"]) > Decimal(check["limit"]) > 0


def test_the_whole_desk_orders_so_often_and_no_more(home: Path) -> None:
    desk = together(home, "max_orders_per_minute: 1", "books: {crypto: {max_cluster: 1}, equities: {}}")
    assert ask(desk, "FLATUSDT").order is not None
    check = vetoed(desk, ask(desk, "SURGEUSDT"), "desk_max_orders_per_minute", orders=1)
    assert (check["limit"], check["used"]) == ("1", "1")


def test_what_moves_together_is_added_up_over_all_accounts(home: Path) -> None:
    desk = together(home, "max_cluster: 0.001", "books: {crypto: {max_cluster: 1}, equities: {}}")
    assert ask(desk, "FLATUSDT").order is not None
    vetoed(desk, ask(desk, "SURGEUSDT"), "desk_max_cluster", orders=1)
