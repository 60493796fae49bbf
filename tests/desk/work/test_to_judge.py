"""Which votes of a run come before risk: those of a quality that is traded, and every one while something is held."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from desk.markets import ENTRY
from desk.offices import ask, at_work
from quorum.desk import Desk
from quorum.desk.agents import AGENTS
from quorum.desk.work import TASKS, Assignment, run_task
from quorum.desk.workflows import Known, find_workflow
from quorum.desk.workflows.scope import unmet
from quorum.desk.workflows.spec import Tasks
from quorum.domain import HOUR, iso

KNOWN = Known.of(AGENTS.values(), TASKS)
LATER = 250  # hours; the price has gone nowhere for days


def evaluated(desk: Desk, hours: int, **view: object) -> Mapping[str, Any]:
    """The evaluation of a run with the word of the one analyst, changed by `view`."""
    at = ENTRY + hours * HOUR
    params = {"symbol": "FLATUSDT", "timeframe": "1h", "source": "momentum", "as_of": iso(at)}

    def done(task: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return run_task(desk, task, Assignment(f"WF-1/{task}/{hours}", "WF-1", task, "x", at, params, inputs))

    latest = done("latest_bars", {})
    word = done("view", {"latest": latest})
    word = {**word, "signals": [{**word["signals"][0], **view}]}
    return done("signal_aggregation", {"latest": latest, "momentum": word})


def judged(evaluation: Mapping[str, Any]) -> bool:
    """Whether the shipped workflow goes on to risk."""
    step = find_workflow("realtime_signal_generation", Path("nowhere"), KNOWN).steps[4]
    assert isinstance(step.body, Tasks)
    assert step.body.tasks[0].task == "trade_approval"
    scope = {"signal_quality_tier": evaluation["quality"]["tier"], "to_judge": evaluation["to_judge"]}
    return unmet(step.condition, scope) is None


def test_a_vote_without_a_side_is_judged_only_while_something_is_held(desk: Desk) -> None:
    assert not judged(evaluated(desk, LATER))
    assert ask(desk, "FLATUSDT", paper=True).order is not None
    held = evaluated(desk, LATER + 1)
    assert (held["consensus"]["direction"], held["quality"]["tier"]) == ("neutral", "F")
    assert judged(held)


@pytest.mark.parametrize(("size", "to_judge"), [("0", False), ("0.5", True)])
def test_tier_c_is_judged_where_its_key_gives_it_a_size(home: Path, size: str, to_judge: bool) -> None:
    path = home / "config" / "consensus.yaml"
    text = path.read_text(encoding="utf-8")
    assert "tier_c_size: 0 " in text
    text = text.replace("tier_c_size: 0 ", f"tier_c_size: {size} ").replace("default: 0.5", "default: 0.35")
    path.write_text(text, encoding="utf-8")
    found = evaluated(at_work(home), 0, confidence=0.4)
    assert found["quality"]["tier"] == "C"
    assert judged(found) is to_judge
