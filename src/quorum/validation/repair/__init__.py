"""Repair: mending a strategy that failed a tier, by fixes that are values and attempts that are counted.

Promise: a fix is found on other days than it is tested on; each attempt is a trial; a bought pass is a failure.
In: a failure, what agents propose, what checks answer. Out: a Cycle of Attempts, repaired or not.
Neighbours: reasons and checks are the `ladder`'s; `desk.mending` gives it hands, keeps and moves.
"""

from quorum.validation.repair.attempt import Attempt, Cycle, Outcome, Repaired, Unrepaired
from quorum.validation.repair.case import Case, Failing, read_case
from quorum.validation.repair.cycle import as_it_suits, mend
from quorum.validation.repair.deflating import bought, only_deflated
from quorum.validation.repair.fix import Change, Fix, GivenUp, Nothing, Proposal, applied, read_proposal, told_proposal
from quorum.validation.repair.order import Success, actions_for, agents_for, chosen_order
from quorum.validation.repair.ports import Hands, Keeper, NoResult
from quorum.validation.repair.resuming import Done
from quorum.validation.repair.rules import Remedy, RetryRules

__all__ = [
    "Attempt",
    "Case",
    "Change",
    "Cycle",
    "Done",
    "Failing",
    "Fix",
    "GivenUp",
    "Hands",
    "Keeper",
    "NoResult",
    "Nothing",
    "Outcome",
    "Proposal",
    "Remedy",
    "Repaired",
    "RetryRules",
    "Success",
    "Unrepaired",
    "actions_for",
    "agents_for",
    "applied",
    "as_it_suits",
    "bought",
    "chosen_order",
    "mend",
    "only_deflated",
    "read_case",
    "read_proposal",
    "told_proposal",
]
