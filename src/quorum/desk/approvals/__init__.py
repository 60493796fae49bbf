"""Approvals: questions that a person answers, and standing approvals that answer for one.

Promise: a question is answered once, by whom, when, why and where is on record; whoever waits for it is told.
In: questions of running workflows, answers from any surface. Out: approvals, and messages to the runs that wait.
Neighbours: `workflows` asks and waits; `adapters.sql.coordination` keeps them; `surfaces` shows and answers them.
"""

from quorum.desk.approvals.answers import Given, Said, answer, closed, message, tell
from quorum.desk.approvals.ports import Approvals, Questions, Rounds, Standings
from quorum.desk.approvals.question import Answered, Approval, Expired, Held, Open, Question, Size, facts, headline
from quorum.desk.approvals.standing import SCOPE_WORDS, Revoked, Standing, covering, standing_facts

__all__ = [
    "SCOPE_WORDS",
    "Answered",
    "Approval",
    "Approvals",
    "Expired",
    "Given",
    "Held",
    "Open",
    "Question",
    "Questions",
    "Revoked",
    "Rounds",
    "Said",
    "Size",
    "Standing",
    "Standings",
    "answer",
    "closed",
    "covering",
    "facts",
    "headline",
    "message",
    "standing_facts",
    "tell",
]
