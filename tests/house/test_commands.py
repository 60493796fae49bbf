"""The public contract: every command of the design is delivered, or stands in one list of those still to come."""

from __future__ import annotations

from surfaces.cli.commands import every_command

DESIGNED = """
    demo
    init doctor status up logs backup restore prune
    data: import pull check show
    strategy: list show new check pause resume retire
    backtest sweep walkforward
    queue: add show
    validate retry evaluate meeting learnings deploy undeploy
    features
    model: train predict shadow compare promote kill
    signal consensus
    workflow: list run show cancel resume fork
    schedule approve reject agents decisions why replay
    account: add list fund
    broker: account orders positions reconcile
    risk: check
    halt resume cancel-all close-all
    monitor rebalance
    weekly: check next range run ready picks preview execute performance diagnose backfill emergency
    discover ideas
    sim simulate
    web mcp plugin metrics bench views
"""
TO_COME = """
    features
    model: train predict shadow compare promote kill
    signal
    monitor rebalance
    weekly: check next range run ready picks preview execute performance diagnose backfill emergency
    discover ideas
    simulate
    web mcp plugin metrics
"""
BESIDES = """
    broker: serve
    follow-halts
    task
    workflow: check rerun
    agents: show tasks route recommend
    queue: remove
    approvals
    approvals: show standing grant revoke
    notices
    notices: test ack raise escalations
    schedule: enable disable ticks
    trade
    risk: override
    account: transfer convert rate income split statement export
"""


def commands(text: str) -> list[str]:
    """The commands of a list: the words of a line, each after the group's name where the line begins with one."""
    found = []
    for line in text.strip().splitlines():
        group, colon, words = line.strip().rpartition(":")
        found += [f"{group} {word}" if colon else word for word in words.split()]
    return found


def test_every_command_of_the_design_is_delivered_or_still_to_come() -> None:
    designed, to_come, besides = commands(DESIGNED), commands(TO_COME), commands(BESIDES)
    assert len(set(designed)) == len(designed)
    assert len(set(to_come)) == len(to_come)
    delivered = set(every_command())
    assert set(to_come) <= set(designed)
    assert set(to_come) & delivered == set()
    assert set(designed) - delivered == set(to_come)
    assert delivered - set(designed) == set(besides)
