"""Several desks of one workspace decide the same occasion at the same time: it is traded once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from durability.laws import assert_traded_once
from durability.market import ACCOUNT, Aftermath, Occasion, aftermath, close, cycle
from quorum.desk import CycleRecord
from quorum.domain import OrderStatus

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
    # who asks about an order of another that is on its way gives it up, and it leaves as the next attempt
    given_up = {o.intent.client_order_id for o in desk.orders.of(ACCOUNT) if o.status is OrderStatus.NEVER_ARRIVED}
    assert len(desk.orders.of(ACCOUNT)) == 1 + len(given_up)
    assert len({record.decision_id for record in records}) == DESKS
    assert {r.order["client_order_id"] for r in records if r.order} - given_up == set(found.orders)
    close(mine, desk)
    assert aftermath(mine, desk).book == undisturbed.book
