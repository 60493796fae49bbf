"""From an event to what people read: the outbox, the sender and real servers, through every kind of trouble."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import time
from pathlib import Path
from time import monotonic

import pytest

from adapters.processes import TESTS
from adapters.stores import NOW
from desk.notices.happenings import database_in, happened
from quorum.adapters.keys import Keys
from quorum.adapters.notify import AppriseChannels, FileNotifier
from quorum.adapters.sql.coordination.notices import SqlOutbox, SqlPost
from quorum.desk.notices import (
    Address,
    ChannelRule,
    Delivery,
    Digest,
    Event,
    Form,
    Pass,
    Policy,
    QuietHours,
    Rate,
    Retries,
    deliver,
)
from quorum.domain import HOUR, MINUTE, SECOND, Severity, VirtualClock, parse_instant
from servers.smtp import mail_server
from servers.webhook import Answer, Hook, webhook

ONE = "NOT-20240603-001"
DIGESTS = Digest((time(8), time(18)))


@dataclass
class Office:
    """An outbox over a database in `folder`, with a sender whose channels may be set."""

    folder: Path
    addresses: dict[str, Address] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.database = database_in(self.folder)
        self.outbox = SqlOutbox(self.database, self.clock)
        self.log = self.folder / "notifications.jsonl"

    def channel(self, name: str, url: str, **rule: object) -> None:
        self.addresses[name] = Address(url)
        rules = (*self.policy.channels, replace(ChannelRule(name), **rule))
        self.policy = replace(self.policy, channels=rules, timeout_seconds=2.0)

    def hook(self, hook: Hook, name: str = "hook", **rule: object) -> None:
        self.channel(name, f"json://127.0.0.1:{hook.port}/{name}", **rule)

    def deliver(self) -> Pass:
        timeout = self.policy.timeout_seconds
        channels = AppriseChannels(self.addresses, Keys({}, self.folder), FileNotifier(self.log, self.clock), timeout)
        return deliver(SqlPost(self.database, self.clock), channels, self.policy, self.clock)

    def later(self, nanoseconds: int) -> None:
        self.clock.advance_to(self.clock.now() + nanoseconds)

    def of(self, channel: str) -> list[Delivery]:
        """The deliveries to a channel, those of the oldest notice first."""
        return [d for told in reversed(self.outbox.listed()) for d in told.deliveries if d.channel == channel]

    def logged(self) -> list[str]:
        if not self.log.exists():
            return []
        return [json.loads(line)["details"]["notification_id"] for line in self.log.read_text().splitlines()]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.database.close()


def test_an_event_reaches_the_log_a_mailbox_and_a_webhook_once(office: Office) -> None:
    with mail_server() as box, webhook() as hook:
        office.channel("email", f"mailto://127.0.0.1:{box.port}?from=desk@example.org&to=ada@example.org&mode=insecure")
        office.hook(hook, form=Form.SHORT)
        office.outbox.raise_(happened(details={"loss": 0.047}))
        assert office.deliver() == Pass(rounds=1, sent=3, refused=0, postponed=0)
        assert office.deliver() == Pass(0, 0, 0, 0)
    assert office.logged() == [ONE]
    assert "loss: 0.047" in box.texts()[0]
    assert ONE in box.texts()[0]
    assert ONE in hook.titles()[0]
    assert "loss" not in hook.posts[0]["message"]
    assert {d.status for d in office.outbox.listed()[0].deliveries} == {"sent"}


def test_a_channel_that_fails_is_tried_again_later_and_later_and_holds_nobody_up(office: Office) -> None:
    with webhook() as hook, webhook() as other:
        office.hook(hook, "first")
        office.hook(other, "second")
        hook.answers.extend([Answer(500), Answer(503)])
        office.outbox.raise_(happened())
        assert office.deliver() == Pass(1, 2, 1, 0)
        assert len(other.posts) == 1
        assert [(d.status, d.attempts, d.next_at) for d in office.of("first")] == [("waiting", 1, NOW + 5 * SECOND)]
        assert "error=500" in office.of("first")[0].error
        assert office.deliver() == Pass(0, 0, 0, 0)
        office.later(5 * SECOND)
        assert office.deliver().refused == 1
        assert office.of("first")[0].next_at == NOW + 15 * SECOND
        office.later(10 * SECOND)
        assert office.deliver().sent == 1
        assert len(hook.posts) == 1


def test_a_server_that_is_down_for_a_while_gets_everything_when_it_is_back(office: Office) -> None:
    with webhook() as hook:
        office.hook(hook)
        port = hook.port
    office.policy = replace(office.policy, rate=Rate(5))
    for number in range(12):
        office.outbox.raise_(happened(Event.AGENT_FAILED, key=str(number)))
        office.deliver()
        office.later(MINUTE)
    assert {d.status for d in office.of("hook")} == {"waiting"}
    with webhook(port, hook):
        for _ in range(20):
            office.deliver()
            office.later(15 * MINUTE)
    assert {d.status for d in office.of("hook")} == {"sent"}
    text = json.dumps(hook.posts)
    assert all(f"NOT-20240603-{number:03d}" in text for number in range(1, 13))
    assert len(hook.posts) < 12


def test_a_channel_that_takes_nothing_is_given_up_and_another_one_says_so(office: Office) -> None:
    office.channel("dead", "json://127.0.0.1:9/")
    office.policy = replace(office.policy, retries=Retries(tries=3, first=SECOND), repeats=None)
    with webhook() as hook:
        office.hook(hook)
        office.outbox.raise_(happened())
        for _ in range(4):
            office.deliver()
            office.later(MINUTE)
        assert [d.status for d in office.of("dead")] == ["failed"]
        assert office.of("dead")[0].attempts == 3
        assert hook.titles()[1] == f"[RED] channel dead takes no messages: {ONE} was not delivered (NOT-20240603-002)"
        assert office.logged() == [ONE, "NOT-20240603-002"]
        office.outbox.raise_(happened(key="2"))
        for _ in range(4):
            office.deliver()
            office.later(MINUTE)
    assert sum("takes no messages" in title for title in hook.titles()) == 1


def test_a_channel_that_is_taken_out_of_the_settings_has_its_messages_failed(office: Office) -> None:
    with webhook() as hook:
        office.hook(hook)
        hook.answers.append(Answer(500))
        office.outbox.raise_(happened())
        office.deliver()
    office.policy = Policy()
    office.later(MINUTE)
    office.deliver()
    assert [(d.status, d.error) for d in office.of("hook")] == [("failed", "the channel is not configured any more")]


def test_a_slow_server_is_left_at_its_time(office: Office) -> None:
    with webhook() as hook, webhook() as other:
        office.hook(hook, "slow")
        office.hook(other, "swift")
        office.policy = replace(office.policy, timeout_seconds=0.3)
        hook.answers.append(Answer(after=30))
        office.outbox.raise_(happened(Event.HALTED))
        office.outbox.raise_(happened(Event.AGENT_FAILED))
        assert office.deliver() == Pass(2, 3, 1, 0)
        assert [d.status for d in office.of("slow")] == ["waiting", "waiting"]
        assert [title[:7] for title in other.titles()] == ["[BLACK]", "[YELLOW"]


def test_a_pass_ends_though_a_server_takes_its_time_for_every_message(office: Office) -> None:
    with webhook() as hook:
        office.hook(hook)
        office.policy = replace(office.policy, timeout_seconds=2.0)
        hook.answers.extend([Answer(after=0.8)] * 5)
        for number in range(5):
            office.outbox.raise_(happened(key=str(number)))
        began = monotonic()
        first = office.deliver()
        assert first.refused == 0
        assert 2 <= first.sent <= 4  # the log's one among them
        assert monotonic() - began < 4
        while office.deliver().sent:
            pass
    assert len(hook.posts) == len(set(hook.titles())) == 5


def test_above_the_rate_messages_wait_and_become_one_and_red_does_not_wait(office: Office) -> None:
    with webhook() as hook:
        office.hook(hook)
        office.policy = replace(office.policy, rate=Rate(3))
        for number in range(8):
            office.outbox.raise_(happened(Event.AGENT_FAILED, key=str(number)))
        assert office.deliver().sent == 1 + 3
        assert [title.split("]")[1][:12] for title in hook.titles()] == [" An agent ga"] * 2 + [" 6 messages,"]
        office.outbox.raise_(happened(Event.AGENT_FAILED, key="late"))
        office.outbox.raise_(happened())
        assert office.deliver() == Pass(2, 2, 0, 1)
        assert hook.titles()[-1].startswith("[RED]")
        office.later(HOUR)
        office.deliver()
        assert hook.titles()[-1].endswith("(NOT-20240603-009)")
    assert {d.status for d in office.of("hook")} == {"sent"}


def test_in_quiet_hours_only_what_is_black_is_sent_and_the_rest_when_they_end(office: Office) -> None:
    with webhook() as hook:
        office.hook(hook)
        office.policy = replace(
            office.policy, zone="Europe/Berlin", quiet=QuietHours(time(13), time(15)), repeats=None
        )  # it is 14:00 there
        office.outbox.raise_(happened())
        office.outbox.raise_(happened(Event.HALTED))
        assert office.deliver() == Pass(2, 2, 0, 1)
        assert [title[:7] for title in hook.titles()] == ["[BLACK]"]
        assert office.logged() == ["NOT-20240603-002", ONE]
        office.later(HOUR - 1)
        assert office.deliver().sent == 0
        office.later(1)
        assert office.deliver().sent == 1
    assert len(hook.posts) == 2


def test_what_has_low_priority_is_collected_to_one_message(office: Office) -> None:
    with webhook() as hook:
        office.hook(hook)
        office.policy = replace(office.policy, digest=DIGESTS)
        for number in range(5):
            office.outbox.raise_(happened(Event.RISK_VETO, key=str(number)))
            office.deliver()
            office.later(MINUTE)
        assert hook.posts == []
        assert len(office.logged()) == 5
        office.clock.advance_to(parse_instant("2024-06-03T18:00:00Z"))
        assert office.deliver().sent == 1
    assert hook.titles() == [
        "[INFO] 5 messages, the first: The risk manager stopped a trade. (0) (NOT-20240603-001)",
    ]
    assert str(hook.posts[0]["message"]).count("The risk manager stopped a trade.") == 5


def test_reminders_reach_further_until_somebody_acknowledges(office: Office) -> None:
    with webhook() as hook, webhook() as boss:
        office.hook(hook)
        office.hook(boss, "boss", enabled=False)
        office.outbox.raise_(happened())
        for _ in range(4):
            office.deliver()
            office.later(15 * MINUTE)
        assert [title.split("]")[0][1:] for title in hook.titles()] == [
            "RED",
            *(f"RED, reminder {n}" for n in range(1, 4)),
        ]
        assert [title.split("]")[0][1:] for title in boss.titles()] == ["RED, reminder 3"]
        office.outbox.acknowledge(ONE, "ada")
        office.later(HOUR)
        assert office.deliver() == Pass(0, 0, 0, 0)
    assert len(hook.posts) == 4


def test_reminders_do_not_pile_up_at_a_channel_that_takes_nothing(office: Office) -> None:
    office.channel("dead", "json://127.0.0.1:9/")
    office.policy = replace(office.policy, retries=Retries(tries=100))
    office.outbox.raise_(happened())
    for _ in range(6):
        office.deliver()
        office.later(15 * MINUTE)
    assert len(office.of("dead")) == 1
    assert len(office.logged()) == 6


def test_black_goes_to_every_channel_whatever_its_switch(office: Office) -> None:
    with webhook() as on, webhook() as off:
        office.hook(on, "on", min_priority=Severity.BLACK, events=frozenset({Event.ALERT}))
        office.hook(off, "off", enabled=False)
        office.outbox.raise_(happened(Event.HALTED))
        office.deliver()
        assert (len(on.posts), len(off.posts)) == (1, 1)


def test_two_senders_send_each_message_once(office: Office) -> None:
    with webhook() as hook:
        office.hook(hook)
        office.policy = replace(office.policy, rate=Rate(1000))
        for number in range(40):
            office.outbox.raise_(happened(Event.AGENT_FAILED, key=str(number)))
        threads = [threading.Thread(target=office.deliver) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        office.deliver()
    assert sorted(hook.titles()) == sorted(set(hook.titles()))
    assert len(hook.posts) == 40
    assert sorted(office.logged()) == sorted(set(office.logged()))


def test_nothing_is_lost_when_the_sender_is_killed_in_the_middle(office: Office) -> None:
    with webhook() as hook:
        office.hook(hook)
        for number in range(3):
            office.outbox.raise_(happened(key=str(number)))
        hook.answers.extend([Answer(), Answer(after=60)])
        command = [
            sys.executable,
            "-m",
            "desk.notices.sender",
            "send",
            office.folder / "desk.db",
            str(hook.port),
            office.log,
        ]
        with subprocess.Popen(command, cwd=TESTS) as sender:
            while len(hook.posts) < 2:
                hook.arrived.wait(30)
                hook.arrived.clear()
            sender.send_signal(signal.SIGKILL)
        assert sorted(d.status for d in office.of("hook")) == ["sending", "sent", "waiting"]
        assert office.deliver().sent == 1
        office.later(2 * MINUTE)  # the killed one's claim has run out
        assert office.deliver().sent == 1
        assert {d.status for d in office.of("hook")} == {"sent"}
    ids = [title[-17:-1] for title in hook.titles()]
    assert set(ids) == {f"NOT-20240603-{n:03d}" for n in range(1, 4)}
    assert len(ids) == 4  # one came twice, with its id
    assert set(office.logged()) == set(ids)


def test_a_log_that_cannot_be_written_is_caught_up_with(office: Office) -> None:
    office.log.mkdir()
    office.outbox.raise_(happened(Event.AGENT_FAILED))
    assert office.deliver() == Pass(1, 0, 1, 0)
    office.log.rmdir()
    office.later(MINUTE)
    assert office.deliver().sent == 1
    assert office.logged() == [ONE]


def test_a_flood_is_delivered_in_passes_that_end(office: Office) -> None:
    with webhook() as hook:
        office.hook(hook)
        with office.database.write() as connection:
            from quorum.adapters.sql.coordination.notices import insert_notice

            for number in range(600):
                insert_notice(connection, happened(Event.AGENT_FAILED, key=str(number)), NOW)
        while (done := office.deliver()).rounds or done.sent:
            pass
        assert len(hook.posts) == 20
        office.later(HOUR)
        office.deliver()
    assert len(hook.posts) == 21
    assert len(office.logged()) == 600
