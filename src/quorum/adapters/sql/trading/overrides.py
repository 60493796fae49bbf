"""People's overrides of limits, in the account's transaction."""

from __future__ import annotations

import sqlalchemy as sa

from quorum.adapters.sql.decisions import next_number
from quorum.adapters.sql.trading import tables
from quorum.risk import Override


def keep_override(connection: sa.Connection, account: str, override: Override, made: tuple[int, str]) -> str:
    """Write an override that holds from an instant (ns UTC), by a decision: `made`. Its id."""
    identity = f"OVR-{next_number(connection, 'override'):03d}"
    begins, decision_id = made
    connection.execute(
        tables.override.insert().values(
            override_id=identity,
            account=account,
            name=override.limit,
            value=override.up_to,
            by=override.by,
            reason=override.reason,
            begins=begins,
            expires=override.expires,
            decision_id=decision_id,
        )
    )
    return identity
