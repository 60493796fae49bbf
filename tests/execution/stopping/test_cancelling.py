"""Open orders are ended, or it is said why not."""

from __future__ import annotations

import time
from decimal import Decimal
from random import Random

import pytest

from execution.stopping.small import Small
from quorum.execution.stopping import Entries, cancel_open


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def test_all_orders_end_by_one_request_and_are_seen_gone_twice() -> None:
    venue = Small()
    for number in range(100):
        venue.rests(f"Q{number}", "1")
    done = cancel_open(venue, soon())
    assert set(done.cancelled) == set(venue.orders)
    assert done.failed == {}
    assert venue.asked.count("cancel_all") == 1
    assert "cancel" not in venue.asked
    assert venue.asked.count("open_orders") - venue.asked.count("cancel_all") == 3


@pytest.mark.parametrize("seed", range(10))
def test_refusals_are_tried_again_until_nothing_is_open(seed: int) -> None:
    venue = Small(chance=Random(seed))
    for number in range(20):
        venue.rests(f"Q{number}", "1")
    done = cancel_open(venue, soon())
    assert (len(done.cancelled), done.failed) == (20, {})


def test_what_the_venue_said_is_told_of_an_order_that_stays() -> None:
    venue = Small(sticky={"Q1"})
    venue.rests("Q1", "1")
    venue.rests("Q2", "1")
    done = cancel_open(venue, soon(0.2))
    assert done.cancelled == ("Q2",)
    assert "cannot be cancelled now" in done.failed["Q1"]


def test_a_venue_that_does_not_answer_is_told_of_and_still_asked_to_cancel() -> None:
    venue = Small(silent=True)
    done = cancel_open(venue, soon(0.2))
    assert "gave no answer" in done.failed["account"]
    assert "cancel_all" in venue.asked


def test_a_halt_leaves_what_protects_a_holding() -> None:
    venue = Small(held={"BTCUSDT": Decimal(2)})
    venue.rests("stop", "-2")
    venue.rests("entry", "1")
    venue.rests("turns", "-3")
    venue.rests("known-entry", "-1")
    venue.rests("known-exit", "1")
    done = cancel_open(venue, soon(), Entries({"known-entry": True, "known-exit": False}))
    assert set(done.cancelled) == {"entry", "turns", "known-entry"}
    assert [order.client_order_id for order in venue.open_orders()] == ["stop", "known-exit"]
    assert "cancel_all" not in venue.asked
