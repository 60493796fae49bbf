"""Halts as the desk follows them: its state, its strategies, its people; and how a person ends them.

Promise: what halts the desk moves its state too; nothing is resumed before books and venues agree.
In: the halts that stand, a person's word. Out: moves, notices, plain facts.
Neighbours: `execution` keeps halts and looks at them last; `bootstrap.emergency` raises them without the desk.
"""

from quorum.desk.trading.halting.following import follow_halts, halt_facts
from quorum.desk.trading.halting.resuming import Range, resume_trading

__all__ = ["Range", "follow_halts", "halt_facts", "resume_trading"]
