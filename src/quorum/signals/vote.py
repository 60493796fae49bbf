"""The analysts' vote as a strategy: backtested and validated like any other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import Row, UsageError, plain
from quorum.lake import Bars
from quorum.signals.absent import Absent
from quorum.signals.analyst import Analyst, Opinion, Opinions
from quorum.signals.pools.circumstances import Circumstances, Motion, extreme_moves, move, still
from quorum.signals.pools.counting import BEARISH, BULLISH, ROUNDING, Count, Scene, Terms, tally
from quorum.signals.pools.rules import LEARNT_POOLS, MODEL_SOURCE, ConsensusRules
from quorum.signals.quality import TIER_B, TIER_C, quality_score
from quorum.signals.strategy import Exit, Parameter, Params, Target, Targets, read_params
from quorum.stats import kernel

Floats = NDArray[np.float64]
_COLUMNS = ("direction", "confidence", "entry_low", "entry_high", "stop", "target1", "silence")


class Ballots(NamedTuple):
    """The opinions of k participants on n bars, each of shape (n, k), `belief` being the calibrated confidence; and
    which bars are extreme moves, (n,).
    """

    direction: Floats
    confidence: Floats
    entry_low: Floats
    entry_high: Floats
    stop: Floats
    target1: Floats
    silence: Floats
    belief: Floats
    extreme: Floats


class Electorate(NamedTuple):
    """The k participants, shapes (k,), in order of their names: weight, least confidence, who must take part, whom
    each may replace (-1 for nobody), who has a veto, who is the model; the rules' numbers; whether the model loses its
    precedence in an extreme move, and how large one is in ATR; and the size of a vote of quality C.
    """

    weight: Floats
    floor: Floats
    required: NDArray[np.bool_]
    replaces: NDArray[np.int64]
    veto: NDArray[np.bool_]
    model: NDArray[np.bool_]
    terms: Terms
    min_reward_risk: float
    wary: bool
    extreme_atr: float
    tier_c_size: float


class Plan(NamedTuple):
    """The strategy's own numbers: bars before the first decision, bars that one holds, least reward/risk of an
    entry, and whether to short.
    """

    warmup: int
    hold_bars: int
    min_reward_risk: float
    short: bool


class Stand(NamedTuple):
    """What the strategy wants after `seen` bars, and for how many bars since the vote that asked for it."""

    weight: float
    stop: float
    target: float
    age: int
    seen: int


FLAT = Stand(0.0, math.nan, math.nan, 0, 0)


@kernel
def reward_risk(ballots: Ballots, i: int, k: int) -> float:
    """Distance to the first target over distance to the stop, from the far edge of the entry zone."""
    entry = ballots.entry_high[i, k] if ballots.direction[i, k] > 0 else ballots.entry_low[i, k]
    risk = abs(entry - ballots.stop[i, k])
    return abs(ballots.target1[i, k] - entry) / risk if risk > 0.0 else 0.0


@kernel
def poll(ballots: Ballots, i: int, who: Electorate) -> tuple[int, int, float]:
    """The vote's code on bar i, which participant leads the winning side, -1 for none, and the share of the normal
    size that its quality is worth.
    """
    n = len(who.weight)
    side, live = np.zeros(n, np.int8), np.zeros(n, np.bool_)
    for k in range(n):
        direction = ballots.direction[i, k]
        if ballots.silence[i, k] == 0.0 and (
            direction == 0.0 or _counts(ballots, i, k, (who.floor[k], who.min_reward_risk))
        ):
            live[k] = True
            side[k] = int(np.sign(direction))
    count = Count(side, live, ballots.confidence[i], ballots.belief[i], who.weight, who.veto, who.model)
    scene = Scene(_complete(live, who), False, not (who.wary and ballots.extreme[i] > 0.0))
    code, _, _, _ = tally(count, who.terms, scene)
    lead, size = -1, 0.0
    if code in (BULLISH, BEARISH):
        size = _size(quality_score(code, count), who.tier_c_size)
        for k in range(n):
            better = lead < 0 or ballots.confidence[i, k] > ballots.confidence[i, lead]
            if side[k] == code and better:
                lead = k
    return code, lead, size


@kernel
def _size(score: float, tier_c_size: float) -> float:
    if score >= TIER_B - ROUNDING:
        return 1.0
    return tier_c_size if score >= TIER_C - ROUNDING else 0.0


@kernel
def _counts(ballots: Ballots, i: int, k: int, least: tuple[float, float]) -> bool:
    return ballots.confidence[i, k] >= least[0] and reward_risk(ballots, i, k) >= least[1]


@kernel
def _complete(live: NDArray[np.bool_], who: Electorate) -> bool:
    """Whether each required participant takes part, or one that may replace it."""
    complete = True
    for k in range(len(live)):
        if who.required[k] and not live[k]:
            replaced = False
            for other in range(len(live)):
                replaced = replaced or (live[other] and who.replaces[other] == k)
            complete = complete and replaced
    return complete


@kernel
def advance(stand: Stand, ballots: Ballots, i: int, who: Electorate, plan: Plan) -> Stand:
    """The stand after the vote on bar i.

    A consensus for a side takes it, with the leader's stop and first target, when its reward/risk is enough, at the
    size that its quality is worth; one against the stand ends it; one that confirms it renews its time. After
    `hold_bars` without, it ends.
    """
    seen = stand.seen + 1
    if seen < plan.warmup:
        return _flat(seen)
    code, lead, size = 0, -1, 0.0
    if _spoken(ballots, i):  # without it the vote has no side, whatever its code
        code, lead, size = poll(ballots, i, who)
    if lead < 0:
        return _wait(stand, plan)
    if stand.weight * code > 0.0:
        return Stand(stand.weight, stand.stop, stand.target, 0, seen)
    worth = size > 0.0 and reward_risk(ballots, i, lead) >= plan.min_reward_risk
    if worth and (code == BULLISH or plan.short):
        return Stand(code * size, ballots.stop[i, lead], ballots.target1[i, lead], 0, seen)
    return _flat(seen)


@kernel
def _spoken(ballots: Ballots, i: int) -> bool:
    found = False
    for k in range(ballots.direction.shape[1]):
        found = found or ballots.direction[i, k] != 0.0
    return found


@kernel
def _wait(stand: Stand, plan: Plan) -> Stand:
    if stand.weight == 0.0 or stand.age + 1 >= plan.hold_bars:
        return _flat(stand.seen + 1)
    return Stand(stand.weight, stand.stop, stand.target, stand.age + 1, stand.seen + 1)


@kernel
def _flat(seen: int) -> Stand:
    return Stand(0.0, np.nan, np.nan, 0, seen)


@kernel
def _run(stand: Stand, ballots: Ballots, who: Electorate, plan: Plan, columns: tuple[Floats, Floats, Floats]) -> None:
    weight, stop, target = columns
    for i in range(len(ballots.direction)):
        stand = advance(stand, ballots, i, who, plan)
        weight[i], stop[i], target[i] = stand.weight, stand.stop, stand.target


class Sitting(NamedTuple):
    """The state of a streamed vote: each participant's own state, the market's motion, the stand, and the rules."""

    states: tuple[Any, ...]
    motion: Motion
    stand: Stand
    who: Electorate
    plan: Plan


@dataclass(frozen=True)
class ConsensusStrategy:
    """Wants what the participants' consensus wants; the rule is that of `advance`. Long only unless `short` is 1.

    It knows extreme moves from the bars, and neither news nor halts. UsageError when the analysts are not the rules'
    participants, and on bars when the rules learn from outcomes and no experts are given as constants.
    """

    rules: ConsensusRules
    analysts: tuple[Analyst, ...]
    name: str = "consensus"
    kind: str = "consensus"
    summary: str = "follows the vote of the analysts, with the stop and the first target of the surest of them"
    parameters: tuple[Parameter, ...] = (
        Parameter("hold_bars", 48, 1, 2000, "bars for which a vote holds without being confirmed", (24, 48, 96)),
        Parameter("min_reward_risk", 1.5, 0.0, 10.0, "least reward/risk of an entry", (1.0, 1.5, 2.0)),
        Parameter("short", 0, 0, 1, "1 lets a bearish vote sell short"),
    )

    def __post_init__(self) -> None:
        names = sorted(a.name for a in self.analysts)
        if names != sorted(self.rules.participants):
            raise UsageError(f"the analysts {names} are not the participants {sorted(self.rules.participants)}")
        object.__setattr__(self, "analysts", tuple(sorted(self.analysts, key=lambda a: a.name)))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The rules of the vote: they belong to the identity of a backtest."""
        rules: dict[str, Any] = plain(self.rules)
        return rules

    def warmup(self, params: Params) -> int:
        read_params(self, params)
        return max((a.warmup for a in self.analysts), default=0)

    def start(self, bars: Bars, params: Params) -> Sitting:
        states = tuple(a.start(bars) for a in self.analysts)
        return Sitting(states, still(), FLAT, self._electorate(), self._plan(params))

    def step(self, state: Sitting, row: Row) -> tuple[Sitting, Target]:
        moved = [a.step(s, row) for a, s in zip(self.analysts, state.states, strict=True)]
        motion, extreme = move(state.motion, (row.high, row.low, row.close), state.who.extreme_atr)
        ballots = self._ballots([_one(said) for _, said in moved], np.array([float(extreme)]))
        stand = Stand(*advance(state.stand, ballots, 0, state.who, state.plan))
        target = Target(stand.weight, Exit(stand.stop, stand.target, math.nan))
        return Sitting(tuple(s for s, _ in moved), motion, stand, state.who, state.plan), target

    def batch(self, bars: Bars, params: Params) -> Targets:
        plan, who = self._plan(params), self._electorate()
        weight, stop, target = (np.empty(len(bars)) for _ in range(3))
        columns = (weight, stop, target)
        ballots = self._ballots([_columns(a.read(bars)) for a in self.analysts], extreme_moves(bars, who.extreme_atr))
        _run(FLAT, ballots, who, plan, columns)
        return Targets(*columns)

    def _plan(self, params: Params) -> Plan:
        read = read_params(self, params)
        warmup = self.warmup(params)
        return Plan(warmup, int(read["hold_bars"]), float(read["min_reward_risk"]), bool(read["short"]))

    def _ballots(self, voices: Sequence[Sequence[Floats]], extreme: Floats) -> Ballots:
        """The participants' columns side by side, each (n, k), beside the moves that are extreme."""
        columns = [np.ascontiguousarray(np.stack(column, axis=1)) for column in zip(*voices, strict=True)]
        belief = columns[_COLUMNS.index("confidence")]
        if self.rules.pool in LEARNT_POOLS:
            each = [self.rules.calibration(a.name).believed(belief[:, k]) for k, a in enumerate(self.analysts)]
            belief = np.ascontiguousarray(np.stack(each, axis=1))
        return Ballots._make([*columns, belief, extreme])

    def _electorate(self) -> Electorate:
        rules, names = self.rules, [a.name for a in self.analysts]
        if rules.learns and rules.experts is None:
            raise UsageError(
                f"pool {rules.pool} with weights_from {rules.learning.weights_from} learns from outcomes, "
                "which a backtest would know beforehand",
                "give `experts` in consensus.yaml as constants, or choose file4 or score with fixed weights",
            )
        weights = np.array([rules.weight(n) for n in names], np.float64)
        return Electorate(
            weight=weights,
            floor=np.array([rules.confidence_floor(n) for n in names], np.float64),
            required=np.array([n in rules.required for n in names], np.bool_),
            replaces=np.array([names.index(rules.may_replace[n]) if n in rules.may_replace else -1 for n in names]),
            veto=np.array([n in rules.veto for n in names], np.bool_),
            model=np.array([n == MODEL_SOURCE for n in names], np.bool_) & (weights > 0.0),
            terms=rules.terms(),
            min_reward_risk=float(rules.min_reward_risk),
            wary=not Circumstances(extreme=True).calm(rules.conflict),
            extreme_atr=float(rules.conflict.extreme_atr),
            tier_c_size=float(rules.tier_c_size),
        )


def silent_voters(vote: ConsensusStrategy) -> dict[str, str]:
    """Who must take part in the vote and never can, with the reason: with one of them no bar has a consensus."""
    return {a.name: a.reason for a in vote.analysts if isinstance(a, Absent) and a.name in vote.rules.required}


def _columns(opinions: Opinions) -> list[Floats]:
    return [np.asarray(getattr(opinions, name), np.float64) for name in _COLUMNS]


def _one(said: Opinion) -> list[Floats]:
    return [np.array([float(getattr(said, name))]) for name in _COLUMNS]
