"""An event asks for the runs of those who listen, under one id however often it is heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from desk.markets import write_bars
from desk.schedule.runs import START, Runs, scheduled
from quorum.desk.schedule import Happening, Turn, newest_close, on_event, take_turn
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


def turns(overlap: str, runs: Runs) -> tuple[str, str, str]:
    """What becomes of three events, the last of them after the runs of the others have ended."""
    listening = replace(scheduled(OnEvent("drift")), overlap=overlap)
    found = []
    for key in ("DRIFT-1", "DRIFT-2", "DRIFT-3"):
        if key == "DRIFT-3":
            runs.end()
        (asked,) = on_event(replace(DRIFT, key=key), [listening])
        found.append(str(take_turn(asked, runs, runs.cancel)[0]))
        if found[-1] == "sent":
            assert take_turn(asked, runs, runs.cancel) == (Turn.KNOWN, "")
    return found[0], found[1], found[2]


@pytest.mark.parametrize(
    ("overlap", "second", "ended"), [("skip", "skipped", 1), ("queue", "waits", 1), ("cancel", "sent", 2)]
)
def test_an_event_whose_predecessors_run_has_not_ended_goes_by_the_overlap_policy(
    overlap: str, second: str, ended: int
) -> None:
    runs = Runs()
    assert turns(overlap, runs) == ("sent", second, "sent")
    assert len(runs.asked) == ended + 1


def test_a_run_that_is_cancelled_for_an_event_is_the_one_before() -> None:
    runs, listening = Runs(), replace(scheduled(OnEvent("drift")), overlap="cancel")
    first, second = (on_event(replace(DRIFT, key=key), [listening])[0] for key in ("DRIFT-1", "DRIFT-2"))
    take_turn(first, runs, runs.cancel)
    assert take_turn(second, runs, runs.cancel) == (Turn.SENT, first.identity)
    assert take_turn(first, runs, runs.cancel) == (Turn.KNOWN, "")  # heard of once more, after a restart
    assert runs.status == {first.identity: "cancelled", second.identity: "enqueued"}


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
