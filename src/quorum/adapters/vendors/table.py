"""The table of vendors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quorum.adapters.alpaca import AlpacaBars, is_pair
from quorum.adapters.alpaca import refusal as alpaca_refusal
from quorum.adapters.binance import BinanceKlines
from quorum.adapters.binance import refusal as binance_refusal
from quorum.adapters.keys import Keys, Secret
from quorum.adapters.kraken import KrakenOhlc, KrakenTrades
from quorum.adapters.kraken import refusal as kraken_refusal
from quorum.adapters.rest import Budget, Host, Terms
from quorum.adapters.yfinance import YahooBars, download_with
from quorum.desk.settings import HostSection, SourcesFile
from quorum.domain import Clock, UsageError
from quorum.lake.pull import BarVendor


@dataclass(frozen=True, slots=True)
class Bench:
    """What a vendor is set up with, and for which symbol; `from_trades` asks for bars that are made of trades.

    `tell` hears a line when a host has to be asked over.
    """

    settings: SourcesFile
    keys: Keys
    clock: Clock
    symbol: str
    from_trades: bool = False
    tell: Callable[[str], None] = lambda line: None


def vendor(name: str, bench: Bench) -> BarVendor:
    """The vendor called `name`; UsageError where there is none, or when it gives no trades and they are asked for."""
    if name not in VENDORS:
        raise UsageError(f"there is no source {name!r}", f"choose one of {', '.join(VENDORS)}")
    if bench.from_trades and name != "kraken":
        raise UsageError(f"{name} makes no bars of trades", "leave --from-trades away, or pull from kraken")
    return VENDORS[name](bench)


def _terms(section: HostSection, burst: float) -> Terms:
    return Terms(
        base=section.base.rstrip("/"),
        per_minute=section.per_minute,
        burst=min(burst, section.per_minute),
        timeout=section.timeout_seconds,
        tries=section.tries,
        wait=section.retry_seconds,
        patience=section.patience_seconds,
    )


def _binance(bench: Bench) -> BarVendor:
    terms = _terms(bench.settings.binance, burst=500)
    return BinanceKlines(Host("binance", terms, bench.clock, binance_refusal, tell=bench.tell))


def _kraken(bench: Bench) -> BarVendor:
    host = Host("kraken", _terms(bench.settings.kraken, burst=5), bench.clock, kraken_refusal, tell=bench.tell)
    return KrakenTrades(host) if bench.from_trades else KrakenOhlc(host)


def _alpaca(bench: Bench) -> BarVendor:
    section = bench.settings.alpaca
    terms = _terms(section, burst=20)
    return AlpacaBars(
        Host("alpaca", terms, bench.clock, alpaca_refusal, _signs(bench), bench.tell), section.feed, section.adjustment
    )


def _signs(bench: Bench) -> Mapping[str, Secret]:
    """Both keys; none where a pair is asked for, which needs none, and one is not there."""
    section = bench.settings.alpaca
    places = (section.key, section.secret)
    if is_pair(bench.symbol) and None in [bench.keys.find(place) for place in places]:
        return {}
    key, secret = bench.keys.need(*places)
    return {"APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret}


def _yfinance(bench: Bench) -> BarVendor:
    section = bench.settings.yfinance
    return YahooBars(download_with(timeout=section.timeout_seconds), Budget(section.per_minute, burst=1))


VENDORS: Mapping[str, Callable[[Bench], BarVendor]] = {
    "binance": _binance,
    "kraken": _kraken,
    "alpaca": _alpaca,
    "yfinance": _yfinance,
}
