"""From paper to real money: days on paper, a second yes to exactly that, and what then trades."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.approvals import Question
from quorum.desk.deploying import Word, assess_risk, consent_of, deploy, evaluate, undeploy
from quorum.desk.trading.live import go_live, plan_live, second_word
from quorum.desk.work import Assignment, run_task
from quorum.domain import DAY, Choice, IllegalMove, NeedsApproval, UsageError, VirtualClock, parse_instant
from quorum.surfaces.cli.app import app
from quorum.validation.life import Status

TWO = "STR-002"
AT = parse_instant("2021-06-01")
ACCOUNTS = """\
accounts:
  practice: {book: crypto, currency: USD, cash: 100000}
  real: {book: crypto, currency: USD, cash: 50000, venue: alpaca, host: 'http://127.0.0.1:9', live: true}
"""
EARLY = "config/execution.yaml"


def at_work(home: Path, days: int = 40) -> Desk:
    """A desk so many days after the strategy was deployed to paper."""
    (home / "config" / "accounts.yaml").write_text(ACCOUNTS)
    desk = open_desk(home, VirtualClock(AT))
    assert assess_risk(desk, TWO, "practice")["status"] == "AWAITING_HUMAN"
    yes = consent_of(desk, said(desk), TWO)
    record = deploy(desk, TWO, yes, "practice", 0.2)
    desk.life.books.deployments.change((record["deployment_id"],), lambda old: {**old, "at": AT})
    return open_desk(home, VirtualClock(AT + days * DAY))


def said(desk: Desk, approve: bool = True, **shows: str) -> str:
    key = f"{sorted(shows.items())}{approve}"
    asked = desk.approvals.ask(
        Question(key, "WF-1", "consent", "May it?", desk.clock.now() + DAY, {"strategy_id": TWO, **shows})
    )
    desk.approvals.answer(asked.approval_id, approve, "grace", "it held on paper", "cli")
    return asked.approval_id


def second(desk: Desk) -> str:
    told = plan_live(desk, TWO).told()
    return said(desk, account=told["account"], terms=told["terms"])


def done(desk: Desk, task: str, inputs: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    asked = Assignment(
        f"WF-1/{task}", "WF-1", task, "risk-manager", desk.clock.now(), {"strategy_id": TWO}, inputs or {}
    )
    return run_task(desk, task, asked)


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPACA_API_KEY", "AKREAL")
    monkeypatch.setenv("ALPACA_SECRET_KEY", "s3cr3t")


def test_the_second_yes_deploys_with_real_money_and_ends_what_was_on_paper(dollars: Path) -> None:
    desk = at_work(dollars)
    plan = done(desk, "plan_of_going_live")
    assert (plan["account"], plan["target_allocation"], plan["paper_days"]) == ("real", 0.2, 40)
    assert plan["terms"].startswith("alpaca at http://127.0.0.1:9, with env:ALPACA_API_KEY and env:ALPACA_SECRET_KEY")
    approval = second(desk)
    told = done(desk, "go_live_approved", {"plan": plan, "consent": {"approval_id": approval}})
    assert (told["stage"], told["status"], told["account"]) == ("LIVE", "standing", "real")
    assert done(desk, "go_live_approved", {"plan": plan, "consent": {"approval_id": approval}}) == told
    paper, live = desk.life.books.deployments.listed(strategy_id=TWO)
    assert (paper["status"], paper["positions"]) == ("ended", "keep")
    assert (live["first_approval_id"], live["approval_id"]) == (paper["approval_id"], approval)
    assert (live["params"], live["baseline"]) == (paper["params"], paper["baseline"])
    assert desk.life.queue.get(TWO).status is Status.INCUBATION
    choice: Choice = desk.decisions.get(live["decision_id"]).choice
    assert choice.inputs["approvals"] == [paper["approval_id"], approval]
    assert "LIVE" in str(evaluate(desk, TWO)["deployments"][-1]["stage"])
    with pytest.raises(IllegalMove, match="is live already"):
        plan_live(desk, TWO)
    assert undeploy(desk, TWO, Word("ada", "a test"))["status"] == "DISABLED"


@pytest.mark.parametrize(
    ("days", "keys", "why"),
    [
        (29, "", "29 of 30 calendar days and 29 of 20 trading days"),
        (40, "going_live: {calendar_days: 41}\n", "40 of 41 calendar days"),
        (40, "going_live: {trading_days: 41}\n", "40 of 41 trading days"),
        (29, "going_live: {calendar_days: 29}\n", None),
    ],
)
def test_it_was_long_enough_on_paper(dollars: Path, days: int, keys: str, why: str | None) -> None:
    (dollars / EARLY).write_text(keys)
    plan = plan_live(at_work(dollars, days), TWO)
    if why is None:
        plan.must_hold()
        return
    with pytest.raises(IllegalMove, match=why):
        plan.must_hold()


def test_only_a_second_yes_to_exactly_that_counts(dollars: Path) -> None:
    desk = at_work(dollars)
    first = desk.life.books.deployments.listed(strategy_id=TWO)[0]["approval_id"]
    for approval in (first, said(desk, False, terms="x")):
        with pytest.raises(NeedsApproval, match="no person's yes to STR-002 with real money"):
            second_word(desk, approval, TWO)
    with pytest.raises(NeedsApproval, match="agreed to real, elsewhere; it is alpaca at"):
        go_live(desk, TWO, second_word(desk, said(desk, account="real", terms="elsewhere"), TWO), "real", 0.2)
    assert desk.life.queue.get(TWO).status is Status.PAPER


def test_paper_and_real_accounts_are_not_taken_for_each_other(dollars: Path) -> None:
    desk = at_work(dollars)
    with pytest.raises(UsageError, match="account practice does not trade with real money"):
        plan_live(desk, TWO, "practice")
    with pytest.raises(UsageError, match="account real trades with real money, and a strategy begins on paper"):
        assess_risk(desk, TWO, "real")
    with pytest.raises(IllegalMove, match="only what trades on paper goes live"):
        plan_live(desk, "STR-001")


def test_the_command_shows_it_and_changes_nothing(dollars: Path) -> None:
    at_work(dollars)  # days ago by its own clock, moments ago by the machine's
    run = CliRunner().invoke(app, ["deploy", TWO, "--live", "--dry-run", "--home", str(dollars), "--json"])
    assert run.exit_code == 0, run.output
    assert '"stage": "LIVE"' in run.stdout
    for wrong, why in ((("--live",), "no strategy is named"), ((TWO, "--live", "--floor"), "--floor is decided")):
        refused = CliRunner().invoke(app, ["deploy", *wrong, "--home", str(dollars)])
        assert refused.exit_code == 2 or why in str(refused.exception)
