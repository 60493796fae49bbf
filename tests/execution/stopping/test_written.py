"""Orders that left without the store, as the file tells of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from execution.stopping.small import Small, empty, leaving
from quorum.adapters.halts import WrittenOrders
from quorum.domain import DataError, DecisionKind, OrderStatus, SystemClock
from quorum.execution.stopping import written


def test_what_was_written_is_read_again_with_its_decision(tmp_path: Path) -> None:
    path, venue = tmp_path / "emergency.jsonl", Small(held={"BTCUSDT": Decimal(3)})
    sent = leaving(venue, (WrittenOrders(path, SystemClock(), empty),)).close("BTCUSDT", Decimal(3))
    ((order, choice),) = written(path.read_bytes().splitlines(keepends=True))
    assert order == sent
    assert (order.status, order.filled) == (OrderStatus.FILLED, Decimal(3))
    assert (choice.kind, choice.subject) == (DecisionKind.RISK, "BTCUSDT")
    assert path.stat().st_mode & 0o077 == 0


def test_a_line_that_a_kill_cut_short_counts_for_nothing_and_the_next_begins_anew(tmp_path: Path) -> None:
    path, venue = tmp_path / "emergency.jsonl", Small(held={"BTCUSDT": Decimal(3)})
    path.write_bytes(b'{"at": 1, "kind": "int')
    leaving(venue, (WrittenOrders(path, SystemClock(), empty),)).close("BTCUSDT", Decimal(3))
    assert len(written(path.read_bytes().splitlines(keepends=True))) == 1
    assert written([b'{"kind": "int']) == []


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1 is no line of an order"):
        written([b'{"kind": "intent"}\n'])
