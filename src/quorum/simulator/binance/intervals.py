"""The lengths of Binance's candles: fixed ones, weeks from Monday, months of the calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from quorum.domain import DAY, HOUR, MINUTE, SECOND
from quorum.simulator.public import Candle, Market

LENGTHS = {
    "1s": SECOND,
    **{f"{n}m": n * MINUTE for n in (1, 3, 5, 15, 30)},
    **{f"{n}h": n * HOUR for n in (1, 2, 4, 6, 8, 12)},
    "1d": DAY,
    "3d": 3 * DAY,
}
INTERVALS = (*LENGTHS, "1w", "1M")


def opens(name: str, instant: int) -> int:
    """When the candle that holds `instant` opens (ns UTC)."""
    if name in LENGTHS:
        return instant // LENGTHS[name] * LENGTHS[name]
    day = datetime.fromtimestamp(instant // SECOND, UTC)
    first = day - timedelta(days=day.weekday()) if name == "1w" else day.replace(day=1)
    return int(first.replace(hour=0, minute=0, second=0).timestamp()) * SECOND


def follows(name: str, instant: int, count: int = 1) -> int:
    """When the `count`-th candle after the one that holds `instant` opens; with a negative count, before it."""
    first = opens(name, instant)
    if name != "1M":
        return first + count * LENGTHS.get(name, 7 * DAY)
    day = datetime.fromtimestamp(first // SECOND, UTC)
    months = day.year * 12 + day.month - 1 + count
    return int(datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC).timestamp()) * SECOND


def candles_of(market: Market, name: str, start: int, end: int) -> list[Candle]:
    """Candles that open in [start, end), up to now."""
    if name in LENGTHS:
        return market.candles(LENGTHS[name], start, end)
    found: dict[int, Candle] = {}
    last = follows(name, max(min(end, market.now + 1) - 1, start))
    for day in market.candles(DAY, opens(name, start), last):
        time = opens(name, day.time)
        found[time] = found[time].joined(day) if time in found else day._replace(time=time)
    return [each for time, each in found.items() if start <= time < end]


def running(market: Market, name: str) -> Candle | None:
    """The candle that runs now; None before the first trade."""
    found = candles_of(market, name, opens(name, market.now), market.now + 1)
    return found[-1] if found else None
