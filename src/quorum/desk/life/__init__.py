"""The books of a strategy's life: how ideas come into the queue, and the files that show where each one stands.

Promise: the store is the truth; files are made from it, and what a host wrote into them is taken in or named.
In: ideas, a host's files. Out: candidates, views of the queue, the registry and each strategy's folder.
Neighbours: `validation.life` says what moves there are; `desk.proving` and its kind move them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from quorum.desk.life.ports import Books, Intake, Life, Record, Records

if TYPE_CHECKING:
    from quorum.desk.life.counts import Statistics, statistics
    from quorum.desk.life.entries import check_idea, strategy_of
    from quorum.desk.life.queueing import (
        Queued,
        queue_facts,
        queue_idea,
        read_statuses,
        remove,
        strategy_facts,
    )
    from quorum.desk.life.showing import Shown, show_life
    from quorum.desk.life.skills import active_skills, skill_is_on
    from quorum.desk.life.taking import TakenIn, take_in

_HOMES = {
    "queueing": (
        *("Queued", "queue_facts", "queue_idea"),
        *("read_statuses", "remove", "strategy_facts"),
    ),
    "entries": ("check_idea", "strategy_of"),
    "showing": ("Shown", "show_life"),
    "skills": ("active_skills", "skill_is_on"),
    "counts": ("Statistics", "statistics"),
    "taking": ("TakenIn", "take_in"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Books",
    "Intake",
    "Life",
    "Queued",
    "Record",
    "Records",
    "Shown",
    "Statistics",
    "TakenIn",
    "active_skills",
    "check_idea",
    "queue_facts",
    "queue_idea",
    "read_statuses",
    "remove",
    "show_life",
    "skill_is_on",
    "statistics",
    "strategy_facts",
    "strategy_of",
    "take_in",
]


def __getattr__(name: str) -> Any:
    """What the adapters do not need is loaded when it is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
