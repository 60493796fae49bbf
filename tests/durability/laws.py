"""What must hold after any kill, once a clean process has run the same cycle."""

from __future__ import annotations

from durability.market import Aftermath


def assert_traded_once(found: Aftermath) -> None:
    """One order here and at the venue, the same one, with the same fills; and the books are in order."""
    assert len(found.placed) == 1
    assert found.orders == found.placed
    assert found.filled > 0
    assert found.fills == found.venue_fills
    assert found.report.audit.faults == ()
    assert found.report.differences == ()
    assert found.report.balanced
