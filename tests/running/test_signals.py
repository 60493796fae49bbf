"""A signal that comes amid anything ends a role, also while it holds the lock of what it waits for."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from quorum.bootstrap import roles, run_role

TRIALS = 20


def looking(given: object, ended: threading.Event, *_: object) -> None:
    """A role that does nothing but look, in several threads, whether it has ended."""

    def look() -> None:
        while not ended.wait(0.0):
            pass

    beside = [threading.Thread(target=look) for _ in range(3)]
    sender = threading.Thread(target=lambda: (time.sleep(0.01), os.kill(os.getpid(), signal.SIGTERM)))
    for thread in (*beside, sender):
        thread.start()
    look()
    for thread in (*beside, sender):
        thread.join()


@pytest.mark.timeout(60)
def test_a_role_that_looks_all_the_time_hears_the_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "run_rounds", looking)
    for _ in range(TRIALS):
        run_role(tmp_path, "scheduler", lambda event, facts: None)
