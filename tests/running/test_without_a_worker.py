"""Where no worker is at work, whoever answers or resumes lets the run go on, unless told not to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quorum.bootstrap import open_desk
from running.desks import done_once, make_desk
from surfaces.cli.commands import Quorum


def test_a_run_goes_on_with_whoever_answers_resumes_or_forks(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    home = make_desk(tmp_path / "home", tmp_path_factory.getbasetemp() / "desk")
    quorum, desk = Quorum(capsys), open_desk(home)

    def said(*words: str, code: int) -> Any:
        done = quorum(*words, "--home", home, "--json")
        assert done.code == code, done
        return json.loads(done.out)

    def questions(identity: str) -> list[str]:
        return [a.approval_id for a in desk.approvals.open() if a.question.workflow_id == identity]

    left = said("workflow", "run", "asks", "--no-wait", code=0)
    assert left["status"] == "enqueued"
    first = said("workflow", "run", "asks", "-p", "times=2", code=3)["workflow_id"]
    assert desk.workflows.run(left["workflow_id"])[0].status == "running"  # the worker of the second took it along
    (asked,) = questions(first)
    assert "run" not in said("reject", asked, "--reason", "news at two", "--no-wait", code=0)
    assert desk.workflows.run(first)[0].status == "running"
    said("workflow", "cancel", first, code=0)
    resumed = said("workflow", "resume", first, code=3)
    assert (resumed["workflow_id"], resumed["run"]["status"]) == (first, "waiting")
    (asked,) = questions(first)
    assert said("approve", asked, "--reason", "really", code=0)["run"]["status"] == "completed"
    done_once(desk, first, 3)
    forked = said("workflow", "fork", first, "--from-step", "2", code=3)
    assert (forked["from"], forked["run"]["status"]) == (first, "waiting")
    (asked,) = questions(forked["workflow_id"])
    answered = said("approve", asked, "--reason", "fine", code=3)  # it asks a second time
    assert (answered["status"], answered["run"]["status"]) == ("approved", "waiting")
    assert said("workflow", "fork", first, "--no-wait", code=0).keys() == {"workflow_id", "move", "from", "step"}
