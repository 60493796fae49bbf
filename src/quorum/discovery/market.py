"""What there is to trade together: series of one length and one venue, and which rules they have the columns for."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from quorum.discovery.proposal import Offer
from quorum.discovery.space import FEW, MANY, universe_of
from quorum.domain import Timeframe

MOST_SYMBOLS = 20
LEAST_DAYS = 1_008
"""What the fullest proof looks at: 12 windows of 252 and 63 days."""
_RANGED = {"open", "high", "low", "volume", "atr", "true_range", "vwap", "mean_volume"}
_RANGED |= {"donchian_upper", "donchian_lower"}


def by_timeframe(offers: tuple[Offer, ...]) -> dict[Timeframe, tuple[Offer, ...]]:
    """The offers of each timeframe, shortest first."""
    lengths = sorted({offer.timeframe for offer in offers}, key=lambda t: t.nanoseconds)
    return {length: tuple(o for o in offers if o.timeframe == length) for length in lengths}


def universes(offers: Collection[Offer]) -> dict[str, tuple[Offer, ...]]:
    """What could be traded together by the name of the universe: series of one venue and timeframe, longest first.

    Of several venues or timeframes the one with the most bars-days is taken (ours); `one` and `few` are all that
    could be among them.
    """
    found: dict[str, tuple[Offer, ...]] = {}
    groups: dict[tuple[str, str], list[Offer]] = {}
    for offer in offers:
        groups.setdefault((universe_of((offer.symbol,)), offer.venue), []).append(offer)
    for (one, _), group in sorted(groups.items(), key=lambda item: (-sum(o.days for o in item[1]), item[0])):
        asset = one.removesuffix("one")
        ranked = tuple(sorted(group, key=lambda o: (-min(o.days, LEAST_DAYS), o.symbol)))
        found.setdefault(one, ranked)
        if len(ranked) >= FEW:
            found.setdefault(f"{asset}few", ranked)
        if len(ranked) >= MANY:
            found.setdefault(f"{asset}many", ranked[:MOST_SYMBOLS])
    return found


def choose_symbols(offers: tuple[Offer, ...], universe: str, rng: np.random.Generator) -> tuple[Offer, ...]:
    """The series of a universe: all of many; where few or one are asked for, so many by chance of the longest ones."""
    if universe.endswith("_many"):
        return offers
    longest = [offer for offer in offers if offer.days >= 0.9 * min(offers[0].days, LEAST_DAYS)]
    if universe.endswith("_one"):
        return (longest[int(rng.integers(len(longest)))],)
    pool = longest if len(longest) >= FEW else list(offers)
    places = rng.choice(len(pool), min(MANY - 1, len(pool)), replace=False)
    return tuple(pool[k] for k in sorted(places.tolist()))


def can_read(reads: Collection[str], offer: Offer) -> bool:
    """Whether the series has the columns that a rule of these words reads."""
    return not (offer.closes_only and _RANGED & set(reads)) and (offer.funding or "funding" not in reads)
