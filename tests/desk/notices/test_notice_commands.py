"""`quorum notices` over a real outbox and real channels: what it lists, acknowledges and tries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

import quorum.bootstrap
from desk.notices.happenings import NOON, database_in, happened
from quorum.adapters.keys import Keys
from quorum.adapters.notify import AppriseChannels, FileNotifier, NotDelivered
from quorum.adapters.sql.coordination.notices import SqlOutbox, SqlPost
from quorum.desk.notices import Address, ChannelRule, Event, Policy, deliver
from quorum.domain import NotFound, VirtualClock
from quorum.surfaces.cli.coordinator.notices import notices
from servers.webhook import Answer, Hook, webhook

Ask = Callable[..., str]


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as made:
        yield made


@pytest.fixture
def office(tmp_path: Path, hook: Hook) -> Iterator[Any]:
    clock, database = VirtualClock(NOON), database_in(tmp_path)
    log = FileNotifier(tmp_path / "log.jsonl", clock)
    channels = AppriseChannels({"hook": Address(f"json://127.0.0.1:{hook.port}/")}, Keys({}, tmp_path), log, 2.0)
    yield SimpleNamespace(outbox=SqlOutbox(database, clock), channels=channels, clock=clock, database=database)
    database.close()


@pytest.fixture
def ask(office: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    monkeypatch.setattr(quorum.bootstrap, "open_desk", lambda home: office)
    root = typer.Typer()
    root.add_typer(notices, name="notices")
    root.command("other")(lambda: None)

    def run(*words: str) -> str:
        root(args=["notices", *words], standalone_mode=False)
        return capsys.readouterr().out

    return run


def test_it_lists_what_people_were_told_and_what_became_of_it(office: Any, ask: Ask) -> None:
    office.outbox.raise_(happened(Event.AGENT_FAILED))
    office.clock.advance_to(NOON + 1)
    office.outbox.raise_(happened(details={"loss": 0.047}))
    assert json.loads(ask("--json"))["notifications"][0]["deliveries"] == []
    deliver(SqlPost(office.database, office.clock), office.channels, Policy((ChannelRule("hook"),)), office.clock)
    newest, oldest = json.loads(ask("--json"))["notifications"]
    assert (newest["notification_id"], newest["severity"], newest["priority"]) == ("NOT-20240603-002", "RED", "high")
    assert newest["details"] == {"loss": 0.047}
    assert [(d["channel"], d["status"], d["attempts"]) for d in newest["deliveries"]] == [
        ("hook", "sent", 1),
        ("log", "sent", 1),
    ]
    assert (oldest["event"], oldest["needs_acknowledgement"]) == ("agent_failed", False)
    text = ask()
    assert "hook sent, log sent" in text
    assert text.index("NOT-20240603-002") < text.index("NOT-20240603-001")
    assert len(json.loads(ask("--json", "--limit", "1"))["notifications"]) == 1


def test_somebody_acknowledges_and_it_is_open_no_more(office: Any, ask: Ask) -> None:
    office.outbox.raise_(happened())
    assert len(json.loads(ask("--open", "--json"))["notifications"]) == 1
    assert ask("ack", "NOT-20240603-001", "--by", "ada") == (
        "NOT-20240603-001: acknowledged by ada at 2024-06-03T12:00:00Z\n"
    )
    again = json.loads(ask("ack", "NOT-20240603-001", "--by", "bob", "--json"))
    assert (again["acknowledged_by"], again["acknowledged_at"]) == ("ada", "2024-06-03T12:00:00Z")
    assert json.loads(ask("--open", "--json")) == {"notifications": []}
    with pytest.raises(NotFound, match="there is no notification NOT-1; list them with `quorum notices`"):
        ask("ack", "NOT-1", "--by", "ada")


def test_a_channel_is_tried_with_one_real_message(ask: Ask, hook: Hook) -> None:
    assert ask("test", "hook") == "hook took the message\n"
    assert hook.titles() == ["[INFO] Channel hook works"]
    assert json.loads(ask("test", "log", "--json")) == {"channel": "log", "taken": True}
    hook.answers.append(Answer(500))
    with pytest.raises(NotDelivered, match=r"channel hook: .*error=500"):
        ask("test", "hook")
    with pytest.raises(NotFound, match="there is no channel 'sms'; there are log, hook"):
        ask("test", "sms")
