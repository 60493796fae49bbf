"""A real PostgreSQL for the tests that want one; the fixtures of tests/conftest.py hand it out.

Each process of pytest that needs a server starts its own, once, when its first test asks. It is up in half a second,
a test that stops it disturbs no other process, and none has to find out whether it is the last that needs it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from quorum.adapters.sql import Database
from quorum.domain import NotFound

if TYPE_CHECKING:
    from quorum.surfaces.bench.postgres import OwnPostgres

ADMIN, EMPTY, NEWEST = "template1", "template0", "newest"
_NUMBERS = itertools.count(1)


@contextmanager
def running() -> Iterator[OwnPostgres]:
    """A server that waits for no disk; the test is skipped where PostgreSQL is not installed."""
    from quorum.surfaces.bench.postgres import own_postgres

    with ExitStack() as stack:
        try:
            server = stack.enter_context(own_postgres())
        except NotFound as error:
            pytest.skip(error.found)
        yield server


@contextmanager
def fresh(server: OwnPostgres, template: str = EMPTY) -> Iterator[str]:
    """The URL of a new database, a copy of `template`; it is gone afterwards."""
    name = f"test_{next(_NUMBERS)}"
    execute(server, f"create database {name} template {template}")
    yield server.url(name)
    execute(server, f"drop database {name} with (force)")


def make_newest(server: OwnPostgres) -> str:
    """The name of a database that has the newest schema and nothing in it, to be copied."""
    execute(server, f"create database {NEWEST}")
    database = Database(server.url(NEWEST))
    database.migrate()
    database.close()
    return NEWEST


def execute(server: OwnPostgres, *statements: str) -> None:
    """Execute statements outside any transaction, as the server's owner."""
    with psycopg.connect(server.url(ADMIN), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
