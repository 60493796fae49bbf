"""A small sample of the kill switch's benchmark: an engine that hangs, a flaky venue, a locked store."""

from __future__ import annotations

from quorum.surfaces.bench.execution.killing import killing


def test_close_all_is_flat_or_explains_and_never_turns_a_position() -> None:
    found = {measure.key: measure.value for measure in killing(trials=2, kills=1, bars=1_000)}
    assert found["unexplained"] == found["turned"] == found["kill_books"] == 0
    assert found["flat_trials"] >= 1
    assert found["flat"] < 10
