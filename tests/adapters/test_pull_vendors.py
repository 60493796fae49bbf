"""Each vendor keeps the promise of BarVendor, over a server that answers as it does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from adapters.vendor_server import alpaca, binance, kraken, kraken_trades, rising, serving
from adapters.vendor_setups import alpaca_at, at_once, binance_at, kraken_at, trades_at
from lake.vendor_contract import VendorContract
from quorum.domain import HOUR, MINUTE, Timeframe, UsageError, parse_instant
from quorum.lake import Span
from quorum.lake.pull import BarVendor

START = parse_instant("2024-01-01")
COUNT = 50
WHOLE = Span(START, START + COUNT * HOUR)
ROWS = rising(START, HOUR, COUNT + 1)


class TestBinance(VendorContract):
    whole = WHOLE

    @pytest.fixture(params=[7, 1000])
    def vendor(self, request: pytest.FixtureRequest) -> Iterator[BarVendor]:
        with serving(binance(lambda: ROWS, HOUR)) as server, at_once():
            yield binance_at(server.base, request.param)


class TestKraken(VendorContract):
    whole = WHOLE

    @pytest.fixture
    def vendor(self) -> Iterator[BarVendor]:
        with serving(kraken(lambda: ROWS, HOUR, ROWS[-2][0])) as server, at_once():
            yield kraken_at(server.base)


class TestKrakenTrades(VendorContract):
    whole = WHOLE

    @pytest.fixture(params=[4, 1000])
    def vendor(self, request: pytest.FixtureRequest) -> Iterator[BarVendor]:
        trades = [(START + i * HOUR // 3 + 5, f"{100 + i % 7}.5", "0.1") for i in range(-6, 3 * COUNT + 6)]
        with serving(kraken_trades(trades)) as server, at_once():
            yield trades_at(server.base, request.param)

    def test_a_timeframe_that_it_has_not_is_refused_with_those_it_has(self, vendor: BarVendor) -> None:
        assert vendor.reach(Timeframe.parse("7m"), self.whole.end).first <= 0  # any length can be made of trades

    def test_a_symbol_that_it_does_not_know_is_named_or_has_no_bars(self, vendor: BarVendor) -> None:
        """The server above knows one pair only; that kraken names others is tested with its candles."""


class TestAlpaca(VendorContract):
    whole = WHOLE

    @pytest.fixture(params=[9, 10_000])
    def vendor(self, request: pytest.FixtureRequest) -> Iterator[BarVendor]:
        with serving(alpaca(lambda: ROWS, "BTC/USDT", request.param)) as server, at_once():
            yield alpaca_at(server.base)

    def test_a_timeframe_that_it_has_not_is_refused_with_those_it_has(self, vendor: BarVendor) -> None:
        with pytest.raises(UsageError, match="alpaca has no bars of 2d; choose"):
            vendor.reach(Timeframe.parse("2d"), self.whole.end)


def test_candles_of_trades_repeat_the_close_where_nothing_traded() -> None:
    """A candle without a trade has the close before it and no volume, also where the pull begins with one."""
    trades = [
        (START - 90 * MINUTE, "99.0", "1"),
        (START + 2 * HOUR + 5, "101.0", "2"),
        (START + 5 * HOUR, "103.0", "1"),
    ]
    with serving(kraken_trades(trades)) as server, at_once():
        (page,) = trades_at(server.base).pages("BTCUSDT", Timeframe.parse("1h"), Span(START, START + 5 * HOUR))
    assert page.time.tolist() == [START + i * HOUR for i in range(5)]
    assert page.columns["close"].tolist() == [99.0, 99.0, 101.0, 101.0, 101.0]
    assert page.columns["volume"].tolist() == [0.0, 0.0, 2.0, 0.0, 0.0]


def test_trades_at_one_instant_are_counted_once_each() -> None:
    """A page may end between trades of one instant; none is lost and none counts twice."""
    instants = [START + (i // 5) * MINUTE for i in range(60)]
    trades = [(t, str(100 + i), "0.5") for i, t in enumerate(instants)]
    span = Span(START, START + 12 * MINUTE)
    with serving(kraken_trades(trades)) as server, at_once():
        whole = list(trades_at(server.base).pages("BTCUSDT", Timeframe.parse("1m"), span))
        paged = list(trades_at(server.base, 7).pages("BTCUSDT", Timeframe.parse("1m"), span))
    assert len(paged) > 3
    assert [v for page in paged for v in page.columns["volume"]] == list(whole[0].columns["volume"]) == [2.5] * 12
    assert all(a.upto < b.upto for a, b in pairwise(paged))
