"""Work in this process that ends by a deadline: who waits for it goes on, and what is late writes nothing any more."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from quorum.domain import StoreError

T = TypeVar("T")


class Late(StoreError):
    """Work that was given up tried to write."""


class _Work:
    """One piece of work: its end is put where who waits for it takes it."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.given_up = False
        self.end: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._act = act

    def do(self) -> None:
        try:
            self.end.put((self._act(), None))
        except BaseException as error:  # noqa: BLE001 - whoever waits for it is told
            self.end.put((None, error))


class _Hand(threading.Thread):
    """A thread that does one piece of work after another; starting one costs more than most pieces."""

    def __init__(self) -> None:
        super().__init__(name="task", daemon=True)
        self.given: SimpleQueue[_Work] = SimpleQueue()

    def run(self) -> None:
        while True:
            work = self.given.get()
            _work.set(work)
            work.do()
            _work.set(None)
            del work
            _idle.append(self)


_idle: deque[_Hand] = deque()
_work: ContextVar[_Work | None] = ContextVar("work", default=None)


def within(seconds: float, act: Callable[[], T]) -> T:
    """What `act` answers or raises; TimeoutError when it has not ended after `seconds`.

    A thread cannot be killed. One that is given up goes on, and may end a write that it has begun; `refuse_late`
    keeps it from every other.
    """
    work = _Work(act)
    _hand().given.put(work)
    try:
        answer, error = work.end.get(timeout=seconds)
    except Empty:
        work.given_up = True
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if error is not None:
        raise error
    return answer  # type: ignore[no-any-return]


def _hand() -> _Hand:
    """One that has nothing to do."""
    try:
        return _idle.pop()
    except IndexError:
        hand = _Hand()
        hand.start()
        return hand


def refuse_late(connection: object) -> None:
    """Late for work that was given up: asked at the beginning of each write to the desk's database."""
    work = _work.get()
    if work is not None and work.given_up:
        raise Late("this task was given up at its deadline", "its step went on without it")
