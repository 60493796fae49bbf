"""config/meeting.yaml: who sits in a strategy meeting, what it looks at, how it chooses.

Promise: every key has its default and an effect; what is unknown or wrong is refused at file, line and column.
In: the YAML file. Out: MeetingFile.
Neighbours: `settings` reads it; `desk.meeting` goes by it.
"""

from quorum.desk.settings.meeting.file import (
    MEETING_FILE,
    MEETING_YAML,
    BudgetSection,
    MeetingFile,
    ModelSection,
    Seats,
    SeatSection,
)

__all__ = [
    "MEETING_FILE",
    "MEETING_YAML",
    "BudgetSection",
    "MeetingFile",
    "ModelSection",
    "SeatSection",
    "Seats",
]
