"""Generated prices: a walk for each symbol that depends on the seed and the number of its steps alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from random import Random

from quorum.domain import DAY, SECOND
from quorum.simulator.core import Listing, Top

_YEAR = 365 * DAY
_HALF_SPREAD = Decimal("0.0001")
_MOST_STEPS = 1_000  # a clock that was moved far ahead need not see every step on the way


def top_at(listing: Listing, time: int, price: float, sizes: Random) -> Top:
    """A touch around `price` on the symbol's ticks, a basis point to each side at least, with sizes drawn."""
    exact, tick = Decimal(repr(price)), listing.instrument.tick
    last = max(listing.instrument.price(exact), tick)
    bid = max((exact * (1 - _HALF_SPREAD) / tick).to_integral_value(ROUND_FLOOR) * tick, tick)
    ask = (exact * (1 + _HALF_SPREAD) / tick).to_integral_value(ROUND_CEILING) * tick
    if ask <= bid:
        ask = bid + tick

    def size(part: float) -> Decimal:
        drawn = Decimal(repr(round(math.exp(sizes.gauss(0, 0.5)) * part * float(listing.depth) / price, 9)))
        return max(listing.instrument.quantity(drawn), listing.instrument.lot)

    return Top(time, bid, size(1), ask, size(1), min(max(last, bid), ask), size(0.02))


class Walk:
    """Prices of a geometric walk: a step every `step` nanoseconds from `start` on, the same for the same seed."""

    def __init__(
        self, listings: Iterable[Listing], mark: Callable[[str], Decimal], seed: int, start: int, step: int = SECOND
    ) -> None:
        self._paths = [_Path(each, float(mark(each.symbol)), Random(f"{seed}:{each.symbol}")) for each in listings]
        self._next = start
        self._step = step

    def due(self, now: int) -> Iterator[tuple[str, Top]]:
        """See Prices."""
        if now - self._next > _MOST_STEPS * self._step:
            self._next = now - _MOST_STEPS * self._step
        while self._next <= now:
            for path in self._paths:
                yield path.listing.symbol, path.step(self._next, self._step)
            self._next += self._step


class _Path:
    def __init__(self, listing: Listing, price: float, random: Random) -> None:
        self.listing = listing
        self._price = price
        self._random = random

    def step(self, time: int, length: int) -> Top:
        deviation = self.listing.volatility * math.sqrt(length / _YEAR)
        self._price *= math.exp(self._random.gauss(-deviation * deviation / 2, deviation))
        return top_at(self.listing, time, self._price, self._random)
