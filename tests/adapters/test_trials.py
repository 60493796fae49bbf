"""Every backtest counts once, by its family."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.stores import NOW, Store, store_at
from quorum.domain import NotFound

INPUTS = {"code_hash": "c0de", "fee_bps": 10.0, "parameters": {"fast": 5}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = store_at(tmp_path)
    yield store
    store.database.close()


def test_an_identical_rerun_adds_none(store: Store) -> None:
    for _ in range(2):
        store.trials.record("T1", "trend", INPUTS, {"sharpe": 1.5})
    assert store.trials.count("trend") == 1


def test_what_is_known_is_not_changed(store: Store) -> None:
    store.trials.record("T1", "trend", INPUTS, {"sharpe": 1.5})
    store.clock.advance_to(NOW + 1)
    store.trials.record("T1", "trend", {**INPUTS, "fee_bps": 0.0}, {"sharpe": 9.0})
    found = store.trials.get("T1")
    assert (found["family"], found["inputs"], found["outcome"]) == ("trend", INPUTS, {"sharpe": 1.5})
    assert found["recorded_at"] == NOW


def test_each_family_has_its_own_count(store: Store, tmp_path: Path) -> None:
    for identity, family in (("T1", "trend"), ("T2", "trend"), ("T3", "reversion"), ("T1", "trend")):
        store.trials.record(identity, family, INPUTS, {})
    assert [store.trials.count(f) for f in ("trend", "reversion", "tren", "none")] == [2, 1, 0, 0]
    again = store_at(tmp_path)
    assert again.trials.count("trend") == 2
    again.database.close()


def test_a_trial_that_never_ran_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="there is no trial T9"):
        store.trials.get("T9")
