"""Every backtest counts once, by its family, and keeps its daily returns; a batch is counted whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from alembic import command

from adapters.places import slow_on_postgres
from adapters.processes import TESTS, run
from adapters.stores import NOW, Store, store_at
from adapters.trials import FIRST, INPUTS, sweep
from quorum.adapters.sql import Database
from quorum.adapters.sql.database import _alembic
from quorum.domain import DAY, NotFound, StoreError
from quorum.engine import Trials
from quorum.engine.fakes import MemoryTrials

KILLED = """
import os, signal, sys
import sqlalchemy as sa
from adapters.stores import place, store_at
from adapters.trials import sweep
store = store_at(place(sys.argv[1]))
store.trials.record_many(sweep(3))
def die(*args):
    os.kill(os.getpid(), signal.SIGKILL)
sa.event.listen(store.database._engine, "commit", die)
store.trials.record_many(sweep(9))
"""


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = store_at(place)
    yield store
    store.database.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def trials(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trials]:
    if request.param == "memory":
        yield MemoryTrials()
        return
    store = store_at(tmp_path if request.param == "sqlite" else request.getfixturevalue("postgres"))
    yield store.trials
    store.database.close()


class TestEveryForm:
    def test_a_batch_is_counted_and_comes_back_in_its_order_bit_for_bit(self, trials: Trials) -> None:
        made = sweep(7)
        made[3].returns[:3] = (np.nan, -0.0, 1e-310)
        trials.record_many(made)
        found = trials.family("trend")
        assert trials.count("trend") == len(found) == 7
        for one, other in zip(made, found, strict=True):
            assert (one.trial_id, one.family, one.parameters) == (other.trial_id, other.family, other.parameters)
            assert (one.inputs, one.outcome) == (other.inputs, other.outcome)
            assert one.returns.tobytes() == other.returns.tobytes()
            assert one.day.tobytes() == other.day.tobytes()

    def test_an_identical_rerun_adds_none(self, trials: Trials) -> None:
        for _ in range(2):
            trials.record_many([*sweep(5), *sweep(5)])
        assert trials.count("trend") == len(trials.family("trend")) == 5

    def test_a_larger_sweep_adds_what_is_new(self, trials: Trials) -> None:
        trials.record_many(sweep(3))
        trials.record_many(sweep(8))
        assert [t.trial_id for t in trials.family("trend")] == [t.trial_id for t in sweep(8)]

    def test_what_is_known_is_not_changed(self, trials: Trials) -> None:
        first = sweep(1)[0]
        other = replace(first, family="none", outcome={"sharpe": 9.0}, returns=first.returns + 1)
        trials.record_many([first, other])
        trials.record_many([other])
        assert trials.get(first.trial_id)["outcome"] == {"sharpe": 0.0}
        assert np.array_equal(trials.family("trend")[0].returns, first.returns)
        assert trials.count("none") == 0

    def test_a_trial_tells_family_inputs_with_parameters_and_outcome(self, trials: Trials) -> None:
        made = sweep(2)[1]
        trials.record_many([replace(made, outcome={"sharpe": float("nan"), "trades": 3})])
        found = trials.get(made.trial_id)
        assert found["trial_id"] == made.trial_id
        assert (found["family"], found["outcome"]) == ("trend", {"sharpe": None, "trades": 3})
        assert found["inputs"] == {**INPUTS, "parameters": {"fast": 3, "slow": 100.5, "kind": "ema"}}

    def test_a_sweep_that_goes_on_learns_what_is_done(self, trials: Trials) -> None:
        asked = [trial.trial_id for trial in sweep(20)]
        assert trials.known(asked) == trials.known([]) == set()
        trials.record_many(sweep(12))
        assert trials.known(asked) == set(asked[:12])
        assert trials.known(["none"]) == set()

    def test_each_family_has_its_own_trials(self, trials: Trials) -> None:
        trials.record_many([*sweep(2), *sweep(1, family="reversion"), *sweep(3, data_hash="e" * 64, days=5)])
        assert [trials.count(f) for f in ("trend", "reversion", "tren", "none")] == [5, 1, 0, 0]
        assert [len(t.returns) for t in trials.family("trend")] == [70, 70, 5, 5, 5]
        assert trials.family("none") == []

    def test_no_trials_are_no_change(self, trials: Trials) -> None:
        trials.record_many([])
        assert trials.count("trend") == 0

    def test_a_trial_without_a_whole_day_is_one(self, trials: Trials) -> None:
        trials.record_many(sweep(1, days=0))
        assert trials.family("trend")[0].returns.shape == (0,)

    def test_a_batch_with_a_trial_that_cannot_be_written_counts_none(self, trials: Trials) -> None:
        bad = replace(sweep(1, family="bad")[0], outcome={"sharpe": object()})
        with pytest.raises(TypeError, match="object cannot be written"):
            trials.record_many([*sweep(3), bad])
        assert trials.count("trend") == 0

    def test_a_trial_that_never_ran_is_not_found(self, trials: Trials) -> None:
        with pytest.raises(NotFound, match="there is no trial T9"):
            trials.get("T9")


def test_trials_outlive_the_process_and_keep_their_first_instant(store: Store, place: Path | str) -> None:
    store.trials.record_many(sweep(2))
    store.clock.advance_to(NOW + 1)
    store.trials.record_many(sweep(3))
    again = store_at(place)
    assert [again.trials.get(t.trial_id)["recorded_at"] for t in again.trials.family("trend")] == [NOW, NOW, NOW + 1]
    again.database.close()


def test_what_a_sweep_shares_is_written_once(store: Store) -> None:
    store.trials.record_many(sweep(40))
    store.trials.record_many(sweep(50))
    assert [len(store.database.rows(table)) for table in ("trial_inputs", "trial_days", "trial")] == [1, 1, 50]


@slow_on_postgres
def test_known_asks_for_more_ids_than_one_question_may_hold(store: Store) -> None:
    made = sweep(3)
    asked = [f"TRL-{number}" for number in range(40_000)]
    store.trials.record_many(made)
    assert store.trials.known([*asked, made[2].trial_id]) == {made[2].trial_id}


def test_a_trial_from_before_returns_were_kept_is_still_there(tmp_path: Path) -> None:
    database = Database(tmp_path / "desk.db")
    with database.write() as connection:
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "insert into trial (trial_id, family, recorded_at, inputs, outcome, code_hash) values "
            """('TRL-b', 'trend', 7, '{"code_hash":"old","parameters":{"fast":5}}', '{"sharpe":1.5}', 'old'),"""
            """('TRL-a', 'trend', 8, '{"code_hash":"old","parameters":{"fast":6}}', '{}', 'old')"""
        )
    database.close()
    store = store_at(tmp_path)
    old = store.trials.get("TRL-b")
    assert (old["inputs"], old["outcome"]) == ({"code_hash": "old", "parameters": {"fast": 5}}, {"sharpe": 1.5})
    assert (old["recorded_at"], store.trials.known(["TRL-a", "TRL-c"])) == (7, {"TRL-a"})
    store.trials.record_many([*sweep(1), replace(sweep(1)[0], trial_id="TRL-a")])
    found = store.trials.family("trend")
    assert [t.trial_id for t in found] == ["TRL-b", "TRL-a", sweep(1)[0].trial_id]
    assert [len(t.day) for t in found] == [0, 0, 70]
    assert (found[1].parameters, found[1].inputs) == ({"fast": 6}, {"code_hash": "old"})
    assert found[2].day[0] == FIRST
    assert found[2].day[-1] == FIRST + 69 * DAY
    store.database.close()


def test_a_full_disk_counts_none_of_a_batch(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    with store.database.write() as connection:
        pages = connection.exec_driver_sql("pragma page_count").scalar_one()
        connection.exec_driver_sql(f"pragma max_page_count = {pages + 20}")
    with pytest.raises(StoreError, match="nothing was written"):
        store.trials.record_many(sweep(400))
    assert store.trials.count("trend") == 0
    assert store.database.rows("trial_inputs") == []
    store.database.close()


@slow_on_postgres
def test_a_kill_before_the_commit_leaves_none_of_the_batch(place: Path | str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, place], cwd=TESTS, check=False)
    assert done.returncode == -signal.SIGKILL
    store = store_at(place)
    assert store.trials.count("trend") == len(store.database.rows("trial")) == 3
    store.database.close()


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_whole_batches_and_all_that_were_acknowledged(place: Path | str) -> None:
    told = 0
    for pause in (0.001, 0.003, 0.01, 0.02, 0.05):
        words = [sys.executable, "-m", "adapters.worker", "1", "count", str(place), "1000"]
        with subprocess.Popen(words, cwd=TESTS, stdout=subprocess.PIPE, text=True, start_new_session=True) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(pause)
            os.killpg(child.pid, signal.SIGKILL)
            told = max(told, 1 + sum(1 for line in child.stdout if line.endswith("\n")))
        store = store_at(place)
        rows = store.database.rows("trial")
        counts = [store.trials.count(family) for family in sorted({row["family"] for row in rows})]
        assert set(counts) == {50}
        assert len(counts) >= told
        store.database.close()


@pytest.mark.slow
def test_processes_that_count_the_same_trials_at_once_count_each_once(place: Path | str) -> None:
    assert sorted(run("adapters.worker", 3, "count", place, 8)) == sorted([*map(str, range(8))] * 3)
    store = store_at(place)
    assert len(store.database.rows("trial")) == 8 * 50
    assert [store.trials.count(f"trend-{number}") for number in range(8)] == [50] * 8
    store.database.close()
