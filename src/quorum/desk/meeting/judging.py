"""Collect and filter: each proposal is read, placed on the map, held against what was learnt, and weighed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from quorum.desk.meeting.preflight import Warned, stopped
from quorum.desk.settings.meeting import MeetingFile
from quorum.discovery import (
    Briefing,
    Fingerprint,
    Judged,
    Novelty,
    Offer,
    Proposal,
    Tally,
    activity,
    feasibility,
    fingerprint,
    insight,
    measured,
    novel,
    select,
)
from quorum.discovery.space import TIERS
from quorum.domain import QuorumError, Timeframe
from quorum.lake import Bars
from quorum.signals import AnyStrategy, ConsensusRules, SpecStrategy, find_strategy, is_portfolio, read_spec
from quorum.signals.registry import RULES

_MARK = re.compile(r"_[0-9a-f]{6}(?=_|$)")  # of the rule that an idea was made from


@dataclass(frozen=True, slots=True)
class Bench:
    """What proposals are judged by: the briefing, the learnings, all bars, whose ideas survived, the vote's rules."""

    briefing: Briefing
    warned: tuple[Warned, ...]
    bars: Callable[[Offer], Bars]
    records: Mapping[str, Tally]
    rules: ConsensusRules
    settings: MeetingFile


def judge(bench: Bench, proposals: Sequence[Proposal]) -> tuple[Judged, ...]:
    """Every proposal with its insight, feasibility and, where it is not chosen, why; the chosen ones first."""
    read = tuple(_read(bench, proposal) for proposal in proposals)
    known = [(one.strategy_id, one.fingerprint) for one in bench.briefing.known]
    judged = novel(read, known, bench.settings.bounds())
    weighed = tuple(one if one.refused else _weighed(bench, one) for one in judged)
    return select(weighed, bench.settings.selection(), bench.briefing.space.most_tested)


def _read(bench: Bench, proposal: Proposal) -> Judged:
    try:
        strategy = _strategy(bench, proposal)
        timeframe = Timeframe.parse(proposal.timeframe)
        placed = _placed(bench, proposal)
        if placed is None:
            return Judged(proposal, None, refused=f"there are no bars of {proposal.timeframe} for its symbols")
        if isinstance(strategy, SpecStrategy):
            placed = placed.called(f"{_MARK.sub('', strategy.name)[:57]}_{strategy.spec.spec_id[:6]}")
        found = fingerprint(strategy, placed.symbols, timeframe, placed.params)
    except QuorumError as error:
        return Judged(proposal, None, refused=str(error))
    if not bench.briefing.takes(found.cell):
        why = f"{found.cell.key} is outside of the theme {bench.briefing.theme.name}, or no book allows it"
        return Judged(placed, found, refused=why)
    return Judged(placed, found, refused=stopped(found, bench.warned) or _restated(bench, strategy, placed))


def _strategy(bench: Bench, proposal: Proposal) -> AnyStrategy:
    """What is proposed; NotFound or ConfigError where it is none."""
    meant = proposal.strategy
    return find_strategy(meant, bench.rules) if isinstance(meant, str) else SpecStrategy(read_spec(meant))


def _placed(bench: Bench, proposal: Proposal) -> Proposal | None:
    """The proposal with its venue, that with the longest past where it named none; None where its series are not."""
    offers = [o for o in bench.briefing.offers if str(o.timeframe) == proposal.timeframe]
    venues: dict[str, float] = {}
    for venue in sorted({o.venue for o in offers}):
        days = {o.symbol: o.days for o in offers if o.venue == venue}
        if all(symbol in days for symbol in proposal.symbols):
            venues[venue] = min(days[symbol] for symbol in proposal.symbols)
    if proposal.venue is not None:
        return proposal if proposal.venue in venues else None
    return replace(proposal, venue=max(venues, key=lambda v: venues[v])) if venues else None


def _restated(bench: Bench, strategy: AnyStrategy, proposal: Proposal) -> str:
    """Why a spec is nothing new beside the strategies that there are, on the same bars; empty when it is."""
    if not isinstance(strategy, SpecStrategy):
        return ""
    timeframe = Timeframe.parse(proposal.timeframe)
    found = fingerprint(strategy, proposal.symbols, timeframe)
    own = [(name, replace(known, symbols=found.symbols)) for name, known in _in_code(timeframe)]
    told = insight(found, own, bench.settings.bounds())
    same = told.novelty is Novelty.DUPLICATE
    return f"it says what the strategy {told.like} does ({told.similarity:.2f} alike): queue that one" if same else ""


@lru_cache(maxsize=32)
def _in_code(timeframe: Timeframe) -> tuple[tuple[str, Fingerprint], ...]:
    """The fingerprints of the strategies that there are, on no symbol in particular."""
    return tuple((name, fingerprint(rule, ("",), timeframe)) for name, rule in RULES.items())


def _weighed(bench: Bench, one: Judged) -> Judged:
    proposal, found = one.proposal, one.fingerprint
    assert found is not None  # whatever has none was refused
    offers = [
        o
        for o in bench.briefing.offers
        if str(o.timeframe) == proposal.timeframe and o.venue == proposal.venue and o.symbol in proposal.symbols
    ]
    primary = next(o for o in offers if o.symbol == proposal.symbols[0])
    strategy = _strategy(bench, proposal)
    if is_portfolio(strategy) and not _enough_symbols(strategy.symbols, len(offers)):
        return replace(one, refused=f"{strategy.name} cannot be traded on {len(offers)} symbols")
    try:
        seen = activity(strategy, bench.bars(primary), dict(proposal.params))
    except QuorumError as error:
        return replace(one, refused=str(error))
    if isinstance(seen, str):
        return replace(one, refused=seen)
    days = min(offer.days for offer in offers)
    record = (_share(bench.briefing.space.of_family(found.family)) + _share(bench.records.get(proposal.by))) / 2
    cost = bench.settings.cost_bps
    found_feasible = measured(feasibility(seen, days, record, cost), proposal.evidence, cost)
    pays = float(proposal.evidence.get("pays_bps", cost + 1.0))
    dear = pays <= cost and bench.settings.least_feasibility > 0
    why = f"an occasion pays {pays:.1f} basis points, and a round trip costs {cost:g}" if dear else ""
    return replace(one, feasibility=found_feasible, refused=why)


def _share(tally: Tally | None) -> float:
    """How well a family or a participant did so far: the mean share that passed a tier."""
    return sum((tally or Tally()).share(tier) for tier in TIERS) / len(TIERS)


def _enough_symbols(wanted: tuple[int, int | None], count: int) -> bool:
    least, most = wanted
    return least <= count and (most is None or count <= most)
