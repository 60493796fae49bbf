"""The normal distribution; scipy's, loaded when it is first asked for, since that takes longer than a backtest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def normal_cdf(x: ArrayLike) -> Any:
    """The probability below x; shape as x."""
    from scipy.special import ndtr

    return ndtr(x)


def log_normal_cdf(x: ArrayLike) -> Any:
    """Its logarithm, exact far below 0 as well."""
    from scipy.special import log_ndtr

    return log_ndtr(x)


def normal_quantile(p: ArrayLike) -> Any:
    """Where the probability below is p, in (0, 1); infinite at its ends."""
    from scipy.special import ndtri

    return ndtri(np.asarray(p, dtype=np.float64))
