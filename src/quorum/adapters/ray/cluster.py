"""The cluster and the stations that stand on its nodes."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from quorum.adapters.ray.station import Station
from quorum.domain import UsageError

REACH_SECONDS = 5.0


class Cluster:
    """A Ray cluster, joined when it is first needed; UsageError where Ray is not installed or no cluster answers."""

    def __init__(self, nursery: Sequence[str], address: str | None) -> None:
        self._nursery = list(nursery)
        self._address = address
        self._ray: Any = None
        self._idle: list[Any] = []

    def join(self) -> int:
        """Be part of it; how many cores its nodes have."""
        if self._ray is None:
            try:
                import ray
            except ImportError as error:
                raise UsageError("ray is not installed", "install quorum[ray]") from error
            self._reach()
            try:
                ray.init(self._address, include_dashboard=False, log_to_driver=False, configure_logging=False)
            except (ConnectionError, RuntimeError, ValueError) as error:
                where = self._address or "of this machine"
                raise UsageError(f"the Ray cluster {where} does not answer ({error})", "see `ray status`") from error
            self._ray = ray
        return int(self._ray.cluster_resources().get("CPU", 1))

    def _reach(self) -> None:
        """UsageError at once where nobody listens: Ray itself goes on asking for minutes."""
        host, _, port = (self._address or "").removeprefix("ray://").rpartition(":")
        if host and port.isdecimal():
            try:
                socket.create_connection((host, int(port)), REACH_SECONDS).close()
            except (OSError, OverflowError) as error:
                raise UsageError(f"no Ray cluster answers at {self._address} ({error})", "see `ray status`") from error

    def station(self) -> Any:
        """A station that waits, or a new one; Ray places it where a core is free."""
        if self._idle:
            return self._idle.pop()
        kind = self._ray.remote(Station).options(num_cpus=1, max_concurrency=2, max_restarts=0)
        return kind.remote(self._nursery)

    def release(self, station: Any) -> None:
        """Let a station wait for the next batch."""
        self._idle.append(station)

    def ready(self, asked: Sequence[Any], seconds: float) -> Sequence[Any]:
        """Those of the questions that have an answer, or lost their station, within the time."""
        found: Sequence[Any] = self._ray.wait(list(asked), num_returns=1, timeout=seconds)[0]
        return found

    def answer(self, asked: Any, seconds: float | None = None) -> Any:
        """The answer to a question, or None when its station died or the time is up."""
        with suppress(self._ray.exceptions.RayActorError, self._ray.exceptions.GetTimeoutError):
            return self._ray.get(asked, timeout=seconds)

    def end(self, busy: Sequence[Any]) -> None:
        """End these stations and those that wait, with their nurseries and workers."""
        for station in (*busy, *self._idle):
            self._ray.kill(station)
        self._idle.clear()

    def leave(self) -> None:
        """End all stations that wait and leave; a cluster of this machine's own ends."""
        if self._ray is not None:
            self.end(())
            self._ray.shutdown()
            self._ray = None
