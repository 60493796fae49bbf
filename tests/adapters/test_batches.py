"""A batch gives one outcome a task in every form; in processes no task costs another one, or outlives its limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.processes import TESTS
from adapters.tasks import TASKS
from quorum.adapters.process import ArrayFolder, InlineExecutor, ProcessExecutor, mapped
from quorum.adapters.ray import RayExecutor
from quorum.bootstrap.executors import RAY_SETTINGS, open_executor
from quorum.domain import (
    DataError,
    Done,
    Executor,
    Halted,
    Limits,
    Loss,
    Lost,
    NotFound,
    Outcome,
    Progress,
    QuorumError,
    UsageError,
)

NURSERY = [sys.executable, str(Path(__file__).with_name("tasks.py"))]
TWO = Limits(workers=2)
Values = Mapping[str, Any]


@pytest.fixture(scope="module")
def process() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(NURSERY, NURSERY) as executor:
        yield executor


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayExecutor]:
    """One cluster of this machine's own; it listens on the loopback interface only and reports to nobody."""
    if find_spec("ray") is None:
        pytest.skip("ray is not installed")
    os.environ.update(RAY_SETTINGS)
    with RayExecutor([str(Path(__file__).with_name("tasks.py"))]) as executor:
        yield executor


@pytest.fixture(params=["inline", "process", pytest.param("ray", marks=pytest.mark.slow)])
def executor(request: pytest.FixtureRequest) -> Executor:
    if request.param == "inline":
        return InlineExecutor(TASKS)
    found: Executor = request.getfixturevalue("process" if request.param == "process" else "cluster")
    return found


def outcomes(executor: Executor, task: str, payloads: Sequence[Values], limits: Limits = TWO) -> list[Outcome]:
    """The outcomes of a batch in the order of its payloads; each payload has exactly one."""
    found = sorted(executor.run_many(task, payloads, limits), key=lambda outcome: outcome.index)
    assert [outcome.index for outcome in found] == list(range(len(payloads)))
    return found


def lost(outcome: Outcome) -> tuple[Loss, str]:
    assert isinstance(outcome, Lost)
    return outcome.why, str(outcome.error)


def answer(outcome: Outcome) -> Values:
    assert isinstance(outcome, Done), outcome
    return outcome.answer


def gone(*ids: int, seconds: float = 5.0) -> bool:
    """Whether none of the processes lives, at once or after a moment; one that nobody has waited for is dead."""
    until = time.monotonic() + seconds
    while any(_lives(number) for number in ids):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _lives(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def written_to(file: Path) -> int:
    """The number that a task writes into a file, as soon as it has."""
    while not file.exists() or not file.read_text():
        time.sleep(0.01)
    return int(file.read_text())


def parent(number: int) -> int:
    return int(Path(f"/proc/{number}/status").read_text().partition("PPid:")[2].split()[0])


def processes(executor: ProcessExecutor) -> set[int]:
    """The ids of the nursery and of the workers that a batch of two had."""
    found = outcomes(executor, "where", [{}] * 40)
    return {answer(o)[name] for o in found for name in ("pid", "parent")}


class TestEveryForm:
    def test_every_payload_has_its_answer_whatever_the_order(self, executor: Executor) -> None:
        found = outcomes(executor, "double", [{"numbers": [n, 0.5], "text": "ü\n", "none": None} for n in range(200)])
        assert [answer(o) for o in found] == [
            {"numbers": [2 * n, 1.0], "text": "ü\n", "none": None} for n in range(200)
        ]
        assert all(isinstance(o, Done) and o.cpu_seconds >= 0 and o.peak_mb >= 0 for o in found)

    def test_no_payload_is_no_outcome(self, executor: Executor) -> None:
        assert outcomes(executor, "double", []) == []

    def test_the_error_of_one_task_names_it_and_the_others_finish(self, executor: Executor) -> None:
        found = outcomes(executor, "double", [{"numbers": [1]}, {"numbers": 3}, {"numbers": [2]}])
        assert [answer(found[0]), answer(found[2])] == [{"numbers": [2]}, {"numbers": [4]}]
        assert lost(found[1]) == (Loss.ERROR, "task double 1: TypeError: 'int' object is not iterable")

    @pytest.mark.parametrize(
        ("task", "kind", "text"),
        [
            ("halt", Halted, "task halt: trading is halted; resume it"),
            ("missing", DataError, "task missing: there is a gap; fill it"),
            ("leave", QuorumError, "task leave: SystemExit: as it likes"),
            ("none", NotFound, "task none: there is no task 'none'; known are "),
            ("strange", QuorumError, "task strange: answered with something else than JSON (Object of type set"),
        ],
    )
    def test_an_error_keeps_its_kind(self, executor: Executor, task: str, kind: type[QuorumError], text: str) -> None:
        (found,) = outcomes(executor, task, [{}])
        assert lost(found)[0] is Loss.ERROR
        assert lost(found)[1].startswith(text)
        assert isinstance(found, Lost)
        assert type(found.error) is kind

    def test_a_payload_that_is_not_plain_is_lost_alone(self, executor: Executor) -> None:
        found = outcomes(executor, "double", [{"numbers": [1]}, {"numbers": object()}, {"numbers": (2,)}])
        assert [answer(found[0]), answer(found[2])] == [{"numbers": [2]}, {"numbers": [4]}]
        assert lost(found[1])[1].startswith("task double 1: was given something else than JSON (Object of type object")

    def test_a_task_without_memory_says_so(self, executor: Executor) -> None:
        (found,) = outcomes(executor, "starved", [{}])
        assert lost(found) == (
            Loss.MEMORY,
            "task starved wants more memory than there is; give it more, or smaller work",
        )

    def test_progress_tells_of_each_outcome_and_of_steps_on_the_way(self, executor: Executor) -> None:
        told: list[Progress] = []
        list(executor.run_many("step", [{}, {}, {}], TWO, told.append))
        assert [p.done for p in told] == sorted(p.done for p in told)
        assert {p.total for p in told} == {3}
        assert told[-1] == Progress(3, 3, {})
        shares = {share for p in told for share in p.running.values()}
        assert shares >= {0.25, 0.5, 0.75} or (isinstance(executor, RayExecutor) and shares & {0.25, 0.5, 0.75})
        assert {index for p in told for index in p.running} == {0, 1, 2}

    def test_the_processor_s_time_is_told(self, executor: Executor) -> None:
        (found,) = outcomes(executor, "spin", [{"seconds": 0.1}])
        assert isinstance(found, Done)
        assert 0.1 <= found.cpu_seconds < 0.3


@pytest.mark.parametrize("given", [{"seconds": 0}, {"memory_mb": -1}, {"workers": 0}, {"seconds": float("nan")}])
def test_limits_that_make_no_sense_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"a limit of .* {next(iter(given))} makes no sense; it is a number above 0"):
        Limits(**given)


class TestDeadline:
    @pytest.mark.parametrize("task", ["spin", "wait"])
    def test_what_takes_too_long_is_killed_in_time_and_replaced(self, process: ProcessExecutor, task: str) -> None:
        started = time.monotonic()
        payloads = [{"seconds": s, "deaf": True} for s in (30, 0, 30, 0)]
        found = outcomes(process, task, payloads, Limits(seconds=0.3, workers=2))
        assert time.monotonic() - started < 2.0
        assert [isinstance(o, Done) for o in found] == [False, True, False, True]
        assert lost(found[2]) == (Loss.TIMEOUT, f"task {task} 2 took longer than 0.3 s; give it more time")

    def test_it_holds_while_nobody_listens(self, process: ProcessExecutor, tmp_path: Path) -> None:
        late = {"seconds": 30, "file": str(tmp_path / "pid")}
        found = process.run_many("wait", [{"seconds": 0}, late], Limits(seconds=0.3, workers=2))
        next(found)
        time.sleep(0.3)
        assert gone(int((tmp_path / "pid").read_text()), seconds=2.0)
        assert lost(next(found))[0] is Loss.TIMEOUT

    def test_an_answer_in_time_counts_whenever_it_is_heard(self, process: ProcessExecutor) -> None:
        payloads = [{"numbers": [1] * count} for count in (1, 300_000, 300_000)]
        found = process.run_many("double", payloads, Limits(seconds=0.5, workers=3))
        outcome = [next(found)]
        time.sleep(0.8)
        assert all(isinstance(o, Done) for o in [*outcome, *found])

    def test_the_children_of_what_is_killed_are_killed(self, process: ProcessExecutor, tmp_path: Path) -> None:
        import fcntl

        (found,) = outcomes(process, "dawdle", [{"folder": str(tmp_path)}], Limits(seconds=0.5))
        assert lost(found)[0] is Loss.TIMEOUT
        with (tmp_path / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # held until both are gone


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
class TestMemory:
    def test_what_wants_too_much_is_lost_alone(self, process: ProcessExecutor) -> None:
        found = outcomes(process, "fill", [{"mb": mb} for mb in (20, 4000, 60, 150)], Limits(memory_mb=100, workers=2))
        assert [isinstance(o, Done) for o in found] == [True, False, True, False]
        assert lost(found[1]) == (
            Loss.MEMORY,
            "task fill 1 wants more memory than its 100 MB; give it more, or smaller work",
        )

    def test_shared_memory_counts(self, process: ProcessExecutor) -> None:
        found = outcomes(
            process, "fill", [{"mb": 30, "how": "shared"}, {"mb": 900, "how": "shared"}], Limits(memory_mb=60)
        )
        assert isinstance(found[0], Done)
        assert lost(found[1])[0] is Loss.MEMORY

    def test_each_task_tells_its_own_peak(self, process: ProcessExecutor) -> None:
        found = outcomes(process, "fill", [{"mb": mb} for mb in (80, 1, 40)], Limits(workers=1))
        peaks = [o.peak_mb for o in found if isinstance(o, Done)]
        assert peaks == pytest.approx([80, 1, 40], abs=6)

    def test_what_keeps_memory_leaves_none_of_it_to_the_next(self, process: ProcessExecutor) -> None:
        limits = Limits(memory_mb=100, workers=1)
        assert all(isinstance(o, Done) for o in outcomes(process, "fill", [{"mb": 70, "how": "kept"}] * 4, limits))

    def test_arrays_that_are_shared_are_mapped_and_count_for_nobody(self, process: ProcessExecutor) -> None:
        numbers = np.ones(8 << 20)
        with ArrayFolder() as folder:
            paths = [folder.put(numbers), folder.put(numbers[:3])]
            found = outcomes(process, "total", [{"path": path} for path in paths], Limits(memory_mb=20))
            assert answer(found[0]) == {"sum": float(8 << 20), "writeable": False}
            assert answer(found[1])["sum"] == 3.0
        assert not Path(paths[0]).parent.exists()
        with pytest.raises(DataError, match="holds no array"):
            mapped(paths[0])


class TestCrash:
    @pytest.mark.parametrize(
        ("task", "how"),
        [("vanish", "was killed by SIGKILL"), ("breaks_memory", "was killed by SIGSEGV"), ("exits", "ended with 3")],
    )
    def test_a_task_that_ends_its_process_is_lost_alone(self, process: ProcessExecutor, task: str, how: str) -> None:
        batch = process.run_many(task, [{}] * 3, TWO)
        found = [lost(o) for o in batch]
        assert {why for why, _ in found} == {Loss.CRASH}
        assert {text.partition(": ")[2] for _, text in found} == {f"its process {how}; the machine's log may say why"}
        assert answer(outcomes(process, "double", [{"numbers": [4]}])[0]) == {"numbers": [8]}

    def test_a_worker_that_died_while_it_waited_is_replaced(self, process: ProcessExecutor) -> None:
        (one,) = outcomes(process, "where", [{}], Limits(workers=1))
        os.kill(answer(one)["pid"], signal.SIGKILL)
        gone(answer(one)["pid"])
        assert all(isinstance(o, Done) for o in outcomes(process, "double", [{"numbers": [1]}] * 6))

    def test_a_nursery_that_died_is_replaced(self) -> None:
        with ProcessExecutor(NURSERY, NURSERY) as executor:
            ids = processes(executor)
            nursery = answer(outcomes(executor, "where", [{}])[0])["parent"]
            os.kill(nursery, signal.SIGKILL)
            assert gone(*ids)
            assert ids.isdisjoint(processes(executor))

    def test_a_nursery_that_dies_in_the_middle_costs_what_was_running(self, tmp_path: Path) -> None:
        with ProcessExecutor(NURSERY, NURSERY) as executor:
            late = {"seconds": 30, "file": str(tmp_path / "pid")}
            batch = executor.run_many("wait", [{"seconds": 0}, late, {"seconds": 0}, {"seconds": 0}], Limits(workers=1))
            next(batch)
            os.kill(parent(written_to(tmp_path / "pid")), signal.SIGKILL)
            assert [isinstance(o, Done) for o in batch] == [False, True, True]

    @pytest.mark.parametrize(
        ("command", "message"),
        [
            (["/none/python"], r"workers: /none/python does not start \(No such file or directory\)"),
            ([sys.executable, "-c", "raise SystemExit(5)"], "the process that forks them ended with 5"),
        ],
    )
    def test_a_nursery_that_does_not_start_is_one_line(self, command: list[str], message: str) -> None:
        with pytest.raises(QuorumError, match=message):
            list(ProcessExecutor([], command).run_many("double", [{"numbers": [1]}], TWO))


class TestProcesses:
    def test_the_next_batch_has_the_same_workers(self, process: ProcessExecutor) -> None:
        assert processes(process) == processes(process)
        assert len(processes(process)) == 3

    def test_no_worker_is_left_when_it_is_closed(self) -> None:
        with ProcessExecutor(NURSERY, NURSERY) as executor:
            ids = processes(executor)
        assert gone(*ids, seconds=0.0)

    def test_who_stops_listening_leaves_no_process(self) -> None:
        executor = ProcessExecutor(NURSERY, NURSERY)
        ids = processes(executor)
        batch = executor.run_many("wait", [{"seconds": s} for s in (0, 60, 60, 60)], TWO)
        next(batch)
        batch.close()  # type: ignore[attr-defined]
        assert gone(*ids, seconds=0.0)
        assert all(isinstance(o, Done) for o in outcomes(executor, "double", [{"numbers": [1]}] * 3))
        executor.close()

    def test_an_error_of_who_is_told_leaves_no_process(self) -> None:
        def fail(progress: Progress) -> None:
            raise KeyboardInterrupt

        executor = ProcessExecutor(NURSERY, NURSERY)
        ids = processes(executor)
        with pytest.raises(KeyboardInterrupt):
            list(executor.run_many("wait", [{"seconds": 0}, {"seconds": 60}], TWO, fail))
        assert gone(*ids, seconds=0.0)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
    def test_who_is_interrupted_or_killed_leaves_no_process(self, number: signal.Signals) -> None:
        command = [sys.executable, "-m", "adapters.driver"]
        with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as driver:
            assert driver.stdout is not None
            ids = [int(word) for word in driver.stdout.readline().split()]
            driver.send_signal(number)
            _, said = driver.communicate(timeout=60)
        assert len(ids) == 3
        assert ("KeyboardInterrupt" in said) == (number is signal.SIGINT)
        assert gone(*ids)

    def test_a_batch_outlives_the_last_name_of_its_executor(self) -> None:
        batch = ProcessExecutor(NURSERY, NURSERY).run_many("where", [{}, {}], TWO)
        ids = {answer(o)[name] for o in batch for name in ("pid", "parent")}
        del batch
        assert gone(*ids, seconds=0.0)

    def test_two_batches_at_once_do_not_mix(self, process: ProcessExecutor) -> None:
        found: dict[int, list[Outcome]] = {}

        def run(start: int) -> None:
            found[start] = outcomes(process, "double", [{"numbers": [start + n]} for n in range(50)])

        threads = [threading.Thread(target=run, args=(start,)) for start in (0, 1000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for start in (0, 1000):
            assert [answer(o)["numbers"][0] for o in found[start]] == [2 * (start + n) for n in range(50)]

    def test_a_worker_inherits_nothing_of_who_asks(self, process: ProcessExecutor) -> None:
        modules = answer(outcomes(process, "where", [{}])[0])["modules"]
        assert "pytest" not in modules
        assert "numpy" in modules


def test_without_ray_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"^ray is not installed; install quorum\[ray\]$"):
        list(RayExecutor([]).run_many("double", [{"numbers": [1]}], TWO))


@pytest.mark.slow
class TestCluster:
    def test_one_task_answers_or_raises_its_own_error(self, cluster: RayExecutor) -> None:
        assert cluster.run("double", {"numbers": [3]}, timeout=30) == {"numbers": [6]}
        with pytest.raises(DataError, match=r"^task missing: there is a gap; fill it$"):
            cluster.run("missing", {})
        with pytest.raises(QuorumError, match=r"^task wait took longer than 0\.3 s; give it more time$"):
            cluster.run("wait", {"seconds": 30}, timeout=0.3)

    def test_limits_are_enforced_on_the_node(self, cluster: RayExecutor) -> None:
        limits = Limits(seconds=1.0, memory_mb=100, workers=2)
        found = outcomes(cluster, "fill", [{"mb": 20}, {"mb": 4000}, {"mb": 30}], limits)
        assert [isinstance(o, Done) for o in found] == [True, False, True]
        assert lost(found[1]) == (
            Loss.MEMORY,
            "task fill 1 wants more memory than its 100 MB; give it more, or smaller work",
        )
        late = outcomes(cluster, "spin", [{"seconds": 30, "deaf": True}, {"seconds": 0}], limits)
        assert lost(late[0]) == (Loss.TIMEOUT, "task spin 0 took longer than 1 s; give it more time")
        assert isinstance(late[1], Done)

    def test_a_crash_is_isolated(self, cluster: RayExecutor) -> None:
        found = outcomes(cluster, "breaks_memory", [{}, {}])
        assert {lost(o)[0] for o in found} == {Loss.CRASH}
        assert answer(outcomes(cluster, "double", [{"numbers": [4]}])[0]) == {"numbers": [8]}

    def test_a_station_that_dies_costs_its_task_only(self, cluster: RayExecutor, tmp_path: Path) -> None:
        file = tmp_path / "pid"
        batch = cluster.run_many(
            "wait", [{"seconds": 0}, {"seconds": 60, "file": str(file)}, {"seconds": 0}], Limits(workers=1)
        )
        next(batch)
        worker = written_to(file)
        os.kill(parent(parent(worker)), signal.SIGKILL)
        assert [isinstance(o, Done) for o in batch] == [False, True]
        assert gone(worker)

    def test_the_next_batch_has_the_same_workers_and_who_stops_listening_leaves_none(
        self, cluster: RayExecutor
    ) -> None:
        one = Limits(workers=1)
        ids = [answer(o)["pid"] for _ in range(2) for o in outcomes(cluster, "where", [{}], one)]
        assert len(set(ids)) == 1
        batch = cluster.run_many("wait", [{"seconds": s} for s in (0, 60)], one)
        next(batch)
        batch.close()  # type: ignore[attr-defined]
        assert gone(ids[0])


@pytest.mark.slow
def test_quorum_s_own_workers_come_from_a_nursery_with_one_thread_and_without_what_cannot_be_forked() -> None:
    with open_executor() as executor:
        (found,) = outcomes(executor, "none", [{}])
        assert lost(found)[1].startswith("task none: there is no task 'none'; known are ")
        nursery = executor._workers._nursery
        assert nursery is not None
        number = nursery._process.pid
        assert len(os.listdir(f"/proc/{number}/task")) == 1
        maps = Path(f"/proc/{number}/maps").read_text()
        assert "llvmlite" in maps
        assert not [name for name in ("polars", "duckdb", "lightgbm") if name in maps]
