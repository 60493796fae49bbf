"""The agents that mend: each action as one pure search on the ground before the tested days.

Promise: an agent answers with a fix, with nothing, or with a recommendation to give up, and with the trials it took.
In: a Case and the Site to look at. Out: a Proposal.
Neighbours: `cycle` asks them in turn; what they try is swept by `engine` and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quorum.validation.repair.agents.feasibility import review_hypothesis
from quorum.validation.repair.agents.shaping import add_confirmation, adjust_window, raise_threshold, reduce_threshold
from quorum.validation.repair.agents.sourcing import reduce_data_window, use_alternate_source
from quorum.validation.repair.agents.tuning import clip_to_bounds, optimize_params, reduce_leverage
from quorum.validation.repair.case import Case
from quorum.validation.repair.fix import Fix, GivenUp, Nothing, Proposal
from quorum.validation.repair.ground import Site

Act = Callable[[Case, Site], Proposal]
ACTS: Mapping[str, Act] = {
    "add_confirmation": add_confirmation,
    "adjust_window": adjust_window,
    "clip_to_bounds": clip_to_bounds,
    "optimize_params": optimize_params,
    "raise_threshold": raise_threshold,
    "reduce_data_window": reduce_data_window,
    "reduce_leverage": reduce_leverage,
    "reduce_threshold": reduce_threshold,
    "review_hypothesis": review_hypothesis,
    "use_alternate_source": use_alternate_source,
}
"""Every action by its name."""


def propose(case: Case, site: Site) -> Proposal:
    """The first of the case's actions that finds something new to try; what the others counted goes with it."""
    trials, said = 0, []
    for action in case.actions:
        found = ACTS[action](case, site)
        trials += found.trials
        if isinstance(found, GivenUp):
            return GivenUp(found.agent, found.why, trials)
        if isinstance(found, Fix):
            if found.identity not in case.seen:
                return _counted(found, trials)
            said.append(f"{action} was tried already")
        else:
            said.append(f"{action}: {found.why}")
    return Nothing(case.agent, "; ".join(said) or "has no action for this", trials)


def _counted(fix: Fix, trials: int) -> Fix:
    return Fix(fix.agent, fix.action, fix.reasoning, fix.idea, fix.data, fix.changes, trials)


__all__ = ["ACTS", "propose"]
