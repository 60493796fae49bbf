"""Faults are read with their mistakes named, and fire by number, by chance and by time."""

from __future__ import annotations

from pathlib import Path

import pytest

from quorum.domain import SECOND, ConfigError, VirtualClock
from quorum.simulator import FaultKind, parse_faults, read_faults
from quorum.simulator.core import Fired
from quorum.simulator.faults import BEFORE, MEANINGS, MESSAGE, Fault, Faults
from simulator.sim_markets import NOON, fault

ORDERS = "POST /v2/orders"


def planned(*faults: Fault, seed: int = 7) -> tuple[Faults, list[Fired], VirtualClock]:
    clock, told = VirtualClock(NOON), list[Fired]()
    found = Faults(clock, told.append, seed)
    found.plant(faults)
    return found, told, clock


def hits(faults: Faults, count: int, place: str = ORDERS, symbol: str | None = None) -> list[int]:
    return [n for n in range(1, count + 1) if faults.draw(BEFORE, place, symbol)]


def test_a_fault_fires_at_the_request_that_it_names_and_is_journaled() -> None:
    faults, told, _ = planned(fault("reset", on=ORDERS, at=3))
    assert hits(faults, 6) == [3]
    assert [(f.fault, f.name, f.place) for f in told] == [("reset", "reset-1", ORDERS)]


@pytest.mark.parametrize(
    ("terms", "fired"),
    [({}, [1]), ({"times": 2}, [1, 2]), ({"at": 2, "times": 2}, [2, 3]), ({"times": 0}, [1, 2, 3, 4]), ({"p": 0}, [])],
)
def test_how_often_a_fault_fires(terms: dict[str, object], fired: list[int]) -> None:
    faults, _, _ = planned(fault("error", **terms))
    assert hits(faults, 4) == fired


def test_chance_is_seeded() -> None:
    first, second = (hits(planned(fault("error", p=0.3), seed=s)[0], 200) for s in (7, 7))
    assert first == second != hits(planned(fault("error", p=0.3), seed=8)[0], 200)
    assert 30 <= len(first) <= 90


def test_place_and_symbol_narrow_it() -> None:
    faults, _, _ = planned(fault("error", on="*/orders*", symbol="AAPL", times=0))
    assert not hits(faults, 3, "GET /v2/account", "AAPL")
    assert not hits(faults, 3, ORDERS, "MSFT")
    assert hits(faults, 2, ORDERS, "AAPL") == [1, 2]
    assert faults.draw(MESSAGE, ORDERS, "AAPL") is None


def test_a_channel_is_named_without_its_kind() -> None:
    faults, _, _ = planned(fault("lose", on="trade_updates"))
    assert faults.draw(MESSAGE, "STREAM quotes") is None
    assert faults.draw(MESSAGE, "STREAM trade_updates") is not None


def test_time_comes_before_chance_and_number() -> None:
    faults, _, clock = planned(fault("error", after=5), fault("halt", symbol="AAPL", after=10))
    assert not hits(faults, 3)
    assert not faults.due()
    clock.advance_to(NOON + 10 * SECOND)
    assert hits(faults, 3) == [1]
    assert [f.kind for f in faults.due()] == [FaultKind.HALT]
    assert not faults.due()


def test_times_of_the_venue_are_counted_by_its_clock_alone() -> None:
    often = fault("foreign_order", symbol="AAPL", after=10, times=3)
    chance = fault("foreign_position", symbol="AAPL", after=5, p=0.5)

    def seen(*looks: float) -> list[str]:
        faults, told, clock = planned(often, chance)
        for at in looks:
            clock.advance_to(NOON + round(at * SECOND))
            faults.due()
        return [fired.fault for fired in told]

    assert seen(10).count("foreign_order") == 3, "all at once"
    assert sorted(seen(100)) == sorted(seen(*range(101))) == sorted(seen(*(n / 7 for n in range(701))))
    assert 0 < seen(100).count("foreign_position") < 20, "some of twenty"


def test_faults_are_taken_away_by_name() -> None:
    faults, _, _ = planned(fault("error", name="first"), fault("error"))
    assert (faults.clear("first"), faults.clear("first"), faults.clear()) == (1, 0, 1)


def test_every_kind_says_what_it_means() -> None:
    assert set(MEANINGS) == set(FaultKind)


@pytest.mark.parametrize(
    "text",
    [
        "faults:\n  - fault: reset\n    on: POST /v2/orders\n    at: 2\n  - {fault: halt, symbol: AAPL, for: 3}\n",
        '[{"fault": "reset", "on": "POST /v2/orders", "at": 2}, {"fault": "halt", "symbol": "AAPL", "for": 3}]',
    ],
)
def test_faults_come_from_yaml_and_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / ("faults.json" if text.startswith("[") else "faults.yaml")
    path.write_text(text)
    assert read_faults(path) == parse_faults(["reset, on=POST /v2/orders, at=2", "halt,symbol=AAPL,for=3"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("explode", "'explode'"),
        ("reset,when=3", "unknown key 'when'"),
        ("reset,at=0", "at is 0"),
        ("reset,at=x", "cannot be read"),
        ("error,p=2", "p is 2"),
        ("halt", "halt needs a symbol"),
        ("foreign_order,symbol=AAPL,quantity=NaN", "quantity is NaN"),
        ("foreign_order,symbol=AAPL,side=up", "'up'"),
    ],
)
def test_a_fault_that_is_none_is_named(text: str, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        parse_faults([text])


@pytest.mark.parametrize("text", ["", "faults: 3", "- reset", "{", "faults:\n  - fault: reset\n    at: 0"])
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"faults\.yaml"):
        read_faults(path)
