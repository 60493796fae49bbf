"""Each due time makes one run, or a record of why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.schedule.runs import MINUTELY, START, Bench, Runs, scheduled
from quorum.desk.notices import Event
from quorum.desk.schedule import Patience, Schedule, Tick, TickStatus, request_of
from quorum.desk.schedule.plan import plan
from quorum.desk.workflows.spec import Cron
from quorum.domain import DAY, HOUR, MINUTE, SECOND, StoreError

SENT, SKIPPED, MISSED, WAITING = TickStatus.SENT, TickStatus.SKIPPED, TickStatus.MISSED, TickStatus.WAITING


@pytest.fixture
def bench() -> Bench:
    return Bench()


def statuses(bench: Bench, name: str = "mine") -> list[tuple[int, TickStatus]]:
    """Minutes after the start and status of every tick, oldest first."""
    return [((t.due_at - START) // MINUTE, t.status) for t in reversed(bench.ticks.newest(name, 1_000))]


def test_a_schedule_is_armed_when_it_is_first_seen_and_runs_from_then_on(bench: Bench) -> None:
    found = bench.look(scheduled())
    assert not found.made
    assert found.next_at == START + MINUTE
    bench.look(scheduled(), at=START + MINUTE - 1)
    assert not bench.runs.asked
    bench.look(scheduled(), at=START + MINUTE)
    bench.look(scheduled(), at=START + MINUTE + 1)
    assert bench.due() == [START + MINUTE]
    (identity,) = bench.runs.asked
    assert identity == "WF-20240603-001"
    request = bench.runs.asked[identity]
    assert (request["workflow"], request["as_of"], request["origin"]) == ("look", START + MINUTE, "schedule mine")
    assert request["params"] == {"symbol": "BTCUSDT", "timeframe": "1m"}


def test_what_is_switched_off_runs_never_and_was_never_missed(bench: Bench) -> None:
    on, off = scheduled(missed="run_all"), scheduled(missed="run_all", enabled=False)
    bench.look(on)
    bench.look(off, at=START + MINUTE // 2)
    bench.look(off, at=START + HOUR)
    bench.look(on, at=START + HOUR + 1)
    bench.look(on, at=START + HOUR + MINUTE)
    assert bench.due() == [START + HOUR + MINUTE]


def test_switched_off_while_no_scheduler_ran_counts_too(bench: Bench) -> None:
    on, off = scheduled(missed="run_all"), scheduled(missed="run_all", enabled=False)
    bench.look(on)
    bench.look(off, at=START + HOUR, fresh=True)
    bench.look(on, at=START + 2 * HOUR, fresh=True)
    assert not bench.runs.asked


def test_another_trigger_is_armed_anew(bench: Bench) -> None:
    bench.look(scheduled(Cron("0 3 * * *"), missed="run_all"))
    bench.look(scheduled(Cron("0 * * * *"), missed="run_all"), at=START + DAY)
    assert not bench.runs.asked
    bench.look(scheduled(Cron("0 * * * *"), missed="run_all"), at=START + DAY + HOUR)
    assert bench.due() == [START + DAY + HOUR]


@pytest.mark.parametrize(
    ("policy", "due", "told"),
    [
        ("skip", [10], [(9, MISSED), (10, SENT)]),
        ("run_once", [10], [(9, MISSED), (10, SENT)]),
        ("run_all", [1], [(1, SENT), *((k, WAITING) for k in range(2, 11))]),
    ],
)
def test_what_was_missed_meets_its_policy(
    bench: Bench, policy: str, due: list[int], told: list[tuple[int, TickStatus]]
) -> None:
    schedule = scheduled(missed=policy)
    bench.look(schedule)
    bench.look(schedule, at=START + 10 * MINUTE + SECOND)
    assert bench.due() == [START + k * MINUTE for k in due]
    assert statuses(bench) == told
    ((event, facts),) = bench.told
    assert (event, facts["count"], facts["policy"]) == (Event.SCHEDULE_MISSED, 9, policy)
    assert facts["first"] == "2024-06-03T12:01:00Z"


def test_run_once_makes_up_for_a_morning_that_nobody_saw(bench: Bench) -> None:
    daily = scheduled(Cron("0 0 * * *"), missed="run_once")
    bench.look(daily)
    bench.look(daily, at=START + 3 * DAY, fresh=True)
    midnight = START - 12 * HOUR
    assert bench.due() == [midnight + 3 * DAY]
    (request,) = bench.runs.asked.values()
    assert request["as_of"] == START + 3 * DAY  # it decides on what is known now
    missed, sent = reversed(bench.ticks.newest("mine", 5))
    assert (missed.status, missed.count) == (MISSED, 2)
    assert sent.reason == "made up for 3 missed"


def test_run_all_makes_them_one_after_the_other(bench: Bench) -> None:
    schedule = scheduled(missed="run_all")
    bench.look(schedule)
    for k in range(1, 6):
        bench.look(schedule, at=START + 5 * MINUTE + k)
        assert bench.due() == [START + j * MINUTE for j in range(1, k + 1)]
        bench.runs.end()
    assert {status for _, status in statuses(bench)} == {SENT}
    assert [r["as_of"] for r in bench.runs.asked.values()] == bench.due()


def test_after_a_long_sleep_the_newest_are_counted_and_one_row_speaks_for_them(bench: Bench) -> None:
    schedule = scheduled()
    bench.look(schedule)
    bench.look(schedule, at=START + 30 * DAY)
    missed, sent = reversed(bench.ticks.newest("mine", 5))
    assert (missed.status, missed.count) == (MISSED, 999)
    assert sent.due_at == START + 30 * DAY


def test_overlap_skip_counts_what_it_leaves_out(bench: Bench) -> None:
    schedule = scheduled()
    for k in range(4):
        bench.look(schedule, at=START + k * MINUTE)
    assert statuses(bench) == [(1, SENT), (2, SKIPPED), (3, SKIPPED)]
    assert bench.ticks.newest("mine")[0].reason == "WF-20240603-001 still runs"
    assert bench.events() == [Event.SCHEDULE_SKIPPED] * 2
    bench.runs.end()
    bench.look(schedule, at=START + 4 * MINUTE)
    assert statuses(bench)[-1] == (4, SENT)


def test_overlap_queue_waits_in_order_up_to_a_bound(bench: Bench) -> None:
    schedule = scheduled(overlap="queue")
    bench = Bench(patience=Patience(queue=2))
    for k in range(5):
        bench.look(schedule, at=START + k * MINUTE)
    assert statuses(bench) == [(1, SENT), (2, WAITING), (3, WAITING), (4, SKIPPED)]
    bench.runs.end()
    found = bench.look(schedule, at=START + 4 * MINUTE + SECOND)
    assert statuses(bench) == [(1, SENT), (2, SENT), (3, WAITING), (4, SKIPPED)]
    assert found.next_at == START + 4 * MINUTE + SECOND + SECOND // 5
    bench.runs.end()
    bench.look(schedule, at=START + 4 * MINUTE + 2 * SECOND, fresh=True)
    assert bench.due() == [START + k * MINUTE for k in (1, 2, 3)]


def test_overlap_cancel_ends_the_run_before(bench: Bench) -> None:
    schedule = scheduled(overlap="cancel")
    for k in range(4):
        bench.look(schedule, at=START + k * MINUTE)
    assert statuses(bench) == [(1, SENT), (2, SENT), (3, SENT)]
    assert list(bench.runs.status.values()) == ["cancelled", "cancelled", "enqueued"]


def test_a_late_run_is_told_of(bench: Bench) -> None:
    bench.look(scheduled())
    bench.look(scheduled(), at=START + MINUTE + 10 * SECOND)
    assert not bench.told
    bench.runs.end()
    bench.look(scheduled(), at=START + 2 * MINUTE + 11 * SECOND)
    assert bench.events() == [Event.SCHEDULE_LATE]
    assert bench.ticks.newest("mine")[0].lateness == 11 * SECOND


def closing(**changed: object) -> Schedule:
    return scheduled(replace(MINUTELY, bars=True), **changed)


def test_a_tick_waits_for_its_bar_and_goes_with_it(bench: Bench) -> None:
    bench.close = START
    bench.look(closing())
    held = bench.look(closing(), at=START + MINUTE)
    assert (held.held, held.made, held.next_at) == (("mine",), (), START + MINUTE + SECOND // 5)
    bench.close = START + MINUTE
    bench.look(closing(), at=START + MINUTE + SECOND)
    (request,) = bench.runs.asked.values()
    assert (request["as_of"], request["params"].get("bar_late")) == (START + MINUTE, None)


@pytest.mark.parametrize("close", [None, START])
def test_after_the_grace_it_goes_without_and_says_so(bench: Bench, close: int | None) -> None:
    bench.close = close
    bench.look(closing())
    bench.look(closing(), at=START + MINUTE + 3 * SECOND - 1)
    assert not bench.runs.asked
    bench.look(closing(), at=START + MINUTE + 3 * SECOND)
    (request,) = bench.runs.asked.values()
    assert request["params"]["bar_late"] is True
    assert bench.ticks.newest("mine")[0].reason == "bar late"


def test_a_minute_in_which_no_bar_closes_is_no_tick(bench: Bench) -> None:
    hourly = closing(params={"symbol": "BTCUSDT", "timeframe": "1h"})
    bench.close = START
    bench.look(hourly)
    for k in range(1, 60):
        bench.look(hourly, at=START + k * MINUTE)
    assert not bench.ticks.newest("mine")
    bench.close = START + HOUR
    bench.look(hourly, at=START + HOUR)
    assert bench.due() == [START + HOUR]


def test_bars_off_the_hour_are_awaited_on_their_own_grid(bench: Bench) -> None:
    half_past = closing(params={"symbol": "AAPL", "timeframe": "1h"})
    bench.close = START + 30 * MINUTE
    bench.look(half_past, at=START + 31 * MINUTE)
    for k in range(32, 91):
        bench.look(half_past, at=START + k * MINUTE)
    assert bench.last is not None
    assert bench.last.held == ("mine",)
    assert not bench.runs.asked


def test_a_daily_look_at_bars_of_the_day_is_wanted(bench: Bench) -> None:
    evening = scheduled(Cron("5 21 * * MON-FRI", bars=True), params={"symbol": "AAPL", "timeframe": "1d"})
    bench.close = START - 12 * HOUR
    bench.look(evening)
    bench.look(evening, at=START + 9 * HOUR + 5 * MINUTE)
    assert len(bench.runs.asked) == 1


def test_a_claim_whose_maker_ended_is_asked_for_exactly_once_by_its_id(bench: Bench) -> None:
    bench.look(scheduled())
    claimed = bench.ticks.claim(Tick("mine", START + MINUTE, TickStatus.CLAIMED, START + MINUTE))
    assert claimed is not None
    for k in range(3):
        bench.look(scheduled(), at=START + MINUTE + k, fresh=True)
    assert (list(bench.runs.asked), bench.runs.enqueued) == ([claimed.workflow_id], 1)
    assert statuses(bench) == [(1, SENT)]


def test_a_claim_that_was_asked_for_but_not_noted_is_not_asked_for_again(bench: Bench) -> None:
    bench.look(scheduled())
    claimed = bench.ticks.claim(Tick("mine", START + MINUTE, TickStatus.CLAIMED, START + MINUTE))
    assert claimed is not None
    bench.runs.enqueue(claimed.workflow_id, {"due_at": 0})
    bench.runs.end()
    bench.look(scheduled(), at=START + MINUTE + HOUR, fresh=True)
    assert bench.runs.enqueued == 2  # that one, and what is due now
    assert statuses(bench)[0] == (1, SENT)


@pytest.mark.parametrize(("policy", "status"), [("skip", MISSED), ("run_once", SENT)])
def test_a_claim_that_went_stale_meets_the_policy_for_missed_runs(
    bench: Bench, policy: str, status: TickStatus
) -> None:
    daily = scheduled(Cron("0 0 * * *"), missed=policy)
    bench.look(daily)
    midnight = START + 12 * HOUR
    bench.ticks.claim(Tick("mine", midnight, TickStatus.CLAIMED, midnight))
    bench.look(daily, at=midnight + HOUR, fresh=True)
    assert [t.status for t in bench.ticks.newest("mine")] == [status]


def test_what_was_left_open_by_a_schedule_that_is_gone_is_closed(bench: Bench) -> None:
    bench.ticks.claim(Tick("gone", START, TickStatus.WAITING, START))
    bench.look(scheduled())
    (tick,) = bench.ticks.newest("gone")
    assert (tick.status, tick.reason) == (MISSED, "the schedule was switched off")


def test_a_clock_that_goes_back_fires_nothing_twice_and_is_told(bench: Bench) -> None:
    for k in range(5):
        bench.look(scheduled(), at=START + k * MINUTE)
        bench.runs.end()
    for k in range(30, 70):
        bench.look(scheduled(), at=START + k * 4 * SECOND)
        bench.runs.end()
    assert bench.due() == [START + k * MINUTE for k in range(1, 5)]
    assert bench.events() == [Event.CLOCK_JUMPED]
    assert bench.told[0][1]["seconds"] == 120
    bench.look(scheduled(), at=START + 5 * MINUTE)
    assert bench.due()[-1] == START + 5 * MINUTE


def test_a_clock_that_was_years_ahead_leaves_no_silence(bench: Bench) -> None:
    bench.look(scheduled())
    bench.look(scheduled(), at=START + 2_000 * DAY)
    bench.runs.end()
    bench.look(scheduled(name="other"), scheduled(), at=START + 1)
    assert bench.events()[-1] is Event.CLOCK_JUMPED
    bench.look(scheduled(), at=START + MINUTE)
    assert bench.due() == [START + 2_000 * DAY, START + MINUTE]


def test_a_process_that_begins_with_a_clock_behind_tells_it(bench: Bench) -> None:
    bench.look(scheduled())
    bench.look(scheduled(), at=START + MINUTE)
    bench.look(scheduled(), at=START + 1, fresh=True)
    assert bench.events() == [Event.CLOCK_JUMPED]


def test_one_schedule_in_trouble_stops_no_other(bench: Bench) -> None:
    def newest(params: object) -> int | None:
        raise StoreError("the lake is gone")

    bench = Bench(newest=newest)
    two = closing(name="bad"), scheduled()
    bench.scheduler.run_once(two)
    bench.clock.time = START + MINUTE
    found = bench.scheduler.run_once(two)
    assert list(found.troubles) == ["bad"]
    assert bench.due() == [START + MINUTE]


def test_a_run_that_the_engine_does_not_take_stands_in_the_book_and_is_not_run_beside(bench: Bench) -> None:
    class Dead(Runs):
        def enqueue(self, identity: str, request: object) -> None:
            raise StoreError("the engine's database is gone")

    alive, dead = bench.scheduler, replace(bench.scheduler, workflows=Dead())
    before = alive.run_once([scheduled()])
    bench.clock.time = START + MINUTE
    found = dead.run_once([scheduled()], before)
    assert list(found.troubles) == ["mine"]
    assert statuses(bench) == [(1, SENT)]
    ((identity, request),) = bench.ticks.booked.items()  # from there it is asked for again
    assert request["due_at"] == START + MINUTE
    bench.clock.time = START + 2 * MINUTE
    alive.run_once([scheduled()], found)
    bench.runs.enqueue(identity, request)
    bench.runs.end()
    bench.look(scheduled(), at=START + 3 * MINUTE)
    assert bench.due() == [START + MINUTE, START + 3 * MINUTE]
    assert statuses(bench) == [(1, SENT), (2, SKIPPED), (3, SENT)]


def test_a_tick_is_given_up_or_asked_for_and_never_both(bench: Bench) -> None:
    """Another scheduler, in whose files the schedule is off, looks while this one makes the request of its claim."""
    other = replace(bench.scheduler)

    def ask(schedule: Schedule, tick: Tick) -> Mapping[str, Any]:
        other.run_once([replace(schedule, enabled=False)], None)
        return request_of(schedule, tick)

    slow = replace(bench.scheduler, ask=ask)
    slow.run_once([scheduled()])
    bench.clock.time = START + MINUTE
    bench.ticks.arm("mine", scheduled().armed_with, START)
    found = slow.run_once([scheduled()])
    assert (found.sent, bench.due(), dict(bench.ticks.booked)) == ((), [], {})
    assert statuses(bench) == [(1, MISSED)]


def test_a_run_that_the_engine_takes_late_is_told_of(bench: Bench) -> None:
    class Slow(Runs):
        def enqueue(self, identity: str, request: Mapping[str, Any]) -> None:
            bench.clock.time += 31 * SECOND
            super().enqueue(identity, request)

    bench.scheduler = replace(bench.scheduler, workflows=Slow())
    bench.look(scheduled())
    bench.look(scheduled(), at=START + MINUTE)
    ((event, facts),) = bench.told
    assert (event, facts["seconds"]) == (Event.SCHEDULE_LATE, 31.0)


INSTANTS = st.lists(st.integers(0, 1_000), unique=True, max_size=30).map(sorted)


@given(INSTANTS, st.sampled_from(["skip", "run_once", "run_all"]), st.integers(0, 500), st.integers(1, 10))
def test_every_due_time_runs_or_is_given_up_and_none_does_both(
    due: list[int], policy: str, patience: int, most: int
) -> None:
    found = plan(due, 1_000, policy, patience, most)
    run = [instant for instant, _ in found.run]
    assert sorted([*run, *found.given_up]) == due
    assert run == sorted(run)
    fresh = [t for t in due if 1_000 - t < patience]
    assert set(fresh) <= set(run)
    assert len(run) - len(fresh) <= {"skip": 0, "run_once": 1, "run_all": most}[policy]
    if due and policy != "skip":
        assert run


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 400), st.booleans(), st.booleans()), max_size=40), st.data())
def test_any_walk_of_clock_runs_and_restarts_makes_each_minute_once(
    walk: list[tuple[int, bool, bool]], data: st.DataObject
) -> None:
    bench = Bench()
    schedule = scheduled(
        missed=data.draw(st.sampled_from(["skip", "run_once", "run_all"])),
        overlap=data.draw(st.sampled_from(["skip", "queue", "cancel"])),
    )
    bench.look(schedule)
    for seconds, ends, fresh in walk:
        bench.look(schedule, at=bench.clock.time + seconds * SECOND, fresh=fresh)
        if ends:
            bench.runs.end()
    accounted = sum(tick.count for tick in bench.ticks.newest("mine", 10_000))
    assert accounted == (bench.clock.time - START) // MINUTE
    assert len(set(bench.due())) == len(bench.due()) == bench.runs.enqueued
