"""What a command of this folder makes of the process that it runs in is undone."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    root, dbos = logging.getLogger(), logging.getLogger("dbos")
    kept = root.handlers[:], root.level, dbos.handlers[:], dbos.propagate, dbos.level
    yield
    for handler in set(root.handlers) - set(kept[0]):
        handler.close()
    root.handlers[:], root.level, dbos.handlers[:], dbos.propagate, dbos.level = kept
    structlog.reset_defaults()
