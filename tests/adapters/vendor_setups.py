"""Vendors set up against a server on loopback, with no pause between tries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stamina

from quorum.adapters.alpaca import AlpacaBars
from quorum.adapters.alpaca import refusal as alpaca_refusal
from quorum.adapters.binance import BinanceKlines
from quorum.adapters.binance import refusal as binance_refusal
from quorum.adapters.keys import Secret
from quorum.adapters.kraken import KrakenOhlc, KrakenTrades
from quorum.adapters.kraken import refusal as kraken_refusal
from quorum.adapters.rest import Host, Refuse, Terms
from quorum.domain import Clock, SystemClock

TRIES = 3
KEY, SECRET = "PK-DO-NOT-SHOW", "sk/do+not=show"


@contextmanager
def at_once() -> Iterator[None]:
    """Waits between tries take no time, and there are TRIES of them."""
    with stamina.set_testing(True, attempts=TRIES):
        yield


def host(base: str, name: str, refuse: Refuse, clock: Clock | None = None, **signs: Secret) -> Host:
    terms = Terms(base, per_minute=1e9, burst=1e9, timeout=5.0, tries=TRIES, wait=0.0)
    headers = {n.replace("_", "-"): s for n, s in signs.items()}
    return Host(name, terms, clock or SystemClock(), refuse, headers)


def binance_at(base: str, rows: int = 1000) -> BinanceKlines:
    return BinanceKlines(host(base, "binance", binance_refusal), rows)


def kraken_at(base: str) -> KrakenOhlc:
    return KrakenOhlc(host(base, "kraken", kraken_refusal))


def trades_at(base: str, rows: int = 1000) -> KrakenTrades:
    return KrakenTrades(host(base, "kraken", kraken_refusal), rows)


def alpaca_at(base: str, rows: int = 10_000, **options: Any) -> AlpacaBars:
    signs = {"apca_api_key_id": Secret(KEY, "env:K"), "apca_api_secret_key": Secret(SECRET, "env:S")}
    return AlpacaBars(host(base, "alpaca", alpaca_refusal, **signs), rows=rows, **options)
