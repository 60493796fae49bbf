"""A book is added up once, which changes nothing about it; and what fills at its worst price exceeds nothing."""

from __future__ import annotations

import copy
import json
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.words import BOOKS, SYMBOLS, proposal
from quorum.domain import Book, DataError, Fill, Position, Side, canonical
from quorum.risk import RiskLimits, assess, collar
from risk.books import OPEN, SYMBOL, book, instrument, passed
from risk.test_around import around


@given(BOOKS)
def test_a_book_that_was_added_up_is_the_same_book(held: Book) -> None:
    fresh = replace(held)
    assert held.equity == fresh.equity
    assert held == replace(fresh) == copy.copy(held) == copy.deepcopy(held)
    assert Book.read(json.loads(canonical(held))) == held
    assert canonical(held) == canonical(replace(held))
    assert {field.name for field in fields(held)} == set(json.loads(canonical(held)))


@given(BOOKS)
def test_its_sums_are_those_of_its_parts(held: Book) -> None:
    marks = {s: held.marks.get(s, p.average_price) for s, p in held.positions.items()}
    values = {s: p.quantity * marks[s] for s, p in held.positions.items()}
    assert held.equity == pytest.approx(held.cash + sum(values.values(), Decimal(0)), rel=Decimal("1e-20"))
    assert held.reserves == sum(held.reserved.values(), Decimal(0))
    exposures = [held.exposure(symbol) for symbol in {*held.positions, *held.reserved}]
    assert held.deployed == pytest.approx(sum(exposures, Decimal(0)), rel=Decimal("1e-20"))
    assert all(held.exposure(s) >= held.reserved.get(s, 0) for s in held.positions)


@given(BOOKS, st.sets(st.sampled_from((*SYMBOLS, "NOBODYUSDT"))), st.booleans())
def test_the_sum_of_a_group_is_that_of_its_members(held: Book, group: set[str], marked: bool) -> None:
    held = held if marked else replace(held, marks={})
    plain = sum((held.exposure(symbol) for symbol in group), Decimal(0))
    assert held.exposure_of(group) == pytest.approx(plain, rel=Decimal("1e-20"), abs=Decimal("1e-12"))


def test_a_change_makes_new_sums() -> None:
    first = book(held="10", cash="9000")
    assert (first.equity, first.deployed) == (10_000, 1_000)
    after = replace(first, marks={SYMBOL: Decimal(200)}, reserved={SYMBOL: Decimal(5)})
    assert (after.equity, after.deployed, after.reserves) == (11_000, 2_005, 5)


@pytest.mark.parametrize("name", ["cash", "mark", "reserve", "quantity"])
def test_a_book_that_is_no_number_is_refused(name: str) -> None:
    bad = Decimal("NaN")
    broken = {
        "cash": book(cash="NaN"),
        "mark": book(held="1", marks={SYMBOL: bad}),
        "reserve": book(reserved={SYMBOL: bad}),
        "quantity": book(positions={"ETHUSDT": Position("ETHUSDT", bad, Decimal(1))}),
    }[name]
    with pytest.raises(DataError, match=r"book paper: equity .* are no numbers; see its positions and marks"):
        assess(proposal(), broken, RiskLimits(), instrument(), around())


@given(st.integers(1, 200_000), st.integers(1, 200_000), st.sampled_from(Side))
def test_filled_at_the_collar_beside_all_reserves_nothing_is_exceeded(first: int, second: int, side: Side) -> None:
    limits = replace(OPEN, max_position=Decimal("0.7"), max_deployed=Decimal("0.9"), price_collar_bps=Decimal(200))
    reserved = Decimal(second).scaleb(-3) * 2
    assume(reserved < 5_000)
    wish, now = proposal(side=side, quantity=Decimal(first).scaleb(-3)), book(reserved={"ETHUSDT": reserved})
    size = passed(assess(wish, now, limits, instrument()))
    assume(size > 0)
    worst = max(collar(wish, limits, instrument()), wish.price)
    fill = Fill("f", "Q1", SYMBOL, side, size, worst, Decimal(0), "USDT", 1)
    cash = now.cash - side.sign * fill.notional - reserved
    other = Position("ETHUSDT", Decimal(1), reserved)
    marks = {SYMBOL: Decimal(100), "ETHUSDT": reserved}
    after = book(cash=str(cash), positions={SYMBOL: Position(SYMBOL).apply(fill), "ETHUSDT": other}, marks=marks)
    assert after.exposure(SYMBOL) <= after.equity * limits.max_position
    assert after.deployed <= after.equity * limits.max_deployed
