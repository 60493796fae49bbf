"""What people were told, as commands."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, print_json, say, table

notices = typer.Typer(
    help="What people were told; without a command, the newest.", invoke_without_command=True, rich_markup_mode=None
)
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
