"""Where workflows are found, what a run of one is asked with, and what it carries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from desk.workflows.specs import KNOWN, document, read, written
from quorum.desk.workflows import (
    WorkflowSpec,
    check_file,
    compile_workflow,
    find_workflow,
    request,
    to_document,
    workflows,
)
from quorum.domain import ConfigError, NotFound, UsageError

MINE = "workflow: mine\nsteps: [{step: 1, task: tell}]\n"
PARAMS = """\
workflow: mine
params:
  symbol: {kind: symbol, required: true}
  day: {kind: instant, required: true}
  share: {kind: number, default: 0.5}
  count: {kind: integer}
  loud: {kind: flag, default: false}
  names: {kind: list, default: [a, b]}
  timeframe: {kind: timeframe, default: 60m}
  note: {kind: text}
"""


@pytest.fixture
def spec(tmp_path: Path) -> WorkflowSpec:
    return read(tmp_path, document("- {step: 1, task: tell}\n", PARAMS))


def test_a_workspace_adds_to_the_shipped_workflows_and_replaces_them(tmp_path: Path) -> None:
    none = workflows(tmp_path / "absent", KNOWN)
    assert sorted(none) == [
        "auto_retry",
        "daily_operations",
        "deployed_trading",
        "live_deployment",
        "model_training_cycle",
        "parallel_validation",
        "realtime_signal_generation",
        "strategy_deployment",
        "strategy_meeting",
        "strategy_pipeline",
        "team_review",
        "trade_execution",
        "walk_forward_optimization",
    ]
    written(tmp_path, MINE)
    written(tmp_path, "workflow: team_review\nabout: Ours.\nsteps: [{step: 1, task: tell}]\n", "team_review")
    written(tmp_path, MINE, ".hidden")
    found = workflows(tmp_path, KNOWN)
    assert sorted(found) == sorted([*none, "mine"])
    own = found["team_review"]
    assert isinstance(own, WorkflowSpec)
    assert own.about == "Ours."
    assert find_workflow("mine", tmp_path, KNOWN).name == "mine"


def test_one_that_cannot_be_read_leaves_the_others_alone(tmp_path: Path) -> None:
    written(tmp_path, MINE)
    written(tmp_path, "workflow: broken\nsteps: [{step: 1, task: tel}]\n", "broken")
    written(tmp_path, MINE, "other_name")
    (tmp_path / "short.yml").write_text(MINE, encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"workflow: caf\xe9\n")
    found = workflows(tmp_path, KNOWN)
    assert isinstance(found["mine"], WorkflowSpec)
    assert f"{tmp_path}/broken.yaml:2:19: there is no task 'tel', did you mean 'tell'?" in str(found["broken"])
    assert f"{tmp_path}/other_name.yaml:1:1: the workflow 'mine' stands in other_name.yaml" in str(found["other_name"])
    assert "rename it to short.yaml" in str(found["short"])
    assert "make it a text file in UTF-8" in str(found["latin"])
    with pytest.raises(ConfigError, match="there is no task 'tel'"):
        find_workflow("broken", tmp_path, KNOWN)


def test_a_file_anywhere_is_checked_among_the_workflows_of_the_workspace(tmp_path: Path) -> None:
    draft = written(tmp_path / "drafts", "workflow: draft\nsteps: [{step: 1, name: sub, workflow: mine}]\n", "draft")
    written(tmp_path, "workflow: mine\nsteps: [{step: 1, task: tel}]\n")
    with pytest.raises(ConfigError, match=r"draft\.yaml:2:30: workflow 'mine': mine\.steps\.1\.task: there is no task"):
        check_file(draft, tmp_path, KNOWN)
    written(tmp_path, MINE)
    assert set(check_file(draft, tmp_path, KNOWN).parts) == {"mine"}
    copy = written(tmp_path / "drafts", MINE, "copy")
    with pytest.raises(ConfigError, match=r"copy\.yaml:1:1: the workflow 'mine' stands in copy\.yaml"):
        check_file(copy, tmp_path, KNOWN)
    with pytest.raises(ConfigError, match="there is no such file"):
        check_file(tmp_path / "absent.yaml", tmp_path, KNOWN)


@pytest.mark.parametrize("name", ["mien", "../mine", "", "mine.yaml"])
def test_a_workflow_that_there_is_not_is_told_with_the_nearest(tmp_path: Path, name: str) -> None:
    written(tmp_path, MINE)
    with pytest.raises(NotFound, match="there is no workflow") as error:
        find_workflow(name, tmp_path, KNOWN)
    assert ("did you mean 'mine'?" in str(error.value)) is (name != "")
    assert "there are auto_retry, daily_operations, deployed_trading, live_deployment, mine, " in error.value.remedy


def test_the_parameters_of_a_run_are_plain_values_of_their_kinds(spec: WorkflowSpec) -> None:
    asked = request(spec, {"symbol": "BTCUSDT", "day": "2024-06-03", "count": "7", "loud": "yes", "names": "x, y,"})
    assert asked == {
        "symbol": "BTCUSDT",
        "day": "2024-06-03T00:00:00Z",
        "share": 0.5,
        "count": 7,
        "loud": True,
        "names": ["x", "y"],
        "timeframe": "1h",
        "note": None,
    }
    assert json.loads(json.dumps(asked)) == asked
    assert request(spec, asked) == asked


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "mine needs symbol, day; give --param symbol=… --param day=…"),
        ({"symbol": None, "day": "2024-06-03"}, "mine needs symbol"),
        ({"symbl": "BTCUSDT"}, "mine has no parameter 'symbl', did you mean 'symbol'?; it has symbol, day, share"),
        ({"symbol": "B T"}, "parameter symbol: 'B T' is no symbol; write it as BTCUSDT or AAPL"),
        ({"day": "today"}, "parameter day: 'today' is no instant"),
        ({"share": "nan"}, "parameter share: 'nan' is no number"),
        ({"share": "1e999"}, "parameter share: '1e999' is no number"),
        ({"share": True}, "parameter share: 'True' is no number"),
        ({"count": "1.5"}, "parameter count: '1.5' is no integer; write it as 12"),
        ({"count": "9" * 5_000}, "is no integer"),
        ({"loud": "perhaps"}, "parameter loud: 'perhaps' is no flag; write true or false"),
        ({"timeframe": "1y"}, "parameter timeframe: '1y' is no timeframe"),
        ({"names": 5}, "parameter names: '5' is no list"),
        ({"note": 5}, "parameter note: '5' is no text"),
    ],
)
def test_a_wrong_parameter_is_named(spec: WorkflowSpec, given: dict[str, Any], says: str) -> None:
    whole = given if says.startswith("mine") else {"symbol": "BTCUSDT", "day": "2024-06-03", **given}
    with pytest.raises(UsageError) as error:
        request(spec, whole)
    assert says in str(error.value)
    assert error.value.exit_code == 2


def test_what_a_run_carries_makes_the_same_spec_again(spec: WorkflowSpec, tmp_path: Path) -> None:
    carried = to_document(spec)
    assert len(carried.content_hash) == 64
    again = json.loads(json.dumps(carried._asdict()))
    assert compile_workflow(again["document"], again["parts"], KNOWN) == spec
    comment = document("- {step: 1,   task: tell}   # the only one\n", "# mine\n" + PARAMS)
    assert to_document(read(tmp_path, comment)).content_hash == carried.content_hash
    other = document("- {step: 1, task: tell, critical: false}\n", PARAMS)
    assert to_document(read(tmp_path, other)).content_hash != carried.content_hash
