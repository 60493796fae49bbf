"""The benchmark of the check looks at every limit there is, and its order passes."""

from __future__ import annotations

from quorum.surfaces.bench.execution import precheck


def test_every_limit_is_on_and_the_floor_is_measured() -> None:
    first, *others = precheck()
    assert (first.key, first.target) == ("precheck", 50.0)
    assert first.name == "a check: 25 limits, 100 positions, 200 orders, 20 clusters"
    assert [other.key for other in others] == ["precheck_first", "precheck_override", "precheck_desk"]
    assert all(one.value > 0 and one.floor and one.floor > 0 for one in (first, *others))
