"""Participants: the same seed gives the same ideas, and every idea is a spec that can be run where it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.ideas import COINS, COINS_BY_HOUR_AND_DAY, DAYS, HOURS, briefing, offer, printed
from quorum.discovery import (
    DIRECTIONS,
    HORIZONS,
    MAVERICK,
    STRATEGIST,
    THEMES,
    Briefing,
    Cell,
    Known,
    Lived,
    Proposal,
    Theme,
    fingerprint,
    maverick,
    strategist,
    survey,
    universes,
)
from quorum.discovery.forms import FORMS, fits, make
from quorum.discovery.market import can_read, choose_symbols
from quorum.discovery.participants.maverick import CROSSINGS, MUTATIONS, doubled
from quorum.domain import Timeframe
from quorum.lake import synthetic_market
from quorum.signals import SpecStrategy, StrategySpec, read_spec

LENGTHS = tuple(Timeframe.parse(text) for text in ("15m", "1h", "4h", "1d"))
PLACES = [
    (form, Cell(form.family, "crypto_one", horizon, direction), length)
    for form in FORMS
    for horizon in HORIZONS
    for direction in DIRECTIONS
    for length in LENGTHS
    if fits(form, Cell(form.family, "crypto_one", horizon, direction), length)
]
SEEDS = st.integers(0, 10_000)


def read(proposals: Sequence[Proposal]) -> list[SpecStrategy]:
    """Their specs, each of which can be read."""
    return [SpecStrategy(read_spec(p.strategy)) for p in proposals if not isinstance(p.strategy, str)]


def formed(index: int, seed: int = 0) -> StrategySpec:
    form, cell, length = PLACES[index % len(PLACES)]
    return read_spec(make(form, cell, length, briefing(seed).chance("test")))


@settings(max_examples=60)
@given(st.sampled_from(PLACES), SEEDS)
def test_a_form_made_for_a_cell_lies_in_that_cell(place: tuple[object, Cell, Timeframe], seed: int) -> None:
    form, cell, length = place
    strategy = SpecStrategy(read_spec(make(form, cell, length, briefing(seed).chance("test"))))  # type: ignore[arg-type]
    assert fingerprint(strategy, ("BTCUSDT",), length).cell == cell


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(0, 10_000), st.sampled_from([*MUTATIONS, *CROSSINGS]))
def test_children_can_be_read(one: int, other: int, change: object) -> None:
    """Those that cannot look back too far, which the maverick leaves out; no other fault."""
    parents = (formed(one), formed(other))
    child = change(*parents) if change in CROSSINGS else change(parents[0])  # type: ignore[operator]
    spec = read_spec(child.spec)
    assert spec.rules
    assert child.done
    assert child.why


@settings(max_examples=6)
@given(SEEDS, st.sampled_from(sorted(THEMES)), st.sampled_from([DIRECTIONS, ("long",), ("short", "both")]))
def test_ideas_can_be_run_and_lie_in_the_theme(seed: int, theme: str, directions: tuple[str, ...]) -> None:
    told = briefing(seed, theme=THEMES[theme], directions=directions)
    offers = {(o.symbol, str(o.timeframe)): o for o in COINS_BY_HOUR_AND_DAY}
    for speak in (strategist, maverick):
        proposals = speak(told)
        assert len(proposals) <= told.most
        for proposal, strategy in zip(proposals, read(proposals), strict=True):
            found = fingerprint(strategy, proposal.symbols, Timeframe.parse(proposal.timeframe))
            assert told.takes(found.cell)
            assert proposal.by in (STRATEGIST, MAVERICK)
            assert len(proposal.hypothesis) > 40
            assert all(can_read(found.words, offers[symbol, proposal.timeframe]) for symbol in proposal.symbols)


@pytest.mark.parametrize("speak", [strategist, maverick])
def test_a_seed_gives_the_same_ideas_and_another_one_others(speak: object) -> None:
    assert speak(briefing(3)) == speak(briefing(3))  # type: ignore[operator]
    assert speak(briefing(3)) != speak(briefing(4))  # type: ignore[operator]


def test_ideas_run_on_bars() -> None:
    bars = synthetic_market(5, ("BTCUSDT",), HOURS, 0, 3_000)["BTCUSDT"]
    for proposal in (*strategist(briefing(2)), *maverick(briefing(2))):
        strategy = SpecStrategy(read_spec(proposal.strategy))  # type: ignore[arg-type]
        assert len(strategy.batch(bars, {}).weight) == 3_000


def test_the_strategist_fills_the_cells_that_nobody_has_looked_at() -> None:
    told = briefing(1, most=50)
    first = [SpecStrategy(read_spec(p.strategy)) for p in strategist(told)]  # type: ignore[arg-type]
    where = [
        fingerprint(s, p.symbols, Timeframe.parse(p.timeframe)).cell
        for s, p in zip(first, strategist(told), strict=True)
    ]
    assert len(set(where)) == len(where) == 50
    lives = [Lived(cell, STRATEGIST, {"L0"}, ()) for cell in where]
    again = strategist(replace(told, space=survey(lives)))
    found = {
        fingerprint(SpecStrategy(read_spec(p.strategy)), p.symbols, Timeframe.parse(p.timeframe)).cell  # type: ignore[arg-type]
        for p in again
    }
    assert not found & set(where)


def test_the_strategist_leaves_cells_in_which_ideas_wait_to_later() -> None:
    told, where, seen = briefing(1, most=20), [], []
    for _ in range(3):
        known = []
        for k, made in enumerate(strategist(replace(told, known=tuple(seen)))):
            spec = read_spec(made.strategy)  # type: ignore[arg-type]
            found = fingerprint(SpecStrategy(spec), made.symbols, Timeframe.parse(made.timeframe))
            known.append(Known(f"STR-{len(seen) + k}", found, spec))
        seen += known
        where += [one.fingerprint.cell for one in known]
    assert len(set(where)) == len(where) == 60


def test_in_a_cell_that_is_known_the_strategist_takes_another_form() -> None:
    told = briefing(1, offers=(offer("BTCUSDT"),), theme=Theme("t", ("trend",), ("days",), ("long",)), most=1)
    seen: list[Known] = []
    for k in range(2):
        (made,) = strategist(replace(told, known=tuple(seen), seed=k))
        spec = read_spec(made.strategy)  # type: ignore[arg-type]
        seen.append(Known(f"STR-{k}", fingerprint(SpecStrategy(spec), made.symbols, HOURS), spec))
    assert len({one.fingerprint.rule for one in seen}) == 2


def test_the_strategist_begins_with_one_cell_of_each_family() -> None:
    proposals = strategist(briefing(1, most=7))
    assert len({p.evidence["cell"].split("/")[0] for p in proposals}) == 7


def test_what_a_series_has_not_is_not_read() -> None:
    closes = tuple(offer(f"{coin}USDT", closes_only=True) for coin in COINS)
    for seed in range(2):
        for proposal in (*strategist(briefing(seed, offers=closes)), *maverick(briefing(seed, offers=closes))):
            found = fingerprint(SpecStrategy(read_spec(proposal.strategy)), ("A",), HOURS)  # type: ignore[arg-type]
            assert not found.words & {"volume", "high", "low", "open", "donchian_upper", "donchian_lower", "funding"}


def test_carry_is_proposed_where_funding_is_known() -> None:
    funded = tuple(offer(f"{coin}USDT", funding=True) for coin in COINS)
    theme = replace(THEMES["open"], families=("carry",))
    assert strategist(briefing(1, offers=funded, theme=theme))
    assert strategist(briefing(1, theme=theme)) == ()


def test_what_is_twice_as_slow_keeps_its_hour() -> None:
    knobs = {
        "at": {"default": 16, "low": 0, "high": 23},
        "n": {"default": 50, "low": 10, "high": 90, "search": [30, 50]},
        "hold": {"default": 4, "low": 1, "high": 9},
    }
    rules = {"long": "hour == at and close > sma(close, n)", "hold": "hold"}
    slow = read_spec(doubled(read_spec({"name": "x", "parameters": knobs, **rules})).spec)
    assert {p.name: (p.default, p.high) for p in slow.parameters} == {"at": (16, 23), "n": (100, 180), "hold": (8, 18)}


def test_the_maverick_changes_known_ideas_and_says_which() -> None:
    known = tuple(
        Known(f"STR-{k:03d}", printed(long=f"close > sma(close, {k})"), read_spec({"name": "a", "long": "close > 1"}))
        for k in range(20, 60)
    )
    proposals = maverick(briefing(1, known=known))
    parents = {p.parent for p in proposals} - {None}
    assert parents
    assert parents <= {one.strategy_id for one in known}


def test_nothing_to_trade_gives_no_idea() -> None:
    empty: Briefing = briefing(1, offers=())
    assert strategist(empty) == maverick(empty) == ()


def test_universes_are_of_one_venue_and_length() -> None:
    found = universes([o for o in COINS_BY_HOUR_AND_DAY if o.timeframe == DAYS])
    assert {name: len(group) for name, group in found.items()} == {"crypto_one": 7, "crypto_few": 7, "crypto_many": 7}
    assert set(universes([offer("AAPL", DAYS), offer("MSFT", DAYS)])) == {"equity_one", "equity_few"}


@pytest.mark.parametrize(("universe", "count"), [("crypto_one", 1), ("crypto_few", 5), ("crypto_many", 7)])
def test_symbols_are_chosen_by_chance_of_those_with_the_longest_past(universe: str, count: int) -> None:
    offers = (*(o for o in COINS_BY_HOUR_AND_DAY if o.timeframe == DAYS), offer("NEWUSDT", DAYS, 100))
    group = universes(offers)[universe]
    chosen = {choose_symbols(group, universe, briefing(seed).chance("test")) for seed in range(9)}
    assert {len(symbols) for symbols in chosen} == {count + (universe == "crypto_many")}
    assert universe == "crypto_many" or len(chosen) > 1
    assert universe == "crypto_many" or not any(o.symbol == "NEWUSDT" for symbols in chosen for o in symbols)
