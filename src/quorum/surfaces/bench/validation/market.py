"""The market that validation is timed on: 13 hourly pairs, the real ones where they lie beside the checkout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from quorum.bootstrap import open_desk
from quorum.desk import Desk, make_workspace
from quorum.domain import Timeframe, parse_instant
from quorum.lake import synthetic_market
from quorum.surfaces.bench.planted import KINDS, shape_of
from quorum.surfaces.bench.planted.ground import bring_in
from quorum.validation.life import Idea

REAL = Path("../shared/data/crypto/bars_1h")
PAIRS = ("BTC", "ETH", "ADA", "AVAX", "BCH", "DOGE", "DOT", "LINK", "LTC", "NEAR", "SOL", "TRX", "XRP")
SYMBOLS = tuple(f"{coin}USDT" for coin in PAIRS)
HOUR = Timeframe.parse("1h")
START, HOURS = "2019-01-01", 52_608
RULES = ("volatility", "demo_ma", "trend_breakout", "mean_reversion", "momentum")
SPECS = ("volume", "reversion", "momentum", "breakout")
AXES = (0.4, 0.6, 0.8, 1.25, 1.6, 2.2)


def hourly_desk(home: Path) -> tuple[Desk, str]:
    """A workspace with the 13 pairs, and what they are."""
    make_workspace(home, None)
    desk = open_desk(home)
    if REAL.is_dir():
        desk.lake.import_path(REAL)
        return desk, "real hourly pairs"
    for bars in synthetic_market(7, SYMBOLS, HOUR, parse_instant(START), HOURS).values():
        bring_in(desk.lake, bars, "made up")
    return desk, "made-up hourly pairs"


def built_in() -> tuple[Idea, ...]:
    """Our own strategies of one symbol, on all pairs."""
    return tuple(Idea(rule, SYMBOLS, str(HOUR)) for rule in RULES)


def eight() -> tuple[Idea, ...]:
    """Eight strategies of much the same work on all pairs, none of whose trials is another's."""
    return (*(Idea(_wide(name), SYMBOLS, str(HOUR)) for name in SPECS), *built_in()[1:])


def _wide(name: str) -> dict[str, Any]:
    """A planted kind's rule with 49 combinations to sweep."""
    kind = KINDS[name]
    assert kind.threshold is not None
    return replace(kind, searched={kind.window: AXES, kind.threshold: AXES}).sound(shape_of(kind, 0))
