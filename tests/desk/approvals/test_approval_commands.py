"""The commands of approvals: what they print, what they refuse, and with which exit code."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer

from desk.approvals.test_answers import Engine
from quorum import bootstrap
from quorum.desk.approvals import Approvals, Question, Size
from quorum.desk.approvals.fakes import MemoryApprovals
from quorum.domain import HOUR, IllegalMove, NotFound, UsageError, VirtualClock, parse_instant
from quorum.surfaces.cli.coordinator.approvals import approvals as commands
from quorum.surfaces.cli.coordinator.approvals import approve, reject

NOW = parse_instant("2024-06-03T12:00:00Z")
Run = Callable[..., str]


@dataclass(frozen=True)
class Counter:
    """The parts of a desk that these commands take."""

    approvals: Approvals
    workflows: Engine
    clock: VirtualClock


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    clock = VirtualClock(NOW)
    made = Counter(MemoryApprovals(clock), Engine(), clock)

    def open_desk(home: Path | None) -> Counter:
        return made

    monkeypatch.setitem(vars(bootstrap), "open_desk", open_desk)
    size = Size(Decimal(5000), "USDT")
    shows = {"price": "100.10", "votes": {"smc": "bullish"}}
    scope = {"workflow": "realtime_signal_generation"}
    made.approvals.ask(Question("k", "WF-1", "consent", "Buy 0.5 BTCUSDT?", NOW + HOUR, shows, scope, size))
    return made


@pytest.fixture
def run(counter: Counter, capsys: pytest.CaptureFixture[str]) -> Run:
    app = typer.Typer()
    app.command()(approve)
    app.command()(reject)
    app.add_typer(commands, name="approvals")

    def run(*words: str) -> str:
        app(args=list(words), standalone_mode=False)
        return capsys.readouterr().out

    return run


def as_json(text: str) -> Any:
    return json.loads(text)


def test_the_open_ones_are_listed_with_all_that_an_answer_needs(run: Run) -> None:
    said = run("approvals")
    for needed in ("APR-20240603-001", "Buy 0.5 BTCUSDT?", "100.10", "smc=bullish", "2024-06-03T13:00:00Z", "WF-1"):
        assert needed in said
    assert [a["approval_id"] for a in as_json(run("approvals", "--json"))["approvals"]] == ["APR-20240603-001"]


@pytest.mark.parametrize(("verb", "word"), [("approve", "approved"), ("reject", "rejected")])
def test_an_answer_goes_on_record_and_to_the_run(run: Run, counter: Counter, verb: str, word: str) -> None:
    told = as_json(run(verb, "APR-20240603-001", "--reason", "looks right", "--json"))
    assert (told["status"], told["answered_by"], told["surface"]) == (word, getpass.getuser(), "cli")
    assert counter.workflows.sent[0][2]["status"] == word
    assert run("approvals") == "nothing waits for an answer\n"
    assert "looks right" in run("approvals", "show", "APR-20240603-001")


def test_somebody_else_may_be_named(run: Run) -> None:
    assert run("approve", "APR-20240603-001", "--reason", "fine", "--by", "ann").startswith(
        "APR-20240603-001 approved by ann: Buy"
    )


def test_an_answer_that_the_run_could_not_be_told_stands(
    run: Run, counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    counter.workflows.away = True
    app = typer.Typer()
    app.command()(approve)
    app(args=["APR-20240603-001", "--reason", "fine"], standalone_mode=False)
    assert capsys.readouterr().err.startswith("the answer stands; WF-1 hears of it when a worker runs (the engine's")
    assert counter.approvals.get("APR-20240603-001").approved


def test_refusals_have_their_exit_codes(run: Run) -> None:
    with pytest.raises(NotFound) as unknown:
        run("approve", "APR-20240603-009", "--reason", "fine")
    with pytest.raises(UsageError) as mute:
        run("approve", "APR-20240603-001", "--reason", " ")
    run("approve", "APR-20240603-001", "--reason", "fine")
    with pytest.raises(IllegalMove) as second:
        run("reject", "APR-20240603-001", "--reason", "no")
    assert [error.value.exit_code for error in (unknown, mute, second)] == [2, 2, 1]


def test_a_standing_approval_is_granted_listed_and_revoked(run: Run, counter: Counter) -> None:
    words = ("--scope", "workflow=realtime_signal_generation", "--until", "2024-07-01", "--reason", "small")
    told = as_json(run("approvals", "grant", "small", *words, "--most", "6000 USDT", "--by", "ann", "--json"))
    assert (told["status"], told["most"], told["granted_by"]) == ("in_force", "6000 USDT", "ann")
    again = Question("k2", "WF-2", "consent", "Again?", NOW + HOUR, {}, {"workflow": "realtime_signal_generation"})
    assert counter.approvals.ask(again).status == "open"  # it has no size, and the standing approval bounds one
    assert "small" in run("approvals", "standing")
    run("approvals", "revoke", "small", "--reason", "enough")
    (kept,) = as_json(run("approvals", "standing", "--json"))["standing_approvals"]
    assert (kept["status"], kept["revoked_by"]) == ("revoked", getpass.getuser())


@pytest.mark.parametrize(
    ("scope", "message"),
    [(["workflow"], "scope 'workflow' is no pair"), (["symbol=A", "symbol=B"], "scope symbol is named twice")],
)
def test_a_scope_that_is_none_is_refused(run: Run, scope: list[str], message: str) -> None:
    words = [word for pair in scope for word in ("--scope", pair)]
    with pytest.raises(UsageError, match=message):
        run("approvals", "grant", "x", *words, "--until", "2024-07-01", "--reason", "small")


def test_one_that_would_end_before_it_begins_is_refused(run: Run) -> None:
    with pytest.raises(UsageError, match="would end at 2024-06-01T00:00:00Z, before it begins"):
        run("approvals", "grant", "x", "--scope", "workflow=a", "--until", "2024-06-01", "--reason", "small")
