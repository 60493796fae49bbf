"""The configuration files: one typed model each, strict, with refusals that point at the line."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from quorum.domain import ConfigError, Instrument, UsageError, split_symbol
from quorum.execution import VenueCosts
from quorum.lake import Bars
from quorum.risk import RiskLimits
from quorum.signals import ANALYSTS, RISK_MANAGER, ConsensusRules

OFF_GRID_DECIMALS = 8
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
CURRENCY = re.compile(r"[A-Z0-9]{2,10}")


def _number(value: Any) -> Any:
    """A number as it is written: no yes or no, and 0.1 is a tenth."""
    if isinstance(value, bool):
        raise ValueError("needs a number")
    return str(value) if isinstance(value, float) and math.isfinite(value) else value


def _participant(name: str) -> str:
    if name not in ANALYSTS:
        raise ValueError(f"there is no participant {name!r}{_closest(name, ANALYSTS)}")
    return name


def _agent(name: str) -> str:
    if name not in (RISK_MANAGER, *ANALYSTS):
        raise ValueError(f"there is no agent {name!r}{_closest(name, (RISK_MANAGER, *ANALYSTS))}")
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


class ConsensusSection(_Section):
    """consensus.yaml: who votes, and how the votes are counted."""

    voting_method: Literal["weighted"] = "weighted"
    pool: Literal["file4"] = "file4"
    required_participants: tuple[Participant, ...] = ("smc", "ml_model")
    optional_participants: tuple[Participant, ...] = ("microstructure",)
    approval_threshold: Number = Field(0.6, ge=0.5, le=1.0)
    veto_agents: tuple[Agent, ...] = (RISK_MANAGER,)
    timeout_seconds: Number = Field(30.0, gt=0)
    weights: dict[Participant, Weight] = {"smc": 0.35, "ml_model": 0.40, "microstructure": 0.25}
    unlisted_weight: Weight = 0.2
    escalate_if_confidence_difference_below: Share = 0.15
    min_confidence: dict[Source, Share] = {"default": 0.5, "smc": 0.4}
    min_reward_risk: Weight = 1.0

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
        return self

    def rules(self) -> ConsensusRules:
        """The rules that the vote takes."""
        return ConsensusRules(
            required=self.required_participants,
            optional=self.optional_participants,
            threshold=self.approval_threshold,
            weights=self.weights,
            unlisted_weight=self.unlisted_weight,
            escalate_below=self.escalate_if_confidence_difference_below,
            min_confidence=self.min_confidence,
            min_reward_risk=self.min_reward_risk,
            veto=self.veto_agents,
        )


class ConsensusFile(_Section):
    consensus: ConsensusSection = ConsensusSection()


class LimitsSection(_Section):
    """The limits of one book in risk.yaml; see RiskLimits for their meaning."""

    risk_per_trade: Digits = Field(Decimal("0.005"), gt=0, le=1)
    max_position: Digits = Field(Decimal("0.40"), gt=0)
    max_deployed: Digits = Field(Decimal("0.60"), gt=0)
    max_total_loss: Digits = Field(Decimal("0.20"), gt=0, le=1)
    min_reward_risk: Digits = Field(Decimal("1.5"), ge=0)
    min_order_notional: Digits = Field(Decimal(10), ge=0)
    price_collar_bps: Digits = Field(Decimal(100), ge=0, lt=10_000)
    allow_short: bool = False

    def limits(self) -> RiskLimits:
        """The limits that risk takes."""
        return RiskLimits(**{name: getattr(self, name) for name in type(self).model_fields})


class RiskFile(_Section):
    books: dict[str, LimitsSection] = {"crypto": LimitsSection(), "equities": LimitsSection()}


class AccountSection(_Section):
    """One account in accounts.yaml: the book whose limits hold, its currency, and the cash paid in at its start."""

    book: str
    currency: Currency
    cash: Digits = Field(gt=0)


_ACCOUNTS = {
    "paper": AccountSection(book="crypto", currency="USDT", cash=Decimal(100_000)),
    "paper-usd": AccountSection(book="equities", currency="USD", cash=Decimal(100_000)),
}


class AccountsFile(_Section):
    accounts: dict[AccountName, AccountSection] = _ACCOUNTS


class VenueSection(_Section):
    """The simulated venue in execution.yaml: its costs, and whether it lives in our process or in its own."""

    fee_bps: Digits = Field(Decimal(10), ge=0, lt=10_000)
    slippage_bps: Digits = Field(Decimal(2), ge=0, lt=10_000)
    max_volume_share: Digits = Field(Decimal("0.1"), gt=0, le=1)
    process: Literal["in_process", "own_process"] = "in_process"

    def costs(self) -> VenueCosts:
        """The costs that the simulated venue takes."""
        return VenueCosts(self.fee_bps, self.slippage_bps, self.max_volume_share)


class ExecutionFile(_Section):
    simulated_venue: VenueSection = VenueSection()


class InstrumentSection(_Section):
    """What instruments.yaml says of one symbol; what it leaves out comes from the prices themselves."""

    tick: Digits | None = Field(None, gt=0)
    lot: Digits | None = Field(None, gt=0)
    min_notional: Digits = Field(Decimal(0), ge=0)


class InstrumentsFile(_Section):
    crypto_lot: Digits = Field(Decimal("0.00001"), gt=0)
    equity_lot: Digits = Field(Decimal(1), gt=0)
    symbols: dict[str, InstrumentSection] = {}

    def instrument(self, bars: Bars) -> Instrument:
        """The instrument that `bars` are of: its steps as given here, else the grid of the prices."""
        base, quote = split_symbol(bars.symbol)
        given = self.symbols.get(bars.symbol, InstrumentSection())
        decimals = OFF_GRID_DECIMALS if bars.price_decimals is None else bars.price_decimals
        tick = given.tick or Decimal(1).scaleb(-decimals)
        lot = given.lot or (self.equity_lot if base == bars.symbol else self.crypto_lot)
        return Instrument(bars.symbol, bars.venue, base, quote, tick, lot, given.min_notional)


File = TypeVar("File", bound=_Section)


def read_settings(path: Path, model: type[File]) -> File:
    """The settings in `path`, defaults where it is silent or absent.

    ConfigError names file, line and column, what is wrong, and the nearest key that exists.
    """
    if not path.exists():
        return model()
    try:
        document = YAML().load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigError(f"{where}: not YAML: {error.problem or error}", "mend the line") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}", "make it a readable text file") from error
    try:
        return model.model_validate(_plain(document) or {})
    except ValidationError as error:
        raise _refusal(path, document, error, model) from error
    except UsageError as error:
        raise ConfigError(f"{path}: {error.found}", error.remedy) from error


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {k: _plain(v) for k, v in node.items()}
    return [_plain(v) for v in node] if isinstance(node, list) else node


def _refusal(path: Path, document: Any, error: ValidationError, model: type[BaseModel]) -> ConfigError:
    first = error.errors()[0]
    keys = tuple(k for k in first["loc"])
    line, column = _place(document, keys)
    name = ".".join(str(k) for k in keys)
    where = f"{path}:{line}:{column}"
    if first["type"] == "extra_forbidden":
        known = _keys_at(model, keys[:-1])
        return ConfigError(f"{where}: unknown key {name!r}{_closest(str(keys[-1]), known)}", _listed(known))
    message = first["msg"].removeprefix("Value error, ")
    found = f" (found {first['input']!r})" if not isinstance(first["input"], dict) else ""
    return ConfigError(f"{where}: {name or 'the file'}: {message}{found}", "mend the value or delete the line")


def _place(document: Any, keys: tuple[Any, ...]) -> tuple[int, int]:
    """Line and column, from 1, of the deepest node on the way `keys` that is in the document."""
    line, column, node = 0, 0, document
    for key in keys:
        if isinstance(node, CommentedMap) and key in node:
            line, column = node.lc.key(key)
        elif isinstance(node, CommentedSeq) and isinstance(key, int) and key < len(node):
            line, column = node.lc.item(key)
        else:
            break
        node = node[key]
    return line + 1, column + 1


def _keys_at(model: type[BaseModel], keys: tuple[Any, ...]) -> list[str]:
    """The keys that the section at `keys` may have."""
    current: Any = model
    for key in keys:
        if isinstance(current, type) and issubclass(current, BaseModel) and key in current.model_fields:
            annotation = current.model_fields[key].annotation
            arguments = getattr(annotation, "__args__", ())
            current = arguments[-1] if arguments else annotation
    return sorted(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []


def _closest(name: str, known: Any) -> str:
    match = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f", did you mean {match[0]!r}?" if match else ""


def _listed(known: list[str]) -> str:
    return f"known here: {', '.join(known)}" if known else "delete it"
