"""What a meeting knows of the past: every idea in the queue with its fingerprint, how far each came, who had it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from quorum.desk.desk import Desk
from quorum.desk.life import Record, strategy_of
from quorum.discovery import Fingerprint, Known, Lived, fingerprint
from quorum.domain import QuorumError, Timeframe
from quorum.signals import SpecStrategy
from quorum.validation.life import DEPLOYED, OVER, Candidate, Status

HELD, CHOSEN, SKIPPED, SPENT = "held", "chosen", "skipped", "spent"
SETTLED = OVER | DEPLOYED | {Status.RISK_ASSESSED, Status.AWAITING_HUMAN, Status.DISABLED, Status.INCONCLUSIVE}
"""Where an idea's own tiers are behind it, one way or another."""


class Past(NamedTuple):
    """Known ideas, how far each came by its id, and ids of those that nobody can read any more."""

    known: tuple[Known, ...]
    lives: Mapping[str, Lived]
    unread: tuple[str, ...]


def look_back(desk: Desk) -> Past:
    """Everything that was ever queued; what tiers answered of it is read from the results."""
    known, lives, unread = [], {}, []
    for candidate in desk.life.queue.listed():
        try:
            idea, strategy = candidate.idea, strategy_of(desk, candidate.idea)
            found = fingerprint(strategy, idea.symbols, Timeframe.parse(idea.timeframe), idea.params)
        except QuorumError:  # a strategy that has gone, or one of a host that we do not have
            unread.append(candidate.strategy_id)
            continue
        spec = strategy.spec if isinstance(strategy, SpecStrategy) else None
        known.append(Known(candidate.strategy_id, found, spec))
        lives[candidate.strategy_id] = _lived(candidate, found, desk.life.results.of(candidate.strategy_id))
    return Past(tuple(known), lives, tuple(unread))


def survivals(meetings: Sequence[Record], lives: Mapping[str, Lived], tier: str) -> list[tuple[str, bool | None]]:
    """Each meeting that was held, oldest first: its theme, and whether an idea of it passed `tier`.

    None while one is still on its way. A meeting that queued nothing had no survivor; one whose theme somebody asked
    for is left out.
    """
    found: list[tuple[str, bool | None]] = []
    for record in meetings:
        if record["status"] == HELD and not record.get("theme_asked"):
            ideas = [lives[identity] for identity in record["queued"] if identity in lives]
            passed = any(tier in lived.passed for lived in ideas)
            waits = any(lived.under_way for lived in ideas)
            found.append((record["theme"], True if passed else None if waits else False))
    return found


def _lived(candidate: Candidate, found: Fingerprint, results: Sequence[Mapping[str, Any]]) -> Lived:
    verdicts = [(str(result["tier"]), _verdict(result)) for result in results]
    return Lived(
        found.cell,
        candidate.idea.origin,
        {tier for tier, verdict in verdicts if verdict in ("passed", "failed")},
        {tier for tier, verdict in verdicts if verdict == "passed"},
        candidate.status not in SETTLED,
    )


def _verdict(result: Mapping[str, Any]) -> str:
    told = result.get("verdict")
    return str(told.get("verdict", "")) if isinstance(told, Mapping) else str(told or "")
