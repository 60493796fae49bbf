"""The team: what a running workflow asks of the desk, done by its agents.

Promise: a task has an answer within its deadline, or the policy that its spec declares, with a decision that says so.
In: calls of a run, questions, documents. Out: outcomes, decisions, hand-offs, notices.
Neighbours: `workflows` interprets, `agents` routes, `work` does; `adapters.process` lends the warm pool.
"""

from quorum.desk.team.asking import POOL_TASK, Asker, payload_of, perform
from quorum.desk.team.deadline import refuse_late
from quorum.desk.team.leaving import CANCELLED, cancel, rebuild, resume
from quorum.desk.team.papers import Papers, document
from quorum.desk.team.ports import Hands
from quorum.desk.team.recorder import Recorder
from quorum.desk.team.roll import Checkup, Roll
from quorum.desk.team.team import Team
from quorum.desk.team.viewing import Viewer

__all__ = [
    "CANCELLED",
    "POOL_TASK",
    "Asker",
    "Checkup",
    "Hands",
    "Papers",
    "Recorder",
    "Roll",
    "Team",
    "Viewer",
    "cancel",
    "document",
    "payload_of",
    "perform",
    "rebuild",
    "refuse_late",
    "resume",
]
