"""Desk-wide limits and a person's overrides: the stricter holds, and only what may be raised is raised for a while."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.words import NOW, proposal
from quorum.domain import HOUR, UsageError
from quorum.risk import RAISABLE, Override, RiskLimits, assess, raised, stricter
from risk.books import book, instrument, passed
from risk.test_around import around
from risk.test_limits import LIMITS
from risk.worlds import some_limits

NAMES = sorted(field.name for field in fields(RiskLimits))
WIDE = st.builds(some_limits, st.randoms(use_true_random=False))


def override(**changed: Any) -> Override:
    values: dict[str, Any] = {"limit": "max_position", "up_to": Decimal("0.9"), "by": "Ann", "reason": "a listing"}
    return Override(**{**values, "expires": NOW + HOUR, **changed})


@given(WIDE, WIDE, st.sampled_from(NAMES))
def test_the_stricter_of_two_limits_holds(one: RiskLimits, other: RiskLimits, name: str) -> None:
    if name in ("halve_at", "no_entries_at", "black_at", "close_all_at"):
        other = one
    both = stricter(one, {name: getattr(other, name)})
    assert getattr(both, name) in (getattr(one, name), getattr(other, name))
    assert stricter(both, {name: getattr(other, name)}) == both
    assert replace(both, **{name: getattr(one, name)}) == one


def test_golden_which_way_each_limit_is_stricter() -> None:
    assert stricter(RiskLimits(), {"max_order_lots": Decimal(1)}).max_order_lots == 1
    assert stricter(RiskLimits(), {"max_order_lots": None}) == RiskLimits()
    assert stricter(RiskLimits(allow_short=True), {"allow_short": False}).allow_short is False
    assert stricter(RiskLimits(), {"allow_short": True}).allow_short is False
    assert stricter(RiskLimits(), {"min_reward_risk": Decimal(2)}).min_reward_risk == 2
    assert stricter(RiskLimits(), {"min_reward_risk": Decimal(1)}).min_reward_risk == Decimal("1.5")
    assert stricter(RiskLimits(), {"max_position": Decimal("0.03")}).max_position == Decimal("0.03")
    assert stricter(RiskLimits(), {}) == RiskLimits()


def test_a_desk_wide_limit_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^max_fun is no limit; there are allow_short"):
        stricter(RiskLimits(), {"max_fun": Decimal(1)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("max_day_loss", "max_week_loss", "correlated") for value in ("0", "1.5", "NaN")),
        *((name, "-1") for name in ("last_trade_seconds", "duplicate_seconds", "black_close_fraction")),
        *((name, "Infinity") for name in ("max_leverage", "max_order_notional", "min_reward_risk")),
        ("max_orders_per_minute", "0"),
        ("halve_at", "0.16"),
        ("close_all_at", "0.19"),
    ],
)
def test_a_limit_out_of_bounds_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=rf"{name} = {value}"):
        RiskLimits.read({name: value})


def test_an_override_raises_one_limit_for_a_while() -> None:
    limits, now = RiskLimits(max_deployed=Decimal(1)), NOW
    assert raised(limits, (override(),), now).max_position == Decimal("0.9")
    assert raised(limits, (override(up_to=Decimal("0.2")),), now) == limits
    assert raised(limits, (override(), override(up_to=Decimal("0.5"))), now).max_position == Decimal("0.9")
    assert (
        raised(limits, (override(limit="max_orders_per_minute", up_to=Decimal(90)),), now).max_orders_per_minute == 90
    )
    assert raised(limits, (override(limit="max_order_lots", up_to=Decimal(90)),), now) == limits
    assert replace(raised(limits, (override(),), now), max_position=limits.max_position) == limits


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"expires": NOW}, "has expired"),
        ({"by": " "}, "needs a name"),
        ({"reason": ""}, "needs a name and a reason"),
        ({"limit": "max_total_loss"}, "not a limit that a person may raise"),
        ({"limit": "black_at"}, "not a limit that a person may raise"),
        ({"limit": "allow_short"}, "not a limit that a person may raise"),
        ({"limit": "halt"}, "not a limit that a person may raise"),
    ],
)
def test_one_that_does_not_hold_does_nothing_and_says_why(changed: dict[str, Any], why: str) -> None:
    asked = override(**changed)
    assert why in (asked.refused(NOW) or "")
    assert raised(RiskLimits(), (asked,), NOW) == RiskLimits()


@given(LIMITS)
def test_no_override_touches_a_halt_a_breaker_or_the_total_loss(limits: RiskLimits) -> None:
    everything = tuple(override(limit=name, up_to=Decimal(1)) for name in NAMES)
    after = raised(limits, everything, NOW)
    for name in set(NAMES) - RAISABLE:
        assert getattr(after, name) == getattr(limits, name)
    wish, now = proposal(), around(overrides=everything, halts=("BLACK",))
    assert passed(assess(wish, book(), limits, instrument(), now)) == 0


def test_an_override_opens_the_room_that_it_names() -> None:
    wish, limits = proposal(quantity=Decimal(50)), RiskLimits(max_deployed=Decimal(1))
    assert passed(assess(wish, book(), limits, instrument(), around())) == Decimal("39.603")
    assert passed(assess(wish, book(), limits, instrument(), around(overrides=(override(),)))) == 50


@pytest.mark.parametrize("value", ["NaN", "0", "-1", "Infinity"])
def test_an_override_up_to_nothing_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="up_to"):
        override(up_to=Decimal(value))
