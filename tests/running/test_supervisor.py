"""The supervisor alone: what it does with processes that die, and with those that will not."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from quorum.adapters.process.roles import Supervisor

DEAF = "trap '' TERM; sleep 60 & wait; wait"
Told = list[tuple[str, Mapping[str, Any]]]


def supervised(commands: Mapping[str, Sequence[str]], deaths: int, grace_seconds: float = 0.3) -> tuple[Told, float]:
    """What is told until so many deaths, and the seconds that the end takes."""
    told: Told = []
    asked_at = [0.0]

    def stop() -> None:
        asked_at[0] = time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)

    def tell(event: str, facts: Mapping[str, Any]) -> None:
        told.append((event, facts))
        if len(told) == deaths:
            stop()

    if deaths == 0:
        threading.Timer(1.0, stop).start()
    before = signal.getsignal(signal.SIGTERM)
    Supervisor(commands, tell, grace_seconds).run()
    assert signal.getsignal(signal.SIGTERM) is before
    return told, time.monotonic() - asked_at[0]


def test_a_role_that_dies_is_started_again_with_growing_pauses() -> None:
    began = time.monotonic()
    told, _ = supervised({"worker": ["false"], "scheduler": ["sleep", "60"]}, 3)
    assert [event for event, _ in told] == ["role_restarting", "role_restarting", "role_dead"]
    facts = [facts for _, facts in told]
    assert [(f["deaths"], f["again_in_seconds"], f["row"]) for f in facts] == [(1, 1.0, 1), (2, 2.0, 1), (3, 5.0, 1)]
    assert {(f["role"], f["error"]) for f in facts} == {("worker", "it ended with 1")}
    assert 3.0 <= time.monotonic() - began < 10.0


def test_a_role_that_cannot_be_started_is_dead_too() -> None:
    told, _ = supervised({"worker": ["/nowhere/at/all"]}, 1)
    assert [(event, facts["error"]) for event, facts in told] == [
        ("role_restarting", "it does not start (No such file or directory)")
    ]


def test_a_role_that_will_not_end_is_killed_after_its_grace() -> None:
    told, seconds = supervised({"deaf": ["sh", "-c", DEAF], "worker": ["sleep", "60"]}, 0, 1.0)
    assert told == []
    assert 1.0 <= seconds < 5.0
