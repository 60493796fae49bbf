"""The record of one run as it grows: rounds, workers, strategies, alerts; kept in the store at every change."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from quorum.desk.life import Record, Records
from quorum.desk.proving.asked import Asked
from quorum.desk.proving.record.alive import host
from quorum.domain import Clock, QuorumError, iso

SCHEMA = 1
PASSED, FAILED, INCONCLUSIVE, TIMEOUT, ERROR = "passed", "failed", "inconclusive", "timeout", "error"
VERDICTS = (PASSED, FAILED, TIMEOUT, ERROR, INCONCLUSIVE)


class Journal:
    """A run's record; its methods may be called from several threads."""

    def __init__(self, runs: Records, clock: Clock, record: Record) -> None:
        self._runs = runs
        self._clock = clock
        self._steady = time.monotonic()
        self._lock = threading.RLock()
        self._record: dict[str, Any] = dict(record)

    @classmethod
    def open(cls, runs: Records, clock: Clock, asked: Asked, facts: Mapping[str, Any]) -> Journal:
        """A new run under the next VAL-YYYYMMDD-NNN; it is not at work before `begin`."""
        record = {
            "schema": SCHEMA,
            "tier": "" if asked.tier is None else asked.tier.value,
            "status": "starting",
            "by": asked.by,
            "host": host(),
            "pid": os.getpid(),
            "strategies": list(asked.strategies),
            "rounds": [],
            "workers": [],
            "by_strategy": {},
            "alerts": [],
            "taken_over": [],
            "meeting": None,
            "seconds": 0.0,
            "sequential_seconds": 0.0,
            **facts,
        }
        return cls(runs, clock, runs.open(record))

    @property
    def run_id(self) -> str:
        return str(self._record["run_id"])

    @property
    def record(self) -> Record:
        """The record as it was last kept."""
        with self._lock:
            return dict(self._record)

    def begin(self) -> None:
        """It is at work from now on."""
        self.note(status="running", beat_at=self._clock.now())

    def beat(self) -> None:
        """A sign of life."""
        self.note(beat_at=self._clock.now())

    def took_over(self, run_ids: Sequence[str]) -> None:
        """These runs were dead, and this one goes on with what they had."""
        for run_id in run_ids:
            now = iso(self._clock.now())
            lost = {"status": "lost", "lost_at": now, "by_run": self.run_id}
            self._runs.change((run_id,), lambda found, lost=lost: {**found, **lost})  # type: ignore[misc]
        if run_ids:
            self._put(lambda known: {"taken_over": [*known["taken_over"], *run_ids]})

    def buried(self, run_ids: Sequence[str]) -> None:
        """Nothing of these is left."""
        for run_id in run_ids:
            self._runs.change((run_id,), lambda found: {**found, "status": "taken_over"})

    def round(self, tier: str, strategies: Sequence[str]) -> None:
        """A tier begins with these strategies."""
        opened = {"tier": tier, "strategies": list(strategies), "start": iso(self._clock.now()), "end": None}
        self._put(lambda known: {"rounds": [*known["rounds"], opened]})

    def took(self, seconds: float) -> None:
        """The workers of a tier took so long together, from the first one's start to the last one's end."""
        self._put(lambda known: {"seconds": known["seconds"] + seconds})

    def judged(self, gate: Mapping[str, Any]) -> None:
        """The tier that began last has ended so."""

        def ended(known: Record) -> Record:
            *earlier, last = known["rounds"]
            return {"rounds": [*earlier, {**last, "end": iso(self._clock.now()), "gate": gate}]}

        self._put(ended)

    def worker(self, told: Mapping[str, Any]) -> None:
        """A worker has ended."""

        def ended(known: Record) -> Record:
            spent = known["sequential_seconds"] + told["seconds"]
            return {"workers": [*known["workers"], told], "sequential_seconds": spent}

        self._put(ended)

    def strategy(self, strategy_id: str, told: Mapping[str, Any]) -> None:
        """How a strategy stands now; the tiers that it came through stay."""

        def stands(known: Record) -> Record:
            lines = known["by_strategy"]
            earlier = lines.get(strategy_id, {})
            tiers = {**earlier.get("tiers", {}), **({told["tier"]: _brief(told)} if "verdict" in told else {})}
            return {"by_strategy": {**lines, strategy_id: {**earlier, **told, "tiers": tiers}}}

        self._put(stands)

    def alert(self, key: str, told: Mapping[str, Any]) -> bool:
        """Something that a person should look at; False when it has been told before."""
        new = {"key": key, "at": iso(self._clock.now()), **told}
        with self._lock:
            if any(known["key"] == key for known in self._record["alerts"]):
                return False
            self._put(lambda known: {"alerts": [*known["alerts"], new]})
        return True

    def note(self, **facts: Any) -> None:
        """Other facts of the run."""
        self._put(lambda known: facts)

    def end(self, status: str) -> Record:
        """It has ended, with its count of verdicts."""
        ended = {"status": status, "ended": iso(self._clock.now())}
        self._put(lambda known: {**ended, **counts(known["by_strategy"].values())})
        return self._record

    def _put(self, change: Callable[[Record], Record]) -> None:
        with self._lock:
            elapsed = time.monotonic() - self._steady
            self._record = {**self._record, **change(self._record), "elapsed_seconds": elapsed}
            self._runs.put(self._record)


def counts(lines: Any) -> dict[str, int]:
    """How many strategies ended with each verdict."""
    found = [line.get("verdict") for line in lines]
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def _brief(told: Mapping[str, Any]) -> dict[str, Any]:
    names = ("verdict", "reason", "metric", "value", "threshold", "seconds", "cpu_seconds", "peak_mb", "attempt")
    return {name: told[name] for name in names if name in told}


@contextmanager
def beating(seconds: float, act: Callable[[], object]) -> Iterator[None]:
    """Do this every so many seconds until the block ends; a store that is away for a while ends nothing."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(seconds):
            with suppress(QuorumError):
                act()

    thread = threading.Thread(target=beat, name="validation-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(seconds)
