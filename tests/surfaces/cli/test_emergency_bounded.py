"""A store that does not answer in time counts as gone, and what it had begun is undone when it wakes up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from quorum.bootstrap.emergency.bounded import Bounded
from quorum.domain import StoreError


class Slow:
    """A unit of work, and its own transaction, whose book waits until it is woken."""

    def __init__(self) -> None:
        self.woken, self.undone, self.begun, self.ended = threading.Event(), threading.Event(), 0, 0

    @contextmanager
    def transaction(self, account: str) -> Iterator[Any]:
        self.begun += 1
        try:
            yield self
        except StoreError:
            self.undone.set()
            raise
        self.ended += 1

    def book(self, marks: object = None, at: object = None) -> str:
        self.woken.wait(10)
        return "a book"


def test_it_counts_as_gone_and_is_undone_when_it_wakes_up() -> None:
    store = Slow()
    work = Bounded(store, 0.05)
    with pytest.raises(StoreError, match=r"did not answer within 0\.05 s"), work.transaction("paper") as transaction:
        transaction.book()
    with pytest.raises(StoreError, match="did not answer"), work.transaction("paper"):
        pass
    assert (store.begun, store.undone.is_set()) == (1, False)
    store.woken.set()
    assert store.undone.wait(5)
    assert store.ended == 0


def test_one_that_answers_commits_once() -> None:
    store = Slow()
    store.woken.set()
    with Bounded(store, 5.0).transaction("paper") as transaction:
        assert transaction.book() == "a book"
    assert (store.ended, store.undone.is_set()) == (1, False)


def test_an_error_of_the_caller_is_the_caller_s() -> None:
    store = Slow()
    with pytest.raises(KeyError, match="mine"), Bounded(store, 5.0).transaction("paper"):
        raise KeyError("mine")
    assert store.ended == 0
