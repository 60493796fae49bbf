"""Views: files that show the store as it is, whole, and the same again after they were lost."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.offices import ask, contents
from quorum.desk import Desk, publish
from quorum.domain import VirtualClock, WorkspaceError, iso

LOG_LINE = {"decision_id", "timestamp", "type", "inputs", "decision", "rationale", "outcome"}


@pytest.fixture
def state(desk: Desk, home: Path) -> Path:
    """The state folder after an entry, an exit, and a dry run that came to nothing."""
    ask(desk, "CRASHUSDT")
    ask(desk, "CRASHUSDT", 3)
    ask(desk, "FLATUSDT", 3, timeframe="4h", paper=False)
    publish(desk)
    return home / "state"


def read(state: Path, name: str) -> Any:
    return json.loads((state / name).read_text(encoding="utf-8"))


def test_the_decision_log_has_file_4s_shape_and_the_stores_contents(desk: Desk, state: Path) -> None:
    log = read(state, "decisions/decision_log.json")["decisions"]
    stored = desk.decisions.recent(100)
    assert [line["decision_id"] for line in log] == [d.decision_id for d in stored]
    assert all(line.keys() >= LOG_LINE for line in log)
    assert [line["timestamp"] for line in log] == [iso(d.at) for d in stored]
    assert [line["rationale"] for line in log] == [d.choice.rationale for d in stored]
    assert [line["decision"] for line in reversed(log)] == [
        *("bullish", "EXECUTE_TRADE"),
        *("bearish", "EXECUTE_TRADE"),
        *("bearish", "REJECT_TRADE"),
    ]
    assert [line["outcome"] for line in reversed(log)] == [
        *(log[4]["decision_id"], "filled"),
        *(log[2]["decision_id"], "filled"),
        *(log[0]["decision_id"], "none"),
    ]
    assert log[-1]["inputs"] == {"momentum": "for_bullish"}
    assert log[-2]["inputs"].items() >= {"purpose": "signal", "side": "buy"}.items()


def test_approvals_trades_and_the_newest_vote_are_the_stores(desk: Desk, state: Path) -> None:
    approvals = read(state, "risk/trade_approvals.json")["approvals"]
    assert [a["verdict"] for a in approvals] == ["vetoed", "approved", "approved"]
    trades = read(state, "trades/trades.json")["trades"]
    orders = desk.orders.of("paper")
    assert [(t["client_order_id"], t["side"], t["status"]) for t in trades] == [
        (o.intent.client_order_id, o.intent.side.value, o.status.value) for o in orders
    ]
    assert [len(t["fills"]) for t in trades] == [len(desk.orders.fills_of(o.intent.client_order_id)) for o in orders]
    newest = desk.decisions.recent(2)[1]
    vote = read(state, "consensus/consensus.json")
    assert (vote["decision_id"], vote["symbol"]) == (newest.decision_id, "FLATUSDT")
    assert {k: vote[k] for k in ("votes", "consensus", "quality")} == newest.choice.outcome
    (signal,) = read(state, "signals/momentum_signals.json")["signals"]
    assert signal == vote["votes"][0]


def test_views_that_were_lost_are_the_same_bytes_again_and_leave_nothing_else(desk: Desk, state: Path) -> None:
    desk = replace(desk, clock=VirtualClock(desk.clock.now()))  # views of the whole system say when they were written
    for kept in ("emergency.json", "gate.lock", "sending.lock", "reserve"):  # written as a desk opens, and no view
        (state / kept).unlink(missing_ok=True)
    publish(desk)
    before = contents(state)
    assert not [name for name in before if Path(name).name.startswith(".") or name.endswith("tmp")]
    shutil.rmtree(state)
    written = publish(desk).written
    assert {name: digest for name, digest in contents(state).items() if digest} == {
        name: digest for name, digest in before.items() if digest
    }
    assert {path.relative_to(state).as_posix() for path in written} == {n for n, digest in before.items() if digest}


def test_a_vote_that_is_named_is_shown_as_the_newest(desk: Desk, home: Path) -> None:
    first = ask(desk, "FLATUSDT", paper=False)
    ask(desk, "SURGEUSDT", paper=False)
    publish(desk, first.decision_id)
    assert read(home / "state", "consensus/consensus.json")["decision_id"] == first.decision_id


def test_an_empty_desk_has_empty_views(desk: Desk, home: Path) -> None:
    publish(desk)
    assert read(home / "state", "decisions/decision_log.json") == {"decisions": []}
    assert read(home / "state", "trades/trades.json") == {"trades": []}
    assert not (home / "state" / "consensus" / "consensus.json").exists()


def test_a_view_that_cannot_be_written_says_that_the_store_has_it(desk: Desk, home: Path) -> None:
    (home / "state" / "trades").rmdir()
    (home / "state" / "trades").write_text("mine", encoding="utf-8")
    ask(desk, "FLATUSDT")
    with pytest.raises(WorkspaceError, match="the store holds everything: mend the folder, then `quorum views`"):
        publish(desk)
    assert (home / "state" / "trades").read_text(encoding="utf-8") == "mine"
    assert len(desk.orders.of("paper")) == 1
