"""A named task answers the same here and in a process of its own, and fails in one line of the same kind."""

from __future__ import annotations

import fcntl
import os
import sys
import threading
from pathlib import Path
from time import monotonic

import pytest

from adapters.tasks import TASKS
from quorum.adapters.process import InlineExecutor, ProcessExecutor
from quorum.bootstrap import open_executor
from quorum.domain import Executor, Halted, QuorumError, UsageError

NURSERY = [sys.executable, str(Path(__file__).with_name("tasks.py"))]


@pytest.fixture(params=["inline", "process"])
def executor(request: pytest.FixtureRequest) -> Executor:
    return InlineExecutor(TASKS) if request.param == "inline" else ProcessExecutor(NURSERY, NURSERY)


@pytest.fixture
def process() -> ProcessExecutor:
    return ProcessExecutor(NURSERY, NURSERY)


def test_the_answer_is_the_task_s(executor: Executor) -> None:
    payload = {"numbers": [1, 2.5], "text": "ümlaut\n", "none": None, "deep": {"list": [True]}}
    assert executor.run("double", payload, timeout=30) == {**payload, "numbers": [2, 5.0]}


def test_a_task_that_does_not_exist_is_refused_with_the_names_that_do(executor: Executor) -> None:
    with pytest.raises(UsageError, match=r"there is no task 'none'; known are.* double"):
        executor.run("none", {})


def test_the_task_s_own_error_keeps_its_kind_and_is_one_line(executor: Executor) -> None:
    with pytest.raises(Halted) as caught:
        executor.run("halt", {})
    assert str(caught.value).endswith("trading is halted; resume it")
    assert caught.value.exit_code == 4


def test_a_process_inherits_no_module_and_no_memory(process: ProcessExecutor) -> None:
    here = InlineExecutor(TASKS).run("where", {})
    there = process.run("where", {})
    assert here["pid"] == os.getpid() != there["pid"]
    assert "pytest" in here["modules"]
    assert "pytest" not in there["modules"]


def test_an_answer_larger_than_any_pipe_comes_whole(process: ProcessExecutor) -> None:
    numbers = list(range(200_000))
    assert process.run("double", {"numbers": numbers})["numbers"] == [2 * n for n in numbers]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("crash", r"^task crash: ZeroDivisionError: one by nought$"),
        ("vanish", r"^task vanish: ended with -9$"),
        ("chatter", r"^task chatter answered with something else than JSON; report it$"),
    ],
)
def test_whatever_breaks_in_the_process_is_one_line(process: ProcessExecutor, task: str, message: str) -> None:
    with pytest.raises(QuorumError, match=message):
        process.run(task, {})


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(QuorumError, match=r"^task x: /none/python does not start \(No such file or directory\)$"):
        ProcessExecutor(["/none/python"], []).run("x", {})


@pytest.mark.timeout(20)
def test_on_the_deadline_the_process_and_its_children_are_killed(process: ProcessExecutor, tmp_path: Path) -> None:
    started = monotonic()
    with pytest.raises(QuorumError, match=r"^task dawdle took longer than 1 s; give it more time$"):
        process.run("dawdle", {"folder": str(tmp_path)}, timeout=1)
    assert monotonic() - started < 5
    assert (tmp_path / "both live").exists()
    with (tmp_path / "lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # held until both are gone


def test_two_threads_run_their_tasks_at_once(process: ProcessExecutor) -> None:
    answers: dict[int, object] = {}
    threads = [
        threading.Thread(target=lambda n=n: answers.update({n: process.run("double", {"numbers": [n]})["numbers"]}))
        for n in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {1: [2], 2: [4]}


@pytest.mark.slow
def test_quorum_s_own_command_answers_as_an_executor_expects() -> None:
    with pytest.raises(UsageError, match=r"^task none: there is no task 'none'; known are .*replay"):
        open_executor().run("none", {})
