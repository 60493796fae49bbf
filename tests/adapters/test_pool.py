"""A call on the warm pool ends by its deadline, whatever its task does, and costs no other call."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from adapters.hanging import HANGING, NURSERY
from adapters.test_batches import gone, parent
from quorum.adapters.process.pool import Pool
from quorum.adapters.process.workers import Workers
from quorum.domain import Done, Halted, Loss, Lost, QuorumError, UsageError
from quorum.surfaces.bench.hangs import HANGS, hang

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc is on Linux only")


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(Workers(HANGING), 3) as made:
        made.warm("calm", {})
        yield made


def lost(outcome: Done | Lost) -> tuple[Loss, str]:
    assert isinstance(outcome, Lost), outcome
    return outcome.why, str(outcome.error)


def answer(outcome: Done | Lost) -> Mapping[str, Any]:
    assert isinstance(outcome, Done), outcome
    return outcome.answer


def calm(pool: Pool) -> int:
    """The process that answers a call that nothing keeps from it."""
    pid: int = answer(pool.call("calm", {}, 10.0))["pid"]
    return pid


class TestAnswers:
    def test_an_answer_comes_back_as_it_was_given(self, pool: Pool) -> None:
        found = pool.call("double", {"numbers": [1, 0.5], "text": "ü\n", "none": None}, 10.0)
        assert answer(found) == {"numbers": [2, 1.0], "text": "ü\n", "none": None}

    def test_a_large_payload_and_answer_come_whole(self, pool: Pool) -> None:
        numbers = list(range(300_000))
        assert answer(pool.call("double", {"numbers": numbers}, 30.0))["numbers"] == [2 * n for n in numbers]

    def test_an_error_keeps_its_kind_and_its_worker(self, pool: Pool) -> None:
        found = pool.call("halt", {}, 10.0)
        assert lost(found) == (Loss.ERROR, "task halt: trading is halted; resume it")
        assert isinstance(found, Lost)
        assert isinstance(found.error, Halted)
        assert pool.call("starved", {}, 10.0).index == 0

    def test_many_threads_have_their_own_answers(self, pool: Pool) -> None:
        def ask(n: int) -> Any:
            return answer(pool.call("double", {"numbers": [n]}, 30.0))["numbers"]

        with ThreadPoolExecutor(12) as threads:
            assert list(threads.map(ask, range(300))) == [[2 * n] for n in range(300)]

    @pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf")])
    def test_a_deadline_that_is_none_is_refused(self, pool: Pool, seconds: float) -> None:
        with pytest.raises(UsageError, match=f"a deadline of {seconds} s makes no sense"):
            pool.call("calm", {}, seconds)

    def test_a_payload_that_is_not_plain_is_lost(self, pool: Pool) -> None:
        assert lost(pool.call("calm", {"set": {1}}, 10.0))[1].startswith("task calm: was given something else than")

    def test_a_pool_of_nobody_is_refused(self) -> None:
        with pytest.raises(UsageError, match="a pool of 0 workers makes no sense"):
            Pool(Workers(NURSERY), 0)


class TestLosses:
    @pytest.mark.parametrize(
        ("task", "payload", "why", "text"),
        [
            ("vanish", {}, Loss.CRASH, "task vanish: its process was killed by SIGKILL; the machine's log may say why"),
            ("breaks_memory", {}, Loss.CRASH, "its process was killed by SIGSEGV"),
            ("exits", {}, Loss.CRASH, "task exits: its process ended with 3"),
            ("leave", {}, Loss.ERROR, "task leave: SystemExit: as it likes"),
            pytest.param("leaves_a_child", {}, Loss.CRASH, "its process ended with 7", marks=LINUX),
            pytest.param("garbles", {"said": "hm"}, Loss.ERROR, "answered with something else than JSON", marks=LINUX),
            pytest.param("garbles", {"said": "[1]"}, Loss.ERROR, "something else than an answer", marks=LINUX),
            pytest.param("garbles", {"said": '{"kept": 1}'}, Loss.ERROR, "something else than an answer", marks=LINUX),
            pytest.param("floods", {}, Loss.ERROR, "task floods: said more than 64 MB", marks=LINUX),
            ("is_large", {"mb": 49}, Loss.ERROR, "task is_large: answered with 49 MB, 48 at most; put it into a file"),
            ("answers_a_list", {}, Loss.ERROR, "answered with something else than named values"),
            ("strange", {}, Loss.ERROR, "answered with something else than JSON (Object of type set"),
            ("none", {}, Loss.ERROR, "there is no task 'none'; known are "),
        ],
    )
    def test_what_goes_wrong_is_told_and_the_next_call_works(
        self, pool: Pool, task: str, payload: dict[str, Any], why: Loss, text: str
    ) -> None:
        found = lost(pool.call(task, payload, 20.0))
        assert found[0] is why
        assert text in found[1]
        assert calm(pool)

    def test_a_worker_that_died_or_spoke_while_it_waited_takes_no_call(self, pool: Pool) -> None:
        for number in (signal.SIGKILL, signal.SIGSEGV):
            pid = calm(pool)
            os.kill(pid, number)
            assert gone(pid)
            assert calm(pool) != pid

    @LINUX
    def test_one_that_keeps_much_memory_is_replaced(self) -> None:
        with Pool(Workers(NURSERY), 1, most_kept_mb=40.0) as pool:
            assert answer(pool.call("keeps", {"mb": 20}, 30.0))["pid"] == calm(pool)
            assert answer(pool.call("keeps", {"mb": 30}, 30.0))["pid"] != calm(pool)

    def test_a_nursery_that_died_is_replaced(self) -> None:
        with Pool(Workers(NURSERY), 2) as pool:
            pool.warm("calm", {})
            nursery = parent(calm(pool))
            os.kill(nursery, signal.SIGKILL)
            assert gone(nursery)
            assert parent(_patient(pool)) != nursery

    @pytest.mark.parametrize(
        ("command", "message"),
        [
            (["/none/python"], r"workers: /none/python does not start \(No such file or directory\)"),
            ([sys.executable, "-c", "raise SystemExit(5)"], "the process that forks them ended with 5"),
        ],
    )
    def test_workers_that_do_not_start_are_told_at_once(self, command: list[str], message: str) -> None:
        with Pool(Workers(command), 2) as pool:
            began = time.monotonic()
            for _ in range(2):
                found = lost(pool.call("calm", {}, 30.0))
                assert found[0] is Loss.ERROR
                assert message.replace("\\", "") in found[1]
            with pytest.raises(QuorumError, match=message):
                pool.warm("calm", {})
            assert time.monotonic() - began < 20.0


def _patient(pool: Pool) -> int:
    """The worker that answers as soon as one does."""
    for _ in range(10):
        found = pool.call("calm", {}, 10.0)
        if isinstance(found, Done):
            pid: int = found.answer["pid"]
            return pid
    raise AssertionError("nobody answers")


class TestDeadline:
    def test_hangs_of_every_kind_end_in_time_and_cost_no_other_call(self, pool: Pool) -> None:
        found = hang(pool.call, 2 * len(HANGS), 0.2, 4)
        assert found.strange == ()
        assert len(found.overruns) == 2 * len(HANGS)
        assert found.in_time == 1.0
        assert found.overruns[0] >= 0.0

    @pytest.mark.slow
    def test_a_thousand_hangs_end_within_a_second(self, pool: Pool) -> None:
        found = hang(pool.call, 1_000, 0.2, 4)
        assert (found.strange, found.in_time) == ((), 1.0)

    def test_the_time_until_a_worker_is_free_counts_and_is_told(self) -> None:
        with Pool(Workers(NURSERY), 1) as pool:
            pool.warm("calm", {})
            waited: list[float] = []
            first = threading.Thread(target=lambda: pool.call("wait", {"seconds": 0.5}, 10.0))
            first.start()
            time.sleep(0.1)
            began = time.monotonic()
            none_free = lost(pool.call("calm", {}, 0.1))
            assert 0.1 <= time.monotonic() - began < 1.1
            assert none_free == (
                Loss.TIMEOUT,
                "task calm: none of 1 workers was free within 0.1 s; give it more time, or the pool more workers",
            )
            late = lost(pool.call("wait", {"seconds": 30}, 0.8, waited.append))
            assert 0.8 <= time.monotonic() - began - 0.1 < 2.0
            first.join()
        assert 0.05 < waited[0] < 0.8
        assert late[0] is Loss.TIMEOUT
        assert "took longer than 0.8 s, 0." in late[1]
        assert late[1].endswith(" s of them until a worker was free; give it more time")

    def test_who_has_waited_longest_is_next(self) -> None:
        order: list[int] = []
        with Pool(Workers(NURSERY), 1) as pool:
            pool.warm("calm", {})

            def ask(number: int) -> None:
                pool.call("wait", {"seconds": 0.05}, 20.0)
                order.append(number)

            threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
            for thread in threads:
                thread.start()
                time.sleep(0.02)
            for thread in threads:
                thread.join()
        assert order == list(range(6))

    @LINUX
    def test_a_worker_that_was_frozen_while_it_waited_ends_in_time_too(self) -> None:
        with Pool(Workers(NURSERY), 1) as pool:
            pid = calm(pool)
            os.kill(pid, signal.SIGSTOP)
            began = time.monotonic()
            assert lost(pool.call("double", {"numbers": list(range(200_000))}, 0.3))[0] is Loss.TIMEOUT
            assert time.monotonic() - began < 1.3
            assert calm(pool) != pid
            assert gone(pid)

    @LINUX
    def test_children_in_a_session_of_their_own_are_killed_too(self, pool: Pool, tmp_path: Path) -> None:
        assert lost(pool.call("has_a_child_apart", {}, 0.5))[0] is Loss.TIMEOUT
        time.sleep(0.1)
        mine = {int(word) for word in _descendants(os.getpid())}
        assert not [pid for pid in mine if b"time.sleep(3600.0)" in _command(pid)]


def _descendants(pid: int) -> Iterator[str]:
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in file.read_text().split():
            yield child
            yield from _descendants(int(child))


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class TestWarmth:
    def test_every_worker_is_warmed_once_and_so_are_later_ones(self, tmp_path: Path) -> None:
        with Pool(Workers(NURSERY), 3) as pool:
            outcomes = pool.warm("counts", {"folder": str(tmp_path)})
            assert sorted(o.answer["calls"] for o in outcomes if isinstance(o, Done)) == [1, 1, 1]
            first = {int(file.name) for file in tmp_path.iterdir()}
            assert len(first) == 3
            found = pool.call("counts", {"folder": str(tmp_path)}, 10.0)
            assert answer(found)["calls"] == 2
            pool.call("vanish", {}, 10.0)
            until = time.monotonic() + 10.0
            while len(list(tmp_path.iterdir())) < 4 and time.monotonic() < until:
                time.sleep(0.01)
        assert len(list(tmp_path.iterdir())) == 4

    def test_a_warming_that_fails_is_told_and_the_worker_takes_calls(self) -> None:
        with Pool(Workers(NURSERY), 2) as pool:
            assert [lost(o) for o in pool.warm("missing", {})] == [
                (Loss.ERROR, "task missing: there is a gap; fill it")
            ] * 2
            assert calm(pool)

    def test_a_warming_that_kills_is_told_and_nobody_waits_for_ever(self) -> None:
        with Pool(Workers(NURSERY), 2) as pool:
            assert {lost(o)[0] for o in pool.warm("exits", {})} == {Loss.CRASH}
            assert "ended with 3" in lost(pool.call("calm", {}, 10.0))[1]
            assert {lost(o)[0] for o in pool.warm("wait", {"seconds": 30}, 0.2)} == {Loss.TIMEOUT}


class TestEnd:
    def test_closing_leaves_no_process_loses_what_runs_and_refuses_what_comes(self) -> None:
        pool = Pool(Workers(NURSERY), 2)
        pool.warm("calm", {})
        ids = {calm(pool), parent(calm(pool))}
        found: list[Done | Lost] = []
        threads = [
            threading.Thread(target=lambda: found.append(pool.call("wait", {"seconds": 30}, 20.0))) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        began = time.monotonic()
        pool.close()
        for thread in threads:
            thread.join()
        assert time.monotonic() - began < 5.0
        assert gone(*ids)
        assert sorted(lost(o)[1].partition(";")[0] for o in found) == [
            "task wait: its process died",
            "task wait: its process died",
            "task wait: the pool of workers is closed",
        ]
        for act in (lambda: pool.call("calm", {}, 1.0), lambda: pool.warm("calm", {})):
            with pytest.raises(QuorumError, match="the pool of workers is closed; open another one"):
                act()
        pool.close()

    @LINUX
    def test_children_that_were_left_after_an_answer_end_with_the_pool(self) -> None:
        with Pool(Workers(NURSERY), 1) as pool:
            pids = answer(pool.call("answers_and_leaves_children", {}, 20.0))["pids"]
        assert gone(*pids)

    def test_what_tasks_print_without_end_is_passed_on_in_part(self, capfd: pytest.CaptureFixture[str]) -> None:
        with Pool(Workers(NURSERY), 1) as pool:
            assert isinstance(pool.call("prints", {"mb": 8}, 20.0), Done)
        said = capfd.readouterr().err
        assert (1 << 20) <= len(said) < (3 << 20)
        assert "bytes that tasks printed are left out]" in said
        assert said.count("\n[") < 20
