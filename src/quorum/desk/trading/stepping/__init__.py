"""Stepping: deployed strategies take the bars that have closed, one step each; those of others apart.

Promise: a bar is stepped once while a process lives; a strategy that hangs or eats memory costs its own turn only.
In: courses, the lake's closed bars, an executor, a source. Out: a Stand for each symbol, or the error of a strategy.
Neighbours: `desk.trading.turns` trades by it; `bootstrap` has its workers do it.
"""

from quorum.desk.trading.stepping.apart import LIMITS, TASK, Apart, Bench, stand_here
from quorum.desk.trading.stepping.course import Course, Steps, Stood
from quorum.desk.trading.stepping.polling import Poll, polls
from quorum.desk.trading.stepping.streams import BarStream, PanelStream, Stand

__all__ = [
    "LIMITS",
    "TASK",
    "Apart",
    "BarStream",
    "Bench",
    "Course",
    "PanelStream",
    "Poll",
    "Stand",
    "Steps",
    "Stood",
    "polls",
    "stand_here",
]
