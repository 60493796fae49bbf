"""How the desk is, looked at again and again: what is wrong makes it degraded, what is mended operational again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quorum.desk.agents import Health, conditions
from quorum.desk.desk import Desk
from quorum.desk.notices import Event
from quorum.desk.system.states import Moved, Part, SystemState
from quorum.domain import SECOND, IllegalMove

LOOKED_AT = 100
SHOWN = 160
LOSSES = frozenset({Event.WORKER_LOST, Event.ROLE_RESTARTING, Event.ROLE_DEAD, Event.STORE_UNREACHABLE})
"""What is over when people are told of it: the desk is degraded for a while after it."""
UNWELL = frozenset({Health.UNHEALTHY, Health.UNAVAILABLE})
WATCH = Part("health check")

Signs = Callable[[], Sequence[str]]
"""What is wrong with the processes and places of the desk at this moment, each in words."""


def ailments(desk: Desk, signs: Signs, lately: int) -> list[str]:
    """What is wrong with the desk, in words: the signs, mandatory agents that cannot be asked, losses of the last
    `lately` ns.

    StoreError when the database does not answer.
    """
    mandatory = [agent for agent in desk.staff.rules.agents.values() if agent.mandatory]
    found = conditions(desk.staff, mandatory)
    unwell = [f"{name}: {now.reason}" for name, now in found.items() if now.health in UNWELL]
    now = desk.clock.now()
    notices = [told.notice for told in desk.outbox.listed(LOOKED_AT)]
    lost = [n.occurrence for n in notices if n.occurrence.event in LOSSES and 0 <= now - n.at <= lately]
    away = [one for one in lost if one.event is Event.STORE_UNREACHABLE]  # each scheduler tells of it
    told = [_short(one.summary) for one in lost if one not in away[1:]]
    return [*signs(), *unwell, *told]


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"


def settles(desk: Desk) -> int:
    """How long (ns) a desk stays degraded after a loss: the interval of health checks, by agents.yaml."""
    return round(desk.staff.rules.agent_failure.detection.health_check_interval * SECOND)


def at_work(desk: Desk, signs: Signs, by: Part, reason: str) -> Moved:
    """A desk that has started is at work: operational, or degraded where something is wrong."""
    wrong = ailments(desk, signs, settles(desk))
    state = SystemState.DEGRADED if wrong else SystemState.OPERATIONAL
    return desk.states.move(state, by, "; ".join(wrong) or reason)


def watch(desk: Desk, signs: Signs) -> Moved | None:
    """Look once: the move that follows, None where the state stays as it is.

    Only a desk at work is moved. A fresh loss makes it degraded, an older one keeps it so: two that look, each by its
    own clock, do not move it to and fro.
    """
    here, quiet = desk.states.current().state, settles(desk)
    try:
        if here is SystemState.OPERATIONAL and (wrong := ailments(desk, signs, quiet // 2)):
            return desk.states.move(SystemState.DEGRADED, WATCH, "; ".join(wrong))
        if here is SystemState.DEGRADED and not ailments(desk, signs, quiet):
            return desk.states.move(SystemState.OPERATIONAL, WATCH, "nothing is wrong any more")
    except IllegalMove:  # another one that looks was faster, or a person paused it
        return None
    return None
