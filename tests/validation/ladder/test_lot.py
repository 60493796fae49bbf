"""Which bars a tier looks at: its span, its symbols, and what happens where they are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from quorum.domain import DAY, DataError, Timeframe
from quorum.lake import Bars
from quorum.lake.fakes import MemoryLake
from quorum.signals import AnyStrategy
from quorum.validation.ladder import LADDER, Asked, Failed, Inconclusive, Tier
from quorum.validation.ladder.asked import default_of, read_given
from quorum.validation.ladder.lot import Lot, gather
from validation.ladder.grounds import H8, bars_of, follower, swings, weekdays, without
from validation.markets import rotation

TRADED = "BTCUSDT"


def lot(
    tier: Tier,
    series: Sequence[Bars],
    symbols: Sequence[str] = (TRADED,),
    strategy: AnyStrategy | None = None,
    **asked: object,
) -> Lot | Failed | Inconclusive:
    rule = strategy or follower()
    question = Asked(rule, tuple(symbols), series[0].timeframe if series else H8, **asked)  # type: ignore[arg-type]
    return gather(question, LADDER.of(tier), LADDER.method, MemoryLake(*series), (default_of(rule),))


def cut(tier: Tier, series: Sequence[Bars], symbols: Sequence[str] = (TRADED,), **more: object) -> Lot:
    found = lot(tier, series, symbols, **more)  # type: ignore[arg-type]
    assert isinstance(found, Lot), found
    return found


@pytest.mark.parametrize(("tier", "days"), [(Tier.L0, 183), (Tier.L1, 365), (Tier.L2, 1095), (Tier.L3, 1300)])
def test_a_tier_looks_at_its_years_of_utc_days_and_at_no_more(tier: Tier, days: int) -> None:
    found = cut(tier, [swings()])
    assert found.days == days
    assert found.periods == 365.0
    assert found.start % DAY == 0


@pytest.mark.parametrize(("tier", "days"), [(Tier.L0, 126), (Tier.L1, 252), (Tier.L2, 1008), (Tier.L3, 1260)])
def test_equities_count_sessions(tier: Tier, days: int) -> None:
    found = cut(tier, [weekdays(swings(days=2000))])
    assert (found.days, found.periods) == (days, 252.0)


def test_indicators_are_warm_where_the_span_begins() -> None:
    found = cut(Tier.L1, [swings()])
    first = int(np.searchsorted(found.markets[0].time, found.start))
    assert first == follower().warmup(default_of(follower()))


def test_only_the_primary_symbol_counts_below_l2() -> None:
    series = [swings(), swings(2, symbol="ETHUSDT")]
    assert cut(Tier.L1, series, ["BTCUSDT", "ETHUSDT"]).data()["symbols"] == ["BTCUSDT"]
    assert cut(Tier.L2, series, ["BTCUSDT", "ETHUSDT"]).data()["symbols"] == ["BTCUSDT", "ETHUSDT"]


@pytest.mark.parametrize(
    ("tier", "there", "needed"), [(Tier.L0, 182, 183), (Tier.L1, 200, 365), (Tier.L2, 1007, 1008), (Tier.L3, 900, 1008)]
)
def test_too_few_days_are_inconclusive_and_never_fewer_windows(tier: Tier, there: int, needed: int) -> None:
    assert lot(tier, [swings(days=there)]) == Inconclusive("days", needed, there)


def test_a_symbol_with_less_is_used_when_it_holds_all_windows_and_is_named() -> None:
    found = cut(Tier.L2, [swings(), late(swings(2, symbol="ETHUSDT"), 1050)], ["BTCUSDT", "ETHUSDT"])
    assert len(found.markets) == 2
    assert found.notes == ("ETHUSDT has 1050 of 1095 days",)


def test_a_symbol_that_does_not_hold_all_windows_is_left_out_and_named() -> None:
    found = cut(Tier.L2, [swings(), late(swings(2, symbol="ETHUSDT"), 1000)], ["BTCUSDT", "ETHUSDT"])
    assert [bars.symbol for bars in found.series] == ["BTCUSDT"]
    assert found.notes == ("ETHUSDT is left out: 1008 days are needed, 1000 are there",)


def test_the_primary_may_be_the_one_that_is_left_out() -> None:
    found = cut(Tier.L2, [late(swings(), 400), swings(2, symbol="ETHUSDT")], ["BTCUSDT", "ETHUSDT"])
    assert found.data()["symbols"] == ["ETHUSDT"]


def test_without_a_source_there_is_no_data() -> None:
    found = lot(Tier.L0, [swings(symbol="ETHUSDT")])
    assert isinstance(found, Failed)
    assert (found.reason, found.retryable) == ("data_unavailable", False)
    assert "BTCUSDT is not there" in found.why


class Broken(MemoryLake):
    """A source that vanishes midway."""

    def bars(self, symbol: str, timeframe: Timeframe, venue: str | None = None, revision: int | None = None) -> Bars:
        if symbol == "ETHUSDT":
            raise DataError("segment 3 is damaged", "restore it")
        return super().bars(symbol, timeframe, venue, revision)


def test_a_source_that_vanishes_midway_is_an_error_and_no_verdict() -> None:
    rule = follower()
    asked = Asked(rule, ("BTCUSDT", "ETHUSDT"), H8)
    with pytest.raises(DataError, match="segment 3 is damaged"):
        gather(asked, LADDER.of(Tier.L2), LADDER.method, Broken(swings()), (default_of(rule),))


def test_data_with_more_than_a_fifth_missing_is_not_there() -> None:
    bars = swings()
    found = lot(Tier.L1, [without(bars, np.random.default_rng(0).random(len(bars)) > 0.3)])
    assert isinstance(found, Failed)
    assert (found.reason, found.metric, found.threshold) == ("data_unavailable", "present", 0.8)


def test_a_few_gaps_are_told_by_their_share() -> None:
    bars = swings()
    found = cut(Tier.L1, [without(bars, np.random.default_rng(0).random(len(bars)) > 0.03)])
    assert found.quality.missing == pytest.approx(0.03, abs=0.01)


def test_a_symbol_that_ended_long_before_the_others_is_delisted() -> None:
    gone = swings(days=1200)
    found = cut(Tier.L2, [gone, swings(2, symbol="ETHUSDT")], ["BTCUSDT", "ETHUSDT"])
    assert found.notes == ("BTCUSDT is left out: BTCUSDT has ended 100 days before ETHUSDT",)


def test_a_portfolio_is_looked_at_as_one_panel_at_every_tier() -> None:
    series = [swings(k, symbol=name) for k, name in enumerate(("BTCUSDT", "ETHUSDT", "SOLUSDT"))]
    found = cut(Tier.L0, series, [bars.symbol for bars in series], strategy=rotation())
    assert [len(found.markets), len(found.series)] == [1, 3]


def test_a_portfolio_of_too_few_symbols_is_of_the_wrong_kind() -> None:
    found = lot(Tier.L0, [swings()], strategy=rotation())
    assert isinstance(found, Failed)
    assert (found.reason, found.metric) == ("unsupported_asset_type", "asset")


def test_a_smaller_window_is_provisional() -> None:
    found = cut(Tier.L1, [swings()], days=100)
    assert (found.days, found.provisional) == (100, True)
    assert not cut(Tier.L1, [swings()]).provisional


def test_no_smaller_window_makes_fewer_windows_of_l2() -> None:
    assert lot(Tier.L2, [swings()], days=400) == Inconclusive("days", 1008, 400)


def test_a_lot_does_not_hold_what_lies_before_it_in_memory() -> None:
    held = cut(Tier.L0, [swings()]).series[0].close
    owner = held if held.base is None else held.base
    assert owner.size < 3 * (183 + 30 + 10)


@pytest.mark.parametrize(
    ("given", "value", "threshold"),
    [({"look": 99}, 99.0, 40.0), ({"size": 0.01}, 0.01, 0.1), ({"wings": 2}, None, None)],
)
def test_parameters_out_of_bounds_are_a_reason_and_no_exception(
    given: dict[str, float], value: float | None, threshold: float | None
) -> None:
    found = read_given(follower(), given)
    assert isinstance(found, Failed)
    assert (found.reason, found.value, found.threshold, found.retryable) == (
        "parameter_out_of_bounds",
        value,
        threshold,
        True,
    )


def test_a_whole_number_told_as_a_fraction_is_still_one() -> None:
    assert read_given(follower(), {"look": 4.0}) == {"look": 4, "least": 0.0, "size": 1.0}


def test_daily_bars_work_too() -> None:
    daily = bars_of(np.exp(0.01 * np.cumsum(np.random.default_rng(1).standard_normal(1300))), timeframe=Timeframe(DAY))
    assert cut(Tier.L1, [daily]).days == 365


def late(bars: Bars, days: int) -> Bars:
    """The last so many days of them."""
    return replace(bars.slice(len(bars) - 3 * days, len(bars)))
