"""How much is spent on an examination, and what it has found so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from quorum.validation.lookahead.verdict import Check, Clean, Finding, Leaks, Unfit, Verdict


@dataclass(frozen=True, slots=True)
class Effort:
    """What an examination may spend: seconds in all, and of each market so many cuts, futures, starts and seconds of
    streaming; `every` second beyond them goes to cuts at all the other bars.
    """

    seconds: float = 20.0
    cuts: int = 44
    futures: int = 8
    repaints: int = 6
    growth: int = 6
    starts: int = 8
    streaming: float = 1.5
    every: float = 1.5


@dataclass(slots=True)
class Ledger:
    """What has been found so far, the same thing in the same place once; changed in place while the checks run."""

    effort: Effort
    begun: float = field(default_factory=monotonic)
    leaks: dict[tuple[Check, str, str | None], Finding] = field(default_factory=dict)
    flaws: dict[tuple[Check, str, str | None], Finding] = field(default_factory=dict)
    suspicions: dict[tuple[Check, str, str | None], Finding] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)
    skipped: list[str] = field(default_factory=list)

    def left(self) -> float:
        """Seconds that may still be spent."""
        return self.effort.seconds - (monotonic() - self.begun)

    def leak(self, finding: Finding) -> None:
        _keep(self.leaks, finding)

    def flaw(self, finding: Finding) -> None:
        _keep(self.flaws, finding)

    def suspect(self, finding: Finding) -> None:
        _keep(self.suspicions, finding)

    def skip(self, what: str) -> None:
        if what not in self.skipped:
            self.skipped.append(what)

    def verdict(self) -> Verdict:
        """What is known by now."""
        flaws = tuple(self.flaws.values())
        if self.leaks:
            return Leaks(tuple(self.leaks.values()), flaws)
        return Unfit(flaws) if flaws else Clean()


def _keep(found: dict[tuple[Check, str, str | None], Finding], finding: Finding) -> None:
    """The finding with the earliest row of its kind."""
    key = (finding.check, finding.market, finding.column)
    before = found.get(key)
    if before is None or (finding.row is not None and before.row is not None and finding.row < before.row):
        found[key] = finding
