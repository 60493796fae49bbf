"""Generated order sequences against a model: limits, vetoes, and a ledger that balances in each."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import NamedTuple

from quorum.bootstrap import open_desk
from quorum.desk import make_workspace
from quorum.desk.books import AUDITED
from quorum.execution import audit
from quorum.surfaces.bench.execution.drawn import Sequence, compared
from quorum.surfaces.bench.measure import Measure

SEQUENCES, STEPS, A_STORE = 200, 8, 500


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


def sequences(count: int = SEQUENCES, seed: int = 0) -> list[Measure]:
    """Breaches of limits and accounts that do not balance, of `count` sequences of eight steps each."""
    played = play(count, seed)
    what = f"{played.sequences:,} sequences: {played.orders:,} orders, {played.fills:,} fills, {played.vetoes:,} vetoes"
    return [
        Measure("sequence_breaches", f"limit breaches in {what}", len(played.breaches), "breaches", target=0),
        Measure("sequence_unbalanced", f"what does not balance in {what}", len(played.unbalanced), "faults", target=0),
    ]


def play(count: int, seed: int = 0) -> Played:
    """Play the sequences with the seeds from `seed` on, each an account of its own, in stores of a few hundred."""
    found = NONE
    for begin in range(seed, seed + count, A_STORE):
        with tempfile.TemporaryDirectory() as folder:
            found = found.plus(_played(Path(folder) / "desk", range(begin, min(begin + A_STORE, seed + count))))
    return found


def _played(home: Path, seeds: range) -> Played:
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
