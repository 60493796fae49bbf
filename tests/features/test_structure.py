"""Swings and breaks: the reference data, the definition read slowly, and no event that changes later."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from quorum.domain import DataError, UsageError
from quorum.features.structure import advance, begin, breaks, swings

Floats = NDArray[np.float64]
Event = tuple[int, int, int, float]


def eurusd(shared: Path, count: int) -> tuple[Floats, Floats, Floats]:
    with (shared / "reference/smc/EURUSD_15M.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:count]
    high, low, close = (np.array([float(r[k]) for r in rows]) for k in ("High", "Low", "Close"))
    return high, low, close


def swing_events(high: Floats, low: Floats, left: int = 5, right: int = 5) -> list[Event]:
    return [tuple(e) for e in zip(*(c.tolist() for c in swings(high, low, left, right)), strict=True)]  # type: ignore


def slow_swings(high: Floats, low: Floats, left: int, right: int) -> list[Event]:
    """The definition, bar by bar, in the order of becoming known."""
    found = []
    for i in range(left, len(high) - right):
        for side, x in ((1, high), (-1, -low)):
            if all(x[i] > x[i - left : i]) and all(x[i] >= x[i + 1 : i + 1 + right]):
                found.append((i, i + right, side, float(side * x[i])))
    return found
