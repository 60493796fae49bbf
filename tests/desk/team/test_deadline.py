"""Work in this process ends by its deadline, and writes nothing afterwards."""

from __future__ import annotations

import threading
import time

import pytest

from quorum.desk.team.deadline import Late, refuse_late, within
from quorum.domain import QuorumError


def test_what_is_in_time_answers_or_raises_as_it_does() -> None:
    def breaks() -> int:
        refuse_late(None)
        raise QuorumError("it broke", "")

    assert within(5.0, lambda: 7) == 7
    with pytest.raises(QuorumError, match="it broke"):
        within(5.0, breaks)


def test_what_is_late_is_left_behind_and_writes_nothing_any_more() -> None:
    go_on, ended = threading.Event(), threading.Event()
    seen: list[object] = []

    def hangs() -> None:
        try:
            refuse_late(None)
            seen.append("before")
            go_on.wait(20.0)
            refuse_late(None)
        except Late as error:
            seen.append(error.found)
        finally:
            ended.set()

    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.05 s"):
        within(0.05, hangs)
    assert time.monotonic() - began < 2.0
    go_on.set()
    assert ended.wait(20.0)
    assert seen == ["before", "this task was given up at its deadline"]
    refuse_late(None)  # of this thread nothing was given up
