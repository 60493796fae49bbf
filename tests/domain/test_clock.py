"""Instants and lengths of bars say what they mean, there and back, or are refused."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    SystemClock,
    Timeframe,
    UsageError,
    VirtualClock,
    iso,
    parse_instant,
    utc_day,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = parse_instant("1678-01-01"), parse_instant("2261-12-31T23:59:59.999999999Z")
INSTANTS = st.integers(FIRST, LAST)
UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


@given(st.integers(1, 10_000), st.sampled_from(list(UNITS)))
def test_a_timeframe_is_its_count_of_units_and_reads_back(count: int, unit: str) -> None:
    frame = Timeframe.parse(f"{count}{unit}")
    assert frame.nanoseconds == count * UNITS[unit]
    assert Timeframe.parse(str(frame)) == frame
    assert unit == "m" or Timeframe.parse(f"{count}{unit.upper()}") == frame


def test_timeframes_are_written_in_their_largest_unit_and_compare_by_length() -> None:
    written = {"60m": "1h", "90m": "90m", "24h": "1d", "7d": "7d", "1w": "7d", "86400s": "1d", "15m": "15m"}
    assert {text: str(Timeframe.parse(text)) for text in written} == written
    assert sorted(map(Timeframe.parse, ("1d", "1m", "4h"))) == [Timeframe(MINUTE), Timeframe(4 * HOUR), Timeframe(DAY)]


@pytest.mark.parametrize(
    "text",
    ["", "m", "1", "0m", "-1m", "+1m", "1.5h", "1 m", " 1m", "h1", "1y", "１m", "1_0m", "1m\n", "x", "1mm"],
)
def test_what_is_no_timeframe_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no timeframe; write a count and a unit"):
        Timeframe.parse(text)


@pytest.mark.parametrize("nanoseconds", [0, -1, 2**63])
def test_a_bar_has_a_length_that_fits(nanoseconds: int) -> None:
    with pytest.raises(UsageError, match="a bar cannot be"):
        Timeframe(nanoseconds)
    with pytest.raises(UsageError, match="a bar cannot be"):
        Timeframe.parse("999999999w")


def test_a_length_of_any_number_of_digits_is_refused_in_one_line() -> None:
    with pytest.raises(UsageError) as refusal:
        Timeframe.parse("9" * 5_000 + "d")
    assert "\n" not in str(refusal.value)


@given(INSTANTS)
def test_an_instant_reads_back_to_the_nanosecond(instant: int) -> None:
    assert parse_instant(iso(instant)) == instant


@given(INSTANTS, INSTANTS)
def test_whole_seconds_sort_as_they_are_written(one: int, other: int) -> None:
    texts = sorted(iso(instant // SECOND * SECOND) for instant in (one, other))
    assert [parse_instant(text) for text in texts] == sorted(parse_instant(text) for text in texts)


@given(st.integers(-(10**16), 10**16 // 2), st.integers(-14 * 60, 14 * 60))
def test_an_offset_is_taken_off_and_none_means_utc(microseconds: int, minutes: int) -> None:
    moment = (EPOCH + timedelta(microseconds=microseconds // 2)).replace(tzinfo=None)
    local = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_instant(local.isoformat()) == (local - EPOCH) // timedelta(microseconds=1) * 1_000
    assert parse_instant(moment.isoformat()) == parse_instant(moment.replace(tzinfo=UTC).isoformat())


def test_golden_instants() -> None:
    assert iso(1_717_372_800 * SECOND) == "2024-06-03T00:00:00Z"
    assert iso(-1) == "1969-12-31T23:59:59.999999999Z"
    assert iso(1_500_000_000) == "1970-01-01T00:00:01.5Z"
    assert parse_instant("2024-06-03") == 1_717_372_800 * SECOND
    assert parse_instant("2024-06-03T02:00:00.123456789+02:00") == 1_717_372_800 * SECOND + 123_456_789
    assert parse_instant("2024-06-03 00:00:00.1234567") == 1_717_372_800 * SECOND + 123_456_700
    assert utc_day(parse_instant("2024-06-03T23:59:59.999Z")) == "20240603"
    assert utc_day(parse_instant("2024-06-03T23:00:00-02:00")) == "20240604"
    assert utc_day(-1) == "19691231"


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2024-13-01", "2024-02-30", "2024", "1717372800", "2024-06-03T25:00:00", "now", "03.06.2024"],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no date or time; write it as 2024-06-03T00:00:00Z"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["1677-12-31", "2262-01-01", "0001-01-01", "9999-12-31T23:59:59Z"])
def test_an_instant_that_int64_does_not_hold_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is before 1678 or after 2261"):
        parse_instant(text)


def test_the_bounds_fit_int64() -> None:
    assert -(2**63) <= FIRST < LAST < 2**63


def test_a_virtual_clock_stands_still_and_never_goes_back() -> None:
    clock = VirtualClock(5 * SECOND)
    assert (clock.now(), clock.now()) == (5 * SECOND, 5 * SECOND)
    clock.advance_to(5 * SECOND)
    clock.advance_to(7 * SECOND)
    with pytest.raises(UsageError, match="from 1970-01-01T00:00:07Z to 1970-01-01T00:00:06Z"):
        clock.advance_to(6 * SECOND)
    assert clock.now() == 7 * SECOND


def test_the_system_clock_tells_the_machine_s_time() -> None:
    before = time.time_ns()
    assert before <= SystemClock().now() <= time.time_ns()
