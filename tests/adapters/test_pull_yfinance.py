"""Yahoo by way of the real yfinance, over a server that answers as Yahoo's chart does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas
import pytest

from adapters.vendor_server import DOWN, HALF, HTML, Question, Reply, Row, Server, rising, serving
from lake.vendor_contract import VendorContract
from quorum.adapters.rest import Budget
from quorum.adapters.yfinance import YahooBars, download_with
from quorum.domain import (
    DAY,
    HOUR,
    SECOND,
    ConfigError,
    DataError,
    NotFound,
    Timeframe,
    UsageError,
    VirtualClock,
    parse_instant,
)
from quorum.lake import Lake, Span
from quorum.lake.pull import Asked, pull

D1, H1 = Timeframe.parse("1d"), Timeframe.parse("1h")
START = parse_instant("2024-06-03")
OPENS = 13 * HOUR + HOUR // 2  # 09:30 in New York, in summer


class Market:
    """What Yahoo would answer about AAPL; `rows` open at the exchange's opening."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def __call__(self, path: str, asked: Question) -> Reply:
        if path.endswith("getcrumb"):
            return Reply(b"crumb", headers={"content-type": "text/plain"})
        if not path.endswith(("/AAPL", "/BTC-USD")):
            gone = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return Reply({"chart": {"result": None, "error": gone}}, 404)
        rows = [
            r for r in self.rows if int(asked.get("period1", 0)) <= r[0] // SECOND < int(asked.get("period2", 2**40))
        ]
        names = ("open", "high", "low", "close", "volume")
        quote = {name: [r[i + 1] for r in rows] for i, name in enumerate(names)}
        held = {"quote": [quote if rows else {}], "adjclose": [{"adjclose": [c / 2 for c in quote["close"]]}]}
        meta = {"currency": "USD", "symbol": "AAPL", "instrumentType": "EQUITY", "validRanges": ["1d", "max"]}
        meta |= {"exchangeTimezoneName": "America/New_York", "dataGranularity": asked["interval"], "priceHint": 2}
        day = {"timezone": "EDT", "start": (START + OPENS) // SECOND, "gmtoffset": -14_400}
        meta["tradingPeriods"] = [[day | {"end": day["start"] + 23_400}]]
        result = {"meta": meta, "indicators": held} | ({"timestamp": [r[0] // SECOND for r in rows]} if rows else {})
        return Reply({"chart": {"result": [result], "error": None}})


@pytest.fixture
def market() -> Market:
    return Market(rising(START + OPENS, DAY, 5))


@pytest.fixture
def server(market: Market) -> Iterator[Server]:
    with serving(market) as server:
        yield server


@pytest.fixture
def yahoo(server: Server, tmp_path: Path) -> YahooBars:
    import yfinance
    from curl_cffi.requests import Session

    class Local(Session):  # type: ignore[type-arg]
        """A session of yfinance's kind for which every host is ours."""

        def request(self, method: Any, url: str, *args: Any, **options: Any) -> Any:
            parts = urlsplit(url)
            return super().request(method, f"{server.base}{parts.path}?{parts.query}", *args, **options)

    yfinance.data.YfData.cache_get.cache_clear()  # it keeps answers for the life of the process, bad ones too
    yfinance.set_tz_cache_location(str(tmp_path / "cache"))
    return YahooBars(download_with(Local()), Budget(1e9, 1e9))


class TestYahoo(VendorContract):
    """Over frames of the shape that yfinance gives."""

    whole = Span(START, START + 50 * HOUR)

    @pytest.fixture
    def vendor(self) -> YahooBars:
        rows = rising(START, HOUR, 51)

        def frames(ticker: str, interval: str, start: int, end: int) -> Any:
            fitting = [r for r in rows if start <= r[0] // SECOND < end] if ticker == "BTC-USDT" else []
            index = pandas.to_datetime([r[0] for r in fitting], utc=True).tz_convert("America/New_York")
            names = ("Open", "High", "Low", "Close", "Volume")
            return pandas.DataFrame([r[1:] for r in fitting], index=index, columns=names)

        return YahooBars(frames, Budget(1e9, 1e9))


def rows_of(vendor: YahooBars, symbol: str, timeframe: Timeframe, span: Span) -> list[tuple[int, float]]:
    return [
        (int(t), float(c))
        for page in vendor.pages(symbol, timeframe, span)
        for t, c in zip(page.time, page.columns["close"], strict=True)
        if span.start <= t < span.end
    ]


def test_days_have_the_exchanges_date_and_the_price_that_was_paid(yahoo: YahooBars, market: Market) -> None:
    found = rows_of(yahoo, "AAPL", D1, Span(START, START + 10 * DAY))
    assert found == [(START + i * DAY, row[4]) for i, row in enumerate(market.rows)]


def test_hours_keep_their_instant(yahoo: YahooBars, market: Market) -> None:
    market.rows = rising(START + OPENS, HOUR, 7)
    found = rows_of(yahoo, "AAPL", H1, Span(START, START + DAY))
    assert [t for t, _ in found] == [START + OPENS + i * HOUR for i in range(7)]


def test_a_pair_is_asked_for_in_yahoos_way(yahoo: YahooBars, server: Server) -> None:
    rows_of(yahoo, "BTCUSD", D1, Span(START, START + DAY))
    assert "/v8/finance/chart/BTC-USD" in [path for path, _ in server.asked]


def test_a_long_period_is_asked_for_in_parts(server: Server) -> None:
    asked: list[tuple[int, int]] = []

    def none(ticker: str, interval: str, start: int, end: int) -> None:
        asked.append((start, end))

    span = Span(START, START + 15 * DAY)
    pages = list(YahooBars(none, Budget(1e9, 1e9)).pages("AAPL", Timeframe.parse("1m"), span))
    assert [page.upto for page in pages] == [START + 7 * DAY, START + 14 * DAY, START + 15 * DAY]
    assert [(b - a) * SECOND // DAY for a, b in asked] == [7, 7, 1]


def test_a_split_is_seen_and_the_past_pulled_again(yahoo: YahooBars, market: Market, tmp_path: Path) -> None:
    """After four shares for one every price is a quarter: none of the old ones may stay."""
    lake = Lake(tmp_path / "lake", VirtualClock(START))
    clock = VirtualClock(START + 4 * DAY)
    pull(lake, yahoo, Asked("AAPL", D1, START), clock)
    market.rows = [(t, *(p / 4 for p in prices)) for t, *prices in market.rows]  # type: ignore[misc]
    clock.advance_to(START + 5 * DAY)
    report = pull(lake, yahoo, Asked("AAPL", D1, START + 3 * DAY), clock)
    assert (report.revised, report.rows_added) == (4, 1)
    assert lake.bars("AAPL", D1).close.tolist() == [row[4] for row in market.rows]


@pytest.mark.parametrize(
    ("fault", "kind", "what"),
    [
        (Reply({"finance": None}, 429), DataError, "yahoo says that we ask too often, for AAPL; what came before"),
        (DOWN, DataError, "yahoo did not give AAPL"),
        (HTML, DataError, "yahoo did not give AAPL"),
        (HALF, DataError, "yahoo did not give AAPL"),
    ],
)
def test_a_fault_becomes_our_error(
    yahoo: YahooBars, server: Server, fault: Reply, kind: type[Exception], what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    server.faults += [fault] * 12
    with pytest.raises(kind, match=what):
        rows_of(yahoo, "AAPL", D1, Span(START, START + 9 * DAY))
    assert capfd.readouterr() == ("", "")


def test_a_ticker_that_yahoo_does_not_know_is_named(yahoo: YahooBars) -> None:
    with pytest.raises(NotFound, match="yahoo does not know NOPE; write it as AAPL"):
        rows_of(yahoo, "NOPE", D1, Span(START, START + DAY))


def test_no_prices_are_no_rows(yahoo: YahooBars) -> None:
    assert rows_of(yahoo, "AAPL", D1, Span(START - 90 * DAY, START - 80 * DAY)) == []


@pytest.mark.parametrize(("length", "days"), [("1m", 8), ("15m", 60), ("1h", 730)])
def test_how_far_back_it_goes_is_said(yahoo: YahooBars, length: str, days: int) -> None:
    reach = yahoo.reach(Timeframe.parse(length), START)
    assert START - days * DAY < reach.first < START - (days - 1) * DAY
    assert f"the last {days} days only" in reach.remedy
    assert yahoo.reach(D1, START).first < 0
    with pytest.raises(UsageError, match="yahoo has no bars of 7m; choose one of 1m"):
        yahoo.reach(Timeframe.parse("7m"), START)


FRAMES: list[Callable[[Any], Any]] = [lambda f: f.drop(columns="Open"), lambda f: f.tz_localize(None)]


@pytest.mark.parametrize("change", FRAMES)
def test_a_frame_of_another_shape_is_refused(yahoo: YahooBars, change: Callable[[Any], Any]) -> None:
    whole = yahoo._download
    odd = YahooBars(lambda *asked: change(whole(*asked)), Budget(1e9, 1e9))
    with pytest.raises(DataError, match="yfinance gave a frame of AAPL without"):
        rows_of(odd, "AAPL", D1, Span(START, START + DAY))


def test_where_the_extra_is_absent_one_line_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(
        ConfigError, match=r"yfinance is not installed; install it with `pip install 'quorum\[yfinance\]'`"
    ):
        download_with()
