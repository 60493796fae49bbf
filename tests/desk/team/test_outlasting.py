"""What a run has to write waits for the database; another error is told at once."""

from __future__ import annotations

import time

import pytest

from quorum.desk.team.outlasting import STORE_PAUSES, outlast
from quorum.domain import DataError, StoreError


def test_a_store_that_answers_again_is_waited_for() -> None:
    refusals = [StoreError("locked")]

    def act() -> str:
        if refusals:
            raise refusals.pop()
        return "written"

    began = time.monotonic()
    assert outlast(act) == "written"
    assert time.monotonic() - began >= STORE_PAUSES[0]


def test_other_errors_are_told_at_once() -> None:
    def act() -> str:
        raise DataError("there is a gap")

    with pytest.raises(DataError):
        outlast(act)
