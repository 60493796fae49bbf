"""The line to Alpaca's trading API: reads that are patient, changes that are sent once."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from quorum.adapters.alpaca.trading.refusals import refusal
from quorum.adapters.alpaca.trading.words import Unreadable
from quorum.adapters.keys import Secret
from quorum.adapters.rest import Answer, Host, Session, Silent, Terms
from quorum.domain import BrokerError, BrokerUnreachable, Clock, DataError

LIVE, PAPER = "https://api.alpaca.markets", "https://paper-api.alpaca.markets"
_KEY, _SECRET = "APCA-API-KEY-ID", "APCA-API-SECRET-KEY"  # names of headers
_AGAIN = "ask again, and compare with the venue"
_FOR_ORDERS = 50
"""Of the requests a minute that the venue takes, 200 unless it says otherwise, reads leave so many to orders, which
wait for nothing."""


class Line:
    """Requests to one account. What came without an answer is BrokerUnreachable, a refusal BrokerError.

    A read is asked again while the venue is busy; a change is sent at once and once, whatever comes.
    """

    def __init__(self, base: str, keys: tuple[Secret, Secret], clock: Clock, timeout: float = 10.0) -> None:
        terms = Terms(base, 200 - _FOR_ORDERS, burst=100, timeout=timeout, tries=3, wait=0.1, patience=5.0)
        self.base = base
        self.keys = keys
        self._host = Host("alpaca", terms, clock, refusal, {_KEY: keys[0], _SECRET: keys[1]})
        self._stack = ExitStack()
        self._session: Session | None = None
        self._one = threading.Lock()
        weakref.finalize(self, self._stack.close)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """The answer to a read; one of status 404 is an answer too."""
        fault: BrokerError
        try:
            return self._counted(self._open().get(path, params or {}))
        except BrokerError:
            raise
        except DataError as error:
            fault = BrokerUnreachable(error.found, "ask again; nothing was changed")
        raise fault

    def rows(self, path: str, params: Mapping[str, str | int]) -> list[dict[str, Any]]:
        """The list that an answer is; BrokerUnreachable for anything else."""
        answer = self.get(path, params)
        if not isinstance(answer.body, list) or not all(isinstance(row, dict) for row in answer.body):
            raise Unreadable(f"{answer.place} answered with no list ({answer.status})", _AGAIN)
        return answer.body

    def facts(self, path: str) -> dict[str, Any]:
        """The one thing that an answer is; BrokerUnreachable for anything else."""
        answer = self.get(path)
        if not isinstance(answer.body, dict) or answer.status == 404:
            raise Unreadable(f"{answer.place} answered with nothing to read ({answer.status})", _AGAIN)
        return answer.body

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """The answer to a change, whatever its status below 500.

        BrokerUnreachable when nobody knows what became of it: no answer came, or an error of the venue's own.
        """
        fault: BrokerError
        try:
            answer = self._counted(self._open().send(method, path, body))
        except Silent as error:
            fault = BrokerUnreachable(error.found, "it may have arrived: the order is asked for by its id")
        else:
            if answer.status < 500 and answer.status != 408:
                return answer
            fault = BrokerUnreachable(
                f"{answer.place} answered {answer.status}", "it may have arrived: the order is asked for by its id"
            )
        raise fault  # outside, so that no request hangs on it

    def _counted(self, answer: Answer) -> Answer:
        """Heed what the venue says it takes and what is left of that; another process may use the same keys."""
        limit = answer.headers.get("x-ratelimit-limit", "")
        if limit.isdigit() and int(limit) > _FOR_ORDERS:
            self._host.budget.flows(int(limit) - _FOR_ORDERS)
        left = answer.headers.get("x-ratelimit-remaining", "")
        if left.isdigit():
            self._host.budget.at_most(int(left) - _FOR_ORDERS / 2)
        return answer

    def _open(self) -> Session:
        """The connections, opened with the first request."""
        with self._one:
            if self._session is None:
                self._session = self._stack.enter_context(self._host.session())
            return self._session
