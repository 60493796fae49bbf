"""The breakers of a fall: what each does, what holds until a person resumes, and what is closed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.words import decimals
from quorum.domain import Position, Severity, UsageError
from quorum.risk import (
    CALM,
    Action,
    RiskLimits,
    book_breaker,
    closings,
    drawdown,
    strategy_breaker,
    tighten_stop,
)
from risk.books import SYMBOL, book, instrument

LIMITS = RiskLimits()
FALLS = decimals(0, 10_000, 4)


@pytest.mark.parametrize(
    ("fall", "at", "severity", "scale", "close", "actions"),
    [
        ("0", "0", Severity.INFO, "1", "0", set()),
        ("0.0999", "0", Severity.INFO, "1", "0", set()),
        ("0.10", "0.10", Severity.YELLOW, "0.5", "0", {Action.HALVE_NEW}),
        ("0.15", "0.15", Severity.RED, "0", "0", {Action.NO_ENTRIES, Action.TIGHTEN_STOPS}),
        ("0.20", "0.20", Severity.BLACK, "0", "0.5", {Action.NO_ENTRIES, Action.CANCEL_ENTRIES, Action.CLOSE_PART}),
        ("0.25", "0.25", Severity.BLACK, "0", "1", {Action.NO_ENTRIES, Action.CANCEL_ENTRIES, Action.CLOSE_ALL}),
        ("1", "0.25", Severity.BLACK, "0", "1", {Action.NO_ENTRIES, Action.CANCEL_ENTRIES, Action.CLOSE_ALL}),
    ],
)
def test_golden_the_ladder_of_a_book(
    fall: str, at: str, severity: Severity, scale: str, close: str, actions: set[Action]
) -> None:
    breaker = book_breaker(Decimal(fall), LIMITS)
    assert (breaker.at, breaker.severity) == (Decimal(at), severity)
    assert (breaker.scale, breaker.close) == (Decimal(scale), Decimal(close))
    assert set(breaker.actions) == actions


@given(FALLS, FALLS)
def test_what_stops_entries_holds_and_halving_follows_the_fall(fall: Decimal, deepest: Decimal) -> None:
    breaker, alone = book_breaker(fall, LIMITS, deepest), book_breaker(fall, LIMITS)
    assert breaker.at >= alone.at
    assert breaker.scale <= alone.scale
    if deepest < LIMITS.no_entries_at:
        assert breaker == alone
    else:
        assert breaker == book_breaker(max(fall, deepest), LIMITS)


@given(FALLS, FALLS)
def test_actions_are_due_once_for_a_deeper_breaker(before: Decimal, after: Decimal) -> None:
    first, then = book_breaker(before, LIMITS), book_breaker(after, LIMITS)
    assert then.since(first) == (then.actions if then.at > first.at else ())


def test_a_strategy_is_red_at_its_limit() -> None:
    assert strategy_breaker(Decimal("0.0999"), LIMITS) == CALM
    red = strategy_breaker(Decimal("0.1"), LIMITS)
    assert (red.severity, red.scale, red.actions) == (Severity.RED, 0, (Action.NO_ENTRIES,))


@pytest.mark.parametrize("fall", ["NaN", "-0.1", "Infinity"])
def test_a_fall_that_is_none_is_refused(fall: str) -> None:
    for ask in (lambda f: book_breaker(f, LIMITS), lambda f: strategy_breaker(f, LIMITS)):
        with pytest.raises(UsageError, match=f"{fall} makes no sense"):
            ask(Decimal(fall))


def test_golden_falls() -> None:
    for equity, peak, fall in (("90", "100", "0.1"), ("110", "100", "0"), ("-5", "100", "1"), ("0", "0", "1")):
        assert drawdown(Decimal(equity), Decimal(peak)) == Decimal(fall)


def test_half_of_each_position_is_closed_and_never_more_than_it_is() -> None:
    held = book(
        positions={
            SYMBOL: Position(SYMBOL, Decimal("10.001"), Decimal(1000)),
            "ETHUSDT": Position("ETHUSDT", Decimal(-7), Decimal(-700)),
            "ODD": Position("ODD", Decimal("0.5004"), Decimal(50)),
            "GONE": Position("GONE"),
            "STRANGE": Position("STRANGE", Decimal(1), Decimal(1)),
        },
        closing={"ETHUSDT": Decimal(1)},
    )
    grids = {SYMBOL: instrument(), "ETHUSDT": instrument(lot="1"), "ODD": instrument(lot="0.001"), "GONE": instrument()}
    assert closings(held, Decimal("0.5"), grids) == {
        SYMBOL: Decimal("-5.001"),
        "ETHUSDT": Decimal(3),
        "ODD": Decimal("-0.251"),
    }
    assert closings(held, Decimal(1), grids)["ODD"] == Decimal("-0.5004")
    assert closings(held, Decimal(0), grids) == {}
    with pytest.raises(UsageError, match=r"1\.5 of a position"):
        closings(held, Decimal("1.5"), grids)


@given(decimals(1, 20_000, 2), decimals(1, 20_000, 2), decimals(0, 100, 2), st.sampled_from((1, -1)))
def test_a_tightened_stop_is_never_looser_and_never_past_the_price(
    stop: Decimal, mark: Decimal, keep: Decimal, sign: int
) -> None:
    tight = tighten_stop(stop, mark, Decimal(sign), keep, instrument(tick="0.05"))
    assert sign * tight >= sign * stop
    if sign * (mark - stop) > 0:
        assert sign * tight <= sign * mark
        assert abs(mark - tight) <= abs(mark - stop) * keep + Decimal("0.05") or tight == stop
    else:
        assert tight == stop


def test_golden_a_stop_at_half_its_distance() -> None:
    assert tighten_stop(Decimal(90), Decimal(100), Decimal(3), Decimal("0.5"), instrument()) == 95
    assert tighten_stop(Decimal(110), Decimal(100), Decimal(-3), Decimal("0.5"), instrument()) == 105
