"""An event asks for the runs of those who listen, under one id however often it is heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from desk.markets import write_bars
from desk.schedule.runs import START, scheduled
from quorum.desk.schedule import Happening, newest_close, on_event
from quorum.desk.workflows.spec import OnEvent
from quorum.domain import HOUR, VirtualClock
from quorum.domain.grammar import parse
from quorum.lake import Lake

DRIFT = Happening("drift", "DRIFT-7", START, {"symbol": "BTCUSDT", "psi": 0.4})


def test_the_same_event_asks_for_the_same_run() -> None:
    listening = scheduled(OnEvent("drift"))
    (asked,) = on_event(DRIFT, [listening])
    (again,) = on_event(replace(DRIFT, at=START + 1), [listening])
    (other,) = on_event(replace(DRIFT, key="DRIFT-8"), [listening])
    assert asked.identity == again.identity != other.identity
    assert asked.identity.startswith("WF-20240603-")
    assert asked.request["as_of"] == START
    assert asked.request["event"] == {"name": "drift", "key": "DRIFT-7", "facts": DRIFT.facts}


@pytest.mark.parametrize(
    ("condition", "fits"),
    [("psi > 0.25", True), ("psi > 0.5", False), ("symbol == 'BTCUSDT' and psi > 0.25", True), ("absent > 1", False)],
)
def test_a_condition_reads_the_facts(condition: str, fits: bool) -> None:
    assert bool(on_event(DRIFT, [scheduled(OnEvent("drift", parse(condition)))])) is fits


def test_who_is_off_or_listens_for_something_else_is_not_asked() -> None:
    assert not on_event(DRIFT, [scheduled(OnEvent("drift"), enabled=False), scheduled(OnEvent("alert")), scheduled()])


def test_the_newest_close_of_a_runs_bars(tmp_path: Path) -> None:
    write_bars(tmp_path / "BTCUSDT.sim_1h.csv", [100.0] * 5, start=START)
    write_bars(tmp_path / "BTCUSDT.other_1h.csv", [100.0] * 3, start=START)
    lake = Lake(tmp_path / "lake", VirtualClock(START))
    lake.import_path(tmp_path)
    newest = newest_close(lake)
    named = {"symbol": "BTCUSDT", "timeframe": "1h"}
    assert newest(named) == START + 5 * HOUR
    assert newest({**named, "venue": "other"}) == START + 3 * HOUR
    assert newest({**named, "symbol": "BTCUSDT.other"}) == START + 3 * HOUR
    assert newest({**named, "timeframe": "1m"}) is None
    assert newest({"symbol": "BTCUSDT"}) is None
