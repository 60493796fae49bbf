"""The vote: what the analysts' signals add up to, by rules in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from quorum.domain import MINUTE, Abstain, Direction, Signal, UsageError, View, Vote, iso
from quorum.signals.pools.circumstances import CALM, Circumstances
from quorum.signals.pools.counting import (
    BEARISH,
    BULLISH,
    CONFLICT,
    ESCALATE,
    MISSING,
    MODEL,
    NEUTRAL,
    NO_CONSENSUS,
    POOLS,
    ROUNDING,
    SCORE,
    TOO_FEW,
    VETOED,
    Count,
    Floats,
    Scene,
    tally,
)
from quorum.signals.pools.rules import ESCALATE_IT, LEARNT_POOLS, MODEL_SOURCE, ConsensusRules

DECIDED = {NEUTRAL: "neutral", BULLISH: "bullish", BEARISH: "bearish"}
_SIDES = {"for_bullish": 1, "for_bearish": -1}
_TAKES_PART = (*_SIDES, "neutral")


@dataclass(frozen=True, slots=True)
class Absence:
    """A participant that did not vote: why, and who stands in for it."""

    name: str
    why: str
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class Consensus:
    """The outcome of a vote; `lead` is the winning side's most confident view.

    `strength` is the winner's share in the pool file4, |score| in score, the winner's probability in log_odds and
    hedge; `bullish_weight` and `bearish_weight` are what the pool adds up for each side. `votes` stand in the order
    of the signals; `absent` names each participant that did not vote, `vetoes` who stopped it, each with the reason;
    `notes` tell what was learnt before.
    """

    direction: str
    strength: float
    bullish_weight: float
    bearish_weight: float
    reason: str
    escalate: bool
    votes: tuple[Vote, ...]
    lead: View | None
    pool: str = "file4"
    absent: tuple[Absence, ...] = ()
    vetoes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def consensus(signals: Sequence[Signal], rules: ConsensusRules, as_of: int, around: Circumstances = CALM) -> Consensus:
    """Count the signals of one symbol at `as_of` (ns UTC), by the order of `tally`.

    A stale or weak view is dropped, an Abstain is left out; a neutral View takes part: it weighs nothing in file4 and
    stays in the denominator of the other pools. The order of `signals` has no effect. UsageError for two signals of one
    source, and for an outright veto of one that has none.
    """
    _refuse(signals, rules, around)
    votes = tuple(_vote(signal, rules, as_of) for signal in signals)
    present = {v.voter for v in votes if v.choice in _TAKES_PART}
    absent = _absent(signals, votes, rules, around)
    missing = [a.name for a in absent if a.name in rules.required and a.replaced_by is None]
    counted = sorted(votes, key=lambda v: (v.voter, v.choice, v.confidence or 0.0))
    scene = Scene(not missing, bool(around.vetoes), around.calm(rules.conflict))
    code, strength, bullish, bearish = tally(_count(counted, rules), rules.terms(), scene)
    vetoes = _vetoes(counted, rules, around, bullish - bearish) if code == VETOED else {}
    told = {
        MISSING: f"required participants are missing: {', '.join(missing)}",
        VETOED: "; ".join(f"{name} vetoes: {why}" for name, why in vetoes.items()),
        TOO_FEW: f"{len(present)} of the participants voted, {rules.least_votes} are needed",
        NEUTRAL: "nobody who sees a direction has any weight" if any(v.choice in _SIDES for v in votes) else "",
    }
    return Consensus(
        direction=DECIDED.get(code, "no_consensus"),
        strength=strength,
        bullish_weight=bullish,
        bearish_weight=bearish,
        reason=told.get(code) or _reason(code, strength, rules),
        escalate=_escalates(code, min(bullish, bearish), rules),
        votes=votes,
        lead=_lead(signals, votes, code),
        pool=rules.pool,
        absent=absent,
        vetoes=vetoes,
        notes=_notes(rules),
    )


def _refuse(signals: Sequence[Signal], rules: ConsensusRules, around: Circumstances) -> None:
    """One source, one voice; and only who has a veto may speak it."""
    sources = [signal.source for signal in signals]
    for name in sources:
        if sources.count(name) > 1:
            raise UsageError(f"{name} has {sources.count(name)} signals in one vote", "give the newest of each source")
    for name in around.vetoes:
        if name not in rules.veto:
            raise UsageError(f"{name} has no veto", f"veto_agents has {', '.join(rules.veto)}")


def _count(votes: Sequence[Vote], rules: ConsensusRules) -> Count:
    confidence = np.array([v.confidence or 0.0 for v in votes], np.float64)
    return Count(
        side=np.array([_SIDES.get(v.choice, 0) for v in votes], np.int8),
        live=np.array([v.choice in _TAKES_PART for v in votes], np.bool_),
        confidence=confidence,
        belief=_beliefs(votes, confidence, rules),
        weight=np.array([v.weight for v in votes], np.float64),
        veto=np.array([v.voter in rules.veto for v in votes], np.bool_),
        model=np.array([v.voter == MODEL_SOURCE and v.weight > 0.0 for v in votes], np.bool_),
    )


def _beliefs(votes: Sequence[Vote], confidence: Floats, rules: ConsensusRules) -> Floats:
    if rules.pool not in LEARNT_POOLS:
        return confidence
    each = [rules.calibration(v.voter).believed(confidence[k : k + 1]) for k, v in enumerate(votes)]
    return np.concatenate(each) if each else confidence


def _absent(
    signals: Sequence[Signal], votes: Sequence[Vote], rules: ConsensusRules, around: Circumstances
) -> tuple[Absence, ...]:
    """The participants that did not vote, in the rules' order."""
    present = {v.voter for v in votes if v.choice in _TAKES_PART}
    why = {v.voter: f"{'abstained' if v.choice == 'abstain' else 'dropped'}: {v.reason}" for v in votes}
    why |= {name: f"agent failed: {reason}" for name, reason in around.failed.items()}
    stand_ins = {other: name for name, other in sorted(rules.may_replace.items(), reverse=True) if name in present}
    return tuple(
        Absence(name, why.get(name, "no signal"), stand_ins.get(name))
        for name in rules.participants
        if name not in present
    )


def _vetoes(votes: Sequence[Vote], rules: ConsensusRules, around: Circumstances, lead: float) -> dict[str, str]:
    """Who stops the vote: those whose view is against the stronger side, and those who said so outright."""
    against = "for_bearish" if lead > 0.0 else "for_bullish"
    seen = {v.voter: "it sees the other side" for v in votes if v.voter in rules.veto and v.choice == against}
    return {**(seen if lead else {}), **dict(sorted(around.vetoes.items()))}


def _vote(signal: Signal, rules: ConsensusRules, as_of: int) -> Vote:
    weight = rules.weight(signal.source)
    if isinstance(signal, Abstain):
        return Vote(signal.source, "abstain", weight, None, signal.reason)
    fault = _fault(signal, rules, as_of)
    if fault:
        return Vote(signal.source, "dropped", weight, signal.confidence, fault)
    if signal.direction is Direction.NEUTRAL:
        return Vote(signal.source, "neutral", weight, signal.confidence, signal.rationale)
    return Vote(signal.source, f"for_{signal.direction}", weight, signal.confidence, signal.rationale)


def _fault(view: View, rules: ConsensusRules, as_of: int) -> str | None:
    """Why a view does not count; a neutral one need not be sure."""
    if view.time > as_of:
        return f"it is of {iso(view.time)}, later than the vote"
    if as_of - view.time > view.valid_minutes * MINUTE:
        return f"stale: it was valid for {view.valid_minutes} minutes"
    if view.direction is Direction.NEUTRAL:
        return None
    floor = rules.confidence_floor(view.source)
    if view.confidence < floor:
        return f"confidence {view.confidence:.2f} is below {floor:g}"
    if view.reward_risk < rules.min_reward_risk:
        return f"reward/risk {view.reward_risk:.2f} is below {rules.min_reward_risk:g}"
    return None


def _lead(signals: Sequence[Signal], votes: Sequence[Vote], code: int) -> View | None:
    """The surest view of the winning side; of equally sure ones the first by name."""
    sides = {BULLISH: "for_bullish", BEARISH: "for_bearish"}
    views = [s for s, v in zip(signals, votes, strict=True) if isinstance(s, View) and v.choice == sides.get(code)]
    return min(views, key=lambda view: (-view.confidence, view.source), default=None)


def _escalates(code: int, weaker: float, rules: ConsensusRules) -> bool:
    """Whether a person is to look: both sides tie, or a conflict below the threshold that the rules escalate."""
    unsettled = code == NO_CONSENSUS and weaker > 0.0 and rules.conflict.fallback == ESCALATE_IT
    return code == ESCALATE or unsettled


def _reason(code: int, strength: float, rules: ConsensusRules) -> str:
    scored = POOLS[rules.pool] == SCORE
    if code == NEUTRAL:
        return "no participant sees a direction"
    if code == NO_CONSENSUS and strength - (0.0 if scored else 0.5) <= ROUNDING:
        return "both sides have the same weight"
    if code == NO_CONSENSUS:
        needed = rules.least_score if scored else rules.threshold
        digits = 2 if f"{strength:.2f}" != f"{needed:.2f}" else 4
        return f"the stronger side has {_share(strength, rules, digits)}, {needed:g} is needed"
    if code == ESCALATE:
        return f"both sides are equally sure (closer than {rules.escalate_below:g}): a person should look"
    if code == CONFLICT:
        return "both sides voted, and a conflict is no trade"
    if code == MODEL:
        return f"{MODEL_SOURCE} sees the other side, and its view has precedence"
    return f"{DECIDED[code]} with {_share(strength, rules)}"


def _share(strength: float, rules: ConsensusRules, digits: int = 2) -> str:
    told = f"{strength:.{digits}f}"
    words = {"file4": f"{told} of the weight", "score": f"a score of {told}"}
    return words.get(rules.pool, f"a probability of {told}")


def _notes(rules: ConsensusRules) -> tuple[str, ...]:
    """What was learnt, or that nothing was."""
    if rules.experts is not None:
        return rules.experts.says if rules.learns else ()
    if rules.pool == "hedge":
        return ("nothing is learnt yet: all weigh the same, and confidences are taken as they are",)
    if rules.pool == "log_odds":
        return ("nothing is learnt yet: confidences are taken as they are",)
    return ("nothing is learnt yet: weights are the fixed ones",) if rules.learns else ()
