"""Effects that happen once: what is done and its answer are committed together, under a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from quorum.adapters.sql.coordination.tables import effect
from quorum.adapters.sql.database import take_turn
from quorum.domain import canonical

_KEPT = sa.select(effect.c.answer).where(effect.c.key == sa.bindparam("wanted"))
_KEEP = effect.insert()


def kept(connection: sa.Connection, key: str) -> Mapping[str, Any] | None:
    """The answer that was committed under `key`; None when there is none yet."""
    found = connection.execute(_KEPT, {"wanted": key}).scalar()
    return None if found is None else json.loads(found)


def once(connection: sa.Connection, key: str, at: int, act: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """The answer of `act` under `key`, in the caller's transaction; done before, its answer is returned as it is."""
    take_turn(connection, f"effect {key}")
    done = kept(connection, key)
    if done is not None:
        return done
    answer = act()
    text = canonical(answer).decode()
    connection.execute(_KEEP, {"key": key, "answer": text, "at": at})
    plain: Mapping[str, Any] = json.loads(text)
    return plain
