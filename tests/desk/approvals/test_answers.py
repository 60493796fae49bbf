"""An answer is committed, then told; what a run goes by is the store, and an answer that was not told is told later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.desk.approvals import Approval, Question, Said, Size, Standing, answer, closed, facts, message, tell
from quorum.desk.approvals.fakes import MemoryApprovals
from quorum.desk.workflows import RunState, RunStep
from quorum.domain import DAY, HOUR, IllegalMove, NotFound, StoreError, UsageError, VirtualClock, parse_instant

NOW = parse_instant("2024-06-03T12:00:00Z")
YES = Said(True, "ann", "fine", "web")


@dataclass
class Engine:
    """Workflows that only listen, or do not even that."""

    sent: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    away: bool = False

    def enqueue(self, identity: str, request: Mapping[str, Any]) -> None: ...

    def send(self, identity: str, topic: str, message: Mapping[str, Any]) -> None:
        if self.away:
            raise StoreError("the engine's database is locked", "try again")
        self.sent.append((identity, topic, message))

    def runs(self, limit: int = 50, workflow: str | None = None, status: str | None = None) -> Sequence[RunState]:
        return []

    def run(self, identity: str) -> tuple[RunState, Sequence[RunStep]]:
        raise NotFound(f"there is no run {identity!r}")

    def move(self, identity: str, move: str, step: int | None = None, to: str | None = None) -> str:
        return identity


@pytest.fixture
def approvals() -> MemoryApprovals:
    return MemoryApprovals(VirtualClock(NOW))


def asked(approvals: MemoryApprovals, number: int = 1) -> Approval:
    size = Size(Decimal(5), "BTC")
    return approvals.ask(Question(f"key-{number}", f"WF-{number}", "consent", "Yes?", NOW + HOUR, {"a": 1}, size=size))


def test_the_run_hears_the_answer_under_the_approval_s_id(approvals: MemoryApprovals) -> None:
    engine, approval = Engine(), asked(approvals)
    done = answer(approvals, engine, approval.approval_id, YES)
    assert done.untold is None
    assert done.approval.told_at == NOW
    told = {"approval_id": "APR-20240603-001", "status": "approved", "approved": True, "reason": "fine"}
    assert engine.sent == [
        ("WF-1", "APR-20240603-001", {**told, "by": "ann", "at": "2024-06-03T12:00:00Z", "surface": "web"})
    ]


def test_a_second_answer_tells_nobody(approvals: MemoryApprovals) -> None:
    engine, approval = Engine(), asked(approvals)
    answer(approvals, engine, approval.approval_id, YES)
    with pytest.raises(IllegalMove):
        answer(approvals, engine, approval.approval_id, YES._replace(approve=False))
    assert len(engine.sent) == 1


def test_an_answer_that_could_not_be_sent_stands_and_is_sent_later(approvals: MemoryApprovals) -> None:
    engine, approval = Engine(away=True), asked(approvals)
    done = answer(approvals, engine, approval.approval_id, YES)
    assert str(done.untold) == "the engine's database is locked; try again"
    assert (done.approval.status, done.approval.told_at) == ("approved", None)
    assert [str(error) for error in tell(approvals, engine)] == ["the engine's database is locked; try again"]
    engine.away = False
    assert tell(approvals, engine) == []
    assert [topic for _, topic, _ in engine.sent] == [approval.approval_id]
    assert tell(approvals, engine) == []
    assert len(engine.sent) == 1


def test_the_run_hears_that_nobody_answered(approvals: MemoryApprovals) -> None:
    engine, approval = Engine(), asked(approvals)
    approvals.expire(NOW + HOUR)
    assert tell(approvals, engine) == []
    (sent,) = engine.sent
    assert sent[2] == message(approvals.get(approval.approval_id))
    assert (sent[2]["status"], sent[2]["approved"], sent[2]["by"]) == ("expired", False, None)


def test_a_run_goes_by_the_store(approvals: MemoryApprovals) -> None:
    first, second = asked(approvals, 1), asked(approvals, 2)
    approvals.answer(first.approval_id, True, "ann", "fine", "cli")
    assert closed(approvals, first.approval_id, NOW + HOUR).approved  # however late its message is
    assert closed(approvals, second.approval_id, NOW + HOUR - 1).status == "open"
    assert closed(approvals, second.approval_id, NOW + HOUR).status == "expired"


def test_an_approval_as_plain_values(approvals: MemoryApprovals) -> None:
    told = facts(asked(approvals))
    assert told["size"] == "5 BTC"
    assert (told["status"], told["answered_by"], told["remind_at"]) == ("open", None, None)
    assert told["expires_at"] == "2024-06-03T13:00:00Z"


@pytest.mark.parametrize("changed", [{"key": ""}, {"workflow_id": " "}, {"question": ""}])
def test_a_question_that_asks_nothing_is_refused(changed: dict[str, str]) -> None:
    values: dict[str, Any] = {"key": "k", "workflow_id": "WF-1", "step": "s", "question": "Yes?", "expires_at": NOW}
    with pytest.raises(UsageError, match=f"a question has no {next(iter(changed))}"):
        Question(**{**values, **changed})


class TestSize:
    @given(st.decimals(min_value=0, max_value=10**20, places=8), st.sampled_from(["USDT", "shares of AAPL"]))
    def test_it_is_read_as_it_is_written(self, amount: Decimal, of: str) -> None:
        assert Size.parse(str(Size(amount, of))) == Size(amount, of)

    @pytest.mark.parametrize("text", ["", "5000", "USDT", "-1 USDT", "NaN USDT", "Infinity USDT", "1,000 USDT"])
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(UsageError, match="is no size; write an amount and what it is of"):
            Size.parse(text)


@given(
    scope=st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3),
    granted=st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), min_size=1, max_size=3),
    size=st.none() | st.integers(0, 5),
    most=st.none() | st.integers(0, 5),
    now=st.integers(-2, 12),
)
def test_a_standing_approval_covers_what_lies_within_it_and_nothing_else(
    scope: dict[str, str], granted: dict[str, str], size: int | None, most: int | None, now: int
) -> None:
    asked_size = None if size is None else Size(Decimal(size), "USDT")
    bound = None if most is None else Size(Decimal(most), "USDT")
    standing = Standing("s", granted, bound, 0, 10, "ann", "because")
    question = Question("k", "WF-1", "s", "Yes?", DAY, scope=scope, size=asked_size)
    fits = size is most is None or (size is not None and most is not None and size <= most)
    assert standing.covers(question, now) == (granted.items() <= scope.items() and fits and 0 <= now < 10)
