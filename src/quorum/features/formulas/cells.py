"""Cells: arithmetic, comparisons and logic of one bar. A condition is 1, 0, or NaN while it is undecided."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from quorum.features.formulas.codes import (
    ABOVE,
    ADD,
    AT_LEAST,
    AT_MOST,
    BELOW,
    BOTH,
    CHOICE,
    DIVIDE,
    EQUAL,
    EXPONENTIAL,
    LARGER,
    LOGARITHM,
    MAGNITUDE,
    MULTIPLY,
    NEGATE,
    NOT,
    ROOT,
    SMALLER,
    SUBTRACT,
)
from quorum.stats import kernel

Floats = NDArray[np.float64]


@kernel
def cell_value(code: int, a: float, b: float, c: float) -> float:
    """One operation; NaN from NaN, from a division by 0 and from a logarithm or root of what has none."""
    if code < BELOW:
        return arithmetic(code, a, b)
    if code < BOTH:
        return comparison(code, a, b)
    if code < MAGNITUDE:
        return logic(code, a, b)
    return function(code, a, b, c)


@kernel
def arithmetic(code: int, a: float, b: float) -> float:
    """+ - * / % of two numbers, and -a."""
    if code == ADD:
        return a + b
    if code == SUBTRACT:
        return a - b
    if code == MULTIPLY:
        return a * b
    if code == NEGATE:
        return -a
    if b == 0.0:
        return np.nan
    return a / b if code == DIVIDE else a - b * np.floor(a / b)


@kernel
def comparison(code: int, a: float, b: float) -> float:
    """1 where it holds, 0 where it does not; NaN, undecided, when one side is NaN."""
    if math.isnan(a) or math.isnan(b):
        return np.nan
    if code == BELOW:
        held = a < b
    elif code == AT_MOST:
        held = a <= b
    elif code == ABOVE:
        held = a > b
    elif code == AT_LEAST:
        held = a >= b
    else:
        held = (a == b) == (code == EQUAL)
    return 1.0 if held else 0.0


@kernel
def logic(code: int, a: float, b: float) -> float:
    """and, or, not of three values: decided as soon as one side decides it (S. C. Kleene)."""
    if code == NOT:
        return 1.0 - a
    decisive = 0.0 if code == BOTH else 1.0
    if a == decisive or b == decisive:
        return decisive
    return a + b if math.isnan(a + b) else 1.0 - decisive


@kernel
def function(code: int, a: float, b: float, c: float) -> float:
    """abs, min, max, log, exp, sqrt, floor, and the choice of b where a holds, else c."""
    if code == CHOICE:
        return np.nan if math.isnan(a) else (b if a != 0.0 else c)
    if math.isnan(a) or math.isnan(b):
        return np.nan
    if code == MAGNITUDE:
        return abs(a)
    if code == SMALLER:
        return min(a, b)
    if code == LARGER:
        return max(a, b)
    if code == EXPONENTIAL:
        return math.exp(a) if a < 709.0 else np.inf
    if code == LOGARITHM:
        return math.log(a) if a > 0.0 else np.nan
    if code == ROOT:
        return math.sqrt(a) if a >= 0.0 else np.nan
    return float(np.floor(a))


@kernel
def fill_cells(code: int, a: Floats, b: Floats, c: Floats, out: Floats) -> None:
    """Write the operation of each row into `out`; all of shape (n,)."""
    for i in range(len(out)):
        out[i] = cell_value(code, a[i], b[i], c[i])
