"""Strategies that do a worker harm, each in its own way, where a user's strategy might: in computing its weights.

The file is copied into a folder and loaded from there; what it notes down lies beside it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quorum.lake import Bars
from quorum.signals import Number, Parameter, Strategy, from_batch

Floats = NDArray[np.float64]
GIGABYTE, BLOCK = 1 << 30, 1 << 24
NUMBER = Parameter("number", 0, 0, 100_000, "which of several it is")


def _begun(name: str, number: int) -> bool:
    """Note the instant of the machine's own clock; whether it is noted for the first time."""
    place = Path(__file__).parent / f"{name}-{number}.txt"
    if place.exists():
        return False
    place.write_text(repr(time.monotonic()), encoding="utf-8")
    return True


def _calm(bars: Bars) -> Floats:
    """Long above the mean of the last 20 closes."""
    mean = np.convolve(bars.close, np.full(20, 1 / 20))[: len(bars)]
    weights: Floats = np.where(bars.close > mean, 0.5, 0.0)
    weights[:20] = 0.0
    return weights


def _takes_memory(bars: Bars, number: int) -> Floats:
    _begun("greedy", number)
    held: list[Floats] = []
    while len(held) * BLOCK < GIGABYTE:
        held.append(np.ones(BLOCK // 8))
    time.sleep(3600.0)
    return _calm(bars)


def _spins(bars: Bars, number: int) -> Floats:
    _begun("spinning", number)
    while True:
        pass


def _crashes(bars: Bars, number: int) -> Floats:
    for turn in range(turns(number)):
        if _begun(f"crashing-{turn}", number):
            os.kill(os.getpid(), signal.SIGKILL)
    return _calm(bars)


def turns(number: int) -> int:
    """How often one of that number kills its worker before it answers: twice every 20th, once every other fifth."""
    return 2 if number % 20 == 7 else 1 if number % 5 == 0 else 0


def _rogue(name: str, act: Callable[[Bars, int], Floats]) -> Strategy:
    return from_batch(name, lambda bars, params: act(bars, _whole(params)), 20, (NUMBER,))


def _whole(params: dict[str, Number]) -> int:
    return int(params["number"])


GREEDY = _rogue("greedy", _takes_memory)
SPINNING = _rogue("spinning", _spins)
CRASHING = _rogue("crashing", _crashes)
CALM = _rogue("calm", lambda bars, number: _calm(bars))
