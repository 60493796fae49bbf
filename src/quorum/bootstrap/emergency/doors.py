"""Doors to venues, opened from the emergency card alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from quorum.adapters.keys import Keys
from quorum.adapters.process import FileJournal, LakePrices, RemoteBroker, socket_path
from quorum.bootstrap.emergency.card import Card
from quorum.bootstrap.emergency.real import was_used
from quorum.domain import ZERO, Clock, DataError, Instrument, Money, QuorumError, WorkspaceError, split_symbol
from quorum.execution import Broker, SimulatedBroker, VenueCosts
from quorum.execution.stopping import Quoted
from quorum.lake import Bars, Lake

SIMULATED = "simulated"
ANSWERS_WITHIN = 2.0
OFF_GRID_DECIMALS = 8
_CENT, _FINEST = Decimal("0.01"), Decimal("1e-9")


@dataclass(frozen=True)
class Door:
    """An account's venue, and where its symbols trade as far as that is known without the books."""

    account: str
    section: Mapping[str, Any]
    broker: Broker
    quote: Callable[[str], Quoted]


def open_door(home: Path, card: Card, account: str, clock: Clock) -> Door | None:
    """The door of an account on the card; None for a simulated venue at which nothing was ever done, and for an
    account with real money to which nothing was ever sent.

    WorkspaceError for a venue that is not known here, ConfigError for its keys.
    """
    venue = card.accounts[account].get("venue", SIMULATED)
    if venue not in _OPENERS:
        raise WorkspaceError(f"account {account}: venue {venue!r} is not known here", "use the venue's own page")
    return _OPENERS[venue](home, card, account, clock)


class _Quotes:
    """Symbols by the lake's bars: their steps by the rules on the card, their price the newest close."""

    def __init__(self, home: Path, card: Card, clock: Clock) -> None:
        self.prices = LakePrices(Lake(home / "lake", clock))
        self._rules = card.instruments
        self._clock = clock

    def __call__(self, symbol: str) -> Quoted:
        try:
            bars = self.prices.series(symbol, 0).as_of(self._clock.now())
        except QuorumError as error:
            raise DataError(f"{symbol}: no price is known here ({error.found})", error.remedy) from error
        if not len(bars):
            raise DataError(f"{symbol}: no price is known here yet", "close it at the venue")
        return Quoted(self.instrument(symbol), Decimal(str(float(bars.close[-1]))))

    def instrument(self, symbol: str) -> Instrument:
        """As config/instruments.yaml says, else by the grid of the prices."""
        return instrument_of(self.prices.series(symbol, 0), self._rules)


def instrument_of(bars: Bars, rules: Mapping[str, Any]) -> Instrument:
    """The instrument that `bars` are of, by the rules of instruments.yaml in their plain form."""
    base, quote = split_symbol(bars.symbol)
    given = rules["symbols"].get(bars.symbol, {})
    decimals = OFF_GRID_DECIMALS if bars.price_decimals is None else bars.price_decimals
    tick = Decimal(given["tick"]) if given.get("tick") else Decimal(1).scaleb(-decimals)
    usual = rules["equity_lot" if base == bars.symbol else "crypto_lot"]
    least = Decimal(given.get("min_notional") or ZERO)
    return Instrument(bars.symbol, bars.venue, base, quote, tick, Decimal(given.get("lot") or usual), least)


def _simulated(home: Path, card: Card, account: str, clock: Clock) -> Door | None:
    rules, section, quotes = card.simulated_venue, card.accounts[account], _Quotes(home, card, clock)
    if rules["process"] == "own_process":
        return Door(account, section, RemoteBroker(socket_path(home / account), clock, ANSWERS_WITHIN), quotes)
    path = home / "venue" / f"{account}.jsonl"
    if not path.is_file():
        return None
    costs = VenueCosts(*(Decimal(rules[name]) for name in ("fee_bps", "slippage_bps", "max_volume_share")))
    opening = Money(Decimal(section["cash"]), section["currency"])
    broker = SimulatedBroker(FileJournal(path), quotes.prices, clock, costs, opening, quotes.instrument)
    return Door(account, section, broker, quotes)


def _alpaca(home: Path, card: Card, account: str, clock: Clock) -> Door | None:
    from quorum.adapters.alpaca.trading import AlpacaBroker, open_line

    section = card.accounts[account]
    real = section.get("live", False)
    if real and not was_used(home, account, section):
        return None
    references = (section["keys"]["key"], section["keys"]["secret"])
    permit = (lambda: None) if real else None  # a person is here, and nothing opens by this door
    line = open_line(account, section["host"], references, Keys(os.environ, home), clock, permit)

    def quote(symbol: str) -> Quoted:
        base, currency = split_symbol(symbol)
        found = line.get(f"/v2/positions/{symbol.replace('/', '')}").body
        price = found.get("current_price") if isinstance(found, dict) else None
        if not price:
            raise DataError(f"{symbol}: the venue tells no price of it", "close it at the venue's own page")
        return Quoted(Instrument(symbol, "alpaca", base, currency, _CENT, _FINEST), Decimal(str(price)))

    return Door(account, section, AlpacaBroker(line, clock), quote)


_OPENERS: Mapping[str, Callable[[Path, Card, str, Clock], Door | None]] = {SIMULATED: _simulated, "alpaca": _alpaca}
