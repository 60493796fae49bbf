"""Markets drawn by hand, in which the analyst of momentum must buy at `ENTRY`, and what comes after it is chosen."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from quorum.domain import HOUR, iso, parse_instant

START = parse_instant("2024-01-01")
CALM, RISE = 220, 40
ENTRY = START + (CALM + RISE) * HOUR  # the close of the last rising bar
LENGTH = 600
BEFORE = 100.0

After = Callable[[int], float]


def closes(after: After, seed: int = 5) -> list[float]:
    """Closes of `LENGTH` hours: calm, then a steady rise until `ENTRY`, then times `after(hours since)`."""
    noise = random.Random(seed)
    drawn = [BEFORE * (1 + 0.004 * noise.uniform(-1, 1)) for _ in range(CALM)]
    drawn += [BEFORE * 1.004 ** (k + 1) * (1 + 0.001 * noise.uniform(-1, 1)) for k in range(RISE)]
    top = drawn[-1]
    return drawn + [top * after(k + 1) * (1 + 0.0005 * noise.uniform(-1, 1)) for k in range(LENGTH - len(drawn))]


def flat(hours: int) -> float:
    return 1.0


def crash(hours: int) -> float:
    """Falls through every stop in the third hour, and stays there."""
    return 1.0 if hours < 3 else 0.8


def surge(hours: int) -> float:
    """Rises through every target in the third hour, and stays there."""
    return 1.0 if hours < 3 else 1.25


def falling(hours: int) -> float:
    return math.exp(-0.004 * hours)


def write_bars(path: Path, prices: Sequence[float], hours: int = 1, volume: float = 1e6, start: int = START) -> Path:
    """A CSV of bars of `hours` each from `start`, whose opens are the closes before them."""
    lines = ["time,open,high,low,close,volume"]
    before = prices[0]
    for i, price in enumerate(prices):
        high, low = max(before, price) * 1.001, min(before, price) * 0.999
        when = iso(start + i * hours * HOUR)
        lines.append(f"{when},{before:.4f},{high:.4f},{low:.4f},{price:.4f},{volume}")
        before = price
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
