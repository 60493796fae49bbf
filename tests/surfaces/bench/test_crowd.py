"""Several desks that propose at once near a limit, and the count that would tell if one had gone beyond it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from quorum.surfaces.bench.execution.crowd import beyond, crowd


def test_no_proposal_of_a_crowd_goes_beyond_the_limit_or_by_the_verdict() -> None:
    found = {measure.key: measure for measure in crowd(3, 45, apart=False)}
    assert [found[key].value for key in ("crowd_breaches", "crowd_bypasses", "crowd_faults")] == [0, 0, 0]
    assert found["crowd_rate"].value > 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nor_does_one_of_ten_thousand_by_eight_processes() -> None:
    found = {measure.key: measure.value for measure in crowd()}
    assert [found[key] for key in ("crowd_breaches", "crowd_bypasses", "crowd_faults")] == [0, 0, 0]


def happened(*quantities: str, ends: str = "") -> dict[str, list[dict[str, Any]]]:
    """Orders of one account of 100,000, each open from its own instant; those named in `ends` fill at the next."""
    intents = [
        {"client_order_id": f"Q{n}", "side": "buy", "quantity": quantity, "created_at": 10 * n}
        for n, quantity in enumerate(quantities, 1)
    ]
    filled = [one for one in intents if str(one["client_order_id"]) in ends.split()]
    names = ("client_order_id", "quantity")
    fills = [{"fill_id": f"F{f['client_order_id']}", "fee": "0", **{n: f[n] for n in names}} for f in filled]
    events = [
        {**fill, "sequence": n, "time": 10 * int(fill["client_order_id"][1:]) + 1, "status": "filled"}
        for n, fill in enumerate(fills, 1)
    ]
    capital = [{"ledger_account": "equity:capital", "amount": "-100000"}]
    return {"intent": intents, "order_event": events, "fill": fills, "balance": capital}


@pytest.mark.parametrize(
    ("quantities", "ends", "expected"),
    [
        (("300", "300"), "", 0),
        (("300", "301"), "", 1),
        (("300", "300"), "Q1 Q2", 0),
        (("300", "301"), "Q1", 1),
        (("600", "1", "1"), "Q1 Q2", 2),
    ],
)
def test_what_is_held_and_open_is_told_over_again(quantities: tuple[str, ...], ends: str, expected: int) -> None:
    assert beyond(happened(*quantities, ends=ends), Decimal("0.60")) == expected
