"""The executor over a Ray cluster: warm stations on its nodes, each with one worker under the same limits as here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from quorum.adapters.process.task import died, failed, given, lost, named
from quorum.adapters.ray.cluster import Cluster
from quorum.domain import Done, Limits, Loss, Lost, Outcome, Progress, QuorumError

PAUSE = 0.05

Told = Callable[[Progress], object]


class RayExecutor:
    """Executor whose workers are forked on the nodes of the cluster at `address`, None is one of this machine's own.

    `nursery` is what follows `python` on a node to start its nursery; quorum is installed there. A station that dies
    with its node costs the task that it had, which is lost as a crash.
    """

    def __init__(self, nursery: Sequence[str], address: str | None = None) -> None:
        self._cluster = Cluster(nursery, address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def join(self) -> None:
        """Be part of the cluster now; UsageError where Ray is not installed or no cluster answers."""
        self._cluster.join()

    def close(self) -> None:
        """End all processes of this executor, and the cluster if it is of this machine's own."""
        self._cluster.leave()

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        (outcome,) = self.run_many(task, [payload], Limits(seconds=timeout, workers=1))
        if isinstance(outcome, Lost):
            raise outcome.error
        return outcome.answer

    def run_many(
        self, task: str, payloads: Sequence[Mapping[str, Any]], limits: Limits, told: Told = lambda progress: None
    ) -> Iterator[Outcome]:
        return _Batch(self._cluster, task, payloads, limits, told).outcomes()


class _Batch:
    """Tasks of one name on their way through the stations of a cluster."""

    def __init__(
        self, cluster: Cluster, task: str, payloads: Sequence[Mapping[str, Any]], limits: Limits, told: Told
    ) -> None:
        self._cluster = cluster
        self._task = task
        self._payloads = payloads
        self._limits = limits
        self._told = told
        self._next = 0
        self._done = 0
        self._shares: dict[int, float] = {}
        self._asked: dict[Any, tuple[Any, int]] = {}

    def outcomes(self) -> Iterator[Outcome]:
        """Each outcome as it comes; whoever stops listening ends every station."""
        try:
            cores = self._cluster.join()
            for _ in range(min(self._limits.workers or cores, cores, len(self._payloads))):
                yield from self._employ(None)
            while self._asked:
                for question in self._cluster.ready(tuple(self._asked), PAUSE):
                    yield from self._answered(question)
                self._beat()
        finally:
            if self._asked:
                self._cluster.end([station for station, _ in self._asked.values()])

    def _employ(self, station: Any) -> list[Outcome]:
        """Give the next task to this station, or to another; let it wait when there is none. Tasks that were none."""
        none: list[Outcome] = []
        while self._next < len(self._payloads):
            index, self._next = self._next, self._next + 1
            try:
                payload = given(self._payloads[index])
            except QuorumError as error:
                none.append(self._counted(failed(index, self._name(index), "", error.found, error.remedy)))
            else:
                busy = station or self._cluster.station()
                asked = busy.outcome.remote(self._task, payload, self._limits.seconds, self._limits.memory_mb)
                self._asked[asked] = (busy, index)
                self._shares[index] = 0.0
                return none
        if station is not None:
            self._cluster.release(station)
        return none

    def _answered(self, question: Any) -> list[Outcome]:
        station, index = self._asked.pop(question)
        self._shares.pop(index)
        text = self._cluster.answer(question)
        if text is None:
            return [self._counted(died(index, self._name(index), None)), *self._employ(None)]
        return [self._counted(self._read(index, json.loads(text))), *self._employ(station)]

    def _read(self, index: int, words: Mapping[str, Any]) -> Outcome:
        if "done" in words:
            return Done(index, *words["done"])
        why, kind, found, remedy = words["lost"]
        return lost(index, Loss(why), kind, self._name(index) + found.removeprefix(f"task {self._task}"), remedy)

    def _beat(self) -> None:
        """Tell how far the tasks are, when one of them has told something new."""
        questions = {index: station.share.remote() for station, index in self._asked.values()}
        shares = {index: self._cluster.answer(question, PAUSE) or 0.0 for index, question in questions.items()}
        if any(shares[index] > self._shares[index] for index in shares):
            self._shares.update(shares)
            self._tell()

    def _counted(self, outcome: Outcome) -> Outcome:
        self._done += 1
        self._tell()
        return outcome

    def _tell(self) -> None:
        self._told(Progress(self._done, len(self._payloads), dict(self._shares)))

    def _name(self, index: int) -> str:
        return named(self._task, index, len(self._payloads))
