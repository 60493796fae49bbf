"""The packed log gives back what was put into it, exactly, and keeps the newest."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import Side
from quorum.simulator.public import Deal, Print
from quorum.simulator.public.log import deals, prints

AMOUNTS = st.decimals("0.00000001", "900000000", places=8) | st.integers(1, 10**9).map(Decimal)
SIDES = st.sampled_from(Side)
NUMBERS = st.integers(0, 2**62)


@given(
    st.lists(
        st.builds(Print, NUMBERS, NUMBERS, AMOUNTS, AMOUNTS, SIDES, st.booleans(), st.none()), min_size=1, max_size=9
    )
)
def test_trades_come_back_as_they_were(rows: list[Print]) -> None:
    log = prints(100)
    for row in rows:
        log.append(row._replace(frame={"as": "it came"}))
    assert [log[place] for place in range(len(log))] == log.part(0, 99) == rows
    assert [str(row.price) for row in log.part(0, 99)] == [str(row.price) for row in rows]
    assert log[-1] == rows[-1]


@given(st.builds(Deal, NUMBERS, NUMBERS, AMOUNTS, AMOUNTS, NUMBERS, NUMBERS, SIDES))
def test_deals_come_back_as_they_were(row: Deal) -> None:
    log = deals(3)
    log.append(row)
    assert log[0] == row


@pytest.mark.parametrize("most", [1, 10, 95])
def test_the_newest_are_kept_and_found_by_time(most: int) -> None:
    log = prints(most)
    for number in range(1, 301):
        log.append(Print(number, 10 * number, Decimal(1), Decimal(1), Side.BUY))
    kept = log.part(0, 1000)
    assert most - max(most // 10, 1) <= len(kept) <= most
    assert kept[-1].number == 300 or not kept
    assert all(later.number == before.number + 1 for before, later in pairwise(kept))
    assert log.place_at(3001) == len(log)
    assert log.place_at(10 * kept[0].number - 5 if kept else 0) == 0
