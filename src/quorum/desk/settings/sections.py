"""The configuration files: one typed model each, strict."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from quorum.desk.settings.reading import closest
from quorum.domain import Instrument, UsageError, split_symbol
from quorum.lake import Bars
from quorum.signals import ANALYSTS, Calibration, Conflict, ConsensusRules, Experts, Learning

RISK_MANAGER = "risk-manager"
OFF_GRID_DECIMALS = 8
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
CURRENCY = re.compile(r"[A-Z0-9]{2,10}")
DIFFERENCE = re.compile(r"confidence_difference\s*<\s*(0(?:\.\d+)?|1(?:\.0+)?|\.\d+)")


def _number(value: Any) -> Any:
    """A number as it is written: no yes or no, and 0.1 is a tenth."""
    if isinstance(value, bool):
        raise ValueError("needs a number")
    return str(value) if isinstance(value, float) and math.isfinite(value) else value


def _participant(name: str) -> str:
    if name not in ANALYSTS:
        raise ValueError(f"there is no participant {name!r}{closest(name, ANALYSTS)}")
    return name


def _agent(name: str) -> str:
    if name not in (RISK_MANAGER, *ANALYSTS):
        raise ValueError(f"there is no agent {name!r}{closest(name, (RISK_MANAGER, *ANALYSTS))}")
    return name


def _source(name: str) -> str:
    return name if name == "default" else _participant(name)


def _account_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for an account: it has letters, digits, - and _")
    return name


def _currency(name: str) -> str:
    if not CURRENCY.fullmatch(name):
        raise ValueError("a currency is written as USDT or USD")
    return name


Digits = Annotated[Decimal, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Share = Annotated[Number, Field(ge=0, le=1)]
Weight = Annotated[Number, Field(ge=0)]
Participant = Annotated[str, AfterValidator(_participant)]
Agent = Annotated[str, AfterValidator(_agent)]
Source = Annotated[str, AfterValidator(_source)]
Currency = Annotated[str, AfterValidator(_currency)]
AccountName = Annotated[str, AfterValidator(_account_name)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SignalConflictSection(_Section):
    """Both sides voted: `strategy` decides above the threshold, `fallback` below it."""

    strategy: Literal["strongest_wins", "no_trade"] = "strongest_wins"
    fallback: Literal["no_trade", "escalate"] = "no_trade"
    escalate_if: str | None = None

    @field_validator("escalate_if")
    @classmethod
    def _is_a_difference(cls, text: str | None) -> str | None:
        if text is not None and not DIFFERENCE.fullmatch(text.strip()):
            raise ValueError("is written as confidence_difference < 0.15")
        return text

    @property
    def escalate_below(self) -> float | None:
        """The difference of confidence in `escalate_if`."""
        found = None if self.escalate_if is None else DIFFERENCE.fullmatch(self.escalate_if.strip())
        return None if found is None else float(found[1])


class RiskVersusSignalSection(_Section):
    """Risk looks at every trade after the vote: it shrinks or rejects, and nothing overrules it."""

    strategy: Literal["risk_always_wins"] = "risk_always_wins"
    action: Literal["Reduce position size or reject trade"] = "Reduce position size or reject trade"


class ModelVersusDiscretionarySection(_Section):
    """With defer_to_model nothing is traded against the model's view, but in the circumstances of `exceptions`."""

    strategy: Literal["defer_to_model", "strongest_wins"] = "defer_to_model"
    exceptions: tuple[Literal["extreme_market_conditions", "news_events"], ...] = (
        "extreme_market_conditions",
        "news_events",
    )
    extreme_move_atr: Number = Field(5.0, gt=0)


class ConflictSection(_Section):
    signal_conflict: SignalConflictSection = SignalConflictSection()
    risk_vs_signal: RiskVersusSignalSection = RiskVersusSignalSection()
    model_vs_discretionary: ModelVersusDiscretionarySection = ModelVersusDiscretionarySection()

    def conflict(self) -> Conflict:
        """The part of it that the vote takes."""
        model = self.model_vs_discretionary
        return Conflict(
            self.signal_conflict.strategy,
            self.signal_conflict.fallback,
            model.strategy == "defer_to_model",
            model.exceptions,
            model.extreme_move_atr,
        )


class ScoreSection(_Section):
    """What the pool `score` asks of the winner in place of the threshold."""

    threshold: Number = Field(0.25, gt=0, le=1)
    min_votes: int = Field(2, ge=0)


class ReliabilitySection(_Section):
    """The record that `weights_from: reliability` looks at."""

    days: int = Field(30, ge=1)
    min_signals: int = Field(30, ge=1)


class CalibrationSection(_Section):
    """How a source's confidence is read; see Calibration."""

    kind: Literal["identity", "platt", "isotonic"] = "identity"
    x: tuple[Number, ...] = ()
    y: tuple[Number, ...] = ()


class ExpertsSection(_Section):
    """Constants in place of what outcomes teach; with them a backtest counts as the desk does."""

    weights: dict[Participant, Weight] = {}
    calibrations: dict[Participant, CalibrationSection] = {}
    exponent: Number = Field(1.0, gt=0)

    def experts(self) -> Experts:
        """The constants as the vote takes them."""
        curves = {name: Calibration(c.kind, c.x, c.y) for name, c in self.calibrations.items()}
        return Experts(self.weights, curves, self.exponent, ("experts are constants of consensus.yaml",))


class ConsensusSection(_Section):
    """consensus.yaml: who votes, and how the votes are counted."""

    voting_method: Literal["weighted"] = "weighted"
    pool: Literal["file4", "score", "log_odds", "hedge"] = "file4"
    required_participants: tuple[Participant, ...] = ("smc", "ml_model")
    optional_participants: tuple[Participant, ...] = ("microstructure",)
    may_replace: dict[Participant, Participant] = {}
    approval_threshold: Number = Field(0.6, ge=0.5, le=1.0)
    veto_agents: tuple[Agent, ...] = (RISK_MANAGER,)
    timeout_seconds: Number = Field(30.0, gt=0)
    weights: dict[Participant, Weight] = {"smc": 0.35, "ml_model": 0.40, "microstructure": 0.25}
    unlisted_weight: Weight = 0.2
    weights_from: Literal["fixed", "reliability"] = "fixed"
    reliability: ReliabilitySection = ReliabilitySection()
    escalate_if_confidence_difference_below: Share = 0.15
    min_confidence: dict[Source, Share] = {"default": 0.5, "smc": 0.4}
    min_reward_risk: Weight = 1.0
    score: ScoreSection = ScoreSection()
    hedge_fixed_share: Share = 0.0
    experts: ExpertsSection | None = None
    tier_c_size: Share = 0.0
    conflict_resolution: ConflictSection = ConflictSection()

    @field_validator("veto_agents")
    @classmethod
    def _risk_votes(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if RISK_MANAGER not in names:
            raise ValueError("the risk-manager always has a veto: keep it in the list")
        return names

    @model_validator(mode="after")
    def _votes(self) -> Self:
        asked = (*self.required_participants, *self.optional_participants)
        twice = [name for name in asked if asked.count(name) > 1]
        if twice or not asked:
            raise ValueError(f"{twice[0]!r} takes part twice" if twice else "nobody votes: name a participant")
        plainly, worded = self.escalate_if_confidence_difference_below, self._worded_difference
        if "escalate_if_confidence_difference_below" in self.model_fields_set and worded not in (None, plainly):
            raise ValueError(f"escalates below {plainly:g} by one key and below {worded:g} by escalate_if: keep one")
        try:
            self.rules()
        except UsageError as refusal:
            raise ValueError(str(refusal)) from refusal
        return self

    @property
    def _worded_difference(self) -> float | None:
        return self.conflict_resolution.signal_conflict.escalate_below

    @property
    def tiers_that_trade(self) -> tuple[str, ...]:
        """The quality tiers from which a trade may come."""
        return ("A", "B", "C") if self.tier_c_size > 0.0 else ("A", "B")

    def rules(self) -> ConsensusRules:
        """The rules that the vote takes."""
        plainly, worded = self.escalate_if_confidence_difference_below, self._worded_difference
        kept = self.reliability
        return ConsensusRules(
            required=self.required_participants,
            optional=self.optional_participants,
            threshold=self.approval_threshold,
            weights=self.weights,
            unlisted_weight=self.unlisted_weight,
            escalate_below=plainly if worded is None else worded,
            min_confidence=self.min_confidence,
            min_reward_risk=self.min_reward_risk,
            veto=self.veto_agents,
            pool=self.pool,
            may_replace=self.may_replace,
            least_score=self.score.threshold,
            least_votes=self.score.min_votes,
            conflict=self.conflict_resolution.conflict(),
            learning=Learning(self.weights_from, kept.days, kept.min_signals, self.hedge_fixed_share),
            experts=None if self.experts is None else self.experts.experts(),
            tier_c_size=self.tier_c_size,
        )


class ConsensusFile(_Section):
    consensus: ConsensusSection = ConsensusSection()


class InstrumentSection(_Section):
    """What instruments.yaml says of one symbol; what it leaves out comes from the prices themselves."""

    tick: Digits | None = Field(None, gt=0)
    lot: Digits | None = Field(None, gt=0)
    min_notional: Digits = Field(Decimal(0), ge=0)


class InstrumentsFile(_Section):
    crypto_lot: Digits = Field(Decimal("0.00001"), gt=0)
    equity_lot: Digits = Field(Decimal(1), gt=0)
    symbols: dict[str, InstrumentSection] = {}

    def lot(self, symbol: str) -> Decimal:
        """The step of a symbol's quantity."""
        given = self.symbols.get(symbol, InstrumentSection()).lot
        return given or (self.equity_lot if split_symbol(symbol)[0] == symbol else self.crypto_lot)

    def instrument(self, bars: Bars) -> Instrument:
        """The instrument that `bars` are of: its steps as given here, else the grid of the prices."""
        base, quote = split_symbol(bars.symbol)
        given = self.symbols.get(bars.symbol, InstrumentSection())
        decimals = OFF_GRID_DECIMALS if bars.price_decimals is None else bars.price_decimals
        tick = given.tick or Decimal(1).scaleb(-decimals)
        return Instrument(bars.symbol, bars.venue, base, quote, tick, self.lot(bars.symbol), given.min_notional)
