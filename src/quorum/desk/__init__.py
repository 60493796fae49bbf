"""Desk: the use cases of one workspace, over the ports that bootstrap hands in.

Promise: what is decided is recorded with all that it follows from; nothing is sent that was not committed.
In: questions. Out: cycle records, explanations, replays, views.
Neighbours: sits on every room below; `surfaces` show it, `bootstrap` puts it together.
"""

from quorum.desk.books import BookReport, books, tell_difference
from quorum.desk.cycle import CycleRecord, Question, convene, settle
from quorum.desk.desk import Accounts, Desk, Orders
from quorum.desk.doctor import Finding, diagnose
from quorum.desk.facts import fill_facts, order_facts
from quorum.desk.replay import Replay, recompute, replay
from quorum.desk.views import publish, show_system, told_decisions
from quorum.desk.why import why
from quorum.desk.workspace import Settings, Workspace, find_workspace, make_workspace, write_text

__all__ = [
    "Accounts",
    "BookReport",
    "CycleRecord",
    "Desk",
    "Finding",
    "Orders",
    "Question",
    "Replay",
    "Settings",
    "Workspace",
    "books",
    "convene",
    "diagnose",
    "fill_facts",
    "find_workspace",
    "make_workspace",
    "order_facts",
    "publish",
    "recompute",
    "replay",
    "settle",
    "show_system",
    "tell_difference",
    "told_decisions",
    "why",
    "write_text",
]
