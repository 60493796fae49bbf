"""The warm pool: who is free takes the next call; who is late or dead is replaced while nobody waits for it."""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple, Self, TypeVar

from quorum.adapters.process.batch import cores
from quorum.adapters.process.pool.asking import Heard, Silence, ask
from quorum.adapters.process.task import died, failed, given, named
from quorum.adapters.process.workers import Worker, Workers
from quorum.domain import Done, Loss, Lost, Outcome, QuorumError, UsageError

WARM_SECONDS = 60.0
GRAVE_SECONDS = 0.5
TOLD_SECONDS = 0.01
MOST_KEPT_MB = 512.0

Told = Callable[[float], object]
T = TypeVar("T")


class Warmth(NamedTuple):
    """What each new worker does first: a task, its payload as JSON, and the seconds that it may take."""

    task: str
    payload: str
    seconds: float


class Pool:
    """Workers that wait for calls, `size` of them, one a core without it; each takes one task at a time.

    `call` may be used by several threads at once: who has waited longest gets the next free worker. A worker on its
    deadline is killed with its children; its successor starts, and gets warm, while nobody waits for it. So is one that
    keeps more than `most_kept_mb` MiB after an answer. Workers live until `close`, or as long as this object;
    `workers` belong to the pool from now on.
    """

    def __init__(self, workers: Workers, size: int | None = None, most_kept_mb: float = MOST_KEPT_MB) -> None:
        if size is not None and size < 1:
            raise UsageError(f"a pool of {size} workers makes no sense", "give it 1 or more")
        self.size = size or cores()
        self._most_kept_mb = most_kept_mb
        self._workers = workers
        self._turn = threading.Lock()
        self._idle: list[Worker] = []
        self._waiting: deque[Future[Worker]] = deque()
        self._staff = 0
        self._warmth: Warmth | None = None
        self._closed = False
        self._ended = weakref.finalize(self, workers.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def call(
        self, task: str, payload: Mapping[str, Any], seconds: float, told: Told = lambda waited: None
    ) -> Done | Lost:
        """The outcome of a task, within `seconds` from now; waiting for a free worker counts.

        `told` hears how many seconds the call waited. UsageError without any time, QuorumError after `close`.
        """
        if not 0 < seconds < threading.TIMEOUT_MAX:
            raise UsageError(f"a deadline of {seconds} s makes no sense", "it is a number above 0")
        self._refuse_closed()
        began = time.monotonic()
        label = named(task, 0, 1)
        try:
            text = given(payload)
            worker = self._take(began + seconds)
        except QuorumError as error:
            return failed(0, label, type(error).__name__, error.found, error.remedy)
        waited = time.monotonic() - began
        told(waited)
        if worker is None:
            return _not_free(label, seconds, self.size)
        heard = ask(worker, task, text, began + seconds)
        return self._outcome(worker, heard, label, (seconds, waited))

    def warm(self, task: str, payload: Mapping[str, Any], seconds: float = WARM_SECONDS) -> Sequence[Outcome]:
        """Start every worker that is missing, and run a task once in each that is not at work; what became of them.

        Workers that come later begin with it too. QuorumError when no worker starts.
        """
        warmth = Warmth(task, given(payload), seconds)
        with self._turn:
            self._refuse_closed()
            self._warmth = warmth
            idle, self._idle = self._idle, []
            missing, self._staff = self.size - self._staff, self.size
        at_work = [_apart(lambda w=w: self._begin(w)) for w in idle]  # type: ignore[misc]
        at_work += [_apart(self._recruit) for _ in range(missing)]
        found = [future.result() for future in at_work]
        return [outcome for outcome in found if outcome is not None]

    def close(self) -> None:
        """End every worker; calls on their way are lost, later ones are refused."""
        with self._turn:
            self._closed = True
            idle, self._idle = self._idle, []
            waiting, self._waiting = list(self._waiting), deque()
        for ticket in waiting:
            _refuse(ticket, _is_closed())
        self._workers.close()  # before they are left: what a worker's own end sets free nobody would find
        for worker in idle:
            worker.leave()

    def _take(self, until: float) -> Worker | None:
        """A free worker, in turn; None when there was none in time. QuorumError when none can be had."""
        with self._turn:
            self._refuse_closed()
            while self._idle and not self._waiting:
                worker = self._idle.pop()
                if not worker.is_answering:
                    return worker
                _apart(lambda w=worker: self._replace(w))  # type: ignore[misc]
            ticket: Future[Worker] = Future()
            self._waiting.append(ticket)
            if self._staff < self.size:
                self._staff += 1
                _apart(self._recruit)
        try:
            return ticket.result(max(0.0, until - time.monotonic()))
        except TimeoutError:
            return None if ticket.cancel() else ticket.result()

    def _outcome(self, worker: Worker, heard: Heard, label: str, times: tuple[float, float]) -> Outcome:
        """What is told of a call, and what becomes of its worker."""
        if heard.sound and heard.kept_mb <= self._most_kept_mb:
            self._free(worker)
            return heard.outcome if not isinstance(heard.outcome, Silence) else _late(label, *times)
        worker.kill()
        grave: Future[int | None] = Future()
        _apart(lambda: self._replace(worker, grave))
        if heard.outcome is Silence.LATE:
            return _late(label, *times)
        if not isinstance(heard.outcome, Silence):
            return heard.outcome
        try:
            return died(0, label, grave.result(GRAVE_SECONDS))
        except TimeoutError:
            return died(0, label, None)

    def _free(self, worker: Worker) -> None:
        """Give a worker to who has waited longest, else let it wait."""
        with self._turn:
            if not self._closed:
                while self._waiting:
                    ticket = self._waiting.popleft()
                    if ticket.set_running_or_notify_cancel():
                        ticket.set_result(worker)
                        return
                self._idle.append(worker)
                return
        worker.leave()

    def _replace(self, worker: Worker, grave: Future[int | None] | None = None) -> None:
        """Bury a worker, tell how it ended, and put another in its place."""
        code = self._workers.dismiss(worker)
        if grave is not None:
            grave.set_result(code)
        self._recruit()

    def _recruit(self) -> Outcome | None:
        """Start a worker, let it get warm and then wait for calls; what became of its warming."""
        if self._closed:
            return None
        try:
            worker = self._workers.hire()
        except (QuorumError, OSError) as error:
            missed = (
                error if isinstance(error, QuorumError) else QuorumError(f"workers do not start ({error.strerror})")
            )
            self._miss(missed)
            raise missed from error
        if self._closed:  # it may have started anew what `close` has ended
            worker.leave()
            self._workers.close()
            return None
        return self._begin(worker)

    def _begin(self, worker: Worker) -> Outcome | None:
        """Let a worker get warm, if there is something to warm it with, and free it; one that is lost is missed."""
        if (warmth := self._warmth) is None:
            self._free(worker)
            return None
        began = time.monotonic()
        heard = ask(worker, warmth.task, warmth.payload, began + warmth.seconds)
        label = named(warmth.task, 0, 1)
        if heard.sound:
            self._free(worker)
            return heard.outcome if not isinstance(heard.outcome, Silence) else _late(label, warmth.seconds, 0.0)
        code = self._workers.dismiss(worker)
        lost = _late(label, warmth.seconds, 0.0) if heard.outcome is Silence.LATE else died(0, label, code)
        self._miss(lost.error)
        return lost

    def _miss(self, error: QuorumError) -> None:
        """A worker did not come; when none is left nobody waits for one."""
        with self._turn:
            self._staff -= 1
            waiting = [] if self._staff else list(self._waiting)
            if not self._staff:
                self._waiting.clear()
        for ticket in waiting:
            _refuse(ticket, error)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise _is_closed()


def _apart(act: Callable[[], T]) -> Future[T]:
    """Do something in a thread of its own that keeps no process alive."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(act())
        except QuorumError as error:
            future.set_exception(error)

    threading.Thread(target=run, name="quorum-pool", daemon=True).start()
    return future


def _refuse(ticket: Future[Worker], error: QuorumError) -> None:
    if ticket.set_running_or_notify_cancel():
        ticket.set_exception(error)


def _is_closed() -> QuorumError:
    return QuorumError("the pool of workers is closed", "open another one")


def _late(label: str, seconds: float, waited: float) -> Lost:
    queue = f", {waited:.2g} s of them until a worker was free" if waited >= TOLD_SECONDS else ""
    return Lost(0, Loss.TIMEOUT, QuorumError(f"{label} took longer than {seconds:g} s{queue}", "give it more time"))


def _not_free(label: str, seconds: float, size: int) -> Lost:
    found = f"{label}: none of {size} workers was free within {seconds:g} s"
    return Lost(0, Loss.TIMEOUT, QuorumError(found, "give it more time, or the pool more workers"))
