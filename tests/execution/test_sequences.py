"""Generated sequences of orders, crosses, income, splits and conversions: limits hold, and every ledger balances."""

from __future__ import annotations

import pytest

from quorum.surfaces.bench.execution.sequences import SEQUENCES, play, sequences

SHARD = 5_000


def test_no_sequence_breaches_a_limit_or_leaves_a_ledger_unbalanced() -> None:
    played = play(25)
    assert (played.breaches, played.unbalanced) == ((), ())
    assert min(played.orders, played.vetoes, played.fills) > 10


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", range(0, SEQUENCES, SHARD))
def test_neither_does_one_of_a_hundred_thousand(seed: int) -> None:
    played = play(SHARD, seed)
    assert (played.sequences, played.breaches, played.unbalanced) == (SHARD, (), ())


@pytest.mark.slow
def test_played_in_two_processes_they_are_the_same() -> None:
    assert play(40, seed=3, at_once=2) == play(40, seed=3)


def test_the_measures_are_counts_that_should_be_nothing() -> None:
    assert [(measure.value, measure.met) for measure in sequences(5, seed=7)] == [(0, True), (0, True)]
