"""How large a trade is before the limits look at it: four ways, all in lots, and none above what is asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal

from quorum.domain import ZERO, Instrument, UsageError

_ONE = Decimal(1)
TIERS: Mapping[str, Decimal] = {"A": _ONE, "B": _ONE, "C": ZERO, "D": ZERO, "F": ZERO}


def size_by_stop(equity: Decimal, price: Decimal, stop: Decimal, risk: Decimal, instrument: Instrument) -> Decimal:
    """The quantity, in lots, that loses `risk` (a fraction) of `equity` between `price` and `stop`.

    0 when equity or price is not positive, or the stop lies at the price. UsageError, with its name, for a number
    that makes no sense.
    """
    _need(price=price, stop=stop, risk=risk)
    _need_finite(equity=equity)
    distance = abs(price - stop)
    if equity <= 0 or price == 0 or distance == 0:
        return Decimal(0)
    return instrument.quantity(equity * risk / distance)


def size_by_volatility(
    equity: Decimal,
    price: Decimal,
    volatility: tuple[Decimal, ...],
    target: Decimal,
    instrument: Instrument,
    most: Decimal = _ONE,
) -> Decimal:
    """The quantity, in lots, whose value moves by `target` of equity a year, at most `most` times the equity.

    `volatility` are annual estimates (a fast and a slow one): the largest counts. 0 when equity is not positive, or
    where no estimate is above 0, since what does not move has told nothing. UsageError as `size_by_stop`.
    """
    _need(price=price, target=target, most=most, **{f"volatility[{n}]": one for n, one in enumerate(volatility)})
    _need_finite(equity=equity)
    if equity <= 0 or price == 0:
        return ZERO
    return instrument.quantity(equity * min(steady(target, max(volatility, default=ZERO)), most) / price)


def steady(target: Decimal, volatility: Decimal) -> Decimal:
    """The fraction of equity that moves by `target` of it where all of it would move by `volatility`; 0 where none is
    known."""
    return target / volatility if volatility > 0 else ZERO


def kelly(mean: float, spread: float, days: int, share: float = 0.25, most: float = 1.0) -> float:
    """The fraction of equity to hold of what earned `mean` with standard deviation `spread` a day on `days` days.

    Kelly's mean / variance, with the mean shrunk towards 0 by the part of its square that its own error explains,
    m^2 / (m^2 + s^2 / n); `share` of that (a quarter), at most `most` either way. 0 for a mean of 0; negative for one
    below. Kelly (1956), Thorp (2006); the shrinkage is that of the least squared error of a scaled mean.
    UsageError for a number that makes no sense, or without spread.
    """
    exact = {"mean": mean, "spread": spread, "share": share, "most": most}
    _need_finite(**{name: Decimal(str(value)) for name, value in exact.items()})
    if spread <= 0 or days < 2 or share < 0 or most < 0:
        raise UsageError(f"kelly: spread {spread}, {days} days, share {share}, most {most} make no sense")
    known = mean**2 / (mean**2 + spread**2 / days)
    return max(-most, min(most, share * known * mean / spread**2))


def kelly_bet(win: float, odds: float, bets: int, share: float = 0.25) -> float:
    """The fraction to stake on a bet that wins `odds` times the stake in a share `win` of `bets` past bets, else loses.

    Kelly's win - (1 - win) / odds at a win rate one standard error below the one seen; `share` of that, never negative.
    UsageError for a number that makes no sense.
    """
    exact = {"win": win, "odds": odds, "share": share}
    _need_finite(**{name: Decimal(str(value)) for name, value in exact.items()})
    if not 0 <= win <= 1 or odds <= 0 or bets < 1 or share < 0:
        raise UsageError(f"kelly: win {win}, odds {odds}, {bets} bets, share {share} make no sense")
    careful = max(0.0, win - math.sqrt(win * (1 - win) / bets))
    return max(0.0, share * (careful - (1 - careful) / odds))


def size_by_kelly(equity: Decimal, price: Decimal, fraction: float, instrument: Instrument) -> Decimal:
    """The quantity, in lots, worth `fraction` of equity (of `kelly` or `kelly_bet`), without its sign.

    0 when equity or price is not positive. UsageError as `size_by_stop`.
    """
    exact = Decimal(str(fraction))
    _need(price=price)
    _need_finite(equity=equity, fraction=exact)
    return instrument.quantity(equity * abs(exact) / price) if equity > 0 and price > 0 else ZERO


def size_by_tier(asked: Decimal, tier: str, instrument: Instrument, tier_c: Decimal = ZERO) -> Decimal:
    """What a signal of `tier` may trade of `asked`, in lots: A and B all of it, C the share `tier_c`, D and F nothing.

    UsageError for another tier, a share outside 0..1, and as `size_by_stop`.
    """
    _need(asked=asked, tier_c=tier_c)
    if tier not in TIERS or tier_c > 1:
        raise UsageError(f"tier {tier!r} with a share of {tier_c} for C makes no sense", "tiers are A, B, C, D and F")
    return instrument.quantity(asked * (tier_c if tier == "C" else TIERS[tier]))


def smallest_size(asked: Decimal, sizes: Iterable[Decimal], instrument: Instrument) -> Decimal:
    """The smallest of what is asked and what the ways of sizing give, in lots. UsageError as `size_by_stop`."""
    given = [asked, *sizes]
    _need(**{f"size[{n}]": size for n, size in enumerate(given)})
    return instrument.quantity(min(given))


def _need(**numbers: Decimal) -> None:
    _need_finite(**numbers)
    for name, value in numbers.items():
        if value < 0:
            raise UsageError(f"{name} = {value} must not be negative")


def _need_finite(**numbers: Decimal) -> None:
    for name, value in numbers.items():
        if not value.is_finite():
            raise UsageError(f"{name} = {value} must be a finite number")
