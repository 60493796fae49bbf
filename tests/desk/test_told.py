"""What people are told of approvals, books and the system's state, and what the record says of it afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from desk.markets import ENTRY
from desk.offices import ask, change
from quorum.bootstrap import open_desk
from quorum.desk import Desk, Question, books, convene, replay, tell_difference, told_decisions, why
from quorum.desk.approvals import SCOPE_WORDS, Approval, Standing, standing_facts
from quorum.desk.approvals import Question as Asked
from quorum.desk.notices import Event
from quorum.desk.system import Part, Person, SystemState
from quorum.desk.work.telling import follow_orders, tell_loss, tell_order
from quorum.domain import DAY, HOUR, DecisionKind, NotFound, Timeframe, UsageError, VirtualClock
from quorum.surfaces.cli.chain import draw

SCOPE = {"workflow": "trade_execution"}


@pytest.fixture
def desk(home: Path) -> Desk:
    return open_desk(home, VirtualClock(ENTRY))


def asked(desk: Desk, key: str = "1", **more: Any) -> Approval:
    given = {"scope": SCOPE, "remind_at": ENTRY + HOUR, "expires_at": ENTRY + DAY, **more}
    return desk.approvals.ask(Asked(f"WF-1/{key}", "WF-1", "1.consent", "Buy?", **given))


def granted(desk: Desk) -> Standing:
    return desk.approvals.grant(Standing("small", SCOPE, None, ENTRY, ENTRY + DAY, "ann", "tried"))


def told(desk: Desk, event: Event) -> list[str]:
    found = (one.notice.occurrence for one in desk.outbox.listed(50))
    return [occurrence.summary for occurrence in found if occurrence.event == event]


def test_an_answer_is_told_with_who_gave_it(desk: Desk) -> None:
    approval = asked(desk)
    desk.approvals.answer(approval.approval_id, False, "bob", "news at two", "cli")
    assert told(desk, Event.APPROVAL_NEEDED) == [f"Buy? ({approval.approval_id})"]
    assert told(desk, Event.APPROVAL_ANSWERED) == [f"rejected by bob: Buy? ({approval.approval_id})"]


def test_what_a_standing_approval_answers_is_told_and_kept_with_its_name(desk: Desk) -> None:
    standing = granted(desk)
    assert standing_facts(standing, ENTRY, desk.approvals.uses(standing))["last_used"] is None
    approval = asked(desk)
    assert approval.approved
    assert told(desk, Event.APPROVAL_NEEDED) == []
    assert told(desk, Event.APPROVAL_ANSWERED) == [f"approved by ann: Buy? ({approval.approval_id})"]
    (decision,) = desk.decisions.recent(5, DecisionKind.APPROVAL, approval.approval_id)
    assert decision.choice.outcome["standing_approval"] == "small"
    facts = standing_facts(standing, ENTRY, desk.approvals.uses(standing))
    assert (facts["used"], facts["last_used"]["approval_id"]) == (1, approval.approval_id)
    assert facts["last_used"]["workflow_id"] == "WF-1"


def test_the_words_of_a_scope_are_those_that_questions_have() -> None:
    from quorum.desk.team.team import _scope
    from quorum.desk.workflows.crew import Facts
    from quorum.desk.workflows.spec import ApprovalPoint

    params = {"symbol": "BTCUSDT", "strategy": "smc", "account": "paper", "timeframe": "1h"}
    scope = _scope(Facts("WF-1", "mine", ENTRY, "notify", params), ApprovalPoint("Yes?", 60.0, scope="deployment"))
    assert set(scope) == set(SCOPE_WORDS)


def test_a_first_reminder_is_one_whoever_gives_it(desk: Desk) -> None:
    asked(desk)
    for _ in range(2):
        desk.approvals.remind(ENTRY + HOUR)
    assert len(told(desk, Event.APPROVAL_REMINDER)) == 1


def test_an_answer_is_explained_in_words_and_not_computed_again(desk: Desk) -> None:
    record = ask(desk, "FLATUSDT")
    approval = asked(desk, shows={"decision_id": record.decision_id, "price": 100})
    with pytest.raises(NotFound, match=f"{approval.approval_id} is open: nobody has decided it yet"):
        why(desk, approval.approval_id)
    desk.approvals.answer(approval.approval_id, True, "ann", "spread is fine", "cli")
    (decision,) = desk.decisions.recent(1, DecisionKind.APPROVAL)
    chain = why(desk, approval.approval_id)
    assert [link["kind"] for link in chain] == ["approval", "consensus", "bars"]
    text = "\n".join(draw(chain))
    assert "approved by ann on cli" in text
    assert f"led to {decision.decision_id}: approved" in text
    with pytest.raises(UsageError, match=f"{decision.decision_id} is of kind approval, which is not computed; see"):
        replay(desk, decision.decision_id)


@pytest.mark.parametrize("identity", ["WF-20240603-001", "NOT-20240603-001", "ESC-20240603-001", "TASK-20240603-001"])
def test_an_id_of_something_else_is_sent_to_where_it_is_shown(desk: Desk, identity: str) -> None:
    with pytest.raises(UsageError, match=f"{identity} is no order, fill, decision or trial; see `quorum "):
        why(desk, identity)


def test_every_kind_of_decision_is_drawn_without_a_raw_value(desk: Desk) -> None:
    granted(desk)
    desk.states.move(SystemState.STARTING, Part("worker"), "started")
    for identity in (d.decision_id for d in desk.decisions.recent(5)):
        text = "\n".join(draw(why(desk, identity)))
        assert "{'" not in text
        assert "None" not in text


def test_an_approval_in_the_log_is_no_trade(desk: Desk) -> None:
    approval = asked(desk)
    desk.approvals.answer(approval.approval_id, True, "ann", "fine", "cli")
    (line,) = told_decisions(desk, desk.decisions.recent(1))
    assert (line["type"], line["decision"]) == ("approval", "approved")


def test_a_trade_in_the_log_says_which_vote_it_follows(desk: Desk) -> None:
    record = ask(desk, "FLATUSDT")
    risk = next(line for line in told_decisions(desk, desk.decisions.recent(5)) if line["type"] == "risk")
    assert risk["parents"] == [record.decision_id]
    known = {"signal_quality": record.quality["tier"], "consensus": "bullish", "risk_approved": True}
    assert {name: risk["inputs"][name] for name in known} == known


def test_decisions_are_found_by_kind_and_by_subject(desk: Desk) -> None:
    record = ask(desk, "FLATUSDT")
    asked(desk, expires_at=ENTRY)
    assert [d.decision_id for d in desk.decisions.recent(9, DecisionKind.CONSENSUS)] == [record.decision_id]
    assert {d.choice.kind for d in desk.decisions.recent(9, subject="FLATUSDT")} == {
        DecisionKind.CONSENSUS,
        DecisionKind.RISK,
    }
    assert desk.decisions.recent(9, DecisionKind.RISK, "CRASHUSDT") == []


def test_an_order_that_fills_later_is_told_of_then(home: Path) -> None:
    clock = VirtualClock(ENTRY + HOUR // 2)
    desk = open_desk(home, clock)
    record = convene(desk, Question("FLATUSDT", Timeframe.parse("1h"), None, paper=True))
    assert record.order is not None
    assert record.order["status"] == "accepted"
    clock.advance_to(ENTRY + 2 * HOUR)
    for _ in range(2):
        follow_orders(desk, "paper", clock)
    assert [summary.rpartition(": ")[2] for summary in told(desk, Event.TRADE_EXECUTED)] == ["filled"]


@pytest.mark.parametrize(
    ("status", "filled", "event"),
    [
        ("accepted", "0", None),
        ("partially_filled", "1", None),
        ("filled", "2", Event.TRADE_EXECUTED),
        ("expired", "0", Event.PARTIAL_FILL),
        ("cancelled", "1", Event.PARTIAL_FILL),
        ("rejected", "0", Event.ORDER_REJECTED),
        ("never_arrived", "0", Event.ORDER_REJECTED),
    ],
)
def test_no_end_of_an_order_is_silent(desk: Desk, status: str, filled: str, event: Event | None) -> None:
    order = {"client_order_id": "Q1", "side": "buy", "quantity": "2", "symbol": "FLATUSDT"}
    tell_order(desk, {**order, "status": status, "filled": filled})
    assert [str(one.notice.occurrence.event) for one in desk.outbox.listed(5)] == ([] if event is None else [event])


@pytest.mark.parametrize(("equity", "word"), [("84001", None), ("83000", "approaching"), ("80000", "reached")])
def test_a_loss_near_its_limit_is_escalated_by_who_judges_a_trade(desk: Desk, equity: str, word: str | None) -> None:
    desk.account_for("", "paper")
    check = {"name": "max_total_loss", "limit": "80000", "used": equity}
    for _ in range(2):
        with desk.accounts.transaction("paper") as transaction:
            risk = {"proposal": {"account": "paper"}, "checks": [check]}
            tell_loss(desk, "risk-manager", risk, ENTRY, transaction)
    found = [escalation.document() for escalation in desk.outbox.escalations()]
    assert [(e["from_agent"], e["type"]) for e in found] == [("risk-manager", "drawdown_warning")] * bool(word)
    assert [word in str(e["message"]) for e in found if word] == [True] * bool(word)
    assert len(told(desk, Event.DRAWDOWN_WARNING)) == bool(word)


def test_books_that_differ_are_told_of_once_a_day(desk: Desk, home: Path) -> None:
    ask(desk, "FLATUSDT")
    tell_difference(desk, books(desk, "paper"))
    assert told(desk, Event.BOOKS_DIFFER) == []
    change(home, "update balance set amount = '1' where account = 'paper' and commodity = 'USDT'")
    for _ in range(2):
        tell_difference(desk, books(desk, "paper"))
    (summary,) = told(desk, Event.BOOKS_DIFFER)
    assert summary.startswith("account paper: ")
    notice = next(one.notice for one in desk.outbox.listed(1))
    assert notice.needs_acknowledgement
    assert json.dumps(notice.document())


def test_a_halt_and_its_end_are_told_as_such(desk: Desk) -> None:
    part, ann = Part("worker"), Person("ann")
    desk.states.move(SystemState.STARTING, part, "started")
    desk.states.move(SystemState.OPERATIONAL, part, "ready")
    desk.states.move(SystemState.HALTED, ann, "odd prices")
    desk.states.move(SystemState.OPERATIONAL, ann, "prices are right again")
    assert told(desk, Event.HALTED) == ["the desk is halted: odd prices"]
    assert told(desk, Event.RESUMED) == ["the desk is operational: prices are right again"]
    assert len(told(desk, Event.SYSTEM_STATE_CHANGED)) == 2
