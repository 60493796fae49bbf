"""What is kept of agents: the tasks they were given, how they handed them on, every call.

Promise: a key is written once, a task is handed on once, and what is written is not changed.
In: delegations, ends, calls. Out: tasks with ids in the specification's shape, calls by agent and time.
Neighbours: health, performance and context read it; `adapters.sql.coordination` keeps it.
"""

from quorum.desk.agents.book.handoffs import (
    BlockedOn,
    DiscoveredIssue,
    Handoff,
    PartialSuccess,
    ReadyForReview,
    TaskComplete,
    blocked_on,
    read_handoff,
    write_handoff,
)
from quorum.desk.agents.book.ports import Calls, TaskBook
from quorum.desk.agents.book.records import FAILURES, Call, CallOutcome, Delegated, Delegation, Finish

__all__ = [
    "FAILURES",
    "BlockedOn",
    "Call",
    "CallOutcome",
    "Calls",
    "Delegated",
    "Delegation",
    "DiscoveredIssue",
    "Finish",
    "Handoff",
    "PartialSuccess",
    "ReadyForReview",
    "TaskBook",
    "TaskComplete",
    "blocked_on",
    "read_handoff",
    "write_handoff",
]
