"""risk.yaml: the limits of each book, those of the whole desk over them, and the sectors of symbols."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from quorum.desk.settings.sections import Digits
from quorum.domain import NotFound, UsageError
from quorum.risk import FRACTIONS, MOST, SUMMED, RiskLimits, stricter

RISK_YAML = """\
# Limits of each book, as fractions of its equity unless a key says otherwise. Two on one thing: the stricter holds.
books:
  crypto:
    risk_per_trade: 0.005       # what a stop may lose
    max_position: 0.40          # of one symbol
    max_deployed: 0.60          # of all symbols
    max_total_loss: 0.20        # of the capital paid in; below it nothing opens
    min_reward_risk: 1.5        # asked of signals
    min_order_notional: 10      # in the book's currency
    price_collar_bps: 100       # how far from the decision's price an order may fill
    allow_short: false
    max_day_loss: 0.03          # of the equity at the day's start
    max_week_loss: 0.05         # of the equity at the week's start
    max_strategy: 0.40          # of one strategy
    max_sector: 0.40            # of one of the sectors below
    max_cluster: 0.30           # of what correlates at `correlated` or more
    correlated: 0.7
    max_leverage: 3
    volatility_target: null     # sizing: what a holding may move by in a year, 0.10 of equity; null does without
    kelly_share: null           # sizing: what a strategy may take of Kelly's fraction, as 0.25; null does without
    # falls from the highest equity: a strategy stops; the book halves, enters nothing, closes a part, closes all
    strategy_red_at: 0.10
    halve_at: 0.10
    no_entries_at: 0.15
    black_at: 0.20
    black_close_fraction: 0.5
    close_all_at: 0.25
  equities:
    max_position: 0.10
    max_deployed: 1.00
    max_strategy: 1.00
    max_cluster: 1.00
desk: {}                        # the same keys for the whole desk: what can be added up is of all accounts together
sectors: {}                     # layer1: [BTCUSDT, ETHUSDT]
"""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _whole(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("needs a whole number")
    return value


def _spelt(symbols: tuple[str, ...]) -> tuple[str, ...]:
    wrong = next((name for name in symbols if not name or name != name.upper() or " " in name), None)
    if wrong is not None:
        raise ValueError(f"{wrong!r} is no symbol: one is written as BTCUSDT")
    return symbols


def _sound(limits: Callable[[], object]) -> None:
    """A refusal of the limits as one of the file."""
    try:
        limits()
    except UsageError as refusal:
        raise ValueError(refusal.found) from refusal


Count = Annotated[int, BeforeValidator(_whole)]
Symbols = Annotated[tuple[str, ...], AfterValidator(_spelt)]


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
    max_borrowed: Digits = Field(Decimal(0), ge=0)
    max_day_loss: Digits = Field(Decimal("0.03"), gt=0, le=1)
    max_week_loss: Digits = Field(Decimal("0.05"), gt=0, le=1)
    max_strategy: Digits = Field(Decimal("0.40"), gt=0)
    max_sector: Digits = Field(Decimal("0.40"), gt=0)
    max_cluster: Digits = Field(Decimal("0.30"), gt=0)
    correlated: Digits = Field(Decimal("0.7"), gt=0, le=1)
    max_leverage: Digits = Field(Decimal(3), gt=0)
    max_order_notional: Digits | None = Field(Decimal(1_000_000), gt=0)
    max_order_lots: Digits | None = Field(None, gt=0)
    max_orders_per_minute: Count = Field(60, ge=1)
    max_from_last_bps: Digits = Field(Decimal(500), ge=0, lt=10_000)
    last_trade_seconds: Count = Field(900, ge=0)
    duplicate_seconds: Count = Field(5, ge=0, le=60)
    volatility_target: Digits | None = Field(None, gt=0, le=MOST)
    kelly_share: Digits | None = Field(None, gt=0, le=1)
    strategy_red_at: Digits = Field(Decimal("0.10"), gt=0, le=1)
    halve_at: Digits = Field(Decimal("0.10"), gt=0, le=1)
    no_entries_at: Digits = Field(Decimal("0.15"), gt=0, le=1)
    black_at: Digits = Field(Decimal("0.20"), gt=0, le=1)
    close_all_at: Digits = Field(Decimal("0.25"), gt=0, le=1)
    black_close_fraction: Digits = Field(Decimal("0.5"), ge=0, le=1)
    stop_keep_fraction: Digits = Field(Decimal("0.5"), ge=0, le=1)

    @field_validator(*sorted(FRACTIONS))
    @classmethod
    def _is_fraction(cls, value: Decimal) -> Decimal:
        if value > MOST:
            raise ValueError(f"is a fraction of equity, 0.40 for 40 %, and at most {MOST}")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _sound(self.limits)
        return self

    def limits(self) -> RiskLimits:
        """The limits that risk takes."""
        return RiskLimits(**{name: getattr(self, name) for name in LimitsSection.model_fields})


class DeskSection(LimitsSection):
    """Limits of the whole desk: those that are written."""

    def of_each(self) -> dict[str, Any]:
        """What the file names that bounds each book by itself."""
        return {name: getattr(self, name) for name in self.model_fields_set - SUMMED}

    def of_all(self) -> dict[str, Decimal]:
        """What the file names that is of all accounts together."""
        return {name: Decimal(getattr(self, name)) for name in sorted(self.model_fields_set & SUMMED)}


_EQUITIES = LimitsSection(
    max_position=Decimal("0.10"), max_deployed=Decimal(1), max_strategy=Decimal(1), max_cluster=Decimal(1)
)


class RiskFile(_Section):
    books: dict[str, LimitsSection] = {"crypto": LimitsSection(), "equities": _EQUITIES}
    desk: DeskSection = DeskSection()
    sectors: dict[str, Symbols] = {}

    @model_validator(mode="after")
    def _together(self) -> Self:
        for name in self.books:
            _sound(partial(self.limits, name))
        return self

    def limits(self, book: str) -> RiskLimits:
        """The limits of a book under the desk's own for each; NotFound for a book that the file does not have."""
        if book not in self.books:
            raise NotFound(f"risk.yaml has no book {book!r}", f"it has {', '.join(self.books) or 'none'}")
        return stricter(self.books[book].limits(), self.desk.of_each())

    def groups(self) -> dict[str, frozenset[str]]:
        """The symbols of each sector."""
        return {name: frozenset(symbols) for name, symbols in self.sectors.items()}
