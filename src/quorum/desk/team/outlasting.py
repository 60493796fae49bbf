"""Waiting for the database: what a run has to write is written when it answers again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from quorum.domain import StoreError

GROWING = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
LONGEST = 30.0

T = TypeVar("T")


def store_pauses(seconds: float) -> tuple[float, ...]:
    """The pauses between attempts while the database does not answer: growing to half a minute, `seconds` in all."""
    found: list[float] = []
    while (left := seconds - sum(found)) > 0:
        found.append(min(left, GROWING[len(found)] if len(found) < len(GROWING) else LONGEST))
    return tuple(found)


def outlast(act: Callable[[], T], pauses: Sequence[float]) -> T:
    """What `act` answers; while the database does not, it is asked again after each pause, then the StoreError stands.

    `act` has a key or only reads: that it was done before the answer was lost makes no difference.
    """
    for pause in pauses:
        try:
            return act()
        except StoreError:
            time.sleep(pause)
    return act()
