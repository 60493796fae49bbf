"""Strategy meetings: several seats put ideas forward, and the newest and most feasible ones go into the queue.

Promise: what was chosen is kept before it is queued, and is queued once; a learning that is CRITICAL stops an idea.
In: a desk, a seed, a theme. Out: a Meeting with every proposal and why it was chosen or not; strategies in the queue.
Neighbours: `discovery` thinks, `desk.life` keeps; a language model may take a seat (the extra `llm`).
"""

from quorum.desk.meeting.language import LanguageSeat
from quorum.desk.meeting.past import Past, look_back
from quorum.desk.meeting.ports import Purse, Seat, Silent, Wanted
from quorum.desk.meeting.run import Convened, Meeting, meeting_settings, run_meeting, update_map

__all__ = [
    "Convened",
    "LanguageSeat",
    "Meeting",
    "Past",
    "Purse",
    "Seat",
    "Silent",
    "Wanted",
    "look_back",
    "meeting_settings",
    "run_meeting",
    "update_map",
]
