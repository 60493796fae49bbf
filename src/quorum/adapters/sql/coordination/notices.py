"""The outbox: notices that commit with their effects, their deliveries, and escalations.

`notification.escalate_at` is the instant of a notice's next round: at first the one at which it was raised.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import sqlalchemy as sa

from quorum.adapters.sql.accounts import SqlTransaction
from quorum.adapters.sql.coordination.tables import delivery, escalation, notification
from quorum.adapters.sql.database import Database
from quorum.adapters.sql.decisions import next_number
from quorum.desk.notices import (
    WORDS,
    Concern,
    Delivery,
    Due,
    Escalation,
    Event,
    Failed,
    Notice,
    Occurrence,
    Outcome,
    Retry,
    Round,
    Sent,
    Told,
    Turn,
)
from quorum.domain import HOUR, Clock, NotFound, Severity, Transaction, UsageError, canonical, severity, utc_day

_WORST_FIRST = sa.case({s.name: -s for s in Severity}, value=notification.c.severity)
_ON_ITS_WAY = ("waiting", "sending")
_RAISE, _RAISED = notification.insert(), notification.select().where(notification.c.key == sa.bindparam("mine"))


def insert_notice(connection: sa.Connection, occurrence: Occurrence, at: int) -> Notice:
    """Raise a notice in the caller's transaction, so that it commits with its effect; once for an occurrence."""
    found = _notice_of(connection, occurrence.identity)
    if found is not None:
        return found
    day = utc_day(at)
    number = next_number(connection, f"notification-{day}")
    found = _notice_of(connection, occurrence.identity)  # whoever held the number until now may have raised it
    if found is not None:
        return found
    notice = Notice.of(f"NOT-{day}-{number:03d}", at, occurrence)
    connection.execute(
        _RAISE,
        {
            "notification_id": notice.notification_id,
            "key": occurrence.identity,
            "at": at,
            "event": str(occurrence.event),
            "type": notice.type,
            "severity": notice.severity.name,
            "priority": WORDS[notice.priority],
            "summary": occurrence.summary,
            "details": canonical(notice.occurrence.details).decode(),
            "action_required": notice.occurrence.action_required,
            "escalate_at": at,
            "acknowledged_by": "",
        },
    )
    return notice


def insert_escalation(connection: sa.Connection, concern: Concern, at: int) -> Escalation:
    """Put a concern on record and raise its notice, in the caller's transaction; once for its event and key."""
    key = f"{concern.event}/{concern.key}"
    row = connection.execute(escalation.select().where(escalation.c.key == key)).mappings().first()
    if row is not None:
        return _escalation(row)
    day = utc_day(at)
    identity = f"ESC-{day}-{next_number(connection, f'escalation-{day}'):03d}"
    raised = Escalation.of(identity, at, concern)
    connection.execute(
        escalation.insert().values(
            escalation_id=identity,
            key=key,
            at=at,
            from_agent=concern.from_agent,
            type=str(concern.event),
            severity=raised.concern.severity.name,
            message=concern.message,
            recommended_action=raised.concern.recommended_action,
            requires_user_attention=int(concern.requires_user_attention),
        )
    )
    insert_notice(connection, concern.occurrence(identity), at)
    return raised


class SqlOutbox:
    """Outbox over desk.db."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def raise_(self, occurrence: Occurrence, within: Transaction | None = None) -> Notice:
        with self._writing(within) as connection:
            return insert_notice(connection, occurrence, self._clock.now())

    def escalate(self, concern: Concern, within: Transaction | None = None) -> Escalation:
        with self._writing(within) as connection:
            return insert_escalation(connection, concern, self._clock.now())

    @contextmanager
    def _writing(self, within: Transaction | None) -> Iterator[sa.Connection]:
        if within is not None:
            assert isinstance(within, SqlTransaction)
            yield within.connection
        else:
            with self._database.write() as connection:
                yield connection

    def acknowledge(self, notification_id: str, by: str) -> Notice:
        if not by.strip():
            raise UsageError("an acknowledgement has a name", "say who has seen it: --by NAME")
        table, one = notification, notification.c.notification_id == notification_id
        routed = sa.exists().where(delivery.c.notification_id == notification_id)
        seen = {"acknowledged_at": self._clock.now(), "acknowledged_by": by.strip()}
        no_more = sa.case((routed, sa.null()), else_=table.c.escalate_at)
        repeats = (delivery.c.notification_id == notification_id, delivery.c.round > 0, delivery.c.status == "waiting")
        with self._database.write() as connection:
            first = table.update().where(one, table.c.acknowledged_at.is_(None)).values(**seen, escalate_at=no_more)
            if connection.execute(first).rowcount:
                connection.execute(delivery.update().where(*repeats).values(status="withdrawn"))
            row = connection.execute(table.select().where(one)).mappings().first()
        if row is None:
            raise NotFound(f"there is no notification {notification_id}", "list them with `quorum notices`")
        return _notice(row)

    def listed(self, limit: int = 50, *, only_open: bool = False) -> Sequence[Told]:
        table = notification
        newest = table.select().order_by(table.c.at.desc(), table.c.notification_id.desc()).limit(limit)
        if only_open:
            grave = [s.name for s in Severity if s >= Severity.RED]
            newest = newest.where(table.c.acknowledged_at.is_(None), table.c.severity.in_(grave))
        with self._database.read() as connection:
            notices = [_notice(row) for row in connection.execute(newest).mappings()]
            ids = [notice.notification_id for notice in notices]
            made = delivery.select().where(delivery.c.notification_id.in_(ids))
            rows = connection.execute(made.order_by(delivery.c.round, delivery.c.channel)).mappings().all()
        of = {
            n.notification_id: [_delivery(row, n) for row in rows if row["notification_id"] == n.notification_id]
            for n in notices
        }
        return [Told(notice, of[notice.notification_id]) for notice in notices]

    def escalations(self, limit: int = 50) -> Sequence[Escalation]:
        newest = escalation.select().order_by(escalation.c.at.desc(), escalation.c.escalation_id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_escalation(row) for row in connection.execute(newest).mappings()]


class SqlPost:
    """Post over desk.db: which rounds are due, and the deliveries on their way."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def turns(self, now: int, limit: int) -> Sequence[Turn]:
        table = notification
        query = table.select().where(table.c.escalate_at <= now).order_by(_WORST_FIRST, table.c.at).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            ids = [row["notification_id"] for row in rows]
            made = sa.select(delivery.c.notification_id, delivery.c.round, delivery.c.channel, delivery.c.status)
            earlier = connection.execute(made.where(delivery.c.notification_id.in_(ids))).all()
        number: dict[str, int] = {}
        busy: defaultdict[str, set[str]] = defaultdict(set)
        for identity, count, channel, status in earlier:
            number[identity] = max(number.get(identity, 0), count + 1)
            if status in _ON_ITS_WAY:
                busy[identity].add(channel)
        return [
            Turn(notice, number.get(notice.notification_id, 0), due_at, frozenset(busy[notice.notification_id]))
            for notice, due_at in ((_notice(row), row["escalate_at"]) for row in rows)
        ]

    def send_out(self, rounds: Sequence[Round]) -> int:
        with self._database.write() as connection:
            begun = [one for one in rounds if _began(connection, one)]
            rows = [_new_delivery(one, channel) for one in begun for channel in one.channels]
            if rows:
                connection.execute(delivery.insert(), rows)
        return len(begun)

    def due(self, now: int, limit: int) -> Due:
        joined = delivery.join(notification, delivery.c.notification_id == notification.c.notification_id)
        waiting = (delivery.c.status.in_(_ON_ITS_WAY), delivery.c.next_at <= now)
        query = sa.select(delivery).select_from(joined).where(*waiting).order_by(_WORST_FIRST, delivery.c.next_at)
        gone = (delivery.c.status == "sent", delivery.c.next_at > now - HOUR)
        lately = sa.select(delivery.c.channel, sa.func.min(delivery.c.next_at)).where(*gone)
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit)).mappings().all()
            ids = {row["notification_id"] for row in rows}
            named = connection.execute(notification.select().where(notification.c.notification_id.in_(ids))).mappings()
            notices = {row["notification_id"]: _notice(row) for row in named}
            messages = connection.execute(lately.group_by(delivery.c.channel, delivery.c.parcel)).all()
        sent: defaultdict[str, list[int]] = defaultdict(list)
        for channel, at in messages:
            sent[channel].append(at)
        return Due([_delivery(row, notices[row["notification_id"]]) for row in rows], sent)

    def postpone(self, deliveries: Sequence[Delivery], until: int) -> None:
        if not deliveries:
            return
        with self._database.write() as connection:
            for one in deliveries:
                connection.execute(delivery.update().where(*_as_seen(one)).values(next_at=until))

    def claim(self, deliveries: Sequence[Delivery], parcel: str, until: int) -> Sequence[Delivery]:
        taken = {"status": "sending", "next_at": until, "parcel": parcel, "attempts": delivery.c.attempts + 1}
        with self._database.write() as connection:
            return [
                replace(one, status="sending", next_at=until, attempts=one.attempts + 1)
                for one in deliveries
                if connection.execute(delivery.update().where(*_as_seen(one)).values(taken)).rowcount
            ]

    def settle(self, parcel: str, outcome: Outcome) -> None:
        ours = (delivery.c.parcel == parcel, delivery.c.status == "sending")
        with self._database.write() as connection:
            done = connection.execute(delivery.update().where(*ours).values(_settled(outcome))).rowcount
            if done and isinstance(outcome, Failed):
                insert_notice(connection, _failure(connection, parcel, outcome), self._clock.now())


def _began(connection: sa.Connection, one: Round) -> bool:
    """Move a notice on to its next round; False when that has happened already."""
    table = notification
    following = sa.case((table.c.acknowledged_at.is_(None), sa.cast(one.next_at, sa.BigInteger)), else_=sa.null())
    same = (table.c.notification_id == one.turn.notice.notification_id, table.c.escalate_at == one.turn.due_at)
    return bool(connection.execute(table.update().where(*same).values(escalate_at=following)).rowcount)


def _new_delivery(one: Round, channel: str) -> dict[str, object]:
    return {
        "notification_id": one.turn.notice.notification_id,
        "channel": channel,
        "round": one.turn.number,
        "status": "waiting",
        "attempts": 0,
        "next_at": one.channels[channel],
        "error": "",
        "parcel": "",
    }


def _settled(outcome: Outcome) -> dict[str, object]:
    match outcome:
        case Sent(at):
            return {"status": "sent", "sent_at": at, "next_at": at, "error": ""}
        case Retry(at, error):
            return {"status": "waiting", "next_at": at, "error": error}
        case Failed(at, error):
            return {"status": "failed", "next_at": at, "error": error}


def _as_seen(one: Delivery) -> tuple[sa.ColumnElement[bool], ...]:
    """Nobody has touched the delivery since it was read."""
    table = delivery.c
    same = (table.notification_id == one.notice.notification_id, table.channel == one.channel)
    return (*same, table.round == one.round, table.status == one.status, table.next_at == one.next_at)


def _failure(connection: sa.Connection, parcel: str, outcome: Failed) -> Occurrence:
    """One a day for a channel and a severity: it says which message it began with."""
    joined = delivery.join(notification, delivery.c.notification_id == notification.c.notification_id)
    columns = (delivery.c.channel, notification.c.notification_id, notification.c.severity)
    query = sa.select(*columns).select_from(joined).where(delivery.c.parcel == parcel)
    rows = connection.execute(query.order_by(_WORST_FIRST, notification.c.at)).all()
    channel, first, worst = rows[0]
    details = {"channel": channel, "first": first, "messages": len(rows), "error": outcome.error}
    summary = f"channel {channel} takes no messages: {first} was not delivered"
    bad = min(Severity[worst], Severity.RED)
    return Occurrence(
        Event.DELIVERY_FAILED, f"{channel}/{utc_day(outcome.at)}/{bad.name}", summary, details, severity=bad
    )


def _notice_of(connection: sa.Connection, key: str) -> Notice | None:
    row = connection.execute(_RAISED, {"mine": key}).mappings().first()
    return None if row is None else _notice(row)


def _notice(row: sa.RowMapping) -> Notice:
    occurrence = Occurrence(
        Event(row["event"]),
        row["key"].partition("/")[2],
        row["summary"],
        json.loads(row["details"]),
        row["action_required"],
        Severity[row["severity"]],
    )
    return Notice(
        row["notification_id"],
        row["at"],
        occurrence,
        row["type"],
        severity(row["priority"]),
        row["acknowledged_at"],
        row["acknowledged_by"],
    )


def _delivery(row: sa.RowMapping, notice: Notice) -> Delivery:
    told = (row["status"], row["attempts"], row["next_at"], row["sent_at"], row["error"])
    return Delivery(notice, row["channel"], row["round"], *told)


def _escalation(row: sa.RowMapping) -> Escalation:
    concern = Concern(
        row["from_agent"],
        Event(row["type"]),
        row["key"].partition("/")[2],
        row["message"],
        row["recommended_action"],
        Severity[row["severity"]],
        bool(row["requires_user_attention"]),
    )
    return Escalation(row["escalation_id"], row["at"], concern)
