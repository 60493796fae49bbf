"""The critic: every doubt about a result is looked at again on its bars, round by round, with more effort.

Promise: a doubt is settled by numbers that anybody can work out again, or it stays open; three rounds at most.
In: what a tier was asked, its TierResult, bars. Out: a Review with its verdict, and its text.
Neighbours: composed of `ladder`, `lookahead` and `stats`; `desk.deploying` keeps what it says.
"""

from quorum.validation.critic.answers import Answered, Doubt, Evidence, Review
from quorum.validation.critic.case import Case, Depth, open_case
from quorum.validation.critic.doubts import TABLE, doubts_of
from quorum.validation.critic.review import review
from quorum.validation.critic.text import critic_text, verdict_words

__all__ = [
    "TABLE",
    "Answered",
    "Case",
    "Depth",
    "Doubt",
    "Evidence",
    "Review",
    "critic_text",
    "doubts_of",
    "open_case",
    "review",
    "verdict_words",
]
