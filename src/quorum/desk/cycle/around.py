"""What a vote is held in, and its rules with what past votes have taught."""

from __future__ import annotations

from collections.abc import Mapping

from quorum.desk.desk import Desk
from quorum.desk.facts import recorded_views
from quorum.desk.recorded import seen_bars
from quorum.domain import DecisionKind, plain
from quorum.engine import Snapshot
from quorum.lake import Bars
from quorum.signals import Circumstances, ConsensusRules, extreme_move, taught

PAST_DECISIONS = 5_000
SERIES = ("symbol", "timeframe", "venue")


def is_extreme(desk: Desk, bars: Bars) -> bool:
    """Whether the newest of `bars` is an extreme move by consensus.yaml."""
    return extreme_move(bars, desk.settings.consensus.consensus.rules().conflict.extreme_atr)


def circumstances(desk: Desk, snapshot: Snapshot, extreme: bool, failed: Mapping[str, str]) -> Circumstances:
    """Extreme by the newest bar or because the desk is paused or halted, news by events.yaml.

    `failed` are participants whose agent gave no signal, each with the reason.
    """
    news = desk.settings.events.news(snapshot.symbol, snapshot.as_of) or ""
    return Circumstances(extreme or desk.states.current().holds, news, {}, dict(failed))


def rules_of(desk: Desk, snapshot: Snapshot) -> ConsensusRules:
    """The rules of consensus.yaml; where they learn, with what the recorded votes on this series teach at its instant.

    DataError or NotFound when they learn and the lake has its bars no more.
    """
    rules = desk.settings.consensus.consensus.rules()
    if not rules.learns or rules.experts is not None:
        return rules
    series = tuple(getattr(snapshot, name) for name in SERIES)
    past = [
        decision
        for decision in desk.decisions.recent(PAST_DECISIONS)
        if decision.choice.kind is DecisionKind.CONSENSUS
        and tuple(decision.choice.inputs["snapshot"][name] for name in SERIES) == series
    ]
    return taught(rules, seen_bars(desk.lake, plain(snapshot)), recorded_views(past), snapshot.as_of)
