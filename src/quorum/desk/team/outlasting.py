"""Waiting for the database: what a run has to write is written when it answers again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from quorum.domain import StoreError

STORE_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between attempts while the database does not answer: a minute in all."""

T = TypeVar("T")


def outlast(act: Callable[[], T]) -> T:
    """What `act` answers; while the database does not, it is asked again for a minute, then the StoreError stands.

    `act` has a key or only reads: that it was done before the answer was lost makes no difference.
    """
    for pause in STORE_PAUSES:
        try:
            return act()
        except StoreError:
            time.sleep(pause)
    return act()
