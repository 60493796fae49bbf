"""What a run has to write waits for the database; another error is told at once."""

from __future__ import annotations

import time

import pytest

from quorum.desk.team.outlasting import outlast, store_pauses
from quorum.domain import DataError, StoreError


def test_a_store_that_answers_again_is_waited_for() -> None:
    refusals = [StoreError("locked")]

    def act() -> str:
        if refusals:
            raise refusals.pop()
        return "written"

    began = time.monotonic()
    assert outlast(act, (0.1, 30.0)) == "written"
    assert 0.1 <= time.monotonic() - began < 10.0


def test_when_the_time_is_up_the_error_stands() -> None:
    asked = []

    def act() -> str:
        asked.append(1)
        raise StoreError("locked")

    with pytest.raises(StoreError):
        outlast(act, store_pauses(0.02))
    assert len(asked) == 2


def test_the_pauses_grow_and_fill_the_time() -> None:
    assert store_pauses(0.0) == ()
    assert store_pauses(2.0) == (0.5, 1.0, 0.5)
    assert store_pauses(90.0) == (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 29.5)


def test_other_errors_are_told_at_once() -> None:
    def act() -> str:
        raise DataError("there is a gap")

    with pytest.raises(DataError):
        outlast(act, store_pauses(60.0))
