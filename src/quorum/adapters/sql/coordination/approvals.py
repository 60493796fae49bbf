"""Approvals over desk.db: a question is answered by one conditional update, in one transaction with its decision."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from quorum.adapters.sql.coordination.tables import approval as approvals
from quorum.adapters.sql.coordination.tables import standing_approval as standings
from quorum.adapters.sql.database import Database, take_turn
from quorum.adapters.sql.decisions import Provenance, insert_decision, next_number
from quorum.desk.approvals.question import Answered, Approval, Expired, Held, Open, Question, Size, must_say
from quorum.desk.approvals.standing import SURFACE, Revoked, Standing, beginning
from quorum.domain import Choice, Clock, DecisionKind, IllegalMove, NotFound, canonical, iso, plain, utc_day

Publish = Callable[[sa.Connection, str, Approval], None]
_IS_OPEN = approvals.c.status == "open"
_WAITS = approvals.c.status.in_(("open", "held"))


class SqlApprovals:
    """Approvals over desk.db.

    `publish` is called inside the transaction with `approval_needed`, `approval_reminder`, `approval_answered` or
    `approval_expired`, so that a notice of it commits with it.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        provenance: Provenance,
        publish: Publish = lambda connection, event, approval: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._provenance = provenance
        self._publish = publish

    def ask(self, question: Question) -> Approval:
        with self._database.write() as connection:
            found = _asked(connection, question.key)
            if found is not None:
                return found
            take_turn(connection, "approvals")
            found = _asked(connection, question.key)  # another one may have asked until it was our turn
            if found is not None:
                return found
            now = self._clock.now()
            identity = _identity(connection, now)
            state = beginning(question, _granted(connection), now)
            asked = Approval(identity, question, now, state, None if isinstance(state, Open) else now)
            connection.execute(approvals.insert().values(**_row(asked)))
            if isinstance(state, Open):
                self._publish(connection, "approval_needed", asked)
            else:
                self._ended(connection, asked, now)
            return _get(connection, identity)

    def answer(self, approval_id: str, approve: bool, by: str, reason: str, surface: str) -> Approval:
        must_say(by, reason)
        with self._database.write() as connection:
            now = self._clock.now()
            mine = _IS_OPEN & (approvals.c.approval_id == approval_id) & (approvals.c.expires_at > now)
            values = _state_row(Answered(approve, by, now, reason, surface))
            moved = connection.execute(approvals.update().where(mine).values(**values)).rowcount
            found = _get(connection, approval_id)
            if not moved:
                found.must_take(now)
            self._record(connection, found, now)
            self._publish(connection, "approval_answered", found)
            return found

    def get(self, approval_id: str) -> Approval:
        with self._database.read() as connection:
            return _get(connection, approval_id)

    def open(self) -> Sequence[Approval]:
        with self._database.read() as connection:
            return _where(connection, _IS_OPEN & (approvals.c.expires_at > self._clock.now()))

    def expire(self, now: int, only: str | None = None) -> Sequence[Approval]:
        over = _IS_OPEN & (approvals.c.expires_at <= now)
        with self._database.write() as connection:
            due = _where(connection, over if only is None else over & (approvals.c.approval_id == only))
            ended = [
                _get(connection, a.approval_id)
                for a in due
                if _moved(connection, a, _IS_OPEN, _state_row(Expired(a.question.expires_at)))
            ]
            for approval in ended:
                self._ended(connection, approval, now)
            return ended

    def remind(self, now: int) -> Sequence[Approval]:
        mine = _IS_OPEN & (approvals.c.expires_at > now) & (approvals.c.remind_at <= now)
        with self._database.write() as connection:
            reminded = [
                _get(connection, a.approval_id)
                for a in _where(connection, mine)
                if _moved(connection, a, mine, {"remind_at": None})
            ]
            for approval in reminded:
                self._publish(connection, "approval_reminder", approval)
            return reminded

    def untold(self) -> Sequence[Approval]:
        with self._database.read() as connection:
            return _where(connection, ~_WAITS & approvals.c.told_at.is_(None))

    def told(self, approval_id: str) -> None:
        with self._database.write() as connection:
            found = _get(connection, approval_id)
            _moved(connection, found, approvals.c.told_at.is_(None), {"told_at": self._clock.now()})

    def hold(self, workflow_id: str, on: bool) -> None:
        before, after = ("open", "held") if on else ("held", "open")
        run = approvals.c.workflow_id
        mine = (run == workflow_id) | run.startswith(f"{workflow_id}/", autoescape=True)
        with self._database.write() as connection:
            connection.execute(approvals.update().where(mine, approvals.c.status == before).values(status=after))

    def grant(self, standing: Standing) -> Standing:
        with self._database.write() as connection:
            take_turn(connection, "approvals")
            if any(known.name == standing.name for known in _granted(connection)):
                raise IllegalMove(f"standing approval {standing.name} was granted before", "choose another name")
            connection.execute(standings.insert().values(**_standing_row(standing)))
            self._record_standing(connection, standing, "granted", standing.granted_by, standing.reason)
            return standing

    def revoke(self, name: str, by: str, reason: str) -> Standing:
        must_say(by, reason)
        values = {"revoked_at": self._clock.now(), "revoked_by": by}
        with self._database.write() as connection:
            mine = (standings.c.name == name) & standings.c.revoked_at.is_(None)
            moved = connection.execute(standings.update().where(mine).values(**values)).rowcount
            found = _standing_named(connection, name)
            if not moved and found.revoked is not None:
                raise IllegalMove(f"{name} was revoked by {found.revoked.by} at {iso(found.revoked.at)}")
            self._record_standing(connection, found, "revoked", by, reason)
            return found

    def standing(self) -> Sequence[Standing]:
        with self._database.read() as connection:
            return _granted(connection)

    def uses(self, standing: Standing) -> Sequence[Approval]:
        with self._database.read() as connection:
            return _where(connection, (approvals.c.surface == SURFACE) & (approvals.c.reason == standing.words))

    def _ended(self, connection: sa.Connection, approval: Approval, now: int) -> None:
        self._record(connection, approval, now)
        event = "approval_expired" if isinstance(approval.state, Expired) else "approval_answered"
        self._publish(connection, event, approval)

    def _record(self, connection: sa.Connection, approval: Approval, now: int) -> None:
        """Append the decision that an answer is, or that nobody gave one."""
        asked, state = approval.question, approval.state
        said = state if isinstance(state, Answered) else None
        outcome = {"approval_id": approval.approval_id, "status": approval.status, "approved": approval.approved}
        answer = {} if said is None else {"by": said.by, "surface": said.surface}
        if said is not None and said.surface == SURFACE:
            answer |= {"standing_approval": next(s.name for s in _granted(connection) if s.gave(said))}
        rationale = "nobody answered in time" if said is None else said.reason
        cause = asked.shows.get("decision_id")
        parents = (cause,) if isinstance(cause, str) else ()
        choice = Choice(
            DecisionKind.APPROVAL, approval.approval_id, now, plain(asked), {**outcome, **answer}, rationale, parents
        )
        insert_decision(connection, choice, now, self._provenance)

    def _record_standing(
        self, connection: sa.Connection, standing: Standing, status: str, by: str, reason: str
    ) -> None:
        now = self._clock.now()
        outcome = {"standing_approval": standing.name, "status": status, "by": by}
        choice = Choice(DecisionKind.APPROVAL, standing.name, now, plain(standing), outcome, reason)
        insert_decision(connection, choice, now, self._provenance)


def _identity(connection: sa.Connection, now: int) -> str:
    day = utc_day(now)
    return f"APR-{day}-{next_number(connection, f'approval-{day}'):03d}"


def _asked(connection: sa.Connection, key: str) -> Approval | None:
    return next(iter(_where(connection, approvals.c.key == key)), None)


def _get(connection: sa.Connection, approval_id: str) -> Approval:
    found = _where(connection, approvals.c.approval_id == approval_id)
    if not found:
        raise NotFound(f"there is no approval {approval_id}", "see `quorum approvals`")
    return found[0]


def _where(connection: sa.Connection, holds: sa.ColumnElement[bool]) -> list[Approval]:
    query = approvals.select().where(holds).order_by(approvals.c.asked_at, approvals.c.approval_id)
    return [_read(row) for row in connection.execute(query).mappings()]


def _moved(
    connection: sa.Connection, approval: Approval, still: sa.ColumnElement[bool], values: dict[str, Any]
) -> bool:
    """Whether the change was made: one of several that try it at once makes it."""
    mine = still & (approvals.c.approval_id == approval.approval_id)
    return connection.execute(approvals.update().where(mine).values(**values)).rowcount == 1


def _granted(connection: sa.Connection) -> list[Standing]:
    query = standings.select().order_by(standings.c.granted_at, standings.c.name)
    return [_read_standing(row) for row in connection.execute(query).mappings()]


def _standing_named(connection: sa.Connection, name: str) -> Standing:
    row = connection.execute(standings.select().where(standings.c.name == name)).mappings().first()
    if row is None:
        raise NotFound(f"there is no standing approval {name!r}", "see `quorum approvals standing`")
    return _read_standing(row)


def _row(approval: Approval) -> dict[str, Any]:
    asked = approval.question
    return {
        "approval_id": approval.approval_id,
        "key": asked.key,
        "workflow_id": asked.workflow_id,
        "step": asked.step,
        "question": asked.question,
        "shows": canonical(asked.shows).decode(),
        "scope": canonical(asked.scope).decode(),
        "size": "" if asked.size is None else str(asked.size),
        "asked_at": approval.asked_at,
        "expires_at": asked.expires_at,
        "remind_at": asked.remind_at,
        "told_at": approval.told_at,
        **_state_row(approval.state),
    }


def _state_row(state: Open | Held | Answered | Expired) -> dict[str, Any]:
    if isinstance(state, Answered):
        return {
            "status": "approved" if state.approved else "rejected",
            "answered_at": state.at,
            "answered_by": state.by,
            "surface": state.surface,
            "reason": state.reason,
        }
    at = state.at if isinstance(state, Expired) else None
    status = {Expired: "expired", Held: "held"}.get(type(state), "open")
    return {"status": status, "answered_at": at, "answered_by": "", "surface": "", "reason": ""}


def _read(row: sa.RowMapping) -> Approval:
    question = Question(
        key=row["key"],
        workflow_id=row["workflow_id"],
        step=row["step"],
        question=row["question"],
        expires_at=row["expires_at"],
        shows=json.loads(row["shows"]),
        scope=json.loads(row["scope"]),
        size=Size.parse(row["size"]) if row["size"] else None,
        remind_at=row["remind_at"],
    )
    return Approval(row["approval_id"], question, row["asked_at"], _read_state(row), row["told_at"])


def _read_state(row: sa.RowMapping) -> Open | Held | Answered | Expired:
    if row["status"] in ("open", "held"):
        return Open() if row["status"] == "open" else Held()
    if row["status"] == "expired":
        return Expired(row["answered_at"])
    approve = row["status"] == "approved"
    return Answered(approve, row["answered_by"], row["answered_at"], row["reason"], row["surface"])


def _standing_row(standing: Standing) -> dict[str, Any]:
    return {
        "name": standing.name,
        "scope": canonical(standing.scope).decode(),
        "most": "" if standing.most is None else str(standing.most),
        "granted_at": standing.granted_at,
        "expires_at": standing.expires_at,
        "granted_by": standing.granted_by,
        "reason": standing.reason,
        "revoked_at": None,
        "revoked_by": "",
    }


def _read_standing(row: sa.RowMapping) -> Standing:
    return Standing(
        name=row["name"],
        scope=json.loads(row["scope"]),
        most=Size.parse(row["most"]) if row["most"] else None,
        granted_at=row["granted_at"],
        expires_at=row["expires_at"],
        granted_by=row["granted_by"],
        reason=row["reason"],
        revoked=None if row["revoked_at"] is None else Revoked(row["revoked_by"], row["revoked_at"]),
    )
