"""The system's state: one word for the whole desk, one table of the moves between them, and the views of it.

Promise: every move is on record with who and why; after a halt nothing opens until a person resumes.
In: moves by people and by parts of the desk. Out: the state, what it allows, documents in the coordinator's shape.
Neighbours: `workflows` starts and stops it; `adapters.sql.coordination` keeps it; `surfaces` and views show it.
"""

from quorum.desk.system.document import SystemView, active_workflow, coordinator_state
from quorum.desk.system.ports import States
from quorum.desk.system.states import (
    ALLOWS,
    LEGAL,
    NEVER_STARTED,
    Allows,
    Moved,
    Part,
    Person,
    SystemState,
    begin,
    judge,
    rest,
)

__all__ = [
    "ALLOWS",
    "LEGAL",
    "NEVER_STARTED",
    "Allows",
    "Moved",
    "Part",
    "Person",
    "States",
    "SystemState",
    "SystemView",
    "active_workflow",
    "begin",
    "coordinator_state",
    "judge",
    "rest",
]
