"""The rules of a vote as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quorum.domain import UsageError
from quorum.signals.pools.calibration import AS_STATED, Calibration
from quorum.signals.pools.counting import POOLS, Terms

RISK_MANAGER = "risk-manager"
MODEL_SOURCE = "ml_model"
EXTREME, NEWS = "extreme_market_conditions", "news_events"
STRONGEST_WINS, NO_TRADE, ESCALATE_IT = "strongest_wins", "no_trade", "escalate"
FIXED, RELIABILITY = "fixed", "reliability"
LEARNT_POOLS = ("log_odds", "hedge")


def _check(allowed: Mapping[str, tuple[str, tuple[str, ...]]]) -> None:
    """UsageError for the first word, by its name, that is not among those allowed for it."""
    for name, (word, words) in allowed.items():
        if word not in words:
            raise UsageError(f"{name}: there is no {word!r}", f"choose {' or '.join(words)}")


def _weights(weights: Mapping[str, float]) -> None:
    for name, weight in weights.items():
        if not 0.0 <= weight < math.inf:
            raise UsageError(f"the weight {weight} of {name} is no weight", "give a number of at least 0")


@dataclass(frozen=True, slots=True)
class Conflict:
    """What holds when both sides voted and neither a veto, the threshold nor an escalation has decided.

    `strategy` is strongest_wins or no_trade; `fallback` says what a conflict below the threshold is: no_trade, or
    escalate to a person. With `model_first` nothing is traded against the model's view, except in the circumstances
    `exceptions`; a bar is extreme when its true range is above `extreme_atr` average true ranges.
    """

    strategy: str = STRONGEST_WINS
    fallback: str = NO_TRADE
    model_first: bool = True
    exceptions: tuple[str, ...] = (EXTREME, NEWS)
    extreme_atr: float = 5.0

    def __post_init__(self) -> None:
        words = {
            "strategy": (self.strategy, (STRONGEST_WINS, NO_TRADE)),
            "fallback": (self.fallback, (NO_TRADE, ESCALATE_IT)),
        }
        _check(words | {f"exception {i + 1}": (e, (EXTREME, NEWS)) for i, e in enumerate(self.exceptions)})
        if not self.extreme_atr > 0.0:
            raise UsageError(f"extreme moves above {self.extreme_atr} ATR", "give a number above 0")


@dataclass(frozen=True, slots=True)
class Learning:
    """What may replace the fixed weights: `weights_from` fixed or reliability, the source's record of the last `days`
    when it holds `least_signals`; and the share of weight that `hedge` spreads over all sources after each outcome.
    """

    weights_from: str = FIXED
    days: int = 30
    least_signals: int = 30
    fixed_share: float = 0.0

    def __post_init__(self) -> None:
        _check({"weights_from": (self.weights_from, (FIXED, RELIABILITY))})
        if self.days < 1 or self.least_signals < 1 or not 0.0 <= self.fixed_share <= 1.0:
            raise UsageError(
                f"{self.days} days, {self.least_signals} signals, a fixed share of {self.fixed_share}",
                "give at least one day and one signal, and a share in 0..1",
            )


@dataclass(frozen=True, slots=True)
class Experts:
    """What was learnt of the sources: `weights` and `calibrations` by source, and the exponent of `log_odds`.

    Plain values that stand in the decision's inputs, so that a replay counts with the same; `says` tells what was
    done and from how much. A source without a calibration is taken as it states itself.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    exponent: float = 1.0
    says: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _weights(self.weights)
        if not 0.0 < self.exponent < math.inf:
            raise UsageError(f"an exponent of {self.exponent} turns the vote around", "give a number above 0")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Experts:
        """The experts whose plain form is `values`."""
        curves = {name: Calibration.read(c) for name, c in values.get("calibrations", {}).items()}
        return cls(**{**values, "calibrations": curves, "says": tuple(values.get("says", ()))})


@dataclass(frozen=True, slots=True)
class ConsensusRules:
    """Who must vote, with what weight, and how strong the winner must be.

    `threshold` is the least share of the winner in file4, its least probability in log_odds and hedge; `score` asks
    for `least_score` and `least_votes` instead. The vote is escalated when both sides voted and their highest
    confidences are closer than `escalate_below`. A view counts when its confidence reaches `min_confidence` (by
    source, else `default`) and its reward/risk `min_reward_risk`; a source without a weight has `unlisted_weight`; a
    voter in `veto` whose view counts and is against the stronger side stops the trade. `may_replace` names who may
    stand in for a required participant that is away. `experts` are learnt or given as constants. `tier_c_size` is the
    share (0..1) of the normal size at which a vote of quality C is traded.
    """

    required: tuple[str, ...] = ("smc", "ml_model")
    optional: tuple[str, ...] = ("microstructure",)
    threshold: float = 0.6
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"smc": 0.35, "ml_model": 0.40, "microstructure": 0.25}
    )
    unlisted_weight: float = 0.2
    escalate_below: float = 0.15
    min_confidence: Mapping[str, float] = field(default_factory=lambda: {"default": 0.5, "smc": 0.4})
    min_reward_risk: float = 1.0
    veto: tuple[str, ...] = (RISK_MANAGER,)
    pool: str = "file4"
    may_replace: Mapping[str, str] = field(default_factory=dict)
    least_score: float = 0.25
    least_votes: int = 2
    conflict: Conflict = Conflict()
    learning: Learning = Learning()
    experts: Experts | None = None
    tier_c_size: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.tier_c_size <= 1.0:
            raise UsageError(f"a size of {self.tier_c_size} for tier C", "give a share of the normal size, 0..1")
        if not self.participants or len(set(self.participants)) != len(self.participants):
            raise UsageError(f"participants {self.participants} must be different names, at least one")
        if not 0.5 <= self.threshold <= 1.0:
            raise UsageError(f"a threshold of {self.threshold} lets both sides win", "choose one in 0.5..1")
        if not 0.0 < self.least_score <= 1.0:
            raise UsageError(f"a least score of {self.least_score} asks for nothing", "choose one above 0, up to 1")
        _check({"pool": (self.pool, tuple(POOLS))})
        if self.pool == "hedge" and self.learning.weights_from == RELIABILITY:
            raise UsageError("hedge learns its own weights", "leave weights_from at fixed")
        _weights({**self.weights, "unlisted": self.unlisted_weight})
        for name, other in self.may_replace.items():
            if name not in self.optional or other not in self.required:
                raise UsageError(
                    f"{name} cannot stand in for {other}",
                    "an optional participant stands in for a required one",
                )

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> ConsensusRules:
        """The rules whose plain form is `values`; what it does not say has its default."""
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        if "conflict" in given:
            given["conflict"] = Conflict(**{**given["conflict"], "exceptions": tuple(given["conflict"]["exceptions"])})
        if "learning" in given:
            given["learning"] = Learning(**given["learning"])
        if given.get("experts") is not None:
            given["experts"] = Experts.read(given["experts"])
        return cls(**given)

    @property
    def participants(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)

    @property
    def learns(self) -> bool:
        """Whether the count needs something that only outcomes teach."""
        return self.pool in LEARNT_POOLS or self.learning.weights_from == RELIABILITY

    def weight(self, source: str) -> float:
        """The weight of a source's vote; all have the same in `hedge` before anything was learnt."""
        learnt = self.pool == "hedge" or self.learning.weights_from == RELIABILITY
        if learnt and self.experts is not None and source in self.experts.weights:
            return self.experts.weights[source]
        if self.pool == "hedge" and (self.experts is None or not self.experts.weights):
            return 1.0
        return self.weights.get(source, self.unlisted_weight)

    def calibration(self, source: str) -> Calibration:
        """How the source's confidence is read; only `log_odds` and `hedge` ask."""
        return AS_STATED if self.experts is None else self.experts.calibrations.get(source, AS_STATED)

    def confidence_floor(self, source: str) -> float:
        """The confidence from which a source's view counts."""
        return self.min_confidence.get(source, self.min_confidence.get("default", 0.5))

    def terms(self) -> Terms:
        """The rules' numbers in the form that the count takes."""
        return Terms(
            POOLS[self.pool],
            float(self.threshold),
            float(self.escalate_below),
            float(self.least_score),
            int(self.least_votes),
            1.0 if self.experts is None else float(self.experts.exponent),
            self.conflict.strategy == STRONGEST_WINS,
            self.conflict.model_first,
        )


WITHOUT_MODEL = ConsensusRules(required=("smc", "momentum"), optional=())
"""The vote of the analysts that can vote before there is a model: the rules where no workspace says others."""
