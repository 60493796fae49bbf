"""Strategies that want opposite things cross inside; a fill is shared out to the last unit, nobody a step off."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import ZERO, Part
from quorum.execution import Cross, net
from quorum.execution.netting import shares

NAMES = st.sampled_from(["STR-001", "STR-002", "STR-003", "STR-004"])
CHANGES = st.dictionaries(NAMES, st.integers(-50, 50).map(lambda n: Decimal(n) / 10), min_size=1)


@settings(max_examples=60)
@given(CHANGES)
def test_everybody_gets_the_change_and_the_venue_only_the_sum(changes: dict[str, Decimal]) -> None:
    found = net(changes)
    got = Counter({part.strategy_id: part.quantity for part in found.parts})
    for cross in found.crosses:
        assert cross.quantity > 0
        assert cross.buyer != cross.seller
        got[cross.buyer] += cross.quantity
        got[cross.seller] -= cross.quantity
    assert {name: got[name] for name in changes} == changes
    assert found.change == sum(changes.values(), ZERO)
    assert len({part.quantity > 0 for part in found.parts}) <= 1


def test_golden_netting() -> None:
    found = net({"STR-002": Decimal("-0.4"), "STR-001": Decimal(1), "STR-003": Decimal(0)})
    assert found.parts == (Part("STR-001", Decimal("0.6")),)
    assert found.crosses == (Cross("STR-001", "STR-002", Decimal("0.4")),)
    assert net({"STR-001": Decimal(1), "STR-002": Decimal(-1)}).parts == ()


@settings(max_examples=60)
@given(
    st.dictionaries(NAMES, st.integers(1, 400), min_size=1),
    st.lists(st.integers(1, 300), min_size=1, max_size=8),
    st.sampled_from([1, -1]),
    st.integers(0, 3),
)
def test_fills_are_shared_pro_rata_in_whole_steps(
    sizes: dict[str, int], fills: list[int], sign: int, places: int
) -> None:
    step = Decimal(1).scaleb(-places)
    parts = [Part(name, sign * size * step) for name, size in sizes.items()]
    whole = sum(sizes.values()) * step
    filled, had = Decimal(0), dict.fromkeys(sizes, ZERO)
    for n in fills:
        fill = min(n * step, whole - filled)
        if not fill:
            break
        got = shares(parts, had, filled, fill)
        assert sum(got.values(), ZERO) == sign * fill
        assert all(quantity * sign > 0 and quantity % step == 0 for quantity in got.values())
        had = {name: had[name] + got.get(name, ZERO) for name in had}
        filled += fill
        assert all(abs(had[p.strategy_id] - p.quantity * filled / whole) < step for p in parts)
    if filled == whole:
        assert had == {part.strategy_id: part.quantity for part in parts}


def test_golden_shares() -> None:
    parts = [Part("STR-001", Decimal(7)), Part("STR-002", Decimal(3))]
    first = shares(parts, {}, ZERO, Decimal(1))
    second = shares(parts, first, Decimal(1), Decimal(1))
    assert (first, second) == ({"STR-001": Decimal(1)}, {"STR-002": Decimal(1)})
