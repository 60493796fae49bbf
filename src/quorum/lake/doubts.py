"""What looks wrong though it could be right: jumps as of splits, prices that stood still, funding that stopped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quorum.domain import DAY
from quorum.lake.bars import Bars
from quorum.lake.quality import MAD_TO_SIGMA, STALE_TAIL, Run, runs

RATIOS = (5 / 4, 4 / 3, 3 / 2, 2, 5 / 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100)
SPLIT_SIGMAS = 8.0
SPLIT_SLACK, SPLIT_SLACK_CLOSES = 0.03, 0.05
AROUND = 5


@dataclass(frozen=True, slots=True)
class SuspectedSplit:
    """A bar from which on prices are `ratio` times lower (below 1: higher) than before it."""

    time: int
    ratio: float


def suspected_splits(bars: Bars) -> tuple[SuspectedSplit, ...]:
    """Bars whose open (or close, where there is no open) lies a usual split ratio from the close before, for good.

    The jump is beyond 8 robust sigmas of the closes' log returns, within 3 % of a ratio such as 2 or 3:2 or its
    inverse (5 % where there is no open), and the median of the 5 closes after it confirms it against the 5 before
    within 10 % or 6 sigmas (ours).
    """
    if len(bars) < 2:
        return ()
    close = np.log(bars.close)
    jump = (close if bars.open is None else np.log(bars.open))[1:] - close[:-1]
    moves = np.diff(close)
    sigma = MAD_TO_SIGMA * float(np.median(np.abs(moves - np.median(moves))))
    usual = np.log(np.array([*RATIOS, *(1.0 / r for r in RATIOS)]))
    slack = SPLIT_SLACK_CLOSES if bars.open is None else SPLIT_SLACK
    found = []
    for i in np.flatnonzero(np.abs(jump) > max(SPLIT_SIGMAS * sigma, float(usual[0]) - slack)):
        k = int(np.argmin(np.abs(usual + jump[i])))
        lasting = np.median(close[i + 1 : i + 1 + AROUND]) - np.median(close[max(0, i + 1 - AROUND) : i + 1])
        if abs(usual[k] + jump[i]) <= slack and abs(lasting + usual[k]) <= max(0.1, 6.0 * sigma):
            found.append(SuspectedSplit(int(bars.time[i + 1]), float(np.exp(usual[k]))))
    return tuple(found)


def stale_runs(bars: Bars) -> tuple[Run, ...]:
    """Runs of 5 bars or more with the same prices."""
    if len(bars) < STALE_TAIL:
        return ()
    prices = [c for n, c in bars.columns().items() if n in ("open", "high", "low", "close")]
    moved = np.logical_or.reduce([c[1:] != c[:-1] for c in prices])
    first = np.flatnonzero(np.append(True, moved))
    length = np.diff(np.append(first, len(bars)))
    long = np.flatnonzero(length >= STALE_TAIL)
    return tuple(
        Run(int(bars.time[a]), int(bars.time[a + n - 1]), int(n))
        for a, n in zip(first[long], length[long], strict=True)
    )


def unfunded_runs(bars: Bars) -> tuple[Run, ...]:
    """Runs of bars of more than two days in which no funding was settled, of bars that have funding; else none.

    Perpetuals settle at least once in eight hours, so nothing is known of the rates there.
    """
    if bars.funding is None:
        return ()
    least = 2 * DAY - bars.timeframe.nanoseconds
    return tuple(run for run in runs(bars.time, bars.funding == 0.0) if run.end - run.start > least)
