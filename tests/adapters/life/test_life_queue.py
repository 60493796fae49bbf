"""The queue of strategies: one contract over the memory and the store; and the store alone, under races."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import stores
from adapters.processes import TESTS
from adapters.stores import NOW, PROVENANCE
from quorum.adapters.sql import Database, SqlDecisionLog
from quorum.adapters.sql.life import SqlQueue, SqlResults
from quorum.domain import HOUR, MINUTE, DecisionKind, IllegalMove, NotFound, UsageError, VirtualClock
from quorum.validation.life import MOVES, OVER, Candidate, Idea, Results, Status
from quorum.validation.life.fakes import MemoryQueue, MemoryResults

S = Status
PERSON = "a person"


def idea(name: str = "demo_ma", weight: float = 0.0, **params: float) -> Idea:
    return Idea(name, ("BTCUSDT",), "1h", params=params, hypothesis=f"{name} pays", weight=weight)


@dataclass(frozen=True)
class Kept:
    """A queue and its results, their clock, and the database where there is one."""

    queue: SqlQueue | MemoryQueue
    results: Results
    clock: VirtualClock
    database: Database | None = None


def opened(place: Path | str) -> Kept:
    database, clock = stores.opened(place), VirtualClock(NOW)
    database.migrate()
    return Kept(SqlQueue(database, clock, PROVENANCE), SqlResults(database, clock), clock, database)


@pytest.fixture(params=["memory", "store", pytest.param("server", marks=pytest.mark.slow)])
def kept(request: pytest.FixtureRequest) -> Kept:
    if request.param == "memory":
        clock = VirtualClock(NOW)
        return Kept(MemoryQueue(clock), MemoryResults(clock), clock)
    made: Kept = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Kept]:
    made = opened(tmp_path)
    yield made
    assert made.database is not None
    made.database.close()


@pytest.fixture
def server(postgres: str) -> Iterator[Kept]:
    made = opened(postgres)
    yield made
    assert made.database is not None
    made.database.close()


def test_ideas_get_ids_in_their_order_and_wait(kept: Kept) -> None:
    made = kept.queue.add([idea("a"), idea("b")], PERSON)
    assert [c.strategy_id for c in made] == ["STR-001", "STR-002"]
    assert [(c.status, c.tier, c.added_at, c.version) for c in made] == [(S.PENDING, None, NOW, 0)] * 2
    assert kept.queue.get("STR-002") == made[1]
    assert [(m.before, m.after, m.by, m.reason) for m in kept.queue.moves("STR-001")] == [
        (None, S.PENDING, PERSON, "a pays")
    ]


def test_a_spec_comes_back_as_it_went_in(kept: Kept) -> None:
    spec = {"name": "x", "entry": {"any": [1, 2.5, True, None]}, "text": "größer"}
    wanted = replace(idea(), strategy=spec, params={"a": 1.5}, venue="binance", parent="STR-009", origin="maverick")
    kept.queue.add([wanted], PERSON)
    found = kept.queue.get("STR-001").idea
    assert found == wanted
    assert (found.name, found.identity) == ("x", wanted.identity)


def test_an_idea_is_queued_once_while_its_life_is_not_over(kept: Kept) -> None:
    first = kept.queue.add([idea(), replace(idea(), origin="maverick")], PERSON)
    assert [c.strategy_id for c in first] == ["STR-001", "STR-001"]
    kept.queue.move("STR-001", S.PENDING, S.REJECTED, PERSON, "thought better of it")
    again = kept.queue.add([idea()], PERSON)
    assert [c.strategy_id for c in again] == ["STR-002"]
    assert [c.strategy_id for c in kept.queue.listed()] == ["STR-001", "STR-002"]


def test_more_digits_follow_after_999(kept: Kept) -> None:
    kept.queue.adopt([Candidate("STR-998", idea("old"), S.REJECTED, NOW, NOW)], PERSON)
    made = kept.queue.add([idea(n=float(n)) for n in range(3)], PERSON)
    assert [c.strategy_id for c in made] == ["STR-999", "STR-1000", "STR-1001"]
    assert [c.strategy_id for c in kept.queue.listed()] == ["STR-998", "STR-999", "STR-1000", "STR-1001"]


def test_more_priority_comes_first_and_statuses_choose(kept: Kept) -> None:
    kept.queue.add([idea("a"), idea("b", 2.0), idea("c", 1.0), idea("d")], PERSON)
    kept.queue.move("STR-003", S.PENDING, S.L0_VALIDATING, PERSON, "a worker took it")
    assert [c.idea.name for c in kept.queue.listed()] == ["b", "c", "a", "d"]
    assert [c.idea.name for c in kept.queue.listed([S.PENDING])] == ["b", "a", "d"]
    assert kept.queue.listed([S.ACTIVE]) == []


def test_a_move_changes_what_it_says_and_keeps_why(kept: Kept) -> None:
    kept.queue.add([idea()], PERSON)
    kept.clock.advance_to(NOW + MINUTE)
    moved = kept.queue.move("STR-001", S.PENDING, S.L0_VALIDATING, "run VAL-1", "a worker took it")
    assert moved is not None
    assert (moved.status, moved.tier, moved.version, moved.moved_at) == (S.L0_VALIDATING, "L0", 1, NOW + MINUTE)
    better = replace(idea(), params={"fast": 3.0})
    kept.queue.move("STR-001", S.L0_VALIDATING, S.FIXABLE_FAILURE, "run VAL-1", "low_trades")
    fixed = kept.queue.move("STR-001", S.FIXABLE_FAILURE, S.RETRYING, "retry", "a fix", attempts=1, idea=better)
    assert fixed is not None
    assert kept.queue.get("STR-001") == fixed
    assert (fixed.tier, fixed.attempts, fixed.idea, fixed.reason) == ("L0", 1, better, "a fix")
    assert [m.after for m in kept.queue.moves("STR-001")] == [
        S.PENDING,
        S.L0_VALIDATING,
        S.FIXABLE_FAILURE,
        S.RETRYING,
    ]


def test_who_comes_second_gets_none_and_nothing_changes(kept: Kept) -> None:
    kept.queue.add([idea()], PERSON)
    first = kept.queue.move("STR-001", S.PENDING, S.L0_VALIDATING, "one", "took it")
    assert kept.queue.move("STR-001", S.PENDING, S.L0_VALIDATING, "two", "took it") is None
    assert kept.queue.get("STR-001") == first
    assert len(kept.queue.moves("STR-001")) == 2


def test_what_there_is_not_is_refused(kept: Kept) -> None:
    kept.queue.add([idea()], PERSON)
    with pytest.raises(IllegalMove, match="STR-001 is PENDING, it cannot become L3_PASSED"):
        kept.queue.move("STR-001", S.PENDING, S.L3_PASSED, PERSON, "a short cut")
    with pytest.raises(NotFound, match="no strategy 'STR-002'"):
        kept.queue.move("STR-002", S.PENDING, S.REJECTED, PERSON, "none")
    with pytest.raises(NotFound, match="STR-002"):
        kept.queue.get("STR-002")
    with pytest.raises(NotFound, match="STR-002"):
        kept.queue.moves("STR-002")
    with pytest.raises(UsageError, match="a move changes no version"):
        kept.queue.move("STR-001", S.PENDING, S.REJECTED, PERSON, "none", version=7)
    assert kept.queue.get("STR-001").version == 0


def test_a_host_s_strategies_are_taken_in_once_as_they_stand(kept: Kept) -> None:
    kept.queue.add([idea()], PERSON)
    theirs = [
        Candidate("STR-001", idea("other"), S.REJECTED, NOW, NOW),
        Candidate("STR-040", idea("old"), S.REJECTED, NOW - HOUR, NOW, "L1", "low_sharpe", 2, 0, {"owner": "me"}),
        Candidate("S-older", idea("older"), S.PENDING, NOW, NOW),
    ]
    assert list(kept.queue.adopt(theirs, "host")) == theirs[1:]
    assert kept.queue.adopt(theirs, "host") == []
    assert kept.queue.get("STR-001").idea == idea()
    assert kept.queue.get("STR-040") == theirs[1]
    assert kept.queue.add([idea("new")], PERSON)[0].strategy_id == "STR-041"
    kept.queue.adopt([], "host", 90)
    kept.queue.adopt([], "host", 50)
    assert kept.queue.add([idea("newer")], PERSON)[0].strategy_id == "STR-090"


def test_a_priority_is_revised_where_the_strategy_stands(kept: Kept) -> None:
    kept.queue.add([idea("a"), idea("b")], PERSON)
    kept.queue.revise("STR-002", 5.0, {"note": "first"})
    assert [c.idea.name for c in kept.queue.listed()] == ["b", "a"]
    found = kept.queue.get("STR-002")
    assert (found.idea.weight, found.other, found.version) == (5.0, {"note": "first"}, 0)
    with pytest.raises(NotFound):
        kept.queue.revise("STR-009", 1.0, {})


def test_nothing_to_add_is_nothing(kept: Kept) -> None:
    assert kept.queue.add([], PERSON) == []
    assert kept.queue.adopt([], PERSON) == []
    assert kept.queue.listed() == []


def test_a_result_is_written_once_and_comes_back_oldest_first(kept: Kept) -> None:
    kept.results.keep("STR-001", "L0", 0, "VAL-1", {"metrics": {"sharpe": 1.25, "lost": None}})
    kept.clock.advance_to(NOW + MINUTE)
    kept.results.keep("STR-001", "L0", 0, "VAL-1", {"metrics": {}})
    kept.results.keep("STR-001", "L1", 0, "VAL-1", {"tier": "L1", "n": 2})
    kept.results.keep("STR-001", "L0", 1, "VAL-2", {"n": 3})
    kept.results.keep("STR-002", "L0", 0, "VAL-2", {"n": 4})
    first = {"metrics": {"sharpe": 1.25, "lost": None}, "tier": "L0", "attempt": 0, "run_id": "VAL-1", "at": NOW}
    assert [r.get("n") for r in kept.results.of("STR-001")] == [None, 3, 2]
    assert kept.results.of("STR-001", "L0")[0] == first
    assert kept.results.of("STR-003") == []


PLAN = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(Status), st.sampled_from(Status)), max_size=25)


@given(PLAN)
@settings(max_examples=60)
def test_whatever_is_asked_only_moves_of_the_table_happen(plan: list[tuple[int, Status, Status]]) -> None:
    queue = MemoryQueue(VirtualClock(NOW))
    ids = [c.strategy_id for c in queue.add([idea(n=float(n)) for n in range(3)], PERSON)]
    for index, before, after in plan:
        held = queue.get(ids[index]).status
        try:
            moved = queue.move(ids[index], before, after, PERSON, "asked")
        except IllegalMove:
            assert after not in MOVES[before]
        else:
            assert (moved is not None) == (held is before)
    for one in ids:
        steps = [m.after for m in queue.moves(one)]
        assert all(b in MOVES[a] for a, b in pairwise(steps))
        assert all(status not in OVER for status in steps[:-1])


def test_every_move_is_a_decision(store: Kept) -> None:
    assert store.database is not None
    store.queue.add([idea()], PERSON)
    store.queue.move("STR-001", S.PENDING, S.REJECTED, PERSON, "too dear")
    log = SqlDecisionLog(store.database, store.clock, PROVENANCE)
    decided = [log.get(str(move.decision_id)) for move in store.queue.moves("STR-001")]
    assert [d.choice.kind for d in decided] == [DecisionKind.STATUS] * 2
    assert decided[1].choice.outcome == {"after": "REJECTED", "tier": None, "by": PERSON, "reason": "too dear"}
    assert len(log.recent(10, DecisionKind.STATUS, "STR-001")) == 2


def _race(places: list[Kept], act: Callable[[Kept, int], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(places)) as threads:
        return list(threads.map(act, places, range(len(places))))


@pytest.mark.parametrize("place", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)], indirect=True)
def test_of_desks_on_one_queue_one_moves_a_strategy_and_ids_come_once(place: Path | str) -> None:
    desks = [opened(place) for _ in range(4)]
    same = _race(desks, lambda desk, _: desk.queue.add([idea()], PERSON)[0].strategy_id)
    assert same == ["STR-001"] * 4
    many = _race(desks, lambda desk, n: [c.strategy_id for c in desk.queue.add([idea(n=n), idea(m=n)], PERSON)])
    assert sorted(one for ids in many for one in ids) == [f"STR-{n:03d}" for n in range(2, 10)]
    for one in ("STR-001", "STR-002", "STR-003"):
        moved = _race(
            desks, lambda desk, n, one=one: desk.queue.move(one, S.PENDING, S.L0_VALIDATING, f"desk {n}", "took it")
        )
        assert sum(m is not None for m in moved) == 1
        assert len(desks[0].queue.moves(one)) == 2
    _race(desks, lambda desk, n: desk.results.keep("STR-001", "L0", 0, "VAL-1", {"n": n}))
    assert len(desks[0].results.of("STR-001")) == 1
    for desk in desks:
        assert desk.database is not None
        desk.database.close()


@pytest.mark.slow
@pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)
def test_desks_that_are_killed_leave_whole_moves_each_made_once(place: Path | str) -> None:
    """Three at a time on one queue, killed at some instant: ids without gaps, each move once, by one of them."""
    opened(place)
    for _ in range(2):
        command = [sys.executable, "-m", "adapters.life.moving", str(place)]
        desks = [
            subprocess.Popen([*command, f"desk {n}"], cwd=TESTS, stdout=subprocess.PIPE, text=True) for n in range(3)
        ]
        for desk in desks:
            assert desk.stdout is not None
            assert desk.stdout.readline() == "begun\n"
        time.sleep(0.5)
        for desk in desks:
            desk.kill()
            desk.wait()
            assert desk.stdout is not None
            desk.stdout.close()
    kept = opened(place)
    found = kept.queue.listed()
    assert sorted(int(c.strategy_id[4:]) for c in found) == list(range(1, len(found) + 1))
    assert len(found) > 20
    for one in found:
        moves = kept.queue.moves(one.strategy_id)
        assert (moves[-1].after, len(moves) - 1) == (one.status, one.version)
        assert all(later.before is earlier.after for earlier, later in pairwise(moves))
        assert len(kept.results.of(one.strategy_id)) <= 1
    assert kept.database is not None
    decided = [row["decision_id"] for row in kept.database.rows("strategy_move")]
    assert len(set(decided)) == len(decided) == len(kept.database.rows("decision"))
    kept.database.close()
