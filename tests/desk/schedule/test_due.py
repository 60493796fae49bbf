"""A trigger is due when its clock says so: on days of change, on holidays, and never twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.desk.schedule import due, first_due, next_due
from quorum.desk.schedule.due import latest_due
from quorum.desk.workflows.spec import Cron, OnEvent, Session, Trigger
from quorum.domain import DAY, HOUR, MINUTE, SECOND, NotFound, iso, parse_instant

NEW_YORK, LONDON = "America/New_York", "Europe/London"


def told(trigger: Trigger, first: str, last: str) -> list[str]:
    """The instants due between two, both included, without their seconds."""
    found = due(trigger, parse_instant(first) - 1, parse_instant(last))
    return [iso(instant).removesuffix(":00Z") for instant in found]


def test_an_instant_of_the_range_belongs_to_its_end_and_not_to_its_start() -> None:
    noon, tomorrow = parse_instant("2024-06-03T12:00:00Z"), parse_instant("2024-06-04T12:00:00Z")
    assert due(Cron("0 12 * * *"), noon, tomorrow) == [tomorrow]
    assert due(Cron("0 12 * * *"), noon - 1, tomorrow - 1) == [noon]
    assert due(Cron("0 12 * * *"), noon, noon) == []


def test_weekdays_of_a_zone() -> None:
    assert told(Cron("30 9 * * MON-FRI", NEW_YORK), "2024-06-06", "2024-06-11") == [
        "2024-06-06T13:30",
        "2024-06-07T13:30",
        "2024-06-10T13:30",
    ]


def test_a_local_time_that_does_not_exist_is_due_at_the_first_instant_after_the_gap() -> None:
    assert told(Cron("30 2 * * *", NEW_YORK), "2024-03-09", "2024-03-12") == [
        "2024-03-09T07:30",
        "2024-03-10T07:00",  # 03:00 EDT; there is no 02:30
        "2024-03-11T06:30",
    ]
    assert told(Cron("30 1 * * *", LONDON), "2024-03-30", "2024-04-01") == [
        "2024-03-30T01:30",
        "2024-03-31T01:00",  # 02:00 BST
    ]


def test_several_times_within_the_gap_are_one() -> None:
    assert told(Cron("0,15,30 2,3 * * *", NEW_YORK), "2024-03-10", "2024-03-11") == [
        "2024-03-10T07:00",
        "2024-03-10T07:15",
        "2024-03-10T07:30",
    ]


def test_a_day_that_an_island_skipped_is_due_when_the_next_one_begins() -> None:
    samoa = Cron("0 12 * * *", "Pacific/Apia")
    assert told(samoa, "2011-12-29", "2012-01-01") == [
        "2011-12-29T22:00",
        "2011-12-30T10:00",  # midnight of the 31st: there was no 30th
        "2011-12-30T22:00",
        "2011-12-31T22:00",
    ]


def test_a_local_time_that_occurs_twice_is_due_the_first_time() -> None:
    assert told(Cron("30 1 * * *", NEW_YORK), "2024-11-02", "2024-11-05") == [
        "2024-11-02T05:30",
        "2024-11-03T05:30",  # 01:30 EDT, and not again at 01:30 EST
        "2024-11-04T06:30",
    ]
    assert told(Cron("30 1 * * *", LONDON), "2024-10-27", "2024-10-28") == ["2024-10-27T00:30"]


def test_looking_from_within_the_repeated_hour_finds_nothing_a_second_time() -> None:
    within = parse_instant("2024-11-03T06:15:00Z")  # 01:15 EST
    found = next_due(Cron("30 1 * * *", NEW_YORK), within)
    assert found is not None
    assert iso(found) == "2024-11-04T06:30:00Z"


def test_an_expression_of_every_hour_runs_through_the_change() -> None:
    for zone, first, last in (
        (NEW_YORK, "2024-11-03T04:00:00Z", "2024-11-03T08:00:00Z"),
        (NEW_YORK, "2024-03-10T05:00:00Z", "2024-03-10T09:00:00Z"),
        (LONDON, "2024-10-27T00:00:00Z", "2024-10-27T04:00:00Z"),
        (LONDON, "2024-03-31T00:00:00Z", "2024-03-31T04:00:00Z"),
        ("Australia/Lord_Howe", "2024-04-06T13:00:00Z", "2024-04-06T17:00:00Z"),
    ):
        found = due(Cron("*/30 * * * *", zone), parse_instant(first), parse_instant(last))
        assert [b - a for a, b in pairwise(found)] == [30 * MINUTE] * 7


def test_the_trading_day_of_crypto_is_the_utc_day() -> None:
    assert told(Cron("0 0 * * *"), "2024-03-10", "2024-03-11") == ["2024-03-10T00:00", "2024-03-11T00:00"]


@pytest.mark.parametrize(
    ("session", "first", "last", "expected"),
    [
        (Session("XNYS"), "2024-03-08", "2024-03-12", ["03-08T14:30", "03-11T13:30"]),
        (Session("XNYS"), "2024-11-01", "2024-11-05", ["11-01T13:30", "11-04T14:30"]),
        (Session("XNYS", "close"), "2024-03-08", "2024-03-12", ["03-08T21:00", "03-11T20:00"]),
        (Session("XLON"), "2024-03-28", "2024-04-03", ["03-28T08:00", "04-02T07:00"]),  # over Easter too
        (Session("XLON", "close", 5), "2024-10-25", "2024-10-29", ["10-25T15:35", "10-28T16:35"]),
        (Session("XNYS", "close", -10), "2024-11-27", "2024-12-01", ["11-27T20:50", "11-29T17:50"]),  # a half day
        (Session("XNYS", "open", -60), "2024-07-03", "2024-07-06", ["07-03T12:30", "07-05T12:30"]),  # a holiday
        (Session("XNYS", only="first_of_week"), "2024-05-21", "2024-06-05", ["05-28T13:30", "06-03T13:30"]),
        (Session("XNYS", only="last_of_week"), "2024-03-25", "2024-04-06", ["03-28T13:30", "04-05T13:30"]),
        (Session("XNYS", only="first_of_month"), "2024-08-30", "2024-10-02", ["09-03T13:30", "10-01T13:30"]),
        (Session("XNYS", only="last_of_month"), "2024-12-01", "2025-02-01", ["12-31T14:30", "01-31T14:30"]),
    ],
)  # fmt: skip
def test_sessions_of_an_exchange(session: Session, first: str, last: str, expected: list[str]) -> None:
    assert [text[5:] for text in told(session, first, last)] == expected


def test_the_next_session_lies_beyond_the_year() -> None:
    found = next_due(Session("XNYS"), parse_instant("2024-12-31T20:00:00Z"))
    assert found is not None
    assert iso(found) == "2025-01-02T14:30:00Z"


def test_what_never_comes_is_none() -> None:
    assert next_due(Cron("0 0 30 2 *"), 0) is None
    assert next_due(OnEvent("drift"), 0) is None
    assert first_due((OnEvent("drift"), Cron("0 0 30 2 *")), 0) is None


def test_an_unknown_calendar_is_refused_with_what_comes_near() -> None:
    with pytest.raises(NotFound, match="no calendar 'XNYZ'; it may be XNZE, XNYS"):
        next_due(Session("XNYZ"), 0)


def test_the_newest_of_many_due_times() -> None:
    now = parse_instant("2024-06-03T12:00:30Z")
    long_ago = now - 400 * DAY
    minutes = latest_due((Cron("* * * * *"),), long_ago, now, 1_000)
    assert len(minutes) == 1_000
    assert minutes[-1] == now - 30 * SECOND
    assert latest_due((Cron("0 3 * * SUN"), Cron("0 3 * * SUN")), now - 20 * DAY, now, 1_000) == [
        parse_instant(f"2024-{day}T03:00:00Z") for day in ("05-19", "05-26", "06-02")
    ]
    assert latest_due((Cron("* * * * *"),), now, now, 10) == []


ZONES = st.sampled_from([NEW_YORK, LONDON, "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "UTC"])
FIXED = st.builds(lambda m, h: f"{m} {h} * * *", st.integers(0, 59), st.integers(0, 23))


@settings(max_examples=60)
@given(FIXED, ZONES, st.integers(2000, 2035), st.integers(0, 364))
def test_a_daily_time_is_due_once_on_each_local_day(expression: str, zone: str, year: int, day: int) -> None:
    place = ZoneInfo(zone)
    start = datetime(year, 1, 1, tzinfo=place) + timedelta(days=day)
    first = int(start.astimezone(UTC).timestamp()) * SECOND
    found = due(Cron(expression, zone), first - 1, first + 9 * DAY)
    days = [datetime.fromtimestamp(instant // SECOND, place).date() for instant in found]
    assert len(set(days)) == len(days) >= 8
    assert found == sorted(found)


@settings(max_examples=60)
@given(st.sampled_from(["*/20 * * * *", "15 2 * * *", "0 */6 * * 1-5"]), ZONES, st.integers(0, 20_000), st.data())
def test_looking_in_parts_finds_the_same(expression: str, zone: str, day: int, data: st.DataObject) -> None:
    trigger, start = Cron(expression, zone), day * DAY
    end = start + 2 * DAY
    cut = data.draw(st.integers(start, end))
    assert due(trigger, start, cut) + due(trigger, cut, end) == due(trigger, start, end)
    assert next_due(trigger, cut) == next(iter(due(trigger, cut, cut + 8 * DAY)), None)


def test_an_hour_is_not_lost_or_doubled_over_a_year() -> None:
    start, end = parse_instant("2024-01-01"), parse_instant("2025-01-01")
    found = due(Cron("0 * * * *", NEW_YORK), start, end)
    assert found == list(range(start + HOUR, end + 1, HOUR))
