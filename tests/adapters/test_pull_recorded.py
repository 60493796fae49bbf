"""Payloads that were recorded at the venues, served again: every bar as it stands there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.vendor_server import Question, Reply, Server, serving
from adapters.vendor_setups import alpaca_at, at_once, kraken_at, trades_at
from quorum.domain import DAY, HOUR, MINUTE, SECOND, Timeframe, VirtualClock, parse_instant
from quorum.lake import Bars, Lake, Span
from quorum.lake.pull import COLUMNS, Asked, BarVendor, PullReport, pull

pytestmark = pytest.mark.real_data
M1 = Timeframe.parse("1m")


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with at_once():
        yield


def recorded(folder: Path, name: str) -> Any:
    return json.loads((folder / "data" / "streams" / name).read_text(encoding="utf-8"))


@pytest.fixture
def candles(shared: Path) -> list[list[Any]]:
    """721 one-minute candles, the last of them not committed."""
    held: list[list[Any]] = recorded(shared, "kraken/rest_and_v2/http_ohlc.json")["result"]["XBTUSDT"]
    return held


def taken(vendor: BarVendor, symbol: str, span: Span, root: Path, now: int) -> tuple[Bars, PullReport]:
    lake = Lake(root / "lake", VirtualClock(now))
    report = pull(lake, vendor, Asked(symbol, M1, span.start, span.end), VirtualClock(now))
    return lake.bars(symbol, M1), report


def expected(candles: list[list[Any]]) -> dict[str, list[float]]:
    fields = dict(zip(COLUMNS, (1, 2, 3, 4, 6), strict=True))
    return {name: [float(row[i]) for row in candles] for name, i in fields.items()}


def test_krakens_candles_come_as_recorded_but_for_the_running_one(
    shared: Path, candles: list[list[Any]], tmp_path: Path
) -> None:
    body = recorded(shared, "kraken/rest_and_v2/http_ohlc.json")
    span = Span(candles[0][0] * SECOND, candles[-1][0] * SECOND + 1)
    with serving(lambda path, asked: Reply(body)) as server:
        bars, report = taken(kraken_at(server.base), "BTCUSDT", span, tmp_path, span.end + MINUTE // 2)
    assert server.asked[0][1]["pair"] == "XBTUSDT"
    assert bars.time.tolist() == [row[0] * SECOND for row in candles[:-1]]
    assert {name: getattr(bars, name).tolist() for name in COLUMNS} == expected(candles[:-1])
    assert (report.rows, report.gaps, bars.price_decimals) == (720, (), 1)


@pytest.mark.parametrize("page", [1000, 90])
def test_krakens_trades_make_the_candles_that_kraken_made(
    shared: Path, candles: list[list[Any]], tmp_path: Path, page: int
) -> None:
    """The 1,000 recorded trades, whole or in small pages, are exactly the recorded candles of their minutes."""
    held = recorded(shared, "kraken/rest_and_v2/http_trades.json")["result"]
    trades, last = held["XBTUSDT"], int(held["last"])

    def answers(path: str, asked: Question) -> Reply:
        fitting = [t for t in trades if int(t[2] * 10**9) > int(asked["since"])][: min(page, int(asked["count"]))]
        end = int(fitting[-1][2] * 10**9) if fitting and fitting[-1] is not trades[-1] else last
        return Reply({"error": [], "result": {"XBTUSDT": fitting, "last": str(end)}})

    first = (int(trades[0][2]) // 60 + 1) * 60  # the minute that the page begins within is not whole
    end = int(trades[-1][2]) // 60 * 60
    with serving(answers) as server:
        vendor = trades_at(server.base, page)
        bars, report = taken(vendor, "BTCUSDT", Span(first * SECOND, end * SECOND), tmp_path, end * SECOND + DAY)
    wanted = [row for row in candles if first <= row[0] < end]
    assert bars.time.tolist() == [row[0] * SECOND for row in wanted]
    assert {name: getattr(bars, name).tolist() for name in COLUMNS} == expected(wanted)
    assert (len(wanted) > 400, report.gaps) == (True, ())


def alpacas(shared: Path, name: str, **change: Any) -> Any:
    return recorded(shared, f"alpaca/{name}.json")["response"] | change


def days(vendor: BarVendor, symbol: str, first: str, last: str) -> tuple[list[int], list[float]]:
    span = Span(parse_instant(first), parse_instant(last) + 1)
    pages = list(vendor.pages(symbol, Timeframe(DAY), span))
    time = np.concatenate([page.time for page in pages])
    return time.tolist(), np.concatenate([page.columns["close"] for page in pages]).tolist()


def keyed(server: Server) -> bool:
    return all({"apca-api-key-id", "apca-api-secret-key"} <= headers.keys() for headers in server.headers)


def test_alpacas_days_are_paged_by_their_token(shared: Path) -> None:
    first = alpacas(shared, "test_get_bars_0")
    bar = {"t": "2022-02-03T05:00:00Z", "o": 1, "h": 2, "l": 1, "c": 1.5, "v": 9, "n": 1, "vw": 1.2}
    second = first | {"bars": {"AAPL": [bar]}, "next_page_token": None}

    def answers(path: str, asked: Question) -> Reply:
        assert path == "/v2/stocks/bars"
        assert (asked["feed"], asked["adjustment"], asked["timeframe"]) == ("iex", "raw", "1Day")
        return Reply(second if asked.get("page_token") == first["next_page_token"] else first)

    with serving(answers) as server:
        times, closes = days(alpaca_at(server.base), "AAPL", "2022-02-01", "2022-02-03")
    assert times == [parse_instant(day) for day in ("2022-02-01", "2022-02-02", "2022-02-03")]
    assert closes == [174.61, 175.84, 1.5]
    assert (len(server.asked), keyed(server)) == (2, True)


def test_alpacas_newest_first_is_put_in_order(shared: Path, tmp_path: Path) -> None:
    body = alpacas(shared, "test_get_bars_desc_0", next_page_token=None)
    lake, now = Lake(tmp_path / "lake", VirtualClock(0)), parse_instant("2023-10-01")
    with serving(lambda path, asked: Reply(body)) as server:
        asked = Asked("TSLA", Timeframe(DAY), parse_instant("2023-09-01"))
        report = pull(lake, alpaca_at(server.base), asked, VirtualClock(now))
    bars = lake.bars("TSLA", Timeframe(DAY))
    assert bars.close.tolist() == [246.99, 244.12, 240.5]
    assert [t // DAY * DAY for t in bars.time.tolist()] == bars.time.tolist()
    assert (report.rows, report.out_of_order) == (3, 2)


def test_alpacas_pairs_have_another_path_and_their_own_day(shared: Path) -> None:
    body = alpacas(shared, "test_get_crypto_bars_0")
    with serving(lambda path, asked: Reply(body)) as server:
        times, closes = days(alpaca_at(server.base), "BTCUSD", "2022-03-09", "2022-03-10")
    assert server.asked[0][0] == "/v1beta3/crypto/us/bars"
    assert (server.asked[0][1]["symbols"], "feed" in server.asked[0][1]) == ("BTC/USD", False)
    assert (times, closes) == ([parse_instant("2022-03-09") + 5 * HOUR], [162.95])


@pytest.mark.parametrize("name", ["test_get_bars_multi_empty_response_0", "test_get_bars_single_empty_response_0"])
def test_alpacas_nothing_is_no_bar(shared: Path, name: str) -> None:
    body = alpacas(shared, name)
    with serving(lambda path, asked: Reply(body)) as server:
        assert days(alpaca_at(server.base), "AAPL", "2022-02-01", "2022-02-03") == ([], [])


def test_the_length_of_a_minute_is_what_kraken_was_asked_for(shared: Path, candles: list[list[Any]]) -> None:
    with serving(lambda path, asked: Reply(recorded(shared, "kraken/rest_and_v2/http_ohlc.json"))) as server:
        start = candles[5][0] * SECOND
        list(kraken_at(server.base).pages("BTC/USDT", M1, Span(start, start + MINUTE)))
    assert server.asked == [("/0/public/OHLC", {"pair": "XBTUSDT", "interval": "1", "since": str(candles[4][0])})]
