"""What stands beside the validation: the critic, auto-retry, the risk assessment; each may be switched off, or fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from quorum.desk.desk import Desk
from quorum.desk.life.skills import skill_is_on
from quorum.validation.ladder import Failed, Inconclusive, Tier, TierResult, Verdict, read_verdict
from quorum.validation.life import Candidate

PARALLEL, RETRY, CRITIC, RISK = "parallel-validation", "auto-retry", "critic", "risk-assessment"
Critic = Callable[[Desk, Candidate, TierResult], Verdict]
Step = Callable[[Desk, str], object]


@dataclass(frozen=True, slots=True)
class Skills:
    """The other skills, by what the validation asks of them; None is one that is off.

    `critic` gives the verdict on a result of L2 with doubts, which is kept already. `mend` takes a FIXABLE_FAILURE to
    a tier that is passed, or to a rejection. `assess` takes a strategy that came through all tiers on to people.
    """

    parallel: bool = True
    critic: Critic | None = None
    mend: Step | None = None
    assess: Step | None = None


def usual(desk: Desk) -> Skills:
    """The skills of a desk, as BOOTSTRAP.md switches them; ConfigError for a block that makes no sense."""
    place = desk.workspace
    return Skills(
        parallel=skill_is_on(place, PARALLEL),
        critic=_criticise if skill_is_on(place, CRITIC) else None,
        mend=_mend if skill_is_on(place, RETRY) else None,
        assess=_assess if skill_is_on(place, RISK) else None,
    )


def _criticise(desk: Desk, candidate: Candidate, result: TierResult) -> Verdict:
    """The critic's verdict; where it cannot tell, the one that the gates gave."""
    from quorum.desk.deploying.criticising import criticise

    told = criticise(desk, candidate.strategy_id, Tier.L2.value)
    found = read_verdict(told["review"]["verdict"])
    if isinstance(found, Inconclusive):
        return result.verdict
    return result.verdict if isinstance(found, Failed) and isinstance(result.verdict, Failed) else found


def _mend(desk: Desk, strategy_id: str) -> object:
    from quorum.desk.mending import retry

    return retry(desk, strategy_id)


def _assess(desk: Desk, strategy_id: str) -> object:
    from quorum.desk.deploying.risk import assess_risk

    return assess_risk(desk, strategy_id)
