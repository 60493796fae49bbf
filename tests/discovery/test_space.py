"""The map: what was tested where, whose ideas survive, and when a theme has had its time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.discovery import (
    THEMES,
    Cell,
    Lived,
    SearchSpace,
    Tally,
    every_cell,
    read_cell,
    read_theme,
    records,
    survey,
    theme_after,
)
from quorum.discovery.space import horizon_of, universe_of
from quorum.domain import DAY, HOUR, UsageError

TREND = Cell("trend", "crypto_one", "days", "long")
HOURLY = Cell("seasonality", "crypto_one", "intraday", "long")
LIVES = (
    Lived(TREND, "strategist", {"L0", "L1"}, {"L0"}),
    Lived(TREND, "maverick", {"L0"}, ()),
    Lived(HOURLY, "strategist", {"L0", "L1", "L2", "L3"}, {"L0", "L1", "L2", "L3"}),
    Lived(HOURLY, "person", (), (), under_way=True),
)


def test_the_map_counts_what_was_tested_and_what_passed() -> None:
    space = survey(LIVES)
    assert space.cells == {
        TREND: Tally(2, {"L0": 1}),
        HOURLY: Tally(1, {"L0": 1, "L1": 1, "L2": 1, "L3": 1}),
    }
    assert space.most_tested == "trend"
    assert space.of_family("trend") == Tally(2, {"L0": 1})
    assert SearchSpace().most_tested is None


def test_it_is_learnt_whose_ideas_survive() -> None:
    found = records(LIVES)
    assert found == {"maverick": Tally(1), "strategist": Tally(2, {"L0": 2, "L1": 1, "L2": 1, "L3": 1})}
    assert found["strategist"].share("L3") == 0.5
    assert found["maverick"].share("L0") == pytest.approx(1 / 3)


def test_the_emptiest_cells_come_first_and_of_equals_those_of_the_family_least_tested() -> None:
    beside = TREND._replace(horizon="weeks")
    other = Cell("volume", "crypto_one", "days", "long")
    assert survey(LIVES).emptiest([TREND, HOURLY, beside, other]) == [other, beside, HOURLY, TREND]


@given(st.sampled_from(list(every_cell())))
def test_a_cell_is_read_from_its_key(cell: Cell) -> None:
    assert read_cell(cell.key) == cell


@pytest.mark.parametrize("key", ["", "trend", "trend/crypto_one/days", "trend/crypto_one/days/up", "a/b/c/d/e"])
def test_what_is_no_cell_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match="no cell of the map"):
        read_cell(key)


def test_universes_and_horizons() -> None:
    assert universe_of(("BTCUSDT",)) == "crypto_one"
    assert universe_of(("AAPL", "MSFT")) == "equity_few"
    assert universe_of(tuple(f"C{k}USDT" for k in range(6))) == "crypto_many"
    assert [horizon_of(t) for t in (HOUR, DAY, 7 * DAY, 60 * DAY)] == ["intraday", "days", "weeks", "months"]


ORDER = ("open", "reversion", "slow")


def test_a_theme_stays_until_it_is_barren() -> None:
    assert theme_after([], ORDER, 5) == "open"
    assert theme_after([("open", False)] * 4, ORDER, 5) == "open"
    assert theme_after([("open", False)] * 5, ORDER, 5) == "reversion"
    assert theme_after([("slow", False)] * 5, ORDER, 5) == "open"


def test_a_survivor_begins_the_count_anew_and_what_is_on_its_way_does_not_count() -> None:
    assert theme_after([*[("open", False)] * 4, ("open", True), *[("open", False)] * 4], ORDER, 5) == "open"
    assert theme_after([*[("open", False)] * 4, ("open", None), ("open", None)], ORDER, 5) == "open"
    assert theme_after([*[("open", False)] * 4, ("open", None), ("open", False)], ORDER, 5) == "reversion"


def test_another_theme_has_its_own_count() -> None:
    assert theme_after([*[("open", False)] * 5, ("reversion", False)], ORDER, 5) == "reversion"
    assert theme_after([("calendar", False)] * 5, ORDER, 5) == "open"  # one that is no longer among them


def test_themes_take_cells() -> None:
    assert all(THEMES["open"].takes(cell) for cell in every_cell())
    assert THEMES["calendar"].takes(HOURLY)
    assert not THEMES["slow"].takes(TREND)
    with pytest.raises(UsageError, match="no theme 'fun'"):
        read_theme("fun")
