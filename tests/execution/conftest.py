"""Fresh books for every test; and contract suites are test code: their assertions tell what they compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from execution.books import Books, books_at


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    books_at(folder).database.close()
    return folder


@pytest.fixture
def books(template: Path, tmp_path: Path) -> Iterator[Books]:
    """Fresh books; whatever a test does, they balance at its end and nothing that ended holds a reserve."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    books = books_at(tmp_path)
    yield books
    report, now = books.audit(), books.book()
    live = sum((o.reserved for o in books.orders.of("paper") if not o.status.terminal), Decimal(0))
    books.database.close()
    assert report.faults == ()
    assert sum(now.reserved.values(), Decimal(0)) + sum(now.closing.values(), Decimal(0)) * 101 == live
