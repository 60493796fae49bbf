"""One cycle of the desk: the vote on a symbol, risk's word, the order; whole at once, or stage by stage.

Promise: the same stages decide here and in the realtime workflow; nothing is sent that was not committed.
In: a question, the analysts' signals. Out: a cycle record; decisions, an order.
Neighbours: over `engine`'s pure stages; `work.realtime` runs the stages as steps of a workflow.
"""

from quorum.desk.cycle.around import circumstances, is_extreme, rules_of
from quorum.desk.cycle.convene import CycleRecord, convene, settle
from quorum.desk.cycle.session import Question, Session, open_session, reopen_session
from quorum.desk.cycle.stages import Ballot, Traded, Voted, order_told, play_on, send_now, trade, vote

__all__ = [
    "Ballot",
    "CycleRecord",
    "Question",
    "Session",
    "Traded",
    "Voted",
    "circumstances",
    "convene",
    "is_extreme",
    "open_session",
    "order_told",
    "play_on",
    "reopen_session",
    "rules_of",
    "send_now",
    "settle",
    "trade",
    "vote",
]
