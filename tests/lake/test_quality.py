"""Impossible rows are found, each for its reason; strange ones are flagged by the rules as stated."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.tables import D1, H1, START, bars_of, instants
from quorum.domain import DAY, HOUR, Timeframe
from quorum.lake import Fault
from quorum.lake.quality import FAULTS, find_decimals, inspect, off_grid, put_in_order, row_faults

SOUND = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 5.0}


def fault(**changed: float) -> str | None:
    found = row_faults({n: np.array([v]) for n, v in (SOUND | changed).items()})[0]
    return FAULTS[found - 1] if found else None


@pytest.mark.parametrize("price", ["open", "high", "low", "close"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [(np.nan, Fault.NO_PRICE), (np.inf, Fault.INFINITE), (0.0, Fault.NOT_POSITIVE), (-1.0, Fault.NOT_POSITIVE)],
)
def test_a_price_must_be_a_positive_number(price: str, value: float, reason: Fault) -> None:
    assert fault(**{price: value}) == reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"volume": 0.0}, None),
        ({"volume": -0.1}, Fault.NEGATIVE_VOLUME),
        ({"volume": np.nan}, Fault.NO_VOLUME),
        ({"volume": np.inf}, Fault.NO_VOLUME),
        ({"high": 10.9}, Fault.HIGH),
        ({"high": 9.5, "close": 9.4}, Fault.HIGH),
        ({"low": 10.1}, Fault.LOW),
        ({"low": 10.0, "open": 10.0}, None),
        ({"open": 11.0, "high": 11.0, "low": 11.0}, None),
    ],
)
def test_a_row_must_hold_together(changed: dict[str, float], reason: Fault | None) -> None:
    assert fault(**changed) == reason


@settings(max_examples=50)
@given(st.lists(st.tuples(*[st.floats() for _ in range(5)]), min_size=1, max_size=20))
def test_what_passes_is_a_bar_and_what_does_not_breaks_a_rule(rows: list[tuple[float, ...]]) -> None:
    names = ("open", "high", "low", "close", "volume")
    faults = row_faults({n: np.array(c) for n, c in zip(names, zip(*rows, strict=True), strict=True)})
    for (o, h, low, c, v), found in zip(rows, faults, strict=True):
        bar = all(0 < p < np.inf for p in (o, h, low, c)) and h >= max(o, low, c) and low <= min(o, h, c)
        assert (found == 0) == (bar and 0 <= v < np.inf)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), max_size=30))
def test_the_first_row_of_an_instant_stays_equal_ones_collapse_others_are_conflicts(rows: list[Any]) -> None:
    time = np.array([t for t, _ in rows], dtype=np.int64)
    close = np.array([float(c) for _, c in rows])
    ordered = put_in_order(time, {"close": close})
    first: dict[int, float] = {}
    conflicts, duplicates, out_of_order = [], 0, 0
    for i, (t, c) in enumerate(rows):
        out_of_order += t < max((u for u, _ in rows[:i]), default=t)
        if first.setdefault(t, c) != c:
            conflicts.append(i)
        elif t in (u for u, _ in rows[:i]):
            duplicates += 1
    assert dict(zip(time[ordered.kept].tolist(), close[ordered.kept].tolist(), strict=True)) == first
    assert time[ordered.kept].tolist() == sorted(first)
    assert (ordered.conflicts.tolist(), ordered.duplicates, ordered.out_of_order) == (
        conflicts,
        duplicates,
        out_of_order,
    )


@settings(max_examples=50)
@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=20), st.integers(0, 10))
def test_the_grid_is_the_coarsest_that_holds_every_price(ticks: list[int], digits: int) -> None:
    exact = [Decimal(t).scaleb(-digits) for t in ticks]
    needed = max(max(0, -int(p.normalize().as_tuple().exponent)) for p in exact)
    assert find_decimals({"close": np.array([float(p) for p in exact])}) == needed


def test_prices_off_any_grid_have_none() -> None:
    assert find_decimals({"close": np.array([1.0, 2 / 3])}) is None
    assert find_decimals({"close": np.array([np.pi])}) is None
    assert find_decimals({"close": np.array([1.5]), "open": np.array([1.25])}) == 2


def flat(count: int, **columns: Any) -> Any:
    """Bars whose close swings by about 1 %, with a copy of each column."""
    close = columns.pop("close", 100 + np.sin(np.arange(count)))
    return bars_of(instants(count).tolist(), close.tolist(), **{n: c.copy() for n, c in columns.items()})


def test_an_outlier_is_beyond_20_sigmas_and_20_percent() -> None:
    spike = 100 + np.sin(np.arange(100))
    spike[50] = 150.0
    found = inspect(flat(100, close=spike), "24/7").outliers
    assert [o.time for o in found] == [START + 50 * HOUR, START + 51 * HOUR]
    assert found[0].change == pytest.approx(np.log(150 / spike[49]))
    spike[50] = 118.0
    assert not inspect(flat(100, close=spike), "24/7").outliers, "18 % is no outlier, however quiet the rest"
    wild = np.exp(0.1 * np.sin(np.arange(100)))
    wild[60:] *= 2.0
    assert not inspect(flat(100, close=wild), "24/7").outliers, "a doubling is none where 10 % is usual"
    calm = np.exp(0.02 * np.sin(np.arange(100)))
    calm[60:] *= 2.0
    assert len(inspect(flat(100, close=calm), "24/7").outliers) == 1


def test_a_tail_is_stale_when_five_bars_or_more_repeat() -> None:
    close = np.concatenate([np.arange(1.0, 11.0), [11.0] * 5])
    assert inspect(flat(15, close=close), "24/7").stale_tail == 5
    assert inspect(flat(14, close=close[:14]), "24/7").stale_tail == 0
    moving = {n: close.copy() for n in ("open", "low", "high")}
    moving["high"][-1] = 12.0
    assert inspect(flat(15, close=close, **moving), "24/7").stale_tail == 0, "its high moved"
    assert inspect(flat(15, close=np.ones(15)), "24/7").stale_tail == 15


def test_runs_without_volume_are_told_by_their_ends() -> None:
    volume = np.array([1.0, 0, 0, 1, 1, 0])
    runs = inspect(flat(6, volume=volume), "24/7").zero_volume
    assert [(r.start, r.end, r.bars) for r in runs] == [
        (START + HOUR, START + 2 * HOUR, 2),
        (START + 5 * HOUR, START + 5 * HOUR, 1),
    ]
    assert not inspect(flat(6), "24/7").zero_volume, "no column is no zero"


@pytest.mark.parametrize(
    ("timeframe", "times", "off"),
    [
        (H1, [START, START + HOUR, START + 2 * HOUR + 1], [False, False, True]),
        (D1, [START, START + DAY + 5 * HOUR], [False, True]),
        (
            Timeframe.parse("7h"),
            [START, START + 21 * HOUR, START + DAY, START + DAY + HOUR],
            [False, False, False, True],
        ),
        (Timeframe.parse("1w"), [START + HOUR, START + 7 * DAY + HOUR, START + 14 * DAY], [False, False, True]),
    ],
)
def test_the_grid_of_time_begins_at_midnight_and_that_of_weeks_with_the_first_bar(
    timeframe: Timeframe, times: list[int], off: list[bool]
) -> None:
    assert off_grid(np.array(times, dtype=np.int64), timeframe).tolist() == off
