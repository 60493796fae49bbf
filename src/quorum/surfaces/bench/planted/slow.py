"""A sound rule written so that its cost grows with the square of the bars: it looks at all of the past on each bar."""

from __future__ import annotations

import statistics

import numpy as np
from numpy.typing import NDArray

from quorum.lake import Bars
from quorum.signals import Number, Parameter, from_batch

PARAMETERS = (
    Parameter("window", 10, 2, 400, "bars of the trend"),
    Parameter("threshold", 1.0, 0.0, 6.0, "deviations at which it is a trend"),
    Parameter("size", 0.2, 0.05, 1.0, "of equity"),
)
WARM = 120


def _weights(bars: Bars, params: dict[str, Number]) -> NDArray[np.float64]:
    """Long in a trend up, short in one down, until it turns, measured by the deviation of all bars so far."""
    log = np.log(bars.close)
    moves = np.diff(log, prepend=log[0])
    window, weight, held = int(params["window"]), np.zeros(len(bars)), 0.0
    for i in range(max(WARM, window), len(bars)):
        usual = statistics.pstdev(moves[1 : i + 1].tolist())
        trend = (log[i] - log[i - window]) / (usual * window**0.5)
        if held * trend < 0.0:
            held = 0.0
        if abs(trend) > params["threshold"]:
            held = float(np.sign(trend))
        weight[i] = held * params["size"]
    return weight


RULE = from_batch("planted_slow", _weights, lambda params: max(WARM, int(params["window"])) + 1, PARAMETERS)
