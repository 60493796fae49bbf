"""Ideas come into the queue when they can be validated, and once; a person may take them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from quorum.desk import Desk
from quorum.desk.life import queue_facts, queue_idea, read_statuses, remove, strategy_facts
from quorum.domain import ConfigError, IllegalMove, NotFound, UsageError
from quorum.validation.life import Idea, Status

IDEA = Idea("demo_ma", ("FLATUSDT",), "1h", hypothesis="trends last")
SPEC = {
    "name": "dip",
    "summary": "buys below its mean",
    "indicators": {"mean": "sma(close, 20)"},
    "long": "close < mean",
    "exit_long": "close > mean",
}


def test_an_idea_is_queued_once_and_shown_at_once(desk: Desk, home: Path) -> None:
    first, again = queue_idea(desk, IDEA), queue_idea(desk, replace(IDEA, origin="maverick"))
    assert (first.new, again.new) == (True, False)
    assert first.candidate == again.candidate
    assert "STR-001" in (home / "pipeline/queue.yaml").read_text()
    assert (home / "knowledge/strategies/STR-001/hypothesis.md").exists()


def test_a_spec_is_an_idea_too(desk: Desk) -> None:
    made = queue_idea(desk, replace(IDEA, strategy=SPEC)).candidate
    assert (made.idea.name, made.idea.strategy) == ("dip", SPEC)


def test_parameters_that_are_the_same_make_the_same_idea(desk: Desk) -> None:
    queue_idea(desk, replace(IDEA, params={"fast": 5}))
    assert not queue_idea(desk, replace(IDEA, params={"fast": 5.0})).new


REFUSED: dict[str, tuple[Callable[[Idea], Idea], type[Exception], str]] = {
    "no strategy": (lambda i: replace(i, strategy="demo_na"), NotFound, "did you mean demo_ma"),
    "no spec": (lambda i: replace(i, strategy={"name": "x"}), ConfigError, ""),
    "no parameter": (lambda i: replace(i, params={"speed": 3}), UsageError, "has no parameter 'speed'"),
    "against the rule": (lambda i: replace(i, params={"fast": 300, "slow": 100}), UsageError, "slow"),
    "out of bounds": (lambda i: replace(i, params={"fast": -3}), UsageError, "fast"),
    "no symbol": (lambda i: replace(i, symbols=()), UsageError, "--symbol"),
    "no bars": (lambda i: replace(i, symbols=("FLATUSDT", "ETHUSDT")), NotFound, "no bars of ETHUSDT"),
    "no timeframe": (lambda i: replace(i, timeframe="soon"), UsageError, "soon"),
    "no priority": (lambda i: replace(i, weight=float("inf")), UsageError, "a priority of inf is none"),
    "half a portfolio": (lambda i: replace(i, strategy="rotation"), UsageError, "a portfolio"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_validated_is_not_queued(desk: Desk, what: str) -> None:
    change, kind, says = REFUSED[what]
    with pytest.raises(kind) as refused:
        queue_idea(desk, change(IDEA))
    assert says in str(refused.value)
    assert desk.life.queue.listed() == []


def test_a_person_takes_one_out_with_a_reason(desk: Desk) -> None:
    queue_idea(desk, IDEA)
    with pytest.raises(UsageError, match="no reason"):
        remove(desk, "STR-001", " ")
    assert remove(desk, "STR-001", "too dear").status is Status.REJECTED
    with pytest.raises(IllegalMove, match="nothing: its life is over"):
        remove(desk, "STR-001", "again")
    with pytest.raises(NotFound):
        remove(desk, "STR-002", "none")
    assert queue_idea(desk, IDEA).candidate.strategy_id == "STR-002"


def test_facts_are_plain(desk: Desk) -> None:
    queue_idea(desk, IDEA)
    told: Any = queue_facts(desk)
    assert (told["counts"], told["strategies"][0]["strategy_id"]) == ({"PENDING": 1}, "STR-001")
    assert queue_facts(desk, read_statuses(["rejected"]))["strategies"] == []
    one = strategy_facts(desk, "STR-001")
    assert (one["status"], one["moves"][0]["after"], one["results"]) == ("PENDING", "PENDING", [])
    with pytest.raises(NotFound, match="no status 'SOON'"):
        read_statuses(["SOON"])
