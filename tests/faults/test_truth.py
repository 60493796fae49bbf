"""The judge of the fault schedules: each thing that must not happen is found when it has happened."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.words import NOW, fill
from execution.books import books_at
from quorum.domain import OrderEvent, OrderStatus, Side
from quorum.surfaces.bench.execution.truth import Found, compared

OPENED = {"kind": "opened", "cash": "20000"}


def accepted(number: int, name: str = "Q1") -> dict[str, Any]:
    return {
        "kind": "accepted",
        "order_id": f"V{number}",
        "ticket": {"client_order_id": name, "quantity": "10", "origin": "api"},
    }


def ended(number: int) -> dict[str, Any]:
    return {"kind": "ended", "order_id": f"V{number}", "state": "cancelled"}


def traded(number: int, quantity: str = "10", price: str = "100") -> dict[str, Any]:
    money = {"price": price, "fee": "0", "fee_currency": "USD"}
    return {
        "kind": "traded",
        "order_id": f"V{number}",
        "symbol": "BTCUSDT",
        "side": "buy",
        "quantity": quantity,
        **money,
    }


def judged(folder: Path, *lines: dict[str, Any]) -> Found:
    """The books of a desk that bought 10 for 1,000 beside a journal with these lines."""
    books = books_at(folder)
    for number in (1, 2):
        books.commit(number)
    with books.work.transaction("paper") as transaction:
        for name in ("Q1", "Q2"):
            transaction.append(OrderEvent(name, OrderStatus.SENT, NOW))
        transaction.book_fill(fill(Side.BUY, "10", "100"))
        transaction.append(OrderEvent("Q2", OrderStatus.NEVER_ARRIVED, NOW))
    books.database.close()
    journal = folder / "sim.jsonl"
    journal.write_text("".join(f"{json.dumps(line)}\n" for line in (OPENED, *lines)), encoding="utf-8")
    return compared(1, folder, journal, 0, ())


def test_books_that_say_what_happened_are_right(tmp_path: Path) -> None:
    found = judged(tmp_path, accepted(1), traded(1, "4"), traded(1, "6"))
    assert (found.duplicates, found.lost, found.differences) == ((), (), ())
    assert (found.right, found.orders, found.fills) == (True, 1, 2)


@pytest.mark.parametrize(
    ("lines", "duplicates", "lost", "differences"),
    [
        ((accepted(1), traded(1), accepted(2), ended(2)), ["2 orders arrived"], [], []),
        ((accepted(1), traded(1), accepted(2, "Q2"), ended(2)), [], [], ["order Q2 never arrived, and the venue"]),
        (
            (accepted(1), traded(1, "4"), traded(1, "6"), accepted(2)),
            ["2 orders arrived"],
            [],
            ["order Q1 is filled here"],
        ),
        ((accepted(1), traded(1), accepted(2, "Q3"), ended(2)), ["Q3 was placed and never intended"], [], []),
        ((accepted(1), traded(1), traded(1, "1")), [], ["Q1: 11.0 traded, 10.0 booked"], ["BTCUSDT", "cash"]),
        ((accepted(1), traded(1, "9"), ended(1)), [], ["Q1: 9.0 traded, 10.0 booked"], ["BTCUSDT", "cash"]),
        ((accepted(1), traded(1, price="101")), [], ["Q1: 10.0 traded"], ["cash: 19000.0 here, 18990.0"]),
        ((), [], ["Q1: 0.0 traded, 10.0 booked"], ["BTCUSDT", "cash"]),
    ],
)
def test_what_must_not_happen_is_found(
    tmp_path: Path, lines: tuple[dict[str, Any], ...], duplicates: list[str], lost: list[str], differences: list[str]
) -> None:
    found = judged(tmp_path, *lines)
    for told, expected in ((found.duplicates, duplicates), (found.lost, lost), (found.differences, differences)):
        assert len(told) == len(expected), told
        assert all(one.startswith(word) for one, word in zip(told, expected, strict=True)), told
    assert not found.right


def test_an_open_order_and_a_row_that_was_changed_are_differences(tmp_path: Path) -> None:
    books = books_at(tmp_path)
    books.commit(1)
    with books.database.write() as connection:
        connection.exec_driver_sql("update balance set amount = '9999' where account = 'paper'")
    books.database.close()
    (tmp_path / "sim.jsonl").write_text(json.dumps({**OPENED, "cash": str(Decimal(20_000))}), encoding="utf-8")
    found = compared(1, tmp_path, tmp_path / "sim.jsonl", 0, ())
    assert any("Q1 is still intended" in line for line in found.differences)
    assert any(line.startswith("cash: 19999.0 here") for line in found.differences)
