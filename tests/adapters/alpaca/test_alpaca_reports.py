"""Reports that are late, doubled and out of order, cancels that fail in part, orders that only a list still shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from quorum.adapters.alpaca.trading import ARRIVES, SHOWS, AlpacaBroker, Line
from quorum.adapters.alpaca.trading.refusals import refusal
from quorum.adapters.keys import Secret
from quorum.adapters.rest import Answer
from quorum.domain import BrokerUnreachable, OrderStatus, VirtualClock
from simulator.sim_markets import NOON

S = OrderStatus
WHEN = "2026-11-20T17:00:00.123456Z"


class Scripted(Line):
    """A line whose answers are written down: by method and path, without the query."""

    def __init__(self, answers: Mapping[str, Any], clock: VirtualClock) -> None:
        super().__init__("http://127.0.0.1:1", (Secret("PK", "env:K"), Secret("s", "env:S")), clock)
        self.answers = dict(answers)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        answer = self._said("GET", path)
        error = refusal(answer)
        if error is not None:
            raise error
        return answer

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        return self._said(method, path)

    def _said(self, method: str, path: str) -> Answer:
        found = self.answers.get(f"{method} {path}")
        if found is None:
            return Answer(path, 404, {}, {"code": 40410000, "message": "order not found"})
        status, body = found if isinstance(found, tuple) else (200, found)
        return Answer(path, status, {}, body)


def order(name: str = "Q1", **changed: Any) -> dict[str, Any]:
    form = {"id": f"id-{name}", "client_order_id": name, "symbol": "AAPL", "asset_class": "us_equity", "side": "buy"}
    return {**form, "qty": "10", "filled_qty": "0", "status": "new", "submitted_at": WHEN, **changed}


def row(number: int, quantity: str, at: str = "17:00:01", name: str = "Q1") -> dict[str, Any]:
    """A FILL as an activity."""
    form = {"id": f"2026::{number}", "activity_type": "FILL", "order_id": f"id-{name}", "side": "buy", "symbol": "AAPL"}
    return {**form, "qty": quantity, "price": "100.01", "transaction_time": f"2026-11-20T{at}Z"}


def broker(answers: Mapping[str, Any]) -> tuple[AlpacaBroker, Scripted, VirtualClock]:
    clock = VirtualClock(NOON)
    line = Scripted(answers, clock)
    return AlpacaBroker(line, clock, sleep=lambda seconds: None), line, clock


BY_ID, FILLS = "GET /v2/orders:by_client_order_id", "GET /v2/account/activities"


@pytest.mark.parametrize("word", ["filled", "canceled", "expired"])
def test_an_order_has_not_ended_before_its_fills_are_reported(word: str) -> None:
    whole = "10" if word == "filled" else "7"
    found, line, _ = broker({BY_ID: order(status=word, filled_qty=whole), FILLS: []})
    early = found.order("Q1")
    assert early is not None
    assert (early.status, early.fills, early.detail) == (S.ACCEPTED, (), f"{whole} filled and not reported yet")
    line.answers[FILLS] = [row(1, "4")]
    partly = found.order("Q1")
    assert partly is not None
    assert (partly.status, len(partly.fills)) == (S.PARTIALLY_FILLED, 1)
    rest = str(Decimal(whole) - 4)
    line.answers[FILLS] = [row(2, rest, "17:00:02"), row(1, "4"), row(1, "4"), row(9, "3", name="Q7")]
    done = found.order("Q1")
    assert done is not None
    ends = {"filled": S.FILLED, "canceled": S.CANCELLED, "expired": S.EXPIRED}
    assert (done.status, [str(fill.quantity) for fill in done.fills]) == (ends[word], ["4", rest])


def test_a_rejection_after_a_fill_keeps_the_fill_and_a_new_word_ends_nothing() -> None:
    found, line, _ = broker({BY_ID: order(status="rejected", filled_qty="4"), FILLS: [row(1, "4")]})
    ended = found.order("Q1")
    assert ended is not None
    assert (ended.status, len(ended.fills)) == (S.CANCELLED, 1)
    for word in ("pending_cancel", "done_for_day", "held", "a word of next year"):
        line.answers[BY_ID] = order("Q2", status=word)
        waits = found.order("Q2")
        assert waits is not None
        assert (waits.status, waits.detail) == (S.ACCEPTED, word)


def test_an_order_that_its_id_does_not_find_is_found_in_the_list() -> None:
    found, line, clock = broker({"GET /v2/orders": [order("Q0"), order("Q1", status="canceled")]})
    sent = clock.now()
    with pytest.raises(BrokerUnreachable, match="may still arrive"):
        found.order("Q1", sent)
    clock.advance_to(sent + ARRIVES + SHOWS)
    listed = found.order("Q1", sent)
    assert listed is not None
    assert listed.status is S.CANCELLED
    line.answers["GET /v2/orders"] = []
    assert found.order("Q1", sent) is None


def answered(rows: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"id": f"id-{name}", "status": status, "body": {"message": "order not found"}} for name, status in rows]


def test_of_cancelling_all_what_was_refused_and_is_open_is_told() -> None:
    rows = answered([("Q1", 200), ("Q2", 404), ("Q3", 422), ("Q4", 500)])
    orders = {f"GET /v2/orders/id-{n}": order(n, status=s) for n, s in (("Q2", "canceled"), ("Q3", "new"))}
    found, line, _ = broker({"DELETE /v2/orders": (207, rows), **orders})
    assert found.cancel_all() == {"Q3": "order not found (422)", "id-Q4": "order not found (500)"}
    line.answers["DELETE /v2/orders"] = (207, "<html>")
    with pytest.raises(BrokerUnreachable, match="no list"):
        found.cancel_all()


def test_a_cancel_that_is_not_done_yet_leaves_the_order_open() -> None:
    found, line, _ = broker({BY_ID: order(), "GET /v2/orders/id-Q1": order(), "DELETE /v2/orders/id-Q1": (204, None)})
    assert found.cancel("Q1").status is S.ACCEPTED
    line.answers["GET /v2/orders/id-Q1"] = order(status="canceled")
    assert found.cancel("Q1").status is S.CANCELLED
