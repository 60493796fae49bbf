"""Ideas for tests: specs as data, their fingerprints, and what there is to trade."""

from __future__ import annotations

from typing import Any

from quorum.discovery import THEMES, Briefing, Fingerprint, Offer, SearchSpace, fingerprint
from quorum.domain import DAY, Timeframe
from quorum.signals import SpecStrategy, read_spec

HOURS, DAYS = Timeframe.parse("1h"), Timeframe.parse("1d")
COINS = ("ADA", "BNB", "BTC", "DOT", "ETH", "SOL", "XRP")


def spec(**rules: Any) -> SpecStrategy:
    """A spec of these rules."""
    return SpecStrategy(read_spec({"name": "idea", **rules}))


def printed(symbols: tuple[str, ...] = ("BTCUSDT",), timeframe: Timeframe = HOURS, **rules: Any) -> Fingerprint:
    """The fingerprint of a spec of these rules."""
    return fingerprint(spec(**rules), symbols, timeframe)


def offer(symbol: str, timeframe: Timeframe = HOURS, days: int = 2_000, **more: Any) -> Offer:
    return Offer(symbol, "sim", timeframe, 0, days * DAY, **more)


COINS_BY_HOUR_AND_DAY = tuple(offer(f"{coin}USDT", length) for coin in COINS for length in (HOURS, DAYS))


def briefing(seed: int = 1, **changed: Any) -> Briefing:
    """What a first meeting on seven coins is told."""
    told: dict[str, Any] = {
        "offers": COINS_BY_HOUR_AND_DAY,
        "space": SearchSpace(),
        "known": (),
        "theme": THEMES["open"],
        "seed": seed,
        "most": 6,
    }
    return Briefing(**{**told, **changed})
