"""Real money: a yes to paper and a yes to live, and nothing leaves without both.

Promise: a strategy trades real money after its days on paper and a second yes, to exactly that account and place.
In: a desk, a deployment on paper, approvals. Out: a deployment of stage LIVE; who may open, and why not.
Neighbours: `desk.deploying` goes before; `bootstrap.venues` asks here before anything leaves.
"""

from quorum.desk.trading.live.consents import LIVE, Agreed, Consents, is_word, terms_of
from quorum.desk.trading.live.going import GOING_LIVE, go_live, second_word
from quorum.desk.trading.live.plan import Plan, plan_live

__all__ = [
    "GOING_LIVE",
    "LIVE",
    "Agreed",
    "Consents",
    "Plan",
    "go_live",
    "is_word",
    "plan_live",
    "second_word",
    "terms_of",
]
