"""Approvals: one contract over the store and the memory; and the store alone, under races, kills and restarts."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import stores
from adapters.processes import run
from adapters.stores import NOW, PROVENANCE
from quorum.adapters.sql import Database
from quorum.adapters.sql.coordination.approvals import SqlApprovals
from quorum.desk.approvals import Answered, Approval, Approvals, Expired, Open, Question, Size, Standing, closed
from quorum.desk.approvals.fakes import MemoryApprovals
from quorum.domain import DAY, HOUR, MINUTE, IllegalMove, NotFound, QuorumError, UsageError, VirtualClock

SCOPE = {"workflow": "realtime_signal_generation", "symbol": "BTCUSDT"}


@dataclass(frozen=True)
class Office:
    """A store of approvals and its clock; `database` where it has one."""

    approvals: Approvals
    clock: VirtualClock
    database: Database | None = None


def opened(place: Path | str) -> Office:
    """The store in a folder or at a URL, its database brought up to date."""
    database, clock = stores.opened(place), VirtualClock(NOW)
    database.migrate()
    return Office(SqlApprovals(database, clock, PROVENANCE), clock, database)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database in which nothing was asked yet."""
    folder = tmp_path_factory.mktemp("approvals")
    _close(opened(folder))
    return folder


@pytest.fixture(params=["memory", "store", pytest.param("server", marks=pytest.mark.slow)])
def office(request: pytest.FixtureRequest) -> Office:
    if request.param == "memory":
        clock = VirtualClock(NOW)
        return Office(MemoryApprovals(clock), clock)
    made: Office = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def server(postgres: str) -> Iterator[Office]:
    made = opened(postgres)
    yield made
    _close(made)


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[Office]:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    made = opened(tmp_path)
    yield made
    _close(made)


def _close(office: Office) -> None:
    assert office.database is not None
    office.database.close()


def question(number: int = 1, **changed: Any) -> Question:
    values: Mapping[str, Any] = {
        "key": f"WF-20240603-001/6/execution/{number}",
        "workflow_id": "WF-20240603-001",
        "step": "execution",
        "question": "Buy 0.5 BTCUSDT?",
        "shows": {"price": "100.10", "decision_id": "DEC-20240603-007", "list": [1, None]},
        "scope": SCOPE,
        "size": Size(Decimal("5000.50"), "USDT"),
        "expires_at": NOW + HOUR,
        "remind_at": NOW + 30 * MINUTE,
    }
    return Question(**{**values, **changed})


def standing(name: str = "small trades", **changed: Any) -> Standing:
    values: Mapping[str, Any] = {
        "name": name,
        "scope": {"workflow": "realtime_signal_generation"},
        "most": Size(Decimal(6000), "USDT"),
        "granted_at": NOW,
        "expires_at": NOW + DAY,
        "granted_by": "ann",
        "reason": "small enough",
    }
    return Standing(**{**values, **changed})


def decisions(office: Office) -> list[dict[str, Any]]:
    assert office.database is not None
    return [
        {**row, "outcome": json.loads(row["outcome"]), "inputs": json.loads(row["inputs"])}
        for row in office.database.rows("decision")
    ]


class TestQuestions:
    def test_a_question_is_kept_as_it_was_asked_and_waits(self, office: Office) -> None:
        asked = office.approvals.ask(question())
        assert asked == Approval("APR-20240603-001", question(), NOW, Open())
        assert office.approvals.get(asked.approval_id) == asked
        assert office.approvals.open() == [asked]
        assert office.approvals.untold() == []

    def test_a_question_is_asked_once_for_its_key(self, office: Office) -> None:
        first = office.approvals.ask(question())
        office.clock.advance_to(NOW + MINUTE)
        assert office.approvals.ask(question(question="Buy something else?")) == first
        office.approvals.answer(first.approval_id, True, "ann", "fine", "cli")
        assert office.approvals.ask(question()).status == "approved"
        assert office.approvals.ask(question(2)).approval_id == "APR-20240603-002"

    def test_numbers_begin_anew_each_utc_day(self, office: Office) -> None:
        office.approvals.ask(question(1))
        office.clock.advance_to(NOW + DAY)
        assert office.approvals.ask(question(2, expires_at=NOW + 2 * DAY)).approval_id == "APR-20240604-001"

    @pytest.mark.parametrize("approve", [True, False])
    def test_an_answer_says_who_when_why_and_where(self, office: Office, approve: bool) -> None:
        asked = office.approvals.ask(question())
        office.clock.advance_to(NOW + MINUTE)
        answered = office.approvals.answer(asked.approval_id, approve, "ann", "looks right", "cli")
        assert answered.state == Answered(approve, "ann", NOW + MINUTE, "looks right", "cli")
        assert answered.status == ("approved" if approve else "rejected")
        assert answered.approved is approve
        assert office.approvals.get(asked.approval_id) == answered
        assert office.approvals.open() == []
        assert office.approvals.untold() == [answered]

    def test_a_second_answer_is_refused_and_names_the_first(self, office: Office) -> None:
        asked = office.approvals.ask(question())
        first = office.approvals.answer(asked.approval_id, True, "ann", "fine", "cli")
        for approve in (True, False):
            with pytest.raises(IllegalMove, match=r"was approved by ann at 2024-06-03T12:00:00Z \(fine\); an answer"):
                office.approvals.answer(asked.approval_id, approve, "bob", "no", "web")
        assert office.approvals.get(asked.approval_id) == first

    def test_after_its_time_an_answer_is_refused_marked_or_not(self, office: Office) -> None:
        asked = office.approvals.ask(question())
        office.clock.advance_to(NOW + HOUR)
        assert office.approvals.open() == []
        for _ in range(2):
            with pytest.raises(IllegalMove, match="APR-20240603-001 expired at 2024-06-03T13:00:00Z; run the work"):
                office.approvals.answer(asked.approval_id, True, "ann", "late", "cli")
            office.approvals.expire(NOW + HOUR)
        assert office.approvals.get(asked.approval_id).state == Expired(NOW + HOUR)

    def test_a_moment_before_its_end_it_is_answered(self, office: Office) -> None:
        asked = office.approvals.ask(question())
        office.clock.advance_to(NOW + HOUR - 1)
        assert office.approvals.answer(asked.approval_id, True, "ann", "just in time", "cli").approved

    @pytest.mark.parametrize(("by", "reason", "what"), [("ann", " ", "no reason is given"), ("", "x", "nobody is nam")])
    def test_an_answer_needs_a_person_and_a_reason(self, office: Office, by: str, reason: str, what: str) -> None:
        asked = office.approvals.ask(question())
        with pytest.raises(UsageError, match=what):
            office.approvals.answer(asked.approval_id, True, by, reason, "cli")
        assert office.approvals.get(asked.approval_id) == asked

    @pytest.mark.parametrize("identity", ["APR-20240603-002", "", "apr-20240603-001"])
    def test_an_unknown_id_is_not_found(self, office: Office, identity: str) -> None:
        office.approvals.ask(question())
        acts: list[Callable[[], object]] = [
            lambda: office.approvals.get(identity),
            lambda: office.approvals.answer(identity, True, "ann", "fine", "cli"),
            lambda: office.approvals.told(identity),
        ]
        for act in acts:
            with pytest.raises(NotFound, match=f"there is no approval {identity}"):
                act()

    def test_what_is_asked_too_late_expires_at_once(self, office: Office) -> None:
        asked = office.approvals.ask(question(expires_at=NOW))
        assert (asked.state, asked.told_at) == (Expired(NOW), NOW)
        assert office.approvals.untold() == []


class TestRounds:
    def test_what_is_due_expires_once_and_the_run_is_to_be_told(self, office: Office) -> None:
        early, late = office.approvals.ask(question(1)), office.approvals.ask(question(2, expires_at=NOW + 2 * HOUR))
        assert office.approvals.expire(NOW + HOUR - 1) == []
        (ended,) = office.approvals.expire(NOW + HOUR)
        assert (ended.approval_id, ended.state) == (early.approval_id, Expired(NOW + HOUR))
        assert office.approvals.expire(NOW + HOUR) == []
        assert office.approvals.untold() == [ended]
        assert office.approvals.open() == [late]

    def test_one_alone_is_ended_for_the_run_that_waited(self, office: Office) -> None:
        for number in (1, 2):
            office.approvals.ask(question(number))
        assert closed(office.approvals, "APR-20240603-002", NOW + HOUR - 1).status == "open"
        assert closed(office.approvals, "APR-20240603-002", NOW + HOUR).status == "expired"
        assert [a.approval_id for a in office.approvals.open()] == ["APR-20240603-001"]

    def test_an_answer_does_not_expire(self, office: Office) -> None:
        asked = office.approvals.ask(question())
        answered = office.approvals.answer(asked.approval_id, False, "ann", "no", "cli")
        assert office.approvals.expire(NOW + DAY) == []
        assert office.approvals.get(asked.approval_id) == answered

    def test_one_is_reminded_of_once_while_it_is_open(self, office: Office) -> None:
        for number in (1, 2, 3, 4):
            office.approvals.ask(question(number, remind_at=None if number == 4 else NOW + number * MINUTE))
        office.approvals.answer("APR-20240603-002", True, "ann", "fine", "cli")
        assert office.approvals.remind(NOW) == []
        found = office.approvals.remind(NOW + 2 * MINUTE)
        assert [a.approval_id for a in found] == ["APR-20240603-001"]
        assert found[0].question.remind_at is None
        assert office.approvals.remind(NOW + 2 * MINUTE) == []
        assert office.approvals.remind(NOW + HOUR) == []  # the third has expired by then

    def test_a_run_is_told_once_and_the_first_time_counts(self, office: Office) -> None:
        asked = office.approvals.ask(question())
        office.approvals.answer(asked.approval_id, True, "ann", "fine", "cli")
        office.approvals.told(asked.approval_id)
        office.clock.advance_to(NOW + MINUTE)
        office.approvals.told(asked.approval_id)
        assert office.approvals.get(asked.approval_id).told_at == NOW
        assert office.approvals.untold() == []


class TestStandings:
    def test_one_that_covers_a_question_answers_at_once_and_is_named(self, office: Office) -> None:
        office.approvals.grant(standing())
        asked = office.approvals.ask(question())
        reason = "standing approval small trades: small enough"
        assert asked.state == Answered(True, "ann", NOW, reason, "standing")
        assert asked.told_at == NOW
        assert office.approvals.untold() == []

    @pytest.mark.parametrize(
        ("granted", "asked"),
        [
            ({"scope": {"workflow": "other"}}, {}),
            ({"scope": {**SCOPE, "account": "paper"}}, {}),
            ({"most": Size(Decimal("5000.49"), "USDT")}, {}),
            ({"most": Size(Decimal(6000), "EUR")}, {}),
            ({"most": None}, {}),
            ({}, {"size": None}),
            ({}, {"scope": {}}),
            ({"granted_at": NOW + 1}, {}),
            ({"granted_at": NOW - DAY, "expires_at": NOW}, {}),
        ],
    )
    def test_outside_its_scope_size_or_time_a_person_is_asked(
        self, office: Office, granted: dict[str, Any], asked: dict[str, Any]
    ) -> None:
        office.approvals.grant(standing(**granted))
        assert office.approvals.ask(question(**asked)).state == Open()

    def test_without_a_size_it_answers_what_has_none(self, office: Office) -> None:
        office.approvals.grant(standing(most=None))
        assert office.approvals.ask(question(size=None)).approved

    def test_a_revoked_one_answers_nothing_and_says_who_revoked_it(self, office: Office) -> None:
        office.approvals.grant(standing())
        office.clock.advance_to(NOW + MINUTE)
        revoked = office.approvals.revoke("small trades", "bob", "enough")
        assert revoked.revoked is not None
        assert (revoked.revoked.by, revoked.revoked.at) == ("bob", NOW + MINUTE)
        assert office.approvals.standing() == [revoked]
        assert office.approvals.ask(question()).state == Open()
        with pytest.raises(IllegalMove, match="small trades was revoked by bob at 2024-06-03T12:01:00Z"):
            office.approvals.revoke("small trades", "ann", "again")
        with pytest.raises(NotFound, match="there is no standing approval 'none'"):
            office.approvals.revoke("none", "ann", "why not")

    def test_a_name_is_used_once(self, office: Office) -> None:
        office.approvals.grant(standing())
        office.approvals.revoke("small trades", "ann", "enough")
        with pytest.raises(IllegalMove, match="standing approval small trades was granted before; choose another"):
            office.approvals.grant(standing(most=None))

    def test_of_several_the_one_granted_first_answers(self, office: Office) -> None:
        office.approvals.grant(standing("second", granted_at=NOW - 1))
        office.approvals.grant(standing("first", granted_at=NOW - 2))
        state = office.approvals.ask(question()).state
        assert isinstance(state, Answered)
        assert state.reason.startswith("standing approval first: ")
        assert [s.name for s in office.approvals.standing()] == ["first", "second"]

    @pytest.mark.parametrize(
        "changed",
        [{"name": " "}, {"reason": ""}, {"granted_by": ""}, {"scope": {}}, {"scope": {"": "x"}}, {"expires_at": NOW}],
    )
    def test_one_that_says_too_little_is_refused(self, changed: dict[str, Any]) -> None:
        with pytest.raises(UsageError, match="standing approval"):
            standing(**changed)


def test_the_questions_of_a_run_that_is_cancelled_wait_until_it_goes_on(office: Office) -> None:
    runs = ("WF-1", "WF-1/2.each.1.0", "WF-10")
    mine, part, other = (office.approvals.ask(question(n, workflow_id=run)) for n, run in enumerate(runs, 1))
    office.approvals.hold("WF-1", True)
    assert office.approvals.open() == [other]
    assert (office.approvals.get(part.approval_id).status, office.approvals.untold()) == ("held", [])
    with pytest.raises(IllegalMove, match=r"WF-1 was cancelled; quorum workflow resume WF-1$"):
        office.approvals.answer(mine.approval_id, True, "ada", "yes", "cli")
    assert office.approvals.expire(NOW + 7 * DAY) == [office.approvals.get(other.approval_id)]
    office.approvals.hold("WF-1", False)
    assert office.approvals.open() == [mine, part]
    assert office.approvals.answer(mine.approval_id, True, "ada", "yes", "cli").approved


@settings(max_examples=40)
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(["ask", "approve", "reject", "expire", "remind", "told", "grant", "revoke", "wait"]),
            st.integers(0, 2),
        ),
        max_size=25,
    )
)
def test_store_and_memory_answer_alike(acts: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory) -> None:
    clock = VirtualClock(NOW)
    store = _store(tmp_path_factory)
    with store.write() as connection:
        for name in ("approval", "standing_approval", "counter", "decision"):
            connection.execute(sa.text(f"delete from {name}"))
    both: list[Approvals] = [MemoryApprovals(clock), SqlApprovals(store, clock, PROVENANCE)]
    for act, number in acts:
        if act == "wait":
            clock.advance_to(clock.now() + (number + 1) * 20 * MINUTE)
        told = [_outcome(approvals, act, number, clock.now()) for approvals in both]
        assert told[0] == told[1]
        assert both[0].open() == both[1].open()
        assert both[0].untold() == both[1].untold()
        assert both[0].standing() == both[1].standing()
        assert [both[0].uses(s) for s in both[0].standing()] == [both[1].uses(s) for s in both[1].standing()]


_STORES: dict[str, Database] = {}


def _store(folders: pytest.TempPathFactory) -> Database:
    """One database for all examples, emptied before each."""
    folder = folders.getbasetemp() / "alike"
    if str(folder) not in _STORES:
        folder.mkdir()
        _STORES[str(folder)] = Database(folder / "desk.db")
        _STORES[str(folder)].migrate()
    return _STORES[str(folder)]


def _outcome(approvals: Approvals, act: str, number: int, now: int) -> object:
    name = f"APR-20240603-{number + 1:03d}"
    acts: dict[str, Callable[[], object]] = {
        "ask": lambda: approvals.ask(question(number, expires_at=NOW + (number + 1) * HOUR)),
        "approve": lambda: approvals.answer(name, True, "ann", "fine", "cli"),
        "reject": lambda: approvals.answer(name, False, "bob", "no", "web"),
        "expire": lambda: approvals.expire(now),
        "remind": lambda: approvals.remind(now),
        "told": lambda: approvals.told(name),
        "grant": lambda: approvals.grant(standing(f"s{number}", granted_at=now, expires_at=now + HOUR)),
        "revoke": lambda: approvals.revoke(f"s{number}", "ann", "enough"),
        "wait": lambda: None,
    }
    try:
        return acts[act]()
    except QuorumError as error:
        return type(error), str(error)


class TestRecord:
    def test_an_answer_is_a_decision_in_the_same_transaction(self, store: Office) -> None:
        asked = store.approvals.ask(question())
        assert decisions(store) == []
        store.approvals.answer(asked.approval_id, False, "ann", "too dear", "cli")
        (row,) = decisions(store)
        assert (row["kind"], row["subject"], row["rationale"]) == ("approval", "APR-20240603-001", "too dear")
        assert row["outcome"] == {
            "approval_id": "APR-20240603-001",
            "status": "rejected",
            "approved": False,
            "by": "ann",
            "surface": "cli",
        }
        assert row["inputs"]["question"] == "Buy 0.5 BTCUSDT?"
        assert row["inputs"]["size"] == {"amount": "5000.50", "of": "USDT"}
        assert json.loads(row["parents"]) == ["DEC-20240603-007"]

    def test_a_refused_answer_leaves_no_record(self, store: Office) -> None:
        asked = store.approvals.ask(question())
        store.approvals.answer(asked.approval_id, True, "ann", "fine", "cli")
        with pytest.raises(IllegalMove):
            store.approvals.answer(asked.approval_id, True, "bob", "fine", "cli")
        assert len(decisions(store)) == 1

    def test_what_nobody_answered_and_what_stands_are_decisions_too(self, store: Office) -> None:
        store.approvals.ask(question(1))
        store.approvals.expire(NOW + HOUR)
        store.approvals.grant(standing())
        store.approvals.ask(question(2))
        store.approvals.revoke("small trades", "bob", "enough")
        told = [(row["subject"], row["outcome"]["status"], row["rationale"]) for row in decisions(store)]
        assert told == [
            ("APR-20240603-001", "expired", "nobody answered in time"),
            ("small trades", "granted", "small enough"),
            ("APR-20240603-002", "approved", "standing approval small trades: small enough"),
            ("small trades", "revoked", "enough"),
        ]

    def test_what_people_are_told_of_commits_with_it(self, store: Office) -> None:
        told: list[tuple[str, str]] = []

        def publish(connection: sa.Connection, event: str, approval: Approval) -> None:
            told.append((event, approval.approval_id))
            if len(told) == 4:
                raise ZeroDivisionError

        assert store.database is not None
        approvals = SqlApprovals(store.database, store.clock, PROVENANCE, publish)
        approvals.ask(question(1))
        approvals.ask(question(1))
        approvals.remind(NOW + 40 * MINUTE)
        approvals.expire(NOW + HOUR)
        with pytest.raises(ZeroDivisionError):
            approvals.ask(question(2))
        assert told == [
            ("approval_needed", "APR-20240603-001"),
            ("approval_reminder", "APR-20240603-001"),
            ("approval_expired", "APR-20240603-001"),
            ("approval_needed", "APR-20240603-002"),
        ]
        assert approvals.open() == []  # what could not be told of was not asked

    def test_people_are_told_of_an_answer(self, store: Office) -> None:
        told: list[str] = []
        assert store.database is not None
        approvals = SqlApprovals(
            store.database, store.clock, PROVENANCE, lambda connection, event, approval: told.append(event)
        )
        asked = approvals.ask(replace(question(1), size=None))
        approvals.answer(asked.approval_id, True, "ann", "fine", "cli")
        assert told == ["approval_needed", "approval_answered"]

    def test_an_open_one_lives_over_twenty_restarts_and_is_answered_once(self, tmp_path: Path) -> None:
        asked = replace(question(), size=None)
        for _ in range(20):
            office = opened(tmp_path)
            assert [a.question for a in (office.approvals.ask(asked), *office.approvals.open())] == [asked] * 2
            _close(office)
        office = opened(tmp_path)
        assert office.approvals.answer("APR-20240603-001", True, "ann", "fine", "cli").approved
        with pytest.raises(IllegalMove):
            office.approvals.answer("APR-20240603-001", True, "ann", "fine", "cli")
        assert len(decisions(office)) == 1
        _close(office)


@pytest.fixture(params=["store", pytest.param("server", marks=pytest.mark.slow)])
def shared_place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Office, Path | str]:
    """A store that other processes open too, and where they find it."""
    made: Office = request.getfixturevalue(request.param)
    return made, tmp_path if request.param == "store" else request.getfixturevalue("postgres")


def test_of_four_processes_that_answer_at_once_exactly_one_is_heard(shared_place: tuple[Office, Path | str]) -> None:
    office, place = shared_place
    for number in range(12):
        office.approvals.ask(question(number))
    told = [line.split() for line in run("adapters.answering", 4, place, random.Random(7).getrandbits(32))]
    heard = sorted(name for names in told for name in names)
    assert heard == [f"APR-20240603-{n:03d}" for n in range(1, 13)]
    rows = decisions(office)
    assert sorted(row["subject"] for row in rows) == heard
    for row in rows:
        approval = office.approvals.get(row["subject"])
        assert isinstance(approval.state, Answered)
        assert (row["outcome"]["by"], row["outcome"]["approved"]) == (approval.state.by, approval.approved)


def test_of_three_processes_that_ask_the_same_at_once_one_asks(shared_place: tuple[Office, Path | str]) -> None:
    office, place = shared_place
    told = [line.split() for line in run("adapters.answering", 3, place, "ask")]
    assert {tuple(sorted(names)) for names in told} == {tuple(f"APR-20240603-{n:03d}" for n in range(1, 13))}
    assert office.database is not None
    assert len(office.database.rows("approval")) == 12
