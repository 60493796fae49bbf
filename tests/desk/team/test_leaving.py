"""Runs that are cancelled and go on: their questions go with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from desk.team.teams import Bench
from quorum.desk.approvals import Question
from quorum.desk.running import known_to, protocols_of, request_of
from quorum.desk.team import cancel, resume
from quorum.desk.workflows import find_workflow
from quorum.domain import HOUR, IllegalMove, SystemClock

Make = Callable[..., Bench]


def test_nobody_is_asked_for_a_run_that_was_cancelled_until_it_goes_on(bench: Make) -> None:
    desk = bench().desk
    spec = find_workflow("daily_operations", desk.workspace.config, known_to(desk), protocols_of(desk))
    identity = desk.runs.enter(asked := request_of(spec, {"symbol": "FLATUSDT"}, desk.clock.now()))
    desk.workflows.enqueue(identity, asked)
    until = SystemClock().now() + HOUR
    mine = desk.approvals.ask(Question(f"{identity}/1.a", identity, "1.a", "Shall it?", until))
    cancel(desk, identity)
    assert mine.approval_id not in {one.approval_id for one in desk.approvals.open()}
    with pytest.raises(IllegalMove, match="was cancelled"):
        desk.approvals.answer(mine.approval_id, True, "ada", "yes", "cli")
    resume(desk, identity)
    assert mine.approval_id in {one.approval_id for one in desk.approvals.open()}
    assert desk.approvals.answer(mine.approval_id, True, "ada", "yes", "cli").approved
    cancel(desk, identity)
