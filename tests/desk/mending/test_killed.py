"""Mending that is killed at any step is taken up there: nothing is tried or counted twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from desk.mending.menders import Crew, desk_of, fail, fails, passes, tunes
from desk.offices import copied, template
from quorum.desk import Desk
from quorum.desk.mending import Mended, retry, retry_waiting
from quorum.desk.mending import turn as turns
from quorum.desk.mending.keeping import DeskKeeper
from quorum.domain import DecisionKind, IllegalMove
from quorum.validation.life import Status
from quorum.validation.repair import GivenUp
from validation.repair.failing import failed, result, row

MEND = "quorum.desk.mending.mend"
KEEPER = "quorum.desk.mending.keeping.DeskKeeper"


class Killed(BaseException):
    """A process that dies here."""


def dying(real: Callable[..., Any], at: int, *, done: bool) -> Callable[..., Any]:
    """The same, but the process dies at that call, with it done or before."""
    calls = 0

    def step(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < at:
            return real(*given, **more)
        if done:
            real(*given, **more)
        raise Killed

    return step


STEPS: Mapping[str, tuple[str, bool, int, int]] = {
    # what dies, whether it is done, how often a fix is then sought and a tier run in all
    "claimed": (f"{MEND}._cycle", False, 1, 1),
    "fix found": (f"{KEEPER}.before", False, 2, 1),
    "backup made": ("quorum.desk.mending.keeping.keep_folder", True, 2, 1),
    "fix kept": (f"{KEEPER}.before", True, 1, 1),
    "run": (f"{KEEPER}.after", False, 1, 2),
    "run kept": (f"{KEEPER}._decide", False, 1, 1),
    "decided": (f"{KEEPER}._decide", True, 1, 1),
    "attempt kept": (f"{KEEPER}.after", True, 1, 1),
    "learnt": (f"{MEND}.draw", True, 1, 1),
    "moved": (f"{MEND}.write_log", False, 1, 1),
}


def found_in(desk: Desk) -> object:
    """What a cycle leaves behind."""
    candidate, books = desk.life.queue.get("STR-001"), desk.life.books
    told = ("number", "agent", "outcome", "trials_added", "reasoning")
    return (
        (candidate.status, candidate.attempts, candidate.idea.params, candidate.reason),
        [tuple(one[name] for name in told) for one in books.attempts.listed()],
        [one["frequency"] for one in books.learnings.listed()],
        [one.choice.outcome["outcome"] for one in desk.decisions.recent(10, DecisionKind.RETRY)],
        [one["attempt"] for one in desk.life.results.of("STR-001", "L1")],
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, Mended]:
    """What a cycle that nobody kills leaves, and its end."""
    made = template(tmp_path_factory.getbasetemp() / "desk")
    desk = desk_of(copied(made, tmp_path_factory.mktemp("whole") / "desk"))
    fail(desk)
    ended = retry(desk, "STR-001")
    return found_in(desk), ended


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_cycle_ends_like_one_that_was_not(
    home: Path, whole: tuple[object, Mended], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    what, done, sought, run = STEPS[step]
    crew = Crew()
    desk = desk_of(home, crew)
    fail(desk)
    owner, _, name = what.rpartition(".")
    with monkeypatch.context() as patch:
        real = getattr(DeskKeeper, name) if owner == KEEPER else None
        if real is None:
            module = __import__(owner, fromlist=[name])
            real = getattr(module, name)
        patch.setattr(what, dying(real, 1, done=done))
        with pytest.raises(Killed):
            retry(desk, "STR-001")
    ended = retry_waiting(desk)
    assert found_in(desk) == whole[0]
    assert (crew.times("mend"), crew.times("tier")) == (sought, run)
    if step == "moved":
        assert ended == ()
    else:
        assert (ended[0].result, ended[0].trials) == (whole[1].result, whole[1].trials)


def at_the_second(answer: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
    return dying(answer, 2, done=False)


@pytest.mark.parametrize("task", ["mend", "tier"])
def test_one_that_died_at_the_second_attempt_goes_on_there(home: Path, task: str) -> None:
    nearer = lambda payload: result(failed(value=0.3), sharpe=0.3)  # noqa: E731
    crew = Crew(at_the_second(tunes), nearer) if task == "mend" else Crew(tunes, at_the_second(nearer))
    desk = desk_of(home, crew)
    fail(desk)
    with pytest.raises(Killed):
        retry(desk, "STR-001")
    again = Crew()
    (ended,) = retry_waiting(desk_of(home, again))
    assert (ended.status, [one["number"] for one in ended.attempts]) == (Status.L1_PASSED, [1, 2])
    assert ended.attempts[1]["agent"] == "signal-generator"
    assert ended.attempts[1]["idea_before"]["params"] == {"fast": 11.0}, "it stands on the one that came nearer"
    assert (again.times("mend"), again.times("tier")) == ((1, 1) if task == "mend" else (0, 1))


@pytest.mark.parametrize("last", ["bought", "given up", "failed"])
def test_the_reason_of_the_end_outlives_the_process(home: Path, last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def luck(payload: Mapping[str, Any]) -> Any:
        return result(sharpe=0.6, rows=[row("sharpe", 0.6)])

    def gives_up(payload: Mapping[str, Any]) -> Any:
        return GivenUp(payload["case"]["agent"], "no edge")

    crew = {"bought": Crew(tier=luck), "given up": Crew(gives_up), "failed": Crew(tier=fails)}[last]
    desk = desk_of(home, crew)
    fail(desk)
    with monkeypatch.context() as patch:
        patch.setattr(f"{MEND}._end", dying(passes, 1, done=False))
        with pytest.raises(Killed):
            retry(desk, "STR-001")
    asked = len(crew.asked)
    (ended,) = retry_waiting(desk)
    assert len(crew.asked) == asked
    expected = {
        "bought": "bought_by_trying: 3 fixes were tried; only trying bought the pass",
        "given up": "sharpe_below_threshold: ml-engineer recommends rejection: no edge",
        "failed": "sharpe_below_threshold: 3 fixes were tried; sharpe is 0.1",
    }
    assert ended.why.startswith(expected[last])


def test_a_turn_whose_file_was_taken_away_is_no_turn(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(file: int, how: int) -> None:
        (home / "pipeline" / ".running" / "mending-STR-001").unlink()

    monkeypatch.setattr(turns.fcntl, "flock", late)
    with pytest.raises(IllegalMove, match="STR-001 was being mended just now"), turns.turn(home, "STR-001"):
        pass
