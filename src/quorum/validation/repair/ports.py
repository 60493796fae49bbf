"""The doors of a repair: what is done apart for it, and what is written down before and after each attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from quorum.engine import TrialRecord
from quorum.validation.ladder.result import TierResult
from quorum.validation.life import Idea
from quorum.validation.repair.case import Case, Failing
from quorum.validation.repair.fix import Fix, Proposal

if TYPE_CHECKING:
    from quorum.validation.repair.attempt import Attempt


@dataclass(frozen=True, slots=True)
class NoResult:
    """A check that has no result: the reason as the table has it, as `timeout`, and what was found."""

    reason: str
    why: str


class Hands(Protocol):
    """What is done apart from the process that decides, so that nothing a strategy does can stop it."""

    def propose(self, case: Case) -> Proposal:
        """What the agent proposes; QuorumError when it breaks, or takes longer than an attempt may."""
        ...

    def run(self, idea: Idea, data: Mapping[str, Any], attempt: int, patience: float = 1.0) -> TierResult | NoResult:
        """The tier on an idea, within `patience` times its deadline; `data` may ask for fewer days or another venue."""
        ...

    def families(self, ideas: Sequence[Idea]) -> Sequence[Sequence[TrialRecord]]:
        """The trials of each different family that these ideas belong to, in their order."""
        ...


class Keeper(Protocol):
    """Keeps what happens."""

    def before(self, number: int, failing: Failing, fix: Fix) -> None:
        """Keep what was, and what is to be tried; nothing is tried before this returns."""
        ...

    def after(self, attempt: Attempt) -> None:
        """Keep how it ended."""
        ...
