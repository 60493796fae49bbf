"""A store that may keep nobody waiting: each of its answers comes in time, or it counts as gone."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from decimal import Decimal
from typing import Any, TypeVar

from quorum.domain import (
    Book,
    Choice,
    Decision,
    Fill,
    Order,
    OrderEvent,
    OrderIntent,
    StoreError,
    Transaction,
    UnitOfWork,
)

Answer = TypeVar("Answer")


class Bounded:
    """UnitOfWork over another, each of whose answers takes `seconds` at most; StoreError after that, and ever since.

    A commit that was not answered may have been done: who writes again uses the same ids.
    """

    def __init__(self, work: UnitOfWork, seconds: float) -> None:
        self._work = work
        self._seconds = seconds
        self._gone = threading.Event()

    @contextmanager
    def transaction(self, account: str) -> Iterator[Transaction]:
        lane = _Lane(self._seconds, self._gone)
        inner = self._work.transaction(account)
        try:
            begun = lane.do(inner.__enter__)
            try:
                yield _InTime(lane, begun)
            except BaseException as error:
                told = (type(error), error, error.__traceback__)
                lane.do(lambda: inner.__exit__(*told))
                raise
            lane.do(lambda: inner.__exit__(None, None, None))
        finally:
            lane.end(inner)


class _Lane(threading.Thread):
    """One thread for one transaction, since a connection belongs to one; left behind when it hangs."""

    def __init__(self, seconds: float, gone: threading.Event) -> None:
        super().__init__(daemon=True)
        self._seconds, self._gone = seconds, gone
        self._acts: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        while (asked := self._acts.get()) is not None:
            act, answer = asked
            try:
                answer.set_result(act())
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                answer.set_exception(error)

    def do(self, act: Callable[[], Answer]) -> Answer:
        answer: Future[Answer] = Future()
        if not self._gone.is_set():
            self._acts.put((act, answer))
            try:
                return answer.result(self._seconds)
            except TimeoutError:
                self._gone.set()
        raise StoreError(f"the store did not answer within {self._seconds:g} s", "go on without it")

    def end(self, transaction: AbstractContextManager[object]) -> None:
        """No more is asked; what the lane has begun and nobody ended is undone once the store has answered."""

        def undo() -> None:
            late = StoreError("nobody waited for it", "go on without it")
            with suppress(BaseException):  # it has ended already
                transaction.__exit__(StoreError, late, None)

        self._acts.put((undo, Future()))
        self._acts.put(None)


class _InTime:
    """Transaction whose every answer comes by the lane."""

    def __init__(self, lane: _Lane, inner: Transaction) -> None:
        self._lane, self._inner = lane, inner

    def book(self, marks: Mapping[str, Decimal] | None = None, at: int | None = None) -> Book:
        return self._lane.do(lambda: self._inner.book(marks, at))

    def record(self, choice: Choice) -> Decision:
        return self._lane.do(lambda: self._inner.record(choice))

    def intend(self, intent: OrderIntent) -> Order:
        return self._lane.do(lambda: self._inner.intend(intent))

    def append(self, event: OrderEvent) -> Order:
        return self._lane.do(lambda: self._inner.append(event))

    def book_fill(self, fill: Fill) -> Order:
        return self._lane.do(lambda: self._inner.book_fill(fill))

    def once(self, key: str, act: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        return self._lane.do(lambda: self._inner.once(key, act))
