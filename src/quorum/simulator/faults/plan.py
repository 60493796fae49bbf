"""Which planted fault fires at what happens now: seeded, counted and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from random import Random

from quorum.domain import SECOND, Clock
from quorum.simulator.core import Fired
from quorum.simulator.faults.words import VENUE, Fault, FaultKind


@dataclass(slots=True)
class Planted:
    """A fault that waits: when it was planted, how many matched, how often it fired."""

    fault: Fault
    since: int
    random: Random = field(repr=False)
    seen: int = 0
    fired: int = 0

    @property
    def spent(self) -> bool:
        return self.fault.most is not None and self.fired >= self.fault.most

    def hits(self) -> bool:
        """Whether it fires at what has just matched."""
        self.seen += 1
        if self.fault.at is not None and self.seen < self.fault.at:
            return False
        if self.fault.p is not None and self.random.random() >= self.fault.p:
            return False
        self.fired += 1
        return True


class Faults:
    """The faults of a run; `tell` gets each firing before it acts, so that the journal has it first."""

    def __init__(self, clock: Clock, tell: Callable[[Fired], object], seed: int = 7) -> None:
        self._clock = clock
        self._tell = tell
        self._seed = seed
        self._count = 0
        self.planted: list[Planted] = []

    def plant(self, faults: Iterable[Fault]) -> list[str]:
        """Let `faults` wait from now on; their names, a number where none was given."""
        names = []
        for fault in faults:
            self._count += 1
            named = replace(fault, name=fault.name or f"{fault.kind.value}-{self._count}")
            self.planted.append(Planted(named, self._clock.now(), Random(f"{self._seed}:{self._count}")))
            names.append(named.name)
        return names

    def clear(self, name: str | None = None) -> int:
        """Take away the fault of that name, or all; how many went."""
        kept = [p for p in self.planted if name is not None and p.fault.name != name]
        gone = len(self.planted) - len(kept)
        self.planted[:] = kept
        return gone

    def draw(self, kinds: frozenset[FaultKind], place: str, symbol: str | None = None, part: str = "") -> Fault | None:
        """The first fault of `kinds` that fires at `place`, journaled; None where nothing goes wrong.

        A fault may name the place with its `part` behind a point: `trade_updates.fill`.
        """
        names = [place, place.partition(" ")[2]]
        names += [f"{name}.{part}" for name in names if part]
        for each in self.planted:
            if each.fault.kind in kinds and self._matches(each, names, symbol) and each.hits():
                self._fire(each, place)
                return each.fault
        return None

    def due(self) -> list[Fault]:
        """Faults of the venue that wait for their time alone, and whose time has come; journaled."""
        found = []
        for each in self.planted:
            if each.fault.kind not in VENUE or each.fault.on != "*" or each.fault.at is not None:
                continue
            occasions = self._occasions(each)
            while each.seen < occasions and not each.spent:
                if each.hits():
                    self._fire(each, "time")
                    found.append(each.fault)
        return found

    def _occasions(self, each: Planted) -> int:
        """How many there have been by now: all at once, or one every `after` seconds for a chance or without end.

        They are counted by the venue's clock alone, so that how often anybody looks changes nothing.
        """
        fault, passed = each.fault, self._clock.now() - each.since
        if not self._ripe(each):
            return 0
        if fault.p is None and fault.most is not None:
            return fault.most
        step = int((fault.after or 1) * SECOND)
        return passed // step + (fault.after == 0)

    def _matches(self, each: Planted, names: list[str], symbol: str | None) -> bool:
        fault = each.fault
        if each.spent or not self._ripe(each):
            return False
        if fault.kind not in VENUE and fault.symbol is not None and fault.symbol != symbol:
            return False
        if fault.kind in VENUE and fault.on == "*" and fault.at is None:
            return False
        return any(fnmatchcase(name, fault.on) for name in names)

    def _ripe(self, each: Planted) -> bool:
        return self._clock.now() - each.since >= each.fault.after * SECOND

    def _fire(self, each: Planted, place: str) -> None:
        fault = each.fault
        detail = f"number {each.seen}" + (f" of {fault.symbol}" if fault.symbol else "")
        self._tell(Fired(self._clock.now(), fault.kind.value, fault.name, place, detail))
