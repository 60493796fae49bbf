"""Intent to wire is measured on real orders of a real desk."""

from __future__ import annotations

from quorum.surfaces.bench.execution.wire import wire


def test_an_order_takes_longer_than_a_bare_commit_and_is_measured_beside_it() -> None:
    late, usual = wire(orders=8)
    assert (late.key, usual.key, late.unit) == ("wire_p99", "wire_p50", "ms")
    assert late.floor is not None
    assert late.target == late.floor + 2
    assert 0 < usual.value <= late.value
