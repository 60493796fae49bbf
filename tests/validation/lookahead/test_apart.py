"""An examination in other processes ends in time, whatever the strategy does to its process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from quorum.bootstrap import open_executor, run_task
from quorum.domain import DataError, QuorumError, UsageError
from quorum.signals.strategies import DEMO_MA
from quorum.validation.lookahead.apart import compile_first, examine_apart

HEAD = "import os, sys, time\nfrom quorum.signals import from_batch\n"
SOUND = "def rule(bars, params):\n    return (bars.close > bars.open) * 1.0\n"
RULE = "RULE = from_batch('mine', rule, 1)\n"
KEPT = """
MEANS = []
def rule(bars, params):
    if not MEANS:
        MEANS.append(bars.close.mean())
    return (bars.close > MEANS[0]) * 1.0
"""

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Scripted:
    """An executor whose tasks answer as they are told."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Mapping[str, Any], float | None]] = []

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        self.asked.append((task, payload, timeout))
        return self.answers[task](payload)

    def run_many(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        raise AssertionError("one at a time")


def fails(error: QuorumError) -> Answer:
    def answer(payload: Mapping[str, Any]) -> Mapping[str, Any]:
        raise error

    return answer


@pytest.fixture(scope="module")
def compiled() -> None:
    compile_first(DEMO_MA)


def request(strategy: str | Path, **more: Any) -> dict[str, Any]:
    plain = {"params": {}, "home": None, "symbols": [], "timeframe": None, "venue": None, "seed": 0}
    return {"strategy": str(strategy), **plain, **more}


def written(folder: Path, *parts: str) -> Path:
    file = folder / "mine.py"
    file.write_text("".join((HEAD, *parts)))
    return file


def test_what_one_process_hears_goes_to_the_other_with_the_time_that_is_left() -> None:
    executor = Scripted(witness=lambda p: {"heard": [(9, "a")]}, examine=lambda p: {"verdict": "clean"})
    assert examine_apart(executor, request("demo_ma"), 20)["verdict"] == "clean"
    (_, _, first), (_, payload, second) = executor.asked
    assert payload["heard"] == [(9, "a")]
    assert first is not None
    assert second is not None
    assert first + second <= 20 * 1.3 + 0.1
    assert payload["seconds"] < second


def test_a_process_that_dies_makes_the_strategy_unfit() -> None:
    lost = fails(QuorumError("task examine: ended with -9"))
    found = examine_apart(Scripted(witness=lost, examine=lost), request("mine.py"), 9)
    assert found["verdict"] == "unfit"
    assert found["strategy"] == "mine.py"
    assert "ended with -9" in found["flaws"][0]["detail"]


def test_a_wrong_question_stays_one() -> None:
    wrong = fails(UsageError("task witness: there is no strategy 'x'; did you mean y?"))
    with pytest.raises(UsageError, match=r"^there is no strategy 'x'; did you mean y"):
        examine_apart(Scripted(witness=wrong), request("x"))
    refused = Scripted(witness=lambda p: {"heard": []}, examine=lambda p: {"refused": ["too few bars", "give more"]})
    with pytest.raises(DataError, match=r"^too few bars; give more$"):
        examine_apart(refused, request("demo_ma"))


def test_what_a_strategy_prints_is_not_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "print('loaded')\n", SOUND, "print('made')\n", RULE)
    assert len(run_task("witness", request(file))["heard"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "loaded\nmade" in said.err


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    ("rule", "verdict", "says"),
    [
        (SOUND, "clean", ""),
        ("def rule(bars, params):\n    os._exit(7)\n", "unfit", "ended with 7"),
        ("def rule(bars, params):\n    os.kill(os.getpid(), 11)\n", "unfit", "ended with -11"),
        (KEPT, "unfit", "a fresh process that asks in another order gets another answer"),
    ],
)
def test_a_file_is_examined_in_processes_of_its_own(tmp_path: Path, rule: str, verdict: str, says: str) -> None:
    with open_executor() as executor:
        found = examine_apart(executor, request(written(tmp_path, rule, RULE)))
    assert found["verdict"] == verdict, found
    assert says in str(found["flaws"])


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("rule", ["def rule(bars, params):\n    time.sleep(99)\n", "time.sleep(99)\n" + SOUND])
def test_a_strategy_that_hangs_is_unfit_when_the_time_is_over(tmp_path: Path, rule: str) -> None:
    begun = monotonic()
    with open_executor() as executor:
        found = examine_apart(executor, request(written(tmp_path, rule, RULE)), 8.0)
    assert monotonic() - begun < 10
    assert found["verdict"] == "unfit"
    assert "did not answer within" in found["flaws"][0]["detail"]


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
def test_a_slow_strategy_is_looked_at_as_far_as_the_time_allows(tmp_path: Path) -> None:
    slow = (
        "def rule(bars, params):\n    time.sleep(0.002 * len(bars) ** 0.5)\n    return (bars.close > bars.open) * 1.0\n"
    )
    begun = monotonic()
    with open_executor() as executor:
        found = examine_apart(executor, request(written(tmp_path, slow, RULE)))
    assert monotonic() - begun < 30
    assert found["verdict"] == "clean", found
    assert found["runs"]["truncation"] >= 20


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"strategy": "nobody"}, "^there is no strategy 'nobody'"),
        ({"params": {"fast": 1}}, "^fast = 1 is out of bounds"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(more: dict[str, Any], says: str) -> None:
    with open_executor() as executor, pytest.raises(UsageError, match=says):
        examine_apart(executor, {**request("demo_ma"), **more})
