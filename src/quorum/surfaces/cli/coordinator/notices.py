"""What people were told, as commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, print_json, say, table, takes

notices = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
Open = Annotated[bool, typer.Option("--open", help="Only what somebody has to acknowledge and nobody has.")]
Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]


@notices.callback()
def list_notices(
    context: typer.Context, only_open: Open = False, limit: Limit = 20, home: Home = None, as_json: Json = False
) -> None:
    """What people were told, newest first, with what became of it on each channel.

    Example: quorum notices --open
    """
    if context.invoked_subcommand is not None:
        return
    from quorum.bootstrap import open_desk

    told = [_facts(one) for one in open_desk(home).outbox.listed(limit, only_open=only_open)]
    if as_json:
        print_json({"notifications": told})
        return
    table(
        ("notification", "time", "severity", "what", "channels", "acknowledged"),
        [
            (n["notification_id"], n["timestamp"], n["severity"], n["summary"], _ways(n), n["acknowledged_by"] or "")
            for n in told
        ],
    )


@notices.command("ack")
def acknowledge(
    notification_id: Annotated[str, typer.Argument(metavar="ID", help="As NOT-20240603-001.")],
    by: Annotated[str, typer.Option("--by", help="Who has seen it.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Say that somebody has seen a notification: it sends no more reminders. Who was first stays.

    Example: quorum notices ack NOT-20240603-001 --by ada
    """
    from quorum.bootstrap import open_desk
    from quorum.domain import iso

    notice = open_desk(home).outbox.acknowledge(notification_id, by)
    seen = iso(notice.acknowledged_at or notice.at)
    if as_json:
        print_json(notice.document() | {"acknowledged_by": notice.acknowledged_by, "acknowledged_at": seen})
        return
    say(f"{notice.notification_id}: acknowledged by {notice.acknowledged_by} at {seen}")


@notices.command("escalations")
def list_escalations(limit: Limit = 20, home: Home = None, as_json: Json = False) -> None:
    """What agents handed up, newest first, with what they recommend.

    Example: quorum notices escalations --json
    """
    from quorum.bootstrap import open_desk

    found = [one.document() for one in open_desk(home).outbox.escalations(limit)]
    if as_json:
        print_json({"escalations": found})
        return
    names = ("escalation_id", "timestamp", "from_agent", "type", "severity", "message", "recommended_action")
    table([name.replace("_", " ") for name in names], [[one[name] for name in names] for one in found])


@notices.command("test")
def try_channel(
    channel: Annotated[str, typer.Argument(help="A channel of config/notifications.yaml, or log.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Send one real message to a channel now; ends with 1 when it was not taken.

    Example: quorum notices test slack
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.notices import trial_message

    desk = open_desk(home)
    desk.channels.send(channel, trial_message(channel, desk.clock.now()))
    print_json({"channel": channel, "taken": True}) if as_json else say(f"{channel} took the message")


@dataclass(frozen=True)
class RaiseOptions:
    """What `quorum notices raise` takes."""

    event: Annotated[str, typer.Argument(help="The event: alert, drift, strategy_changed, deployment, …")]
    key: Annotated[str, typer.Option("--key", help="What tells it from others: the same key again is the same event.")]
    summary: Annotated[str | None, typer.Option("--summary", help="What happened, in a line.")] = None
    fact: Annotated[list[str] | None, typer.Option("--fact", "-p", help="A fact, as symbol=BTCUSDT.")] = None
    home: Home = None
    as_json: Json = False


@notices.command("raise")
@takes(RaiseOptions)
def raise_event(asked: RaiseOptions) -> None:
    """Say that something happened: people are told, and what is scheduled on it runs where `quorum up` does.

    Example: quorum notices raise drift --key 2024-06-03 -p symbol=BTCUSDT -p psi=0.31
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.notices import occurrence
    from quorum.domain import UsageError

    found = _given(asked.fact or ())
    if not asked.key.strip():
        raise UsageError("--key is empty", "name what happened, as --key 2024-06-03")
    named = {"key": asked.key, "summary": asked.summary or f"{asked.event}: {asked.key}"}
    notice = open_desk(asked.home).outbox.raise_(occurrence(asked.event, {**found, **named}))
    if asked.as_json:
        print_json(notice.document() | {"event": str(notice.occurrence.event)})
        return
    say(f"{notice.notification_id}: {notice.occurrence.summary}")


def _given(pairs: Sequence[str]) -> dict[str, Any]:
    """Facts from the words of a command: a number, true or false where it is one, else text."""
    from quorum.domain import UsageError

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip() or name.strip() in ("key", "summary", "severity", "action_required"):
            raise UsageError(f"-p {pair!r} is no fact", "write it as -p symbol=BTCUSDT")
        found[name.strip()] = _value(text)
    return found


def _value(text: str) -> Any:
    words = {"true": True, "false": False}
    if text in words:
        return words[text]
    try:
        number = float(text)
    except ValueError:
        return text
    whole = number.is_integer() and text.lstrip("+-").isdigit()
    return int(text) if whole else number if isfinite(number) else text


def _facts(told: Any) -> dict[str, Any]:
    from quorum.domain import iso

    notice = told.notice
    seen = notice.acknowledged_at
    facts: dict[str, Any] = notice.document() | {
        "event": str(notice.occurrence.event),
        "severity": notice.severity.name,
        "needs_acknowledgement": notice.needs_acknowledgement,
        "acknowledged_by": notice.acknowledged_by or None,
        "acknowledged_at": None if seen is None else iso(seen),
        "deliveries": [
            {
                "channel": d.channel,
                "reminder": d.round,
                "status": d.status,
                "attempts": d.attempts,
                "next_at": iso(d.next_at) if d.status in ("waiting", "sending") else None,
                "sent_at": None if d.sent_at is None else iso(d.sent_at),
                "error": d.error or None,
            }
            for d in told.deliveries
        ],
    }
    return facts


def _ways(facts: dict[str, Any]) -> str:
    """Each channel once, with the state of its newest delivery."""
    newest = {d["channel"]: d["status"] for d in facts["deliveries"]}
    return ", ".join(f"{channel} {status}" for channel, status in newest.items()) or "not yet"
