"""The scheduler's rounds compare every account, and one that could not be reached as soon as it can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from desk.offices import ask
from quorum.adapters.sql.coordination import SqlPost
from quorum.bootstrap.rounds.scheduler import _Rounds
from quorum.desk import Desk
from quorum.domain import MINUTE, BrokerUnreachable, Clock, VirtualClock
from quorum.execution import Broker, BrokerAccount


class Away:
    """A venue that is asked for its account and may not answer."""

    def __init__(self, inner: Broker) -> None:
        self._inner = inner
        self.away = True
        self.asked = 0

    def account(self) -> BrokerAccount:
        self.asked += 1
        if self.away:
            raise BrokerUnreachable("no answer", "wait")
        return self._inner.account()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_a_venue_that_is_away_is_asked_each_round_and_one_that_is_there_every_few_minutes(desk: Desk) -> None:
    ask(desk, "FLATUSDT")
    clock = VirtualClock(desk.clock.now())
    venue = Away(desk.broker("paper", clock))
    lines: list[tuple[str, Mapping[str, Any]]] = []

    def door(account: str, clock: Clock) -> Broker:
        return cast("Broker", venue)

    rounds = _Rounds(
        replace(desk, clock=clock, broker=door), cast("SqlPost", None), lambda *line: lines.append(cast("Any", line))
    )
    for _ in range(3):
        rounds.compare()
    assert venue.asked == 3
    assert [(name, facts["account"]) for name, facts in lines] == [("books_not_clean", "paper")]
    venue.away = False
    rounds.compare()
    reached = venue.asked
    assert reached > 3
    rounds.compare()
    assert venue.asked == reached
    clock.advance_to(clock.now() + 16 * MINUTE)
    rounds.compare()
    assert venue.asked > reached
    assert len(lines) == 1
