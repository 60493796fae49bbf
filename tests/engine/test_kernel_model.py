"""The kernel against a slow model of its rules: fill by fill, bar by bar, trade by trade, on every kind of terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from engine.model import Desk, Trip, round_trips, simulate
from engine.worlds import Answer, Case, cases, kernel_answer
from quorum.engine.records import REASONS


def assert_equal_to_the_model(case: Case) -> tuple[Answer, Desk]:
    answer = kernel_answer(case)
    desk = simulate(case.world, case.wanted, case.levels, case.terms)
    scale = max(case.terms.starting_equity, float(np.abs(desk.equity).max()))
    near: dict[str, Any] = {"rel": 1e-9, "abs": 1e-11 * scale}
    assert answer.equity == pytest.approx(desk.equity, **near)
    assert answer.unfilled == desk.unfilled
    expected = [(f.bar, f.decided, f.symbol, f.reason, f.quantity, f.price, f.fee) for f in desk.fills]
    found = [(int(i), int(at), int(j), REASONS[int(why)], q, p, fee) for i, at, j, q, p, fee, why in answer.rows]
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    for row, slow in zip(found, expected, strict=True):
        assert row[4:] == pytest.approx(slow[4:], **near)
    assert_paired_alike(answer, round_trips(desk), case, near)
    won = float(answer.trades.profit.sum()) + sum(desk.carried)
    assert answer.equity[-1] - case.terms.starting_equity == pytest.approx(won, **near)
    return answer, desk


def assert_paired_alike(answer: Answer, trips: list[Trip], case: Case, near: dict[str, Any]) -> None:
    time, t = case.world.time, answer.trades
    assert t.symbol.tolist() == [f"S{trip.symbol}" for trip in trips]
    assert t.entry_time.tolist() == [time[trip.entry] for trip in trips]
    assert t.exit_time.tolist() == [time[trip.exit] for trip in trips]
    assert t.reason.tolist() == [trip.reason for trip in trips]
    assert (t.side * t.quantity).tolist() == pytest.approx([trip.entered for trip in trips], rel=1e-9)
    for name in ("entry_price", "exit_price"):
        assert getattr(t, name).tolist() == pytest.approx([getattr(trip, name) for trip in trips], rel=1e-9)
    for name in ("fees", "profit"):
        assert getattr(t, name).tolist() == pytest.approx([getattr(trip, name) for trip in trips], **near)


@settings(max_examples=200)
@given(cases(panel=False))
def test_the_kernel_is_the_model_on_one_symbol(case: Case) -> None:
    assert_equal_to_the_model(case)


@settings(max_examples=200)
@given(cases(panel=True))
def test_the_kernel_is_the_model_on_many_symbols_and_one_purse(case: Case) -> None:
    assert_equal_to_the_model(case)


@pytest.mark.slow
@settings(max_examples=5_000)
@given(cases(panel=False))
def test_the_kernel_is_the_model_on_thousands_of_markets(case: Case) -> None:
    assert_equal_to_the_model(case)


@pytest.mark.slow
@settings(max_examples=5_000)
@given(cases(panel=True))
def test_the_kernel_is_the_model_on_thousands_of_panels(case: Case) -> None:
    assert_equal_to_the_model(case)
