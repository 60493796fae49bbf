"""On what terms a backtest trades: fills, sizing, costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import NamedTuple

from quorum.domain import UsageError
from quorum.engine.kernel import ATR, CASH, UNITS, VOLATILITY, WEIGHT

SIZINGS = {"units": UNITS, "cash": CASH, "weight": WEIGHT, "volatility": VOLATILITY, "atr": ATR}


class Fill(NamedTuple):
    """A fill model: the price that an order gets, when, and whether its quantity is fixed at the decision's close."""

    price: str
    lag: int = 1
    late: bool = False
    presized: bool = False
    capped: bool = False
    meaning: str = ""


FILLS = {
    "next_open": Fill("open", meaning="a target known at a bar's close is traded at the next bar's open"),
    "next_open_presized": Fill(
        "open", presized=True, meaning="sized at the signal's close, traded at the next bar's open, as deployed"
    ),
    "next_close": Fill("close", late=True, meaning="a target known at a bar's close is traded at the next bar's close"),
    "next_vwap": Fill("typical", late=True, meaning="traded over the next bar, at the mean of its high, low and close"),
    "volume_capped": Fill("open", capped=True, meaning="at the next opens, each up to a share of that bar's volume"),
    "same_close": Fill(
        "close", lag=0, late=True, meaning="at the close that it was decided on: a diagnostic that nobody can trade"
    ),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Costs, sizing and the fill model; basis points of notional and of price, the rest in the quote currency.

    A fill pays `fee_bps` of its notional (a limit inside a bar `maker_bps`, where given, a rebate if negative) and
    `fee_per_unit` for each unit, at least `minimum_fee`. Its price is worse by `slippage_bps` and by `impact` * daily
    volatility * sqrt(quantity / daily volume), both of the 20 days before; a limit's is not. What is held short costs
    `borrow_rate` a year. `volume_share` is the most of a bar's volume that `volume_capped` takes; the rest waits.

    Sizing `weight`: a target of 1 is `size` of equity at the fill, before its costs. `cash`: it is what `size` of the
    cash at hand buys, costs included. `units`: it is `size` units. `volatility`: it is the part of equity whose
    yearly volatility is `size`. `atr`: one average true range (the strategy's `atr_period`, else 14 bars) is `size`
    of equity. The last two use no leverage, and a target that comes before their measure is known (20 days of bars,
    373 bars for an ATR of 14) trades nothing until it changes. With a `lot` a target is held in whole lots of so many
    units, rounded towards 0, in every symbol. UsageError for terms that make no sense.
    """

    fee_bps: float = 10.0
    slippage_bps: float = 0.0
    sizing: str = "weight"
    size: float = 1.0
    starting_equity: float = 100_000.0
    fill: str = "next_open"
    maker_bps: float | None = None
    fee_per_unit: float = 0.0
    minimum_fee: float = 0.0
    impact: float = 0.0
    borrow_rate: float = 0.0
    volume_share: float = 0.1
    lot: float = 0.0

    def __post_init__(self) -> None:
        _one_of("sizing", self.sizing, SIZINGS)
        _one_of("fill", self.fill, FILLS)
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("sizing", "fill") and value is not None:
                least = -self.fee_bps if field.name == "maker_bps" else 0.0
                object.__setattr__(self, field.name, _number(field.name, value, least))
        if not (self.size > 0 and self.starting_equity > 0 and 0 < self.volume_share <= 1):
            raise UsageError(
                f"size {self.size}, starting equity {self.starting_equity}, volume share {self.volume_share}",
                "size and starting equity are above 0, the volume share in (0, 1]",
            )
        if self.slippage_bps >= 10_000:
            raise UsageError(f"slippage_bps = {self.slippage_bps} leaves no price", "give less than 10000 basis points")

    @property
    def model(self) -> Fill:
        return FILLS[self.fill]


def _one_of(name: str, value: str, known: dict[str, int] | dict[str, Fill]) -> None:
    if value not in known:
        raise UsageError(f"there is no {name} {value!r}", f"choose one of {', '.join(known)}")


def _number(name: str, value: object, least: float) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not least <= number < math.inf:
        raise UsageError(f"{name} = {value!r} makes no sense", f"give a number that is at least {least:g}")
    return number
