"""evaluate, deploy, undeploy and the commands of a deployed strategy: what they print and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quorum.bootstrap import open_desk
from quorum.desk.deploying import assess_risk
from quorum.validation.life import Status
from surfaces.cli.commands import Quorum

ONE = "STR-001"


@pytest.fixture
def quorum(climbed_home: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    command = Quorum(capsys)

    def run(*words: object) -> Any:
        return command(*words, "--home", climbed_home)

    return run


@pytest.fixture
def awaiting(climbed_home: Path) -> Path:
    assert assess_risk(open_desk(climbed_home), ONE)["status"] == "AWAITING_HUMAN"
    return climbed_home


def test_evaluate_tells_all_in_words_and_in_json(quorum: Any) -> None:
    told = quorum("evaluate", ONE, "--json").json
    assert (told["strategy_id"], told["status"]) == (ONE, "L3_PASSED")
    assert {"tiers", "critic", "risk", "trials_in_family", "next", "moves"} <= set(told)
    said = quorum("evaluate", ONE).out
    for part in ("L2: passed", "critic: not asked yet", "risk: not asked yet", "next: the risk assessment"):
        assert part in said


def test_evaluate_may_ask_critic_and_risk_first(quorum: Any) -> None:
    told = quorum("evaluate", ONE, "--critic", "--risk", "--json").json
    assert told["critic"]["verdict"] == {"verdict": "passed"}
    assert told["risk"]["target_allocation"] == 0.30
    assert told["status"] == "AWAITING_HUMAN"


def test_evaluate_looks_at_a_portfolio(quorum: Any) -> None:
    told = quorum("evaluate", "--portfolio", "--json").json
    assert told["verdict"]["verdict"] == "failed"
    assert "strategies" in quorum("evaluate", "--portfolio").out


def test_what_there_is_not_is_one_line(quorum: Any) -> None:
    assert "there is no strategy 'STR-999'" in quorum("evaluate", "STR-999").error
    assert "no strategy is named" in quorum("evaluate").error
    assert "STR-001 is L3_PASSED, not AWAITING_HUMAN" in quorum("deploy", ONE, "--dry-run").error
    assert "it is not deployed" in quorum("undeploy", ONE, "--reason", "x").error
    assert "not paused" in quorum("strategy", "resume", ONE, "--reason", "x").error


def test_a_dry_run_shows_it_and_asks_nobody(quorum: Any, awaiting: Path) -> None:
    told = quorum("deploy", ONE, "--dry-run", "--json").json
    assert (told["dry_run"], told["target_allocation"], told["refused"]) == (True, 0.30, [])
    assert len(told["baseline"]["bands"]) == 8
    said = quorum("deploy", ONE, "--dry-run").out
    assert "baseline: " in said
    assert said.endswith("nothing was changed\n")
    assert open_desk(awaiting).approvals.open() == []


def test_a_dry_run_of_what_would_be_refused_ends_with_1(quorum: Any, awaiting: Path) -> None:
    said = quorum("deploy", ONE, "--dry-run", "--allocation", "0.5")
    assert said.code == 1
    assert "refused: risk does not agree" in said.out
    assert "risk does not agree" in quorum("deploy", ONE, "--allocation", "0.5").error


def test_a_person_is_asked_once_and_a_yes_deploys(quorum: Any, awaiting: Path) -> None:
    first = quorum("deploy", ONE, "--no-wait", "--json").json
    assert first["status"] == "enqueued"
    assert quorum("deploy", ONE, "--no-wait", "--json").json["workflow_id"] == first["workflow_id"]
    said = quorum("deploy", ONE, "--allocation", "0.1").error
    assert f"{first['workflow_id']} asks about {ONE} already, with allocation as it fits" in said
    asked = quorum("deploy", ONE, "--json")
    assert asked.code == 3
    (waiting,) = json.loads(asked.out)["waits_for"]
    assert (waiting["shows"]["strategy_id"], json.loads(asked.out)["workflow_id"]) == (ONE, first["workflow_id"])
    again = quorum("deploy", ONE, "--allocation", "0.3")
    assert again.code == 3
    assert waiting["approval_id"] in again.out
    said = quorum("deploy", ONE, "--allocation", "0.1").error
    assert f"{waiting['approval_id']} asks about {ONE} already, with allocation 0.3" in said
    told = quorum("approve", waiting["approval_id"], "--reason", "its evidence holds", "--by", "ada", "--json").json
    assert told["run"]["deployment"]["stage"] == "PAPER"
    desk = open_desk(awaiting)
    assert desk.life.queue.get(ONE).status is Status.PAPER
    (record,) = desk.life.books.deployments.listed()
    assert (record["by"], record["reason"], record["approval_id"]) == (
        "ada",
        "its evidence holds",
        waiting["approval_id"],
    )
    assert quorum("strategy", "pause", ONE, "--reason", "drawdown", "--json").json["status"] == "PAUSED"
    assert "PAUSED -> PAPER" in quorum("strategy", "resume", ONE, "--reason", "recovered").out
    assert quorum("undeploy", ONE, "--reason", "venue", "--json").json["status"] == "AWAITING_HUMAN"


@pytest.mark.slow
def test_a_no_changes_nothing(quorum: Any, awaiting: Path) -> None:
    (waiting,) = json.loads(quorum("deploy", ONE, "--json").out)["waits_for"]
    told = quorum("reject", waiting["approval_id"], "--reason", "not this month", "--json").json
    assert told["run"]["consent"] == "rejected"
    desk = open_desk(awaiting)
    assert desk.life.queue.get(ONE).status is Status.AWAITING_HUMAN
    assert desk.life.books.deployments.listed() == []


@pytest.mark.slow
def test_a_standing_approval_is_no_person(quorum: Any, awaiting: Path) -> None:
    granted = ("--scope", "workflow=strategy_deployment", "--until", "2099-01-01", "--reason", "trust")
    quorum("approvals", "grant", "all", *granted)
    said = quorum("deploy", ONE, "--json")
    assert said.code == 1
    assert "no person's yes" in json.loads(said.out)["reason"]
    assert open_desk(awaiting).life.books.deployments.listed() == []


def test_retire_ends_it(quorum: Any, awaiting: Path) -> None:
    desk = open_desk(awaiting)
    desk.life.queue.move(ONE, Status.AWAITING_HUMAN, Status.PAPER, "test", "as if deployed")
    assert (
        "choose one of keep, close" in quorum("strategy", "retire", ONE, "--positions", "sell", "--reason", "x").error
    )
    told = quorum("strategy", "retire", ONE, "--positions", "close", "--reason", "replaced", "--json").json
    assert (told["status"], told["positions"]) == ("RETIRED", "close")
