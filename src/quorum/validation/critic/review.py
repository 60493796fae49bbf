"""Reviewing: round after round the doubts that are still open are looked at with more effort, three times at most."""

from __future__ import annotations

from collections.abc import Sequence
from time import process_time
from typing import Any

from quorum.lake import BarSource
from quorum.validation.critic.answers import Answered, Doubt, Review, verdict_of
from quorum.validation.critic.case import Case, Depth, open_case
from quorum.validation.critic.doubts import Look, doubts_of
from quorum.validation.ladder.asked import Asked
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.tier import Ladder
from quorum.validation.ladder.verdict import Failed, Inconclusive

PATHS, SECONDS, GROWTH = 1000, 20.0, 4


def review(ladder: Ladder, asked: Asked, result: TierResult, source: BarSource, seconds: float = SECONDS) -> Review:
    """What the critic says of a tier's result, on the bars that it saw; `asked` is what the tier was asked.

    Every doubt is answered by numbers that are worked out here. A result that failed for good, or could not be told,
    comes back with its own verdict, and so does every result where the ladder gives the critic no round. `seconds` is
    how long the first round looks for look-ahead.
    """
    used, given = process_time(), result.verdict
    over = isinstance(given, Inconclusive) or (isinstance(given, Failed) and not given.marginal)
    if over or not ladder.critic_rounds:
        return Review(result.tier.value, given, (), _basis(result))
    case = open_case(ladder, asked, result, source)
    if not isinstance(case, Case):
        return Review(result.tier.value, case, (), _basis(result), process_time() - used)
    open_doubts: Sequence[tuple[Doubt, Look]] = tuple(doubts_of(result))
    rounds: list[tuple[Answered, ...]] = []
    for number in range(1, ladder.critic_rounds + 1):
        depth = Depth(number, PATHS * GROWTH ** (number - 1), seconds * number)
        rounds.append(tuple(Answered(doubt, look(case, depth)) for doubt, look in open_doubts))
        still = {answer.doubt.name for answer in rounds[-1] if isinstance(answer.verdict, Inconclusive)}
        open_doubts = tuple(pair for pair in open_doubts if pair[0].name in still)
        if not open_doubts:
            break
    basis = {**_basis(result), "days_before_the_span": 0 if case.before is None else case.before.days}
    return Review(result.tier.value, verdict_of(rounds), tuple(rounds), basis, process_time() - used)


def _basis(result: TierResult) -> dict[str, Any]:
    """What the review stands on, by name."""
    names = ("symbols", "venue", "timeframe", "revisions", "first", "last", "data_hash")
    seen = {name: result.data.get(name) for name in names}
    return {**seen, "params": dict(result.params), "code_hash": result.code_hash, "seed": result.seed}
