"""From L3 to paper: the critic, risk, a person's yes; and what becomes of a deployed strategy."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from desk.deploying.climbed import climb, idea, keep
from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.approvals import Question, Standing
from quorum.desk.deploying import (
    Consent,
    Word,
    assess_risk,
    consent_of,
    critic_verdict,
    criticise,
    deploy,
    evaluate,
    evaluate_portfolio,
    pause,
    plan_deployment,
    resume,
    retire,
    undeploy,
)
from quorum.desk.deploying.known import known, ladder_of
from quorum.desk.deploying.risk import at_work
from quorum.domain import DAY, DecisionKind, IllegalMove, NeedsApproval, NotFound, UsageError
from quorum.engine import Terms
from quorum.validation.ladder import Failed, Passed, Tier
from quorum.validation.life import Status

ONE = "STR-001"
WORD = Word("ada", "a test")
BOTH_WAYS = {"short": 1, "lookback": 30, "skip": 1}


def consent(desk: Desk, strategy_id: str = ONE, approved: bool = True, by: str = "ada") -> str:
    """A question about a strategy that a person has answered."""
    key = f"{strategy_id}/{len(desk.approvals.open())}/{desk.clock.now()}"
    shows = {"strategy_id": strategy_id}
    asked = desk.approvals.ask(Question(key, "WF-1", "consent", "Deploy?", desk.clock.now() + DAY, shows))
    desk.approvals.answer(asked.approval_id, approved, by, "looked at it", "cli")
    return asked.approval_id


def awaiting(desk: Desk, strategy_id: str = ONE) -> Desk:
    assert assess_risk(desk, strategy_id)["status"] == "AWAITING_HUMAN"
    return desk


def deployed(desk: Desk, strategy_id: str = ONE, **more: Any) -> Mapping[str, Any]:
    yes = consent_of(desk, consent(desk, strategy_id), strategy_id)
    return deploy(desk, strategy_id, yes, **more)


def status(desk: Desk, strategy_id: str = ONE) -> Status:
    return desk.life.queue.get(strategy_id).status


def paper(home: Path, name: str, strategy_id: str = ONE) -> str:
    return (home / "knowledge" / "strategies" / strategy_id / name).read_text(encoding="utf-8")


def test_the_critic_leaves_its_review_and_its_decision(climbed: Desk) -> None:
    result = known(climbed, ONE).results[Tier.L2]
    doubted = replace(result, critic=("oos_sharpe", "calmar"))
    climbed.life.results.keep(ONE, "L2", 0, "VAL-2", doubted.told())
    found = criticise(climbed, ONE)
    assert found["review"]["verdict"] == {"verdict": "passed"}
    assert found["status"] == "L3_PASSED"
    text = paper(climbed.workspace.home, "critic-review.md")
    assert "the critic on L2" in text
    assert "Does it see the future" in text
    decision = climbed.decisions.get(found["decision_id"])
    assert decision.choice.kind is DecisionKind.VERDICT
    assert decision.choice.parents


def test_the_same_review_is_kept_once(climbed: Desk) -> None:
    assert criticise(climbed, ONE)["decision_id"] == criticise(climbed, ONE)["decision_id"]
    assert len(climbed.life.results.of(ONE, "critic")) == 1


def test_who_fails_the_critic_at_l2_is_rejected(climbed: Desk) -> None:
    two = climb(climbed, idea("ETHUSDT"), Status.L2_PASSED)
    result = known(climbed, two).results[Tier.L2]
    assert result.daily is not None
    tampered = {**result.daily, "returns": [0.001 + r for r in result.daily["returns"]]}
    keep(climbed, two, replace(result, daily=tampered), "VAL-2")
    found = criticise(climbed, two)
    assert found["status"] == "REJECTED"
    assert climbed.life.queue.get(two).reason.startswith("critic: fundamental_strategy_flaw")
    candidate = climbed.life.queue.get(two)
    assert isinstance(critic_verdict(climbed, candidate, known(climbed, two).results[Tier.L2]), Failed)


def test_the_critic_needs_a_result(climbed: Desk) -> None:
    (new,) = climbed.life.queue.add([idea("ETHUSDT", fast=7)], "test")
    with pytest.raises(UsageError, match="no result yet"):
        criticise(climbed, new.strategy_id)
    with pytest.raises(UsageError, match="no result at L1"):
        criticise(climbed, ONE, "L1")
    with pytest.raises(NotFound):
        criticise(climbed, "STR-999")


def test_risk_hands_a_strategy_to_a_person(climbed: Desk) -> None:
    found = assess_risk(climbed, ONE)
    assert (found["status"], found["target_allocation"]) == ("AWAITING_HUMAN", 0.30)
    told = YAML(typ="safe").load(paper(climbed.workspace.home, "risk-assessment.yaml"))
    assert told["verdict"]["verdict"] == "passed"
    assert [m.after for m in climbed.life.queue.moves(ONE)][-2:] == [Status.RISK_ASSESSED, Status.AWAITING_HUMAN]
    assert assess_risk(climbed, ONE)["decision_id"] == found["decision_id"]


def test_a_power_cut_between_the_two_moves_is_mended(climbed: Desk) -> None:
    climbed.life.queue.move(ONE, Status.L3_PASSED, Status.RISK_ASSESSED, "risk", "and then the power went")
    assert assess_risk(climbed, ONE)["status"] == "AWAITING_HUMAN"


def test_the_twin_of_a_deployed_strategy_is_rejected(climbed: Desk) -> None:
    deployed(awaiting(climbed))
    twin = climb(climbed, idea("XBTUSDT"))
    found = assess_risk(climbed, twin)
    assert found["verdict"]["reason"] == "correlated_with_deployed"
    assert found["correlations"][0]["strategy_id"] == ONE
    assert status(climbed, twin) is Status.REJECTED


def test_who_awaits_a_word_that_risk_no_longer_backs_is_told_so(climbed: Desk) -> None:
    twin = climb(climbed, idea("XBTUSDT"))
    awaiting(climbed, twin)
    deployed(awaiting(climbed))
    assert "a person's word" in evaluate(climbed, twin)["next"]
    assert assess_risk(climbed, twin)["status"] == "AWAITING_HUMAN"
    assert evaluate(climbed, twin)["next"].startswith("risk does not agree by now")


def test_a_dry_run_changes_nothing(climbed: Desk) -> None:
    awaiting(climbed)
    before = (climbed.life.queue.get(ONE), climbed.decisions.recent(50), climbed.accounts.listed())
    told = plan_deployment(climbed, ONE).told()
    assert (told["stage"], told["account"], told["target_value"]) == ("PAPER", "paper", 30_000.0)
    low, high = told["baseline"]["interval"]
    assert low < told["baseline"]["mean"] < high
    assert told["refused"] == []
    assert (climbed.life.queue.get(ONE), climbed.decisions.recent(50), climbed.accounts.listed()) == before
    assert climbed.life.books.deployments.listed() == []


def test_a_yes_deploys_with_its_baseline_on_record(climbed: Desk) -> None:
    record = deployed(awaiting(climbed))
    assert record["deployment_id"].startswith("DEP-")
    assert (record["status"], record["stage"], record["allocation"]) == ("standing", "PAPER", 0.30)
    assert len(record["baseline"]["returns"]) == 756
    assert status(climbed) is Status.PAPER
    decision = climbed.decisions.get(record["decision_id"])
    assert decision.choice.kind is DecisionKind.DEPLOYMENT
    assert decision.choice.outcome["by"] == "ada"
    assert evaluate(climbed, ONE)["deployments"][0]["baseline"]["rows"] == 756


def test_a_second_try_with_the_same_yes_deploys_once(climbed: Desk) -> None:
    approval = consent(awaiting(climbed))
    yes = consent_of(climbed, approval, ONE)
    first = deploy(climbed, ONE, yes)
    assert deploy(climbed, ONE, yes)["deployment_id"] == first["deployment_id"]
    assert len(climbed.life.books.deployments.listed()) == 1


@pytest.mark.parametrize("moved", [False, True])
def test_what_a_crash_left_half_done_is_finished(climbed: Desk, moved: bool) -> None:
    yes = consent_of(climbed, consent(awaiting(climbed)), ONE)
    record = deploy(climbed, ONE, yes)
    books, queue = climbed.life.books.deployments, climbed.life.queue
    books.change((record["deployment_id"],), lambda r: {**r, "status": "admitted"})
    if not moved:
        queue.move(ONE, Status.PAPER, Status.AWAITING_HUMAN, "test", "as before the move")
    again = deploy(climbed, ONE, yes)
    assert (again["status"], again["deployment_id"]) == ("standing", record["deployment_id"])
    assert status(climbed) is Status.PAPER


def test_nothing_is_deployed_without_a_persons_yes_to_it(climbed: Desk) -> None:
    awaiting(climbed)
    for approval in (consent(climbed, approved=False), consent(climbed, "STR-002")):
        with pytest.raises(NeedsApproval, match="no person's yes"):
            consent_of(climbed, approval, ONE)
    with pytest.raises(NotFound):
        consent_of(climbed, "APR-20200101-001", ONE)


def test_a_standing_approval_is_no_person(climbed: Desk) -> None:
    now = climbed.clock.now()
    climbed.approvals.grant(Standing("all", {"workflow": "strategy_deployment"}, None, now, now + DAY, "ada", "trust"))
    scope = {"workflow": "strategy_deployment"}
    asked = climbed.approvals.ask(Question("k", "WF-1", "consent", "Deploy?", now + DAY, {"strategy_id": ONE}, scope))
    assert asked.approved
    with pytest.raises(NeedsApproval, match="answered by a standing approval: it is no person's yes"):
        consent_of(climbed, asked.approval_id, ONE)


@pytest.mark.parametrize("at", [Status.PENDING, Status.L3_PASSED])
def test_only_who_awaits_a_person_is_deployed(climbed: Desk, at: Status) -> None:
    strategy_id = ONE
    if at is Status.PENDING:
        (new,) = climbed.life.queue.add([idea("ETHUSDT", fast=7)], "test")
        strategy_id = new.strategy_id
    with pytest.raises(IllegalMove, match="not AWAITING_HUMAN"):
        plan_deployment(climbed, strategy_id)
    with pytest.raises(IllegalMove, match="not AWAITING_HUMAN"):
        deploy(climbed, strategy_id, Consent("APR-1", "ada", "yes"))


def put_before_a_person(desk: Desk, strategy_id: str = ONE) -> Desk:
    """As it stands when it was assessed by other files than those of now."""
    for before, after in ((Status.L3_PASSED, Status.RISK_ASSESSED), (Status.RISK_ASSESSED, Status.AWAITING_HUMAN)):
        assert desk.life.queue.move(strategy_id, before, after, "risk", "it fits") is not None
    return desk


def test_a_book_that_may_not_go_short_refuses_a_strategy_that_does(climbed: Desk) -> None:
    short = climb(climbed, replace(idea("ETHUSDT"), strategy="momentum", params=BOTH_WAYS))
    put_before_a_person(climbed, short)
    refused = plan_deployment(climbed, short).told()["refused"]
    assert any("it sells short" in why for why in refused)
    with pytest.raises(IllegalMove, match="sells short"):
        deployed(climbed, short)
    assert status(climbed, short) is Status.AWAITING_HUMAN


def test_what_its_account_could_not_trade_is_not_put_before_a_person(climbed: Desk) -> None:
    short = climb(climbed, replace(idea("ETHUSDT"), strategy="momentum", params=BOTH_WAYS))
    told = assess_risk(climbed, short)
    assert (told["status"], told["verdict"]["verdict"], told["target_allocation"]) == ("L3_PASSED", "inconclusive", 0.0)
    assert "it sells short" in told["checks"][-1]["detail"]
    assert "it sells short" in climbed.decisions.get(told["decision_id"]).choice.rationale


def test_a_lot_that_is_too_dear_is_refused(climbed_home: Path) -> None:
    (climbed_home / "config" / "instruments.yaml").write_text("symbols: {BTCUSDT: {lot: 10000}}\n", encoding="utf-8")
    desk = put_before_a_person(open_desk(climbed_home))
    plan = plan_deployment(desk, ONE)
    assert "buys no BTCUSDT" in plan.told()["refused"][0]
    with pytest.raises(IllegalMove, match="a lot of 10000"):
        plan.must_hold()


def test_what_was_tested_at_the_close_of_its_decision_is_refused(
    climbed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    awaiting(climbed)
    usual = ladder_of(climbed)
    cheap = replace(usual, method=replace(usual.method, terms=Terms(fill="same_close")))
    monkeypatch.setattr("quorum.desk.deploying.plan.ladder_of", lambda desk: cheap)
    with pytest.raises(IllegalMove, match="same_close, which nobody can trade"):
        deployed(climbed)
    assert status(climbed) is Status.AWAITING_HUMAN


def test_more_than_fits_is_refused(climbed: Desk) -> None:
    awaiting(climbed)
    (refused,) = plan_deployment(climbed, ONE, allocation=0.31).told()["refused"]
    assert "risk does not agree" in refused
    assert "the most that one strategy may have" in refused
    for wrong in (-0.1, 0.0, 1.5):
        with pytest.raises(UsageError, match="no share of a book"):
            plan_deployment(climbed, ONE, allocation=wrong)
    with pytest.raises(UsageError, match="there is no account"):
        plan_deployment(climbed, ONE, account="nowhere")
    with pytest.raises(UsageError, match="is in USD"):
        plan_deployment(climbed, ONE, account="paper-usd")


def test_two_desks_that_deploy_at_once_leave_the_book_within_its_limit(climbed_home: Path) -> None:
    (climbed_home / "config" / "risk.yaml").write_text(
        "books: {crypto: {max_deployed: 0.40}, equities: {}}\n", encoding="utf-8"
    )
    desk = open_desk(climbed_home)
    other = climb(desk, idea("ETHUSDT"))
    yes = {one: consent_of(desk, consent(awaiting(desk, one), one), one) for one in (ONE, other)}
    plans = {one: plan_deployment(desk, one) for one in yes}
    assert {plan.allocation for plan in plans.values()} == {0.30}
    refused, gate = [], threading.Barrier(2)

    def act(one: str) -> None:
        mine = open_desk(climbed_home)
        gate.wait()
        try:
            deploy(mine, one, yes[one], allocation=0.30)
        except IllegalMove as error:
            refused.append(str(error))

    threads = [threading.Thread(target=act, args=(one,)) for one in yes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sum(record["allocation"] for record in at_work(desk, "crypto")) == pytest.approx(0.30)


def test_pause_and_resume_come_back_to_the_same_stage(climbed: Desk) -> None:
    deployed(awaiting(climbed))
    climbed.life.queue.move(ONE, Status.PAPER, Status.INCUBATION, "test", "30 days")
    assert pause(climbed, ONE, WORD)["status"] == "PAUSED"
    assert at_work(climbed, "crypto")[0]["status"] == "paused"
    with pytest.raises(IllegalMove, match="paused already"):
        pause(climbed, ONE, WORD)
    assert resume(climbed, ONE, WORD)["status"] == "INCUBATION"
    assert at_work(climbed, "crypto")[0]["status"] == "standing"
    with pytest.raises(IllegalMove, match="not paused"):
        resume(climbed, ONE, WORD)


def test_undeployed_it_awaits_a_word_again_and_leaves_its_room(climbed: Desk) -> None:
    deployed(awaiting(climbed))
    assert undeploy(climbed, ONE, WORD)["status"] == "AWAITING_HUMAN"
    assert at_work(climbed, "crypto") == []
    again = deployed(climbed)
    assert again["status"] == "standing"
    assert [r["deployment_id"] for r in at_work(climbed, "crypto")] == [again["deployment_id"]]


def test_from_a_later_stage_it_is_disabled(climbed: Desk) -> None:
    deployed(awaiting(climbed))
    climbed.life.queue.move(ONE, Status.PAPER, Status.INCUBATION, "test", "30 days")
    assert undeploy(climbed, ONE, WORD)["status"] == "DISABLED"
    assert retire(climbed, ONE, WORD)["status"] == "RETIRED"


def test_retired_it_stays_retired(climbed: Desk) -> None:
    deployed(awaiting(climbed))
    told = retire(climbed, ONE, WORD, "close")
    assert (told["status"], told["positions"]) == ("RETIRED", "close")
    assert at_work(climbed, "crypto") == []
    with pytest.raises(IllegalMove, match="only what was deployed"):
        retire(climbed, ONE, WORD)
    with pytest.raises(UsageError, match="keep, close"):
        retire(climbed, ONE, WORD, "halve")


@pytest.mark.parametrize("act", [undeploy, pause, retire])
def test_what_is_not_deployed_cannot_be_steered(climbed: Desk, act: Any) -> None:
    with pytest.raises(IllegalMove, match="STR-001 is L3_PASSED"):
        act(climbed, ONE, WORD)


def test_a_word_has_a_reason(climbed: Desk) -> None:
    deployed(awaiting(climbed))
    with pytest.raises(UsageError, match="no reason"):
        pause(climbed, ONE, Word("ada", " "))
    assert status(climbed) is Status.PAPER


def test_everything_known_is_told(climbed: Desk) -> None:
    told = evaluate(climbed, ONE)
    assert set(told["tiers"]) == {"L2", "L3"}
    assert told["tiers"]["L2"]["verdict"] == {"verdict": "passed"}
    assert "daily" not in told["tiers"]["L2"]
    assert told["trials_in_family"] > 1
    assert (told["critic"], told["risk"], told["deployments"]) == (None, None, [])
    assert "--risk" in told["next"]
    deployed(awaiting(climbed))
    later = evaluate(climbed, ONE)
    assert later["risk"]["target_allocation"] == 0.30
    assert later["next"].startswith("30 days on paper")
    assert [move["after"] for move in later["moves"]][-1] == "PAPER"


def test_a_result_that_cannot_be_read_is_named_with_its_place(climbed: Desk) -> None:
    climbed.life.results.keep(ONE, "L2", 0, "VAL-9", {"verdict": "fine"})
    with pytest.raises(Exception, match=r"STR-001 L2, run VAL-9, attempt 0: .*schema"):
        evaluate(climbed, ONE)


def test_weak_strategies_are_judged_together(climbed: Desk) -> None:
    for n, symbol in enumerate(("ETHUSDT", "XBTUSDT")):
        climb(climbed, idea(symbol, slow=41 + n))
    told = evaluate_portfolio(climbed)
    assert told["strategies"] == ["STR-001", "STR-002", "STR-003"]
    assert told["verdict"]["verdict"] == "failed"
    assert told["verdict"]["metric"] in ("strategies", "correlation")
    assert told["correlations"]["STR-001, STR-003"] > 0.7
    alone = evaluate_portfolio(climbed, ["STR-001", "STR-002"])
    assert alone["strategies"] == ["STR-001", "STR-002"]


def test_a_leaking_strategy_finds_no_company(climbed: Desk) -> None:
    result = known(climbed, ONE).results[Tier.L2]
    flaw = Failed("fundamental_strategy_flaw", "leaks", 1.0, 0.0, False, "it sees tomorrow")
    told = replace(result, verdict=flaw).told()
    climbed.life.results.keep(ONE, "L2", 1, "VAL-2", told)
    with pytest.raises(UsageError, match="no strategy has a result"):
        evaluate_portfolio(climbed)
    assert Passed() == known(climbed, ONE).results[Tier.L3].verdict
