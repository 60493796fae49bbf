"""The critic's checks: each doubt is looked at again on the bars, and answered in numbers.

Promise: nothing is taken from words; the same case and depth give the same evidence; nothing is chosen, so no trials.
In: a Case, and the Depth of the round. Out: Evidence.
Neighbours: composed of the ladder's lots and tests, `lookahead` and `stats`; `critic.doubts` says when each is asked.
"""

from quorum.validation.critic.checks.luck import beyond_chance, more_than_holding, overfitted, worth_its_losses
from quorum.validation.critic.checks.margin import nearly
from quorum.validation.critic.checks.shape import cliff, consistent, few_days, kinds_of_market, leverage
from quorum.validation.critic.checks.sight import reproduced, too_good

__all__ = [
    "beyond_chance",
    "cliff",
    "consistent",
    "few_days",
    "kinds_of_market",
    "leverage",
    "more_than_holding",
    "nearly",
    "overfitted",
    "reproduced",
    "too_good",
    "worth_its_losses",
]
