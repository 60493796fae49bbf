"""The outbox: one contract over the stores and the memory; and what a sender asks of the stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.processes import run
from adapters.stores import NOW
from desk.notices.happenings import database_in, happened
from quorum.adapters.sql import Database
from quorum.adapters.sql.coordination.notices import SqlOutbox, SqlPost, insert_notice
from quorum.desk.notices import Concern, Delivery, Event, Failed, Outbox, Post, Retry, Round, Sent
from quorum.desk.notices.fakes import MemoryOutbox
from quorum.domain import DAY, HOUR, MINUTE, SECOND, NotFound, Severity, UsageError, VirtualClock

ONE = "NOT-20240603-001"


@dataclass(frozen=True)
class Office:
    """An outbox, its clock, and its database where it has one."""

    outbox: Outbox
    clock: VirtualClock
    database: Database | None = None

    @property
    def post(self) -> Post:
        assert self.database is not None
        return SqlPost(self.database, self.clock)


def opened(database: Database) -> Office:
    clock = VirtualClock(NOW)
    return Office(SqlOutbox(database, clock), clock, database)


def make(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Office]:
    if kind == "memory":
        clock = VirtualClock(NOW)
        yield Office(MemoryOutbox(clock), clock)
        return
    office = opened(database_in(folder) if kind == "sqlite" else Database(request.getfixturevalue("postgres")))
    yield office
    assert office.database is not None
    office.database.close()


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    yield from make(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    yield from make(request.param, request, tmp_path)


def test_a_notice_is_raised_once_however_often_it_happens(office: Office) -> None:
    first = office.outbox.raise_(happened(details={"loss": 0.047, "by": ["BTCUSDT", None]}))
    assert (first.notification_id, first.at, first.severity) == (ONE, NOW, Severity.RED)
    office.clock.advance_to(NOW + HOUR)
    assert office.outbox.raise_(happened(summary="in other words")) == first
    second = office.outbox.raise_(happened(key="2"))
    assert second.notification_id == "NOT-20240603-002"
    assert [told.notice.notification_id for told in office.outbox.listed()] == [second.notification_id, ONE]
    assert office.outbox.listed()[1].notice.document() == first.document()


def test_numbers_begin_anew_each_utc_day(office: Office) -> None:
    office.outbox.raise_(happened())
    office.clock.advance_to(NOW + DAY)
    assert office.outbox.raise_(happened(key="2")).notification_id == "NOT-20240604-001"


def test_a_concern_is_on_record_once_and_its_notice_is_raised(office: Office) -> None:
    concern = Concern("smc", Event.KNOWN_ISSUE, "gap", "BTCUSDT has a gap", "Pull it again")
    raised = office.outbox.escalate(concern)
    assert office.outbox.escalate(replace(concern, message="again")) == raised
    assert list(office.outbox.escalations()) == [raised]
    assert raised.escalation_id == "ESC-20240603-001"
    (told,) = office.outbox.listed()
    assert told.notice.document()["details"] == {"escalation_id": "ESC-20240603-001", "from_agent": "smc"}
    assert (told.notice.severity, told.notice.occurrence.action_required) == (Severity.YELLOW, "Pull it again")


def test_who_acknowledges_first_is_remembered(office: Office) -> None:
    office.outbox.raise_(happened())
    office.outbox.raise_(happened(Event.AGENT_FAILED))
    assert [told.notice.notification_id for told in office.outbox.listed(only_open=True)] == [ONE]
    office.clock.advance_to(NOW + MINUTE)
    seen = office.outbox.acknowledge(ONE, " ada ")
    assert (seen.acknowledged_by, seen.acknowledged_at) == ("ada", NOW + MINUTE)
    assert not seen.needs_acknowledgement
    assert office.outbox.acknowledge(ONE, "bob") == seen
    assert office.outbox.listed(only_open=True) == []
    with pytest.raises(NotFound, match="there is no notification NOT-20240603-009; list them"):
        office.outbox.acknowledge("NOT-20240603-009", "ada")
    with pytest.raises(UsageError, match="an acknowledgement has a name"):
        office.outbox.acknowledge(ONE, " ")


def test_a_notice_commits_with_its_effect_or_not_at_all(store: Office) -> None:
    assert store.database is not None

    def act_and_fail() -> None:
        assert store.database is not None
        with store.database.write() as connection:
            assert insert_notice(connection, happened(), NOW).notification_id == ONE
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act_and_fail()
    assert store.outbox.listed() == []
    with store.database.write() as connection:
        insert_notice(connection, happened(), NOW)
    assert [told.notice.notification_id for told in store.outbox.listed()] == [ONE]


def sent_out(store: Office, *channels: str, key: str = "1", next_at: int | None = None) -> list[Delivery]:
    """The deliveries of a new notice's first round."""
    store.outbox.raise_(happened(key=key))
    (turn,) = store.post.turns(store.clock.now(), 9)
    assert store.post.send_out([Round(turn, dict.fromkeys(channels, store.clock.now()), next_at)]) == 1
    return list(store.post.due(store.clock.now(), 99).deliveries)


def test_a_round_is_made_by_one_sender(store: Office) -> None:
    store.outbox.raise_(happened())
    store.outbox.raise_(happened(Event.HALTED))
    turns = store.post.turns(NOW, 9)
    assert [turn.notice.severity for turn in turns] == [Severity.BLACK, Severity.RED]
    assert (turns[1].number, turns[1].due_at, turns[1].busy) == (0, NOW, frozenset())
    assert store.post.send_out([Round(turns[1], {"log": NOW, "email": NOW + 1}, NOW + MINUTE)]) == 1
    assert store.post.send_out([Round(turns[1], {"log": NOW}, None)]) == 0
    assert [d.channel for d in store.post.due(NOW, 9).deliveries] == ["log"]
    assert len(store.post.turns(NOW, 9)) == 1
    again = store.post.turns(NOW + MINUTE, 9)[1]
    assert (again.number, again.busy) == (1, {"log", "email"})


def test_a_delivery_is_claimed_by_one_sender_until_its_claim_runs_out(store: Office) -> None:
    due = sent_out(store, "email", "log")
    mine = store.post.claim(due[:1], "a", NOW + MINUTE)
    assert (len(mine), mine[0].attempts) == (1, 1)
    assert [d.channel for d in store.post.claim(due, "b", NOW + MINUTE)] == [due[1].channel]
    assert store.post.due(NOW, 9).deliveries == []
    late = store.post.due(NOW + MINUTE, 9).deliveries
    taken = store.post.claim(late, "c", NOW + HOUR)
    assert [d.attempts for d in taken] == [2, 2]
    store.post.settle("a", Sent(NOW + MINUTE))  # too late: another has it
    assert {d.status for d in store.outbox.listed()[0].deliveries} == {"sending"}
    store.post.settle("c", Sent(NOW + 2 * MINUTE))
    assert {(d.status, d.sent_at) for d in store.outbox.listed()[0].deliveries} == {("sent", NOW + 2 * MINUTE)}


def test_what_was_sent_within_the_hour_is_counted_by_message(store: Office) -> None:
    sent_out(store, "email")
    due = sent_out(store, "email", key="2")
    store.post.claim(due, "one message", NOW + MINUTE)
    store.post.settle("one message", Sent(NOW))
    assert store.post.due(NOW + MINUTE, 9).sent == {"email": [NOW]}
    assert store.post.due(NOW + HOUR, 9).sent == {}


def test_a_delivery_that_is_postponed_waits_unless_somebody_took_it(store: Office) -> None:
    due = sent_out(store, "email", "log")
    store.post.claim(due[:1], "a", NOW + MINUTE)
    store.post.postpone(due, NOW + HOUR)
    store.post.postpone([], NOW)
    assert sorted(d.next_at for d in store.outbox.listed()[0].deliveries) == [NOW + MINUTE, NOW + HOUR]


def test_a_retry_keeps_its_error_and_a_failure_is_told_once_a_day(store: Office) -> None:
    due = sent_out(store, "email")
    store.post.claim(due, "a", NOW + MINUTE)
    store.post.settle("a", Retry(NOW + 5 * SECOND, "refused"))
    (waiting,) = store.post.due(NOW + 5 * SECOND, 9).deliveries
    assert (waiting.status, waiting.error, waiting.attempts) == ("waiting", "refused", 1)
    store.post.claim([waiting], "b", NOW + MINUTE)
    store.post.settle("b", Failed(NOW + 6 * SECOND, "refused again"))
    assert store.outbox.listed()[1].deliveries[0].status == "failed"
    told = store.outbox.listed()[0].notice
    assert told.severity == Severity.RED
    assert told.occurrence.summary == f"channel email takes no messages: {ONE} was not delivered"
    assert told.occurrence.details == {"channel": "email", "first": ONE, "messages": 1, "error": "refused again"}
    store.clock.advance_to(NOW + MINUTE)
    due = [d for d in sent_out_more(store, "email", "3") if d.channel == "email"]
    store.post.claim(due, "c", NOW + HOUR)
    store.post.settle("c", Failed(NOW + MINUTE, "still"))
    assert sum(t.notice.occurrence.event == Event.DELIVERY_FAILED for t in store.outbox.listed()) == 1


def sent_out_more(store: Office, channel: str, key: str) -> list[Delivery]:
    store.outbox.raise_(happened(key=key))
    now = store.clock.now()
    for turn in store.post.turns(now, 9):
        mine = turn.notice.occurrence.key == key
        store.post.send_out([Round(turn, {channel if mine else "log": now}, None)])
    return list(store.post.due(now, 99).deliveries)


def test_an_acknowledged_notice_has_its_first_round_and_no_reminder(store: Office) -> None:
    store.outbox.raise_(happened())
    store.outbox.acknowledge(ONE, "ada")
    (turn,) = store.post.turns(NOW, 9)
    assert store.post.send_out([Round(turn, {"log": NOW}, NOW + MINUTE)]) == 1
    assert store.post.turns(NOW + HOUR, 9) == []


def test_reminders_that_wait_are_withdrawn_when_somebody_acknowledges(store: Office) -> None:
    sent_out(store, "email", next_at=NOW + MINUTE)
    (turn,) = store.post.turns(NOW + MINUTE, 9)
    assert store.post.send_out([Round(turn, {"sms": NOW + MINUTE}, NOW + HOUR)]) == 1
    store.outbox.acknowledge(ONE, "ada")
    assert [(d.channel, d.status) for d in store.outbox.listed()[0].deliveries] == [
        ("email", "waiting"),
        ("sms", "withdrawn"),
    ]
    assert store.post.turns(NOW + DAY, 9) == []


def test_the_worst_comes_first_however_many_wait(store: Office) -> None:
    for number in range(5):
        store.outbox.raise_(happened(Event.AGENT_FAILED, key=str(number)))
    store.clock.advance_to(NOW + MINUTE)
    store.outbox.raise_(happened(Event.HALTED))
    assert [turn.notice.severity for turn in store.post.turns(NOW + MINUTE, 2)] == [Severity.BLACK, Severity.YELLOW]


def test_four_processes_raise_each_thing_once_and_number_without_double(tmp_path: Path) -> None:
    database_in(tmp_path).close()
    ids = [line.split() for line in run("desk.notices.sender", "raise", 4, tmp_path / "desk.db", 15)]
    assert all(found == ids[0] for found in ids)
    assert sorted(ids[0]) == [f"NOT-20240603-{n:03d}" for n in range(1, 16)]


@pytest.mark.slow
def test_four_processes_raise_each_thing_once_on_postgresql(postgres: str) -> None:
    ids = [line.split() for line in run("desk.notices.sender", "raise", 4, postgres, 15)]
    assert all(found == ids[0] for found in ids)
    database = Database(postgres)
    with database.read() as connection:
        assert connection.execute(sa.text("select count(*) from notification")).scalar() == 15
    database.close()
