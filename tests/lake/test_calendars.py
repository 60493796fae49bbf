"""A gap is a run of bars that were due and are not there; when they are due, a calendar says or the series shows."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.tables import D1, H1, START, instants
from quorum.domain import DAY, HOUR, MINUTE, Timeframe, iso, parse_instant
from quorum.lake.bars import Instants
from quorum.lake.calendars import detect_calendar, find_gaps, xnys

M30 = Timeframe.parse("30m")


def weekday(time: Instants) -> Instants:
    return (time // DAY + 3) % 7


def spell(time: Instants, timeframe: Timeframe, calendar: str) -> list[tuple[str, str, int]]:
    return [(iso(g.start), iso(g.end), g.missing) for g in find_gaps(time, timeframe, calendar)]


def nyse(days: slice, timeframe: Timeframe = M30) -> Instants:
    """Bars of whole sessions of 2024, from open to close."""
    sessions = xnys(2024)
    this_year = sessions.day >= START
    pairs = zip(sessions.open[this_year][days], sessions.close[this_year][days], strict=True)
    return np.concatenate([np.arange(o, c, timeframe.nanoseconds) for o, c in pairs])


@given(st.sets(st.integers(1, 198), max_size=60))
def test_round_the_clock_every_missing_bar_is_in_one_gap(left_out: set[int]) -> None:
    time = np.delete(instants(200), sorted(left_out))
    gaps = find_gaps(time, H1, "24/7")
    missing = {START + HOUR * i for i in left_out}
    assert {t for g in gaps for t in range(g.start, g.end, HOUR)} == missing
    assert sum(g.missing for g in gaps) == len(missing)
    assert all(g.start - HOUR in time and g.end in time for g in gaps), "a gap is a whole run"


def test_a_bar_off_the_grid_makes_no_gap_and_days_of_23_hours_make_none() -> None:
    assert not find_gaps(np.array([0, HOUR, HOUR + HOUR // 2, 2 * HOUR]), H1, "24/7")
    local_midnights = START + np.array([0, 24, 47, 71]) * HOUR
    assert not find_gaps(local_midnights, D1, "24/7")


def test_holidays_are_no_gaps_and_a_missing_session_is_one() -> None:
    days = xnys(2024).day
    days = days[days >= parse_instant("2024-06-01")]
    assert detect_calendar(days, D1) == "XNYS"
    assert not find_gaps(days, D1, "XNYS")
    left = np.delete(days, [10, 11, 12, 20])
    assert [g.missing for g in find_gaps(left, D1, "XNYS")] == [3, 1]
    first = find_gaps(left, D1, "XNYS")[0]
    assert (first.start, first.end) == (days[10], days[13])
    assert sum(g.missing for g in find_gaps(days, D1, "weekdays")) == 5, "Juneteenth to Christmas 2024"


@pytest.mark.parametrize("offset", [5 * HOUR, 14 * HOUR + 30 * MINUTE, -9 * HOUR])
def test_days_stamped_with_an_hour_are_the_same_days(offset: int) -> None:
    days = xnys(2024).day[-100:]
    assert detect_calendar(days + offset, D1) == "XNYS"
    assert not find_gaps(days + offset, D1, "XNYS")


def test_days_without_weekends_that_are_not_the_exchanges_keep_weekdays() -> None:
    days = instants(400, DAY)
    days = days[weekday(days) < 5]
    assert detect_calendar(days, D1) == "XNYS", "96 % of all weekdays are sessions"
    holidays = days[~np.isin(days, xnys(2025).day)]
    lunar = np.sort(np.concatenate([holidays, days[:140:2], days[140:]]))
    assert detect_calendar(np.unique(lunar), D1) == "weekdays", "too many of the exchange's holidays are there"
    early = days - 50 * 364 * DAY
    assert detect_calendar(early, D1) == "weekdays", "nothing is known of sessions before 1980"
    assert not find_gaps(days, D1, "weekdays")
    assert detect_calendar(instants(400, DAY), D1) == "24/7"


def test_within_a_session_bars_are_due_and_between_sessions_none() -> None:
    time = nyse(slice(0, 60))
    assert detect_calendar(time, M30) == "sessions"
    assert not find_gaps(time, M30, "sessions")
    assert not find_gaps(time, M30, "XNYS"), "nor by the exchange's own calendar, summer time and all"
    holed = np.delete(time, [4, 5])
    assert spell(holed, M30, "sessions") == [("2024-01-02T16:30:00Z", "2024-01-02T17:30:00Z", 2)]
    assert find_gaps(holed, M30, "XNYS") == find_gaps(holed, M30, "sessions")


def test_by_the_exchanges_calendar_a_missing_session_is_a_gap_and_hours_on_the_clock_fit() -> None:
    time = nyse(slice(0, 10))
    holed = time[(time // DAY != time[13] // DAY)]
    assert [g.missing for g in find_gaps(holed, M30, "XNYS")] == [13]
    hours = np.unique(nyse(slice(0, 40), H1) // HOUR * HOUR)
    assert not find_gaps(hours, H1, "XNYS")


def test_currencies_rest_from_friday_to_sunday_night() -> None:
    time = instants(24 * 7 * 4)
    hour, day = time % DAY // HOUR, weekday(time)
    week = time[~((day == 5) | ((day == 4) & (hour >= 22)) | ((day == 6) & (hour < 22)))]
    assert detect_calendar(week, H1) == "24/5"
    assert not find_gaps(week, H1, "24/5")
    assert [g.missing for g in find_gaps(np.delete(week, [30, 31]), H1, "24/5")] == [2]
    assert find_gaps(week[(week < START + 4 * DAY) | (week > START + 12 * DAY)], H1, "24/5"), "a lost week is a gap"
    monday_to_friday = time[day < 5]
    assert detect_calendar(monday_to_friday, H1) == "weekdays"
    assert not find_gaps(monday_to_friday, H1, "weekdays")
    short = monday_to_friday[(monday_to_friday != START + 4 * DAY + 23 * HOUR)]
    assert spell(short, H1, "weekdays") == [("2024-01-05T23:00:00Z", "2024-01-08T00:00:00Z", 1)]


def test_an_outage_of_days_does_not_make_a_week_of_five_days() -> None:
    time = np.concatenate([instants(48), instants(48, HOUR, START + 31 * DAY)])
    assert detect_calendar(time, H1) == "24/7"
    assert [g.missing for g in find_gaps(time, H1, "24/7")] == [29 * 24]
    assert detect_calendar(instants(500), H1) == "24/7"


@pytest.mark.parametrize("calendar", ["24/7", "XNYS", "weekdays"])
def test_a_missing_week_is_one_bar(calendar: str) -> None:
    weeks = np.delete(instants(20, 7 * DAY), 7)
    assert [g.missing for g in find_gaps(weeks, Timeframe.parse("1w"), calendar)] == [1]


@pytest.mark.parametrize("calendar", ["24/7", "24/5", "weekdays", "XNYS", "sessions"])
@pytest.mark.parametrize("timeframe", [D1, H1])
def test_few_bars_have_no_gaps(calendar: str, timeframe: Timeframe) -> None:
    for count in (0, 1, 2):
        assert not find_gaps(instants(count, timeframe.nanoseconds), timeframe, calendar)


def test_the_face_is_light() -> None:
    heavy = "{'polars', 'pandas', 'exchange_calendars', 'numba', 'scipy'}"
    code = f"import sys, quorum.lake; sys.exit(' '.join({heavy} & set(sys.modules)) or 0)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
