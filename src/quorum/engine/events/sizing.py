"""From a target to an aim, and the steps of an instrument that has none."""

from __future__ import annotations

from decimal import Decimal
from math import floor, log10

import numpy as np

from quorum.domain import ZERO, Aim, Basis, Instrument
from quorum.engine.events.tape import Tape, exact
from quorum.engine.kernel import ATR, CASH, UNITS, VOLATILITY, Rates

FLAT = Aim(Basis.EQUITY, ZERO)
DIGITS = 16


def aim_of(weight: float, spread: float, rates: Rates) -> Aim:
    """What a target of `weight` is to leave held; `spread` is what the sizing divides by, as of the decision's close.

    Nothing while the spread is not known.
    """
    sizing, size = rates.sizing, rates.size
    if sizing == UNITS:
        return Aim(Basis.UNITS, exact(weight * size))
    if sizing == CASH:
        return Aim(Basis.CASH, exact(weight * size))
    if sizing in (VOLATILITY, ATR) and not spread > 0.0:
        return FLAT
    if sizing == VOLATILITY:
        return Aim(Basis.EQUITY, exact(weight * min(size / spread, 1.0)))
    if sizing == ATR:
        return Aim(Basis.EQUITY, exact(weight), exact(spread / size))
    return Aim(Basis.EQUITY, exact(weight * size))


def smooth(tape: Tape, symbol: str, currency: str) -> Instrument:
    """An instrument whose steps are too fine to be seen: 16 digits below its prices and what is held of it.

    Quantities are in the lots of the terms, where they have one.
    """
    column = tape.market.close[:, tape.index[symbol]]
    known = column[~np.isnan(column)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (1.0, 1.0)
    rates = tape.rates
    usual = rates.size if rates.sizing == UNITS else rates.cash / high
    lot = exact(rates.lot) if rates.lot else _step(usual)
    return Instrument(symbol, "tape", symbol, currency, _step(low), lot)


def _step(number: float) -> Decimal:
    return Decimal(1).scaleb(floor(log10(number)) - DIGITS)
