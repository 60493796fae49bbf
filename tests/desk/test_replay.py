"""Replay: each of its answers, for each id that has a decision behind it; and what why says of the same ids."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from desk.markets import ENTRY, closes, flat, write_bars
from desk.offices import ask, at_work, change
from quorum.desk import Desk, replay, why
from quorum.domain import HOUR, NotFound, Timeframe, parse_instant
from quorum.engine import Terms, backtest
from quorum.signals import find_strategy


@pytest.fixture
def ids(desk: Desk) -> dict[str, str]:
    """One id of every kind, of one paper trade and one trial."""
    record = ask(desk, "FLATUSDT")
    bars = desk.lake.bars("FLATUSDT", Timeframe.parse("1h"))
    rule = find_strategy("demo_ma", desk.settings.consensus.consensus.rules())
    trial = backtest(bars, rule, {"fast": 5, "slow": 20}, Terms(), desk.trials)
    return {
        "consensus": record.decision_id,
        "risk": record.risk["decision_id"],
        "order": record.order["client_order_id"],
        "intent": record.order["intent_id"],
        "fill": record.order["fills"][0]["fill_id"],
        "trial": trial.trial_id or "",
    }


def held(identity: str, column: str) -> tuple[str, str]:
    """The table that holds a column of a decision or a trial, and the condition that finds its row."""
    if not identity.startswith("TRL-"):
        return "decision", "decision_id = ?"
    if column == "inputs":
        return "trial_inputs", "address = (select inputs from trial where trial_id = ?)"
    return "trial", "trial_id = ?"


def record_of(home: Path, identity: str, column: str) -> Any:
    """What the store holds of a decision or a trial."""
    table, condition = held(identity, column)
    with sqlite3.connect(home / "desk.db") as database:
        ((text,),) = database.execute(f"select {column} from {table} where {condition}", (identity,))
    database.close()
    return json.loads(text)


def alter(home: Path, identity: str, column: str, value: Any) -> None:
    table, condition = held(identity, column)
    text = value if isinstance(value, str) else json.dumps(value)
    change(home, f"update {table} set {column} = ? where {condition}", (text, identity))


def segment(home: Path, symbol: str) -> Path:
    (file,) = (home / "lake" / "bars" / f"{symbol}.sim" / "1h").glob("seg-*.parquet")
    return file


def tamper(file: Path, time: int, close: float) -> None:
    """Write another close into one stored bar; everything else of the segment stays."""
    frame = pl.read_parquet(file)
    at = int(np.flatnonzero(frame["time"].to_numpy() == time)[0])
    values = frame["close"].to_numpy().copy()
    values[at] = close
    frame.with_columns(close=pl.Series(values)).write_parquet(file)


KINDS = ("consensus", "risk", "order", "intent", "fill", "trial")


@pytest.mark.parametrize("kind", KINDS)
def test_what_nothing_has_touched_is_identical(desk: Desk, ids: dict[str, str], kind: str) -> None:
    answer = replay(desk, ids[kind])
    assert (answer.verdict, answer.field) == ("identical", None)
    expected = (ids["trial"],) if kind == "trial" else (ids["consensus"], ids["risk"])
    assert answer.replayed == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_bar_that_was_seen_and_is_another_now_differs(desk: Desk, home: Path, ids: dict[str, str], kind: str) -> None:
    tamper(segment(home, "FLATUSDT"), ENTRY - 50 * HOUR, 99.0)
    answer = replay(desk, ids[kind])
    assert answer.verdict == "differs"
    assert answer.field == ("data" if kind == "trial" else "data.data_hash")
    assert answer.recorded != answer.recomputed


def test_a_bar_that_came_later_makes_no_difference(desk: Desk, home: Path, ids: dict[str, str]) -> None:
    tamper(segment(home, "FLATUSDT"), ENTRY, 99.0)
    assert replay(desk, ids["consensus"]).verdict == "identical"
    assert replay(desk, ids["trial"]).verdict == "differs"


def test_bars_that_are_gone_or_damaged_differ(desk: Desk, home: Path, ids: dict[str, str]) -> None:
    file = segment(home, "FLATUSDT")
    pl.read_parquet(file)[1:].write_parquet(file)
    answers = [replay(desk, ids[kind]) for kind in ("consensus", "trial")]
    file.unlink()
    answers += [replay(desk, ids[kind]) for kind in ("consensus", "trial")]
    assert [(a.verdict, a.field) for a in answers] == [("differs", "data")] * 4
    assert all(file.name in a.recomputed for a in answers)


def test_a_revised_bar_makes_no_difference_to_what_was_decided_before(
    desk: Desk, ids: dict[str, str], tmp_path: Path
) -> None:
    changed = closes(flat)
    changed[100:] = [price * 1.5 for price in changed[100:]]
    report = desk.lake.import_path(write_bars(tmp_path / "FLATUSDT.sim_1h.csv", changed))
    assert report.symbols[0].revised > 300
    assert [replay(desk, ids[kind]).verdict for kind in ("consensus", "trial")] == ["identical", "identical"]
    fresh = ask(desk, "FLATUSDT", paper=False)
    assert fresh.snapshot["revision"] == 2
    assert replay(desk, fresh.decision_id).verdict == "identical"


@pytest.mark.parametrize("kind", ["consensus", "risk", "trial"])
def test_other_code_is_named_first(desk: Desk, home: Path, ids: dict[str, str], kind: str) -> None:
    if kind == "trial":
        alter(home, ids[kind], "inputs", {**record_of(home, ids[kind], "inputs"), "code_hash": "0ld"})
    else:
        alter(home, ids[kind], "code_hash", "0ld")
    answer = replay(desk, ids[kind])
    assert (answer.verdict, answer.field, answer.recorded) == ("code_changed", "code_hash", "0ld")


def outcomes(home: Path, ids: dict[str, str]) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """An altered outcome of each kind of record: kind, column, its new value, and the field that is another."""
    told = record_of(home, ids["consensus"], "outcome")
    told["consensus"]["strength"] = 0.123
    yield "consensus", "outcome", told, "outcome.consensus.strength"
    told = record_of(home, ids["risk"], "outcome")
    told["proposal"]["quantity"] = "1"
    yield "risk", "outcome", told, "outcome.proposal.quantity"
    told = record_of(home, ids["trial"], "outcome")
    told["final_equity"] += 1e-9
    yield "trial", "outcome", told, "outcome.final_equity"


@pytest.mark.parametrize("index", range(3))
def test_an_output_that_is_another_differs_here_and_is_the_machines_elsewhere(
    desk: Desk, home: Path, ids: dict[str, str], index: int
) -> None:
    kind, column, told, field = list(outcomes(home, ids))[index]
    alter(home, ids[kind], column, told)
    answer = replay(desk, ids[kind])
    assert (answer.verdict, answer.field) == ("differs", field)
    assert answer.recorded != answer.recomputed
    if kind == "trial":
        inputs = record_of(home, ids[kind], "inputs")
        alter(home, ids[kind], "inputs", {**inputs, "machine": {**inputs["machine"], "cpu": "another"}})
    else:
        alter(home, ids[kind], "machine", {**record_of(home, ids[kind], "machine"), "cpu": "another"})
    assert replay(desk, ids[kind]).verdict == "machine_differs"


def test_another_machine_that_comes_to_the_same_is_identical(desk: Desk, home: Path, ids: dict[str, str]) -> None:
    alter(home, ids["consensus"], "machine", {"cpu": "another"})
    assert replay(desk, ids["consensus"]).verdict == "identical"


def test_the_first_difference_ends_it(desk: Desk, home: Path, ids: dict[str, str]) -> None:
    alter(home, ids["consensus"], "code_hash", "0ld")
    answer = replay(desk, ids["order"])
    assert (answer.verdict, answer.replayed) == ("code_changed", (ids["consensus"],))


def test_the_settings_of_then_are_replayed_and_not_those_of_now(home: Path, desk: Desk, ids: dict[str, str]) -> None:
    (home / "config" / "consensus.yaml").write_text("consensus: {required_participants: [smc]}\n", encoding="utf-8")
    (home / "config" / "risk.yaml").write_text(
        "books: {crypto: {max_position: 0.01}, equities: {}}\n", encoding="utf-8"
    )
    later = at_work(home)
    assert [replay(later, ids[kind]).verdict for kind in KINDS] == ["identical"] * len(KINDS)


def test_an_exit_is_replayed_too(desk: Desk) -> None:
    ask(desk, "CRASHUSDT")
    left = ask(desk, "CRASHUSDT", 3)
    answer = replay(desk, left.order["client_order_id"])
    assert (answer.verdict, answer.replayed) == ("identical", (left.decision_id, left.risk["decision_id"]))


@pytest.mark.parametrize("identity", ["DEC-20240101-001", "TRL-none", "INT-none", "Q-none", "nothing", "Q-1", "-", ""])
def test_an_id_that_nothing_has_is_not_found(desk: Desk, identity: str) -> None:
    with pytest.raises(NotFound):
        replay(desk, identity)
    with pytest.raises(NotFound):
        why(desk, identity)


def test_why_walks_from_a_fill_back_to_the_bars(desk: Desk, ids: dict[str, str]) -> None:
    chain = why(desk, ids["fill"])
    assert [link["kind"] for link in chain] == ["fill", "order", "risk", "consensus", "bars"]
    assert [link["id"] for link in chain[:4]] == [ids[kind] for kind in ("fill", "order", "risk", "consensus")]
    order, bars = chain[1], chain[-1]
    assert [event["status"] for event in order["events"]] == ["sent", "filled"] or order["events"]
    assert order["events"][-1]["fill_id"] == ids["fill"]
    assert bars["last"] == "2024-01-11T19:00:00Z"
    assert bars["newest"][-1]["time"] == bars["last"]


@pytest.mark.parametrize(
    ("kind", "links"),
    [
        ("order", ["order", "risk", "consensus", "bars"]),
        ("intent", ["order", "risk", "consensus", "bars"]),
        ("risk", ["risk", "consensus", "bars"]),
        ("consensus", ["consensus", "bars"]),
        ("trial", ["trial", "bars"]),
    ],
)
def test_why_begins_at_the_thing_itself(desk: Desk, ids: dict[str, str], kind: str, links: list[str]) -> None:
    chain = why(desk, ids[kind])
    assert [link["kind"] for link in chain] == links
    assert all(link["id"] for link in chain)


def test_a_consensus_names_what_followed_from_it(desk: Desk, ids: dict[str, str]) -> None:
    (led,) = why(desk, ids["consensus"])[0]["led_to"]
    assert (led["decision_id"], led["outcome"]) == (ids["risk"], "approved")
    assert led["orders"] == [ids["order"]]


def test_why_sees_that_the_bars_were_tampered_with(desk: Desk, home: Path, ids: dict[str, str]) -> None:
    assert why(desk, ids["consensus"])[-1]["unchanged"] is True
    tamper(segment(home, "FLATUSDT"), parse_instant("2024-01-05"), 99.0)
    assert why(desk, ids["consensus"])[-1]["unchanged"] is False
    assert why(desk, ids["trial"])[-1]["unchanged"] is False
