"""Decisions are appended, numbered by the UTC day without gap or double, and found again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.places import slow_on_postgres
from adapters.processes import run
from adapters.stores import ACCOUNT, NOW, PROVENANCE, Store, choice, funded
from quorum.domain import DAY, Choice, DecisionKind, NotFound, iso, parse_instant


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = funded(place)
    yield store
    store.database.close()


def test_a_decision_comes_back_as_it_was_recorded(store: Store) -> None:
    inputs = {"text": 'quotes " and ümlauts', "exact": "0.10", "float": 0.1, "none": None, "list": [1, [2]]}
    told = Choice(DecisionKind.CONSENSUS, "BTCUSDT", NOW - 1, inputs, {"yes": True}, "a; b", ("DEC-20240603-009",))
    decision = store.decisions.record(told)
    assert (decision.choice, decision.at, decision.code_hash) == (told, NOW, PROVENANCE.code_hash)
    assert store.decisions.get(decision.decision_id) == decision
    assert store.decisions.get(decision.decision_id).machine == {"cpu": "any"}


@slow_on_postgres
def test_numbers_begin_anew_each_utc_day_and_go_on_beyond_999(store: Store) -> None:
    midnight = parse_instant("2024-06-04")
    store.clock.advance_to(midnight - 1)
    assert [store.decisions.record(choice()).decision_id for _ in range(2)] == ["DEC-20240603-001", "DEC-20240603-002"]
    store.clock.advance_to(midnight)
    assert store.decisions.record(choice()).decision_id == "DEC-20240604-001"
    with store.accounts.transaction(ACCOUNT) as transaction:
        ids = [transaction.record(choice()).decision_id for _ in range(999)]
    assert ids[-2:] == ["DEC-20240604-999", "DEC-20240604-1000"]
    assert [d.decision_id for d in store.decisions.recent(2)] == ids[:-3:-1]


def test_a_clock_that_was_set_back_doubles_no_number(store: Store, place: Path | str) -> None:
    store.clock.advance_to(NOW + DAY)
    first = store.decisions.record(choice())
    earlier = funded(place)  # its clock stands at NOW
    ids = [earlier.decisions.record(choice()).decision_id for _ in range(2)]
    assert [first.decision_id, *ids] == ["DEC-20240604-001", "DEC-20240603-001", "DEC-20240603-002"]
    earlier.database.close()


def test_numbers_go_on_after_a_restart(store: Store, place: Path | str) -> None:
    store.decisions.record(choice())
    again = funded(place)
    assert again.decisions.record(choice()).decision_id == "DEC-20240603-002"
    again.database.close()


def test_a_number_that_was_rolled_back_is_given_again(store: Store) -> None:
    def record_and_fail() -> None:
        with store.accounts.transaction(ACCOUNT) as transaction:
            assert transaction.record(choice()).decision_id == "DEC-20240603-001"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record_and_fail()
    assert store.decisions.recent(9) == []
    assert store.decisions.record(choice()).decision_id == "DEC-20240603-001"


def test_writers_in_four_processes_leave_no_gap_and_no_double(store: Store, place: Path | str) -> None:
    told = [line.split() for line in run("adapters.worker", 4, "record", place, 50)]
    assert all(len(ids) == 50 and ids == sorted(ids) for ids in told)
    assert sorted(i for ids in told for i in ids) == [f"DEC-20240603-{n:03d}" for n in range(1, 201)]
    assert {row["subject"].partition("-")[2] for row in store.database.rows("decision")} == {str(n) for n in range(50)}


def test_following_names_the_children_alone_oldest_first(store: Store) -> None:
    with store.accounts.transaction(ACCOUNT) as transaction:
        ids = [transaction.record(choice(str(n))).decision_id for n in range(100)]
    tenth = ids[9]
    assert tenth == "DEC-20240603-010"
    children = [store.decisions.record(choice("child", parents)) for parents in ((tenth,), (ids[0], tenth), (ids[0],))]
    store.decisions.record(choice("stranger", (f"{tenth}0",)))
    store.decisions.record(choice("pattern", ("DEC-20240603-01_", "%")))
    assert store.decisions.following(tenth) == children[:2]
    assert store.decisions.following(ids[0]) == children[1:]
    assert store.decisions.following("DEC-20240603-01_")[0].choice.subject == "pattern"
    assert store.decisions.following(ids[1]) == []


def test_recent_is_newest_first_and_no_more_than_asked(store: Store) -> None:
    for number in range(5):
        store.decisions.record(choice(str(number)))
    assert [d.choice.subject for d in store.decisions.recent(3)] == ["4", "3", "2"]
    assert [d.choice.subject for d in store.decisions.recent(99)] == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("identity", ["DEC-20240603-002", "dec-20240603-001", "", "%"])
def test_a_decision_that_nobody_made_is_not_found(store: Store, identity: str) -> None:
    store.decisions.record(choice())
    with pytest.raises(NotFound, match="list them with `quorum decisions`"):
        store.decisions.get(identity)


def test_a_decision_names_the_instant_of_its_transaction(store: Store) -> None:
    store.clock.advance_to(NOW + 1)
    assert iso(store.decisions.record(choice()).at) == "2024-06-03T12:00:00.000000001Z"
