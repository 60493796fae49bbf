"""Generated order sequences against a model: limits, vetoes, and a ledger that balances in each."""

from __future__ import annotations

import os
import random
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import reduce
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from quorum.bootstrap import open_desk
from quorum.desk import make_workspace
from quorum.desk.books import AUDITED
from quorum.execution import audit
from quorum.surfaces.bench.execution.drawn import Sequence, compared
from quorum.surfaces.bench.measure import Measure

SEQUENCES, SAMPLE, STEPS, A_STORE = 100_000, 10_000, 8, 1_000


class Played(NamedTuple):
    """What a number of sequences came to; `unbalanced` and `breaches` name what did not hold."""

    sequences: int
    steps: int
    orders: int
    vetoes: int
    fills: int
    entries: int
    breaches: tuple[str, ...]
    unbalanced: tuple[str, ...]

    def plus(self, other: Played) -> Played:
        """Both together."""
        return Played(
            self.sequences + other.sequences,
            self.steps + other.steps,
            self.orders + other.orders,
            self.vetoes + other.vetoes,
            self.fills + other.fills,
            self.entries + other.entries,
            self.breaches + other.breaches,
            self.unbalanced + other.unbalanced,
        )


NONE = Played(0, 0, 0, 0, 0, 0, (), ())


def sequences(count: int = SAMPLE, seed: int = 0) -> list[Measure]:
    """Breaches of limits and accounts that do not balance, of `count` sequences of eight steps each."""
    played = play(count, seed, at_once=min(os.cpu_count() or 1, -(-count // A_STORE)))
    told = f"{played.orders:,} orders, {played.fills:,} fills, {played.vetoes:,} vetoes"
    what = f"{played.sequences:,} of {SEQUENCES:,} sequences: {told}"
    return [
        Measure("sequence_breaches", f"limit breaches in {what}", len(played.breaches), "breaches", target=0),
        Measure("sequence_unbalanced", f"what does not balance in {what}", len(played.unbalanced), "faults", target=0),
    ]


def play(count: int, seed: int = 0, at_once: int = 1) -> Played:
    """Play the sequences with the seeds from `seed` on, each an account of its own, in stores of a thousand.

    A store takes its turn in one of `at_once` processes.
    """
    size = min(A_STORE, -(-count // at_once))
    parts = [range(begin, min(begin + size, seed + count)) for begin in range(seed, seed + count, size)]
    if at_once == 1:
        return reduce(Played.plus, map(_played, parts), NONE)
    with ProcessPoolExecutor(at_once, get_context("spawn")) as pool:
        return reduce(Played.plus, pool.map(_played, parts), NONE)


def _played(seeds: range) -> Played:
    with tempfile.TemporaryDirectory() as folder:
        return _played_at(Path(folder) / "desk", seeds)


def _played_at(home: Path, seeds: range) -> Played:
    make_workspace(home, None)
    desk = open_desk(home)
    found = NONE
    for seed in seeds:
        one = Sequence(f"a{seed}", random.Random(seed))
        one.play(desk.accounts, STEPS)
        with desk.accounts.transaction(one.account) as transaction:
            book = transaction.book()
        wrong = compared(one, book, desk.accounts.entries(one.account))
        counted = Played(1, one.steps, len(one.orders), one.vetoes, 0, 0, tuple(one.breaches), tuple(wrong))
        found = found.plus(counted)
    report = audit(desk.rows(AUDITED))
    return found.plus(Played(0, 0, 0, 0, report.fills, report.entries, (), report.faults))
