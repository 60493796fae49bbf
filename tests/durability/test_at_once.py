"""Several desks of one workspace decide the same occasion at the same time: it is traded once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from durability.laws import assert_traded_once
from durability.market import ACCOUNT, Aftermath, Occasion, aftermath, close, cycle
from quorum.desk import CycleRecord

DESKS = 4


@pytest.mark.parametrize("attempt", range(4))
def test_desks_that_decide_at_once_trade_once(
    attempt: int, occasion: Occasion, undisturbed: Aftermath, tmp_path: Path
) -> None:
    """Each has its own connections and its own hold on the venue's journal, as processes have."""
    mine = occasion.copy(tmp_path / "home")
    go = threading.Barrier(DESKS)

    def decide(_: int) -> CycleRecord:
        desk = mine.desk()
        go.wait(timeout=30)
        return cycle(mine, desk)

    with ThreadPoolExecutor(DESKS) as threads:
        records = list(threads.map(decide, range(DESKS)))
    desk = mine.desk()
    found = aftermath(mine, desk)
    assert_traded_once(found)
    assert len(desk.orders.of(ACCOUNT)) == 1
    assert len({record.decision_id for record in records}) == DESKS
    assert {r.order["client_order_id"] for r in records if r.order} == set(found.orders)
    close(mine, desk)
    assert aftermath(mine, desk).book == undisturbed.book
