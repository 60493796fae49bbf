"""Generated sequences of orders, crosses, income, splits and conversions: limits hold, and every ledger balances."""

from __future__ import annotations

import pytest

from quorum.surfaces.bench.execution.sequences import play, sequences


def test_no_sequence_breaches_a_limit_or_leaves_a_ledger_unbalanced() -> None:
    played = play(25)
    assert (played.breaches, played.unbalanced) == ((), ())
    assert min(played.orders, played.vetoes, played.fills) > 10


@pytest.mark.slow
def test_neither_do_two_thousand() -> None:
    played = play(2_000, seed=50_000)
    assert (played.sequences, played.breaches, played.unbalanced) == (2_000, (), ())


def test_the_measures_are_counts_that_should_be_nothing() -> None:
    assert [(measure.value, measure.met) for measure in sequences(5, seed=7)] == [(0, True), (0, True)]
