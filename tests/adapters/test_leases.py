"""A slot has one holder; whoever lost it cannot write, and only one of many takes it over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import pytest

from adapters.holder import IDLE_MS
from adapters.processes import TESTS, run
from adapters.stores import NOW, Store, store_at
from quorum.adapters.sql import Database, tables
from quorum.adapters.sql.coordination.leases import Lease, LeaseLost, Leases
from quorum.adapters.sql.coordination.tables import worker
from quorum.domain import SECOND, VirtualClock

LENGTH = 30.0


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = store_at(place)
    yield store
    store.database.close()


@pytest.fixture
def leases(store: Store) -> Leases:
    return Leases(store.database, store.clock, LENGTH)


def later(database: Database, seconds: float) -> None:
    """As if so many seconds had passed since the last beats."""
    columns, by = worker.c, int(seconds * SECOND)
    with database.write() as connection:
        connection.execute(worker.update().values(beat_at=columns.beat_at - by, expires_at=columns.expires_at - by))


def claim(leases: Leases, name: str = "one") -> Lease:
    return leases.claim(name, "here", 7)


def write(database: Database, name: str) -> None:
    with database.write() as connection:
        connection.execute(tables.counter.insert().values(name=name, value=1))


def written(database: Database) -> list[str]:
    return [row["name"] for row in database.rows("counter")]


def test_each_worker_has_a_slot_of_its_own_from_1(leases: Leases) -> None:
    assert [claim(leases, name) for name in "abc"] == [Lease(1, 1), Lease(2, 1), Lease(3, 1)]
    found = leases.living()
    assert [(h.slot, h.worker_id, h.host, h.pid) for h in found] == [(n, w, "here", 7) for n, w in enumerate("abc", 1)]
    assert all(0 <= holder.age < LENGTH for holder in found)


def test_the_lowest_slot_that_is_free_or_has_run_out_is_claimed_with_the_next_epoch(
    leases: Leases, store: Store
) -> None:
    first, second, third = (claim(leases, name) for name in "abc")
    leases.release(second)
    later(store.database, LENGTH + 1)
    leases.beat(third)
    assert leases.expired() == [first]
    assert leases.held() == [first, third]
    assert [claim(leases, name).slot for name in "def"] == [1, 2, 4]
    assert [holder.worker_id for holder in leases.living()] == ["d", "e", "c", "f"]
    assert claim(leases, "g") == Lease(5, 1)


def test_an_epoch_grows_with_every_change_of_hands(leases: Leases, store: Store) -> None:
    epochs = []
    for _ in range(3):
        lease = claim(leases)
        epochs.append(lease.epoch)
        leases.release(lease)
        epochs.append(claim(leases).epoch)
        later(store.database, LENGTH + 1)
    assert epochs == sorted(set(epochs))


def test_a_beat_holds_a_lease_that_nobody_took_however_late(leases: Leases, store: Store) -> None:
    lease = claim(leases)
    later(store.database, LENGTH - 5)
    (holder,) = leases.living()
    assert LENGTH - 5 <= holder.age < LENGTH
    leases.beat(lease)
    later(store.database, LENGTH - 5)
    assert leases.expired() == []
    later(store.database, LENGTH)
    assert (leases.expired(), leases.living()) == ([lease], [])
    leases.beat(lease)
    assert (leases.expired(), len(leases.living())) == ([], 1)


def test_only_what_has_run_out_is_taken_over_and_once(leases: Leases, store: Store) -> None:
    lease = claim(leases)
    assert not leases.take_over(*lease)
    later(store.database, LENGTH + 1)
    assert not leases.take_over(lease.slot, lease.epoch + 1)
    assert leases.take_over(*lease)
    assert not leases.take_over(*lease)
    assert not leases.take_over(lease.slot, lease.epoch + 1)
    assert (leases.expired(), leases.living()) == ([], [])


def test_whoever_lost_a_lease_can_neither_beat_nor_write_nor_free_the_next_one(leases: Leases, store: Store) -> None:
    lost = claim(leases)
    store.database.fence = leases.fence(lost)
    write(store.database, "mine")
    later(store.database, LENGTH + 1)
    assert leases.take_over(*lost)
    message = r"^the lease of worker slot 1 \(epoch 1\) was taken over; this process stood still .* start it again$"
    for act in (lambda: write(store.database, "late"), lambda: leases.beat(lost), lambda: leases.take_over(1, 1)):
        with pytest.raises(LeaseLost, match=message):
            act()
    leases.release(lost)
    store.database.fence = None
    with pytest.raises(LeaseLost):
        leases.beat(lost)
    mine = claim(leases)
    leases.release(lost)
    assert [holder.slot for holder in leases.living()] == [mine.slot]
    assert written(store.database) == ["mine"]


def test_a_lease_that_was_given_back_is_lost_too(leases: Leases, store: Store) -> None:
    lease = claim(leases)
    leases.release(lease)
    store.database.fence = leases.fence(lease)
    with pytest.raises(LeaseLost):
        write(store.database, "late")


def test_a_fence_that_refuses_leaves_reading_alone(store: Store) -> None:
    def refuse(connection: object) -> None:
        raise ZeroDivisionError

    store.database.fence = refuse
    with pytest.raises(ZeroDivisionError):
        write(store.database, "never")
    assert written(store.database) == []
    store.database.fence = None
    write(store.database, "again")


def test_the_clock_of_the_server_judges_whatever_the_workers_clocks_say(postgres: str) -> None:
    database = Database(postgres)
    slow, fast = (Leases(database, VirtualClock(at), LENGTH) for at in (0, 2 * NOW))
    lease = claim(slow)
    assert (fast.expired(), fast.take_over(*lease)) == ([], False)
    assert claim(fast) == Lease(2, 1)
    later(database, LENGTH + 1)
    assert len(slow.expired()) == 2
    assert slow.take_over(2, 1)
    database.close()


def test_a_beat_does_not_wait_for_the_worker_s_own_transactions(postgres: str) -> None:
    database, beats = Database(postgres), Database(postgres, busy_ms=100)
    leases = Leases(beats, VirtualClock(NOW), LENGTH)
    lease = claim(leases)
    database.fence = leases.fence(lease)
    with database.write():
        later(beats, LENGTH + 1)
        assert not leases.take_over(*lease)  # amid a transaction
        leases.beat(lease)
        assert leases.expired() == []
    database.close()
    beats.close()


def test_each_lease_is_taken_over_by_one_of_four_contenders(store: Store, place: Path | str, leases: Leases) -> None:
    dead = [claim(leases) for _ in range(12)]
    later(store.database, LENGTH + 1)
    told = run("adapters.worker", 4, "take_over", place)
    assert sorted(told, key=int) == [str(lease.slot) for lease in dead]


# Real processes


@contextmanager
def worker_at(place: Path | str, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A worker with a lease in another process."""
    command = [sys.executable, "-m", "adapters.holder", str(place), str(seconds)]
    with subprocess.Popen(command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def say(child: subprocess.Popen[str], word: str = "") -> None:
    assert child.stdin is not None
    child.stdin.write(f"{word}\n")
    child.stdin.flush()


def heard(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")


def lease_of(child: subprocess.Popen[str]) -> Lease:
    slot, epoch = heard(child).split()
    return Lease(int(slot), int(epoch))


def until(met: Callable[[], bool], seconds: float = 20.0) -> float:
    """Ask again until it is so; how many seconds that took."""
    started = perf_counter()
    while not met():
        assert perf_counter() - started < seconds
        time.sleep(0.01)
    return perf_counter() - started


def test_a_worker_that_was_stopped_and_woken_writes_nothing(store: Store, place: Path | str) -> None:
    leases = Leases(store.database, store.clock, LENGTH)
    with worker_at(place, LENGTH) as child:
        lease = lease_of(child)
        say(child, "write before")
        assert heard(child) == "done"
        child.send_signal(signal.SIGSTOP)
        say(child, "write after")
        later(store.database, LENGTH + 1)
        assert leases.take_over(*lease)
        child.send_signal(signal.SIGCONT)
        assert heard(child).startswith("LeaseLost the lease of worker slot 1 (epoch 1) was taken over")
        say(child, "beat")
        assert heard(child).startswith("LeaseLost")
    assert written(store.database) == ["before"]


def test_a_worker_stopped_amid_a_transaction_delays_nobody_beyond_the_idle_time(postgres: str) -> None:
    database = Database(postgres)
    leases = Leases(database, VirtualClock(NOW), LENGTH)
    with worker_at(postgres, LENGTH) as child:
        lease = lease_of(child)
        say(child, "hold amid")
        assert heard(child) == "inside"
        child.send_signal(signal.SIGSTOP)
        later(database, LENGTH + 1)
        assert claim(leases) == Lease(2, 1)  # the slot is left to the transaction
        taken = until(lambda: leases.take_over(*lease))
        assert taken < IDLE_MS / 1000 + 2
        child.send_signal(signal.SIGCONT)
        say(child)
        assert heard(child).startswith("StoreError database postgresql://")
        say(child, "write after")
        assert heard(child).startswith("LeaseLost")
    assert written(database) == []
    database.close()


@pytest.mark.slow
def test_a_busy_worker_that_is_stopped_anywhere_writes_nothing_after_it_was_taken_over(postgres: str) -> None:
    database = Database(postgres)
    leases = Leases(database, VirtualClock(NOW), 0.5)
    for turn in range(8):
        with worker_at(postgres, 0.5) as child:
            lease = lease_of(child)
            say(child, "on")
            until(lambda: written(database) != [])
            time.sleep(0.003 * turn)
            child.send_signal(signal.SIGSTOP)
            waited = until(lambda lease=lease: leases.take_over(*lease))
            assert waited < 0.5 + IDLE_MS / 1000 + 2
            before = written(database)
            child.send_signal(signal.SIGCONT)
            assert heard(child).startswith(("LeaseLost", "StoreError"))
            say(child, "write after")
            assert heard(child).startswith("LeaseLost")
            assert written(database) == before
        with database.write() as connection:
            connection.execute(tables.counter.delete())
    database.close()


def test_a_worker_that_was_killed_leaves_its_slot_to_the_next(postgres: str) -> None:
    database = Database(postgres)
    leases = Leases(database, VirtualClock(NOW), LENGTH)
    with worker_at(postgres, LENGTH) as child:
        lease = lease_of(child)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert leases.expired() == []
    later(database, LENGTH + 1)
    assert leases.expired() == [lease]
    assert claim(leases) == Lease(lease.slot, lease.epoch + 1)
    database.close()
