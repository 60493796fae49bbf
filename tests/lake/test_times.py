"""Every form of a time becomes the right instant, or a fault, or an error that says what would help; never a guess."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import SECOND, DataError, QuorumError, UsageError, iso, parse_instant
from quorum.lake import Fault, ImportOptions
from quorum.lake.quality import FAULTS
from quorum.lake.tables.times import read_times

NOON = "2024-01-02T12:00:00Z"
FROM, UNTIL = (datetime.fromisoformat(f"{year}-01-01") for year in (1980, 2100))
NAIVE = datetime.fromisoformat("2024-01-02T12:00")


def read(values: list[Any], dtype: Any = None, **options: Any) -> list[str]:
    """Each value's instant as text, or its fault."""
    times = read_times(pl.Series("t", values, dtype=dtype), ImportOptions(**options), "f.csv")
    return [iso(int(ns)) if not fault else FAULTS[fault - 1].value for ns, fault in zip(*times, strict=True)]


@pytest.mark.parametrize(
    "value",
    [
        NAIVE,
        datetime(2024, 1, 2, 12, tzinfo=UTC),
        datetime(2024, 1, 2, 14, tzinfo=timezone(timedelta(hours=2))),
        1704196800,
        1704196800_000,
        1704196800_000_000,
        1704196800_000_000_000,
        1704196800.0,
        1704196800_000.0,
        Decimal("1704196800"),
        20240102120000,
        "1704196800",
        "1704196800000",
        "1704196800.0",
        "1.7041968E+09",
        "20240102120000",
        "2024-01-02 12:00:00",
        "2024-01-02T12:00Z",
        "2024-01-02T12:00:00.000000000Z",
        "2024-01-02 14:00:00+02:00",
        "2024-01-02 07:00:00-0500",
        "2024-01-02 13:00:00+01",
        "2024-01-02 12:00:00 UTC",
        "2024/01/02 12:00",
        "2024.01.02 12:00",
        "02.01.2024 12:00:00.000",
        "02.01.2024 13:00:00.000 GMT+0100",
        "20240102 120000",
        "20240102 12:00",
    ],
    ids=repr,
)
def test_every_form_of_noon_is_noon(value: Any) -> None:
    assert read([value]) == [NOON]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_typed_times_of_any_unit_and_zone(unit: Any, zone: str | None) -> None:
    column = pl.Series([NAIVE], dtype=pl.Datetime(unit, "UTC")).dt.convert_time_zone(zone or "UTC")
    assert read(column.to_list(), pl.Datetime(unit, zone or "UTC") if zone else pl.Datetime(unit)) == [NOON]


@pytest.mark.parametrize("value", [date(2024, 1, 2), 20240102, "20240102", "2024-01-02", "02.01.2024", "2024/1/2"])
def test_a_date_is_midnight_utc_in_any_zone(value: Any) -> None:
    assert read([value]) == read([value], tz="America/New_York") == ["2024-01-02T00:00:00Z"]


@settings(max_examples=40)
@given(st.datetimes(FROM, UNTIL), st.integers(-14 * 60, 14 * 60))
def test_iso_texts_with_any_offset_are_read_as_they_were_written(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert read([aware.isoformat()]) == [iso(parse_instant(aware.isoformat()))]


@settings(max_examples=40)
@given(st.datetimes(FROM, UNTIL).map(lambda m: m.replace(microsecond=0, tzinfo=UTC)), st.sampled_from([0, 3, 6, 9]))
def test_numbers_are_told_by_their_size(moment: datetime, digits: int) -> None:
    number = int(moment.timestamp()) * 10**digits
    expected = [iso(parse_instant(moment.isoformat()))]
    assert read([number]) == read([str(number)]) == expected


def test_fractions_of_seconds_are_kept_to_the_microsecond() -> None:
    assert read([1704196800.25]) == ["2024-01-02T12:00:00.25Z"]
    assert read(["2024-01-02T12:00:00.123456789Z"]) == ["2024-01-02T12:00:00.123456789Z"]


def test_the_unit_may_be_said() -> None:
    assert read([0, 3, -1], unit="s") == ["1970-01-01T00:00:00Z", "1970-01-01T00:00:03Z", "1969-12-31T23:59:59Z"]
    assert read([1704196800], unit="ms") == ["1970-01-20T17:23:16.8Z"]


def test_mixed_units_are_refused_with_the_row_that_differs() -> None:
    with pytest.raises(DataError, match=r"2 rows of seconds, 1 rows of milliseconds \(row 3 is the first"):
        read([1704196800, 1704200400, 1704204000000])


def test_numbers_that_are_no_times_are_refused() -> None:
    with pytest.raises(DataError, match=r"numbers like 5, no times; say their unit"):
        read([5, 6, 7])


def test_a_swappable_date_needs_an_option_and_a_number_above_12_is_proof() -> None:
    with pytest.raises(DataError, match=r"day and month could be swapped.*date_format: dmy or mdy"):
        read(["01/02/2024", "03/04/2024"])
    with pytest.raises(DataError, match="contradict"):
        read(["13/02/2024", "02/13/2024"])
    assert read(["01/02/2024"], date_format="dmy") == ["2024-02-01T00:00:00Z"]
    assert read(["01/02/2024"], date_format="mdy") == ["2024-01-02T00:00:00Z"]
    assert read(["01/02/2024", "13/02/2024"]) == ["2024-02-01T00:00:00Z", "2024-02-13T00:00:00Z"]
    assert read(["12/31/2023 4:05 PM", "12/31/2023 12:00 am"]) == ["2023-12-31T16:05:00Z", "2023-12-31T00:00:00Z"]


def test_a_pattern_reads_what_no_form_knows() -> None:
    assert read(["Jan 02, 2024"], date_format="%b %d, %Y") == ["2024-01-02T00:00:00Z"]
    local = read(["02-Jan-24 07:00"], date_format="%d-%b-%y %H:%M", tz="America/New_York")
    assert local == [NOON]
    with pytest.raises(DataError, match="nothing of the form"):
        read(["Jan 02, 2024"], date_format="%Y-%m-%d")


@pytest.mark.parametrize("as_text", [True, False])
def test_local_times_become_utc_and_the_hours_of_the_clock_change_are_faults(as_text: bool) -> None:
    spring = [f"2024-03-10T{clock}" for clock in ("01:00", "02:30", "03:00")]
    autumn = [f"2024-11-03T{clock}" for clock in ("00:00", "01:30", "02:00")]
    values: list[Any] = [*spring, *autumn]
    if not as_text:
        values = [datetime.fromisoformat(v) for v in values]
    assert read(values, tz="America/New_York") == [
        "2024-03-10T06:00:00Z",
        Fault.NEVER.value,
        "2024-03-10T07:00:00Z",
        "2024-11-03T04:00:00Z",
        Fault.TWICE.value,
        "2024-11-03T07:00:00Z",
    ]


def test_an_offset_outweighs_the_zone_and_a_mixture_needs_one() -> None:
    mixed = ["2024-01-02 12:00:00Z", "2024-01-02 12:00:00"]
    with pytest.raises(DataError, match="1 times without offset among others with one; say their zone with tz"):
        read(mixed)
    assert read(mixed, tz="America/New_York") == [NOON, "2024-01-02T17:00:00Z"]


def test_an_unknown_zone_or_pattern_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no time zone"):
        read(["2024-01-02 12:00"], tz="Mars/Olympus")
    wrong: list[dict[str, Any]] = [{"date_format": "european"}, {"unit": "h"}, {"time_is": "end"}, {"calendar": "XLON"}]
    for options in wrong:
        with pytest.raises(UsageError):
            ImportOptions(**options)


@pytest.mark.parametrize(
    "wrong",
    ["2024-02-30", "2024-13-01", "2024-01-02T25:00:00", "2024-01-02T12:60", "9999-01-01", "soon", "", None],
)
def test_a_row_without_a_time_is_a_fault_of_that_row(wrong: str | None) -> None:
    assert read(["2024-01-02 12:00", wrong]) == [NOON, Fault.NO_TIME.value]


@pytest.mark.parametrize("wrong", [None, 0, float("nan"), float("inf"), 1e300, -5])
def test_a_number_that_is_no_time_is_a_fault_of_its_row(wrong: float | None) -> None:
    assert read([1704196800.0, wrong], pl.Float64) == [NOON, Fault.NO_TIME.value]


@pytest.mark.parametrize("values", [["soon"], [True], [None], [[1]], [2**64 - 1]], ids=repr)
def test_a_column_without_any_time_is_refused(values: list[Any]) -> None:
    with pytest.raises(QuorumError, match=r"f\.csv: column 't'"):
        read(values, pl.UInt64 if values == [2**64 - 1] else None)


@settings(max_examples=50)
@given(st.lists(st.one_of(st.text(max_size=24), st.integers(), st.floats(), st.none()), min_size=1, max_size=5))
def test_nonsense_is_a_fault_or_an_error_of_ours_and_times_stay_in_range(values: list[Any]) -> None:
    try:
        times = read_times(pl.Series("t", [None if v is None else str(v) for v in values]), ImportOptions(), "f.csv")
    except DataError:
        return
    assert len(times.ns) == len(times.fault) == len(values)
    assert (times.ns[times.fault > 0] == 0).all() or (abs(times.ns) < 2**63 - SECOND).all()
