"""A host that fails is asked again with patience; what stays wrong is one error that names place and remedy."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from adapters.vendor_server import (
    BANNED,
    BROKEN_OFF,
    DOWN,
    DROPPED,
    FULL,
    HALF,
    HTML,
    Reply,
    Server,
    binance,
    rising,
    serving,
)
from adapters.vendor_server import alpaca as alpaca_words
from adapters.vendor_setups import KEY, SECRET, TRIES, alpaca_at, at_once, binance_at, host, kraken_at, trades_at
from quorum.adapters.binance import refusal
from quorum.adapters.keys import Secret
from quorum.adapters.rest import Budget, Busy, Host, Terms
from quorum.adapters.rest.answer import asked_to_wait, instant
from quorum.domain import (
    DAY,
    HOUR,
    SECOND,
    ConfigError,
    DataError,
    NotFound,
    QuorumError,
    SystemClock,
    Timeframe,
    VirtualClock,
    parse_instant,
)
from quorum.lake import Span
from quorum.lake.pull import BarVendor

START = parse_instant("2024-01-01")
H1 = Timeframe.parse("1h")
ROWS = rising(START, HOUR, 30)
SPAN = Span(START, START + 20 * HOUR)
ODD = [HTML, HALF, BROKEN_OFF, DROPPED, FULL, DOWN, Reply(b"", 500), Reply(b"\xff\xfe\x00"), Reply(b"[" * 100_000)]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(binance(lambda: ROWS, HOUR)) as server, at_once():
        yield server


def rows_of(vendor: BarVendor, symbol: str = "BTCUSDT") -> int:
    return sum(len(page.time) for page in vendor.pages(symbol, H1, SPAN))


@pytest.mark.parametrize("fault", ODD, ids=lambda r: f"{r.status} {r.content[:12]!r}")
def test_a_passing_fault_is_asked_over(server: Server, fault: Reply) -> None:
    server.faults += [fault] * (TRIES - 1)
    assert rows_of(binance_at(server.base)) == 20
    assert len(server.asked) == TRIES


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (HTML, "answered with HTML, 3 times"),
        (HALF, "answered with 26 bytes that are no whole JSON, 3 times"),
        (BROKEN_OFF, r"broke off \(RemoteProtocolError\), 3 times"),
        (DROPPED, r"broke off \(RemoteProtocolError\), 3 times"),
        (FULL, r"says that we ask too often \(429\), 3 times"),
        (DOWN, "answered 503, 3 times"),
    ],
)
def test_a_lasting_fault_ends_the_pull(server: Server, fault: Reply, what: str) -> None:
    server.faults += [fault] * TRIES
    with pytest.raises(DataError, match=f"api/v3/klines {what}; what came before is in the lake"):
        rows_of(binance_at(server.base))
    assert len(server.asked) == TRIES


def test_a_fault_between_pages_does_not_lose_the_pages_before_it(server: Server) -> None:
    server.faults += [None, None, *[DOWN] * TRIES]
    pages = binance_at(server.base, rows=5).pages("BTCUSDT", H1, SPAN)
    assert [len(next(pages).time), len(next(pages).time)] == [5, 5]
    with pytest.raises(DataError, match="answered 503"):
        next(pages)


def test_a_wish_to_wait_is_heeded(server: Server) -> None:
    waits: list[float] = []
    stamina.set_testing(False)
    vendor = binance_at(server.base)
    ours = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks([lambda details: waits.append(details.wait_for)])
    server.faults += [Reply({}, 429, {"Retry-After": "0"})]
    try:
        assert rows_of(vendor) == 20
    finally:
        stamina.instrumentation.set_on_retry_hooks(ours)
    assert waits == [0.0]
    with host(server.base, "binance", refusal).session() as asked:
        assert [asked._again(Busy("busy", wait=wait)) for wait in (None, 7.0, 121.0)] == [True, 7.0, False]


def test_a_ban_is_not_sat_out(server: Server) -> None:
    server.faults += [BANNED]
    with pytest.raises(DataError, match=r"\(418\), and asks to be left alone for 86,400 s; what came before"):
        rows_of(binance_at(server.base))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "Mon, 01 Jan 2024 00:01:00 GMT"}, 60.0),
        ({"retry-after": "Mon, 01 Jan 2020 00:00:00 GMT"}, 0.0),
        ({"x-ratelimit-reset": str(START // SECOND + 12)}, 12.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_the_wish_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_to_wait(headers, START) == seconds


def test_a_date_that_is_none_tells_no_time() -> None:
    assert instant("Mon, 01 Jan 2024 00:00:00 GMT") == START
    assert [instant(text) for text in (None, "", "yesterday")] == [None] * 3


def test_nobody_at_the_address_is_named(server: Server) -> None:
    with serving(binance(list, HOUR)) as gone:
        pass
    with pytest.raises(DataError, match=r"127.0.0.1:\d+/api/v3/klines cannot be reached, 3 times"):
        rows_of(binance_at(gone.base))


def test_an_answer_that_drips_is_cut_off(server: Server) -> None:
    server.faults += [Reply(b"[" + b" " * 400 + b"]", drip=0.01)] * TRIES
    hasty = Host("binance", Terms(server.base, 1e9, 1e9, timeout=0.1, tries=TRIES), SystemClock(), refusal)
    with hasty.session() as asked, pytest.raises(DataError, match=r"did not answer within 0\.1 s, 3 times"):
        asked.get("/api/v3/klines", {})


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setattr("quorum.adapters.rest.host._LARGEST", 1000)
    with pytest.raises(DataError, match=r"broke off \(DecodingError\)"):
        rows_of(binance_at(server.base))


SHAPES: list[Any] = [
    {},
    {"rows": []},
    [1],
    [[]],
    [["x"] * 12],
    [{"t": 1}],
    "text",
    None,
    5,
    [[1e300] * 12],
    [[None] * 12],
]


@pytest.mark.parametrize("body", SHAPES, ids=str)
def test_another_shape_is_refused_by_all(body: Any) -> None:
    with serving(lambda path, asked: Reply(body)) as server, at_once():
        for vendor in (binance_at(server.base), kraken_at(server.base), trades_at(server.base), alpaca_at(server.base)):
            with pytest.raises(DataError, match="answered with something else than bars"):
                rows_of(vendor)


def test_a_price_that_is_no_number_is_left_to_the_lake_to_judge(server: Server) -> None:
    rows = [[START // 10**6, "1", "1", "1", bad, "1", 0, "", 1, "", "", "0"] for bad in ("NaN", "x", None, True, [])]
    with serving(lambda path, asked: Reply(rows)) as odd, at_once():
        page = next(iter(binance_at(odd.base).pages("BTCUSDT", H1, SPAN)))
    assert [str(v) for v in page.columns["close"]] == ["nan"] * 5


def test_a_page_that_comes_again_and_again_does_not_run_for_ever() -> None:
    same = [[START // 10**6, "1", "1", "1", "1", "1", 0, "", 1, "", "", "0"]]
    with serving(lambda path, asked: Reply(same)) as server, at_once():
        pages = binance_at(server.base).pages("BTCUSDT", H1, SPAN)
        assert next(pages).upto == next(pages).upto  # which the pull itself refuses
    stuck = {"bars": {"BTCUSDT": []}, "next_page_token": "T"}
    with serving(lambda path, asked: Reply(stuck)) as server, at_once():
        assert len(list(alpaca_at(server.base).pages("AAPL", H1, SPAN))) == 1
        assert len(server.asked) == 2
    trades = {"error": [], "result": {"XBTUSDT": [["1", "1", START / SECOND, "b", "m", "", 1]] * 3, "last": "7"}}
    again = pytest.raises(DataError, match="gives the same trades again and again")
    with serving(lambda path, asked: Reply(trades)) as server, at_once(), again:
        list(trades_at(server.base, 3).pages("BTCUSDT", H1, SPAN))


REFUSED: list[tuple[str, Reply, type[QuorumError], str]] = [
    ("binance", Reply({"code": -1121, "msg": "Invalid symbol."}, 400), NotFound, 'symbol .*, "Invalid symbol."'),
    ("binance", Reply({"code": 0, "msg": "restricted location"}, 451), DataError, "name another host as binance.base"),
    ("binance", Reply({"code": -1100, "msg": "Illegal characters"}, 400), DataError, "does not take the request"),
    ("binance", Reply(b"<html>", 403), DataError, r"refuses \(403\)"),
    ("binance", Reply(b"", 302, {"Location": "https://elsewhere.example"}), DataError, r"sends us elsewhere \(302\)"),
    ("binance", Reply(b"gone", 404), DataError, r"does not take the request \(404\)"),
    ("kraken", Reply({"error": ["EQuery:Unknown asset pair"]}), NotFound, "kraken does not know the pair"),
    ("kraken", Reply({"error": ["EGeneral:Invalid arguments"]}), DataError, "EGeneral:Invalid arguments"),
    ("alpaca", Reply({"message": "forbidden."}, 403), ConfigError, "refuses the keys"),
    ("alpaca", Reply({"code": 40010001, "message": "invalid symbol: X"}, 400), NotFound, "alpaca does not know it"),
    (
        "alpaca",
        Reply({"code": 42210000, "message": "subscription does not permit querying recent SIP data"}, 403),
        ConfigError,
        "set alpaca.feed to iex",
    ),
]
AT = {"binance": binance_at, "kraken": kraken_at, "alpaca": alpaca_at}


@pytest.mark.parametrize(("name", "reply", "kind", "what"), REFUSED, ids=lambda v: str(v)[:40])
def test_a_refusal_is_final_and_says_what_to_do(name: str, reply: Reply, kind: type[QuorumError], what: str) -> None:
    with serving(lambda path, asked: reply) as server, at_once(), pytest.raises(kind, match=what) as refusal:
        rows_of(AT[name](server.base))
    assert len(server.asked) == 1
    assert refusal.value.remedy


@pytest.mark.parametrize("said", ["EAPI:Rate limit exceeded", "EService:Unavailable", "EGeneral:Too many requests"])
def test_kraken_says_inside_a_success_that_it_is_busy(said: str) -> None:
    busy = pytest.raises(DataError, match=rf"\({said}\), 3 times")
    with serving(lambda path, asked: Reply({"error": [said]})) as server, at_once(), busy:
        rows_of(kraken_at(server.base))
    assert len(server.asked) == TRIES


def everything(error: BaseException) -> str:
    """The error, its chain, and every local of every frame, as a debugger would print them."""
    inner = error.__traceback__.tb_next if error.__traceback__ else None  # without the test's own frame
    told = traceback.TracebackException(type(error), error, inner, capture_locals=True)
    return "".join(told.format()) + repr(error) + str(error) + json.dumps(str(vars(error)))


ECHO = Reply({"message": f"who is {KEY} with {SECRET}?"}, 403)


@pytest.mark.parametrize(
    "fault", [*ODD, BANNED, ECHO, Reply({"bars": 3})], ids=lambda r: f"{r.status} {r.content[:9]!r}"
)
def test_no_fault_shows_a_key(
    fault: Reply, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(alpaca_words(lambda: ROWS)) as server, at_once():
        server.faults += [fault] * TRIES
        vendor = alpaca_at(server.base)
        with pytest.raises(QuorumError) as raised:
            rows_of(vendor, "AAPL")
    assert server.headers[0]["apca-api-key-id"] == KEY
    assert server.headers[0]["apca-api-secret-key"] == SECRET
    out, err = capfd.readouterr()
    shown = everything(raised.value) + caplog.text + out + err + repr(vendor) + repr(vars(vendor))
    assert KEY not in shown
    assert SECRET not in shown
    assert (err, raised.value.__cause__) == ("", None)


def test_keys_do_not_travel_unencrypted() -> None:
    with pytest.raises(ConfigError, match=r"travel unencrypted to data\.example; write https:// in its base"):
        host("http://data.example", "alpaca", refusal, key=Secret(KEY, "env:K"))
    with pytest.raises(ConfigError, match="its base names a user, and is not shown") as raised:
        host("https://me:hunter2@data.example", "alpaca", refusal)
    assert "hunter2" not in str(raised.value)


def test_keys_are_not_sent_to_where_a_host_points() -> None:
    with (
        serving(alpaca_words(lambda: ROWS)) as other,
        serving(lambda p, a: Reply(b"", 302, {"Location": other.base})) as one,
        at_once(),
        pytest.raises(DataError, match="sends us elsewhere"),
    ):
        rows_of(alpaca_at(one.base), "AAPL")
    assert other.asked == []


class Wrist:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@given(st.lists(st.floats(0.1, 20), min_size=1, max_size=40), st.floats(1, 600), st.floats(1, 50))
def test_a_budget_is_never_overdrawn(weights: list[float], per_minute: float, burst: float) -> None:
    watch = Wrist()
    budget = Budget(per_minute, burst, watch, watch.sleep)
    spent = 0.0
    for weight in weights:
        budget.take(weight)
        spent += weight
        assert spent <= burst + max(weights) + watch.now * per_minute / 60 + 1e-6
    if max(weights) <= burst:
        assert spent <= burst + watch.now * per_minute / 60 + 1e-6


def test_a_budget_waits_no_longer_than_it_must() -> None:
    watch = Wrist()
    budget = Budget(per_minute=60, burst=5, monotonic=watch, sleep=watch.sleep)
    moments = []
    for _ in range(8):
        budget.take(1)
        moments.append(watch.now)
    assert moments == pytest.approx([0, 0, 0, 0, 0, 1, 2, 3])


def test_a_host_that_says_it_takes_more_is_asked_faster() -> None:
    watch = Wrist()
    budget = Budget(per_minute=60, burst=1, monotonic=watch, sleep=watch.sleep)
    moments = []
    for per_minute in (60, 60, 600, 600):
        budget.flows(per_minute)
        budget.take(1)
        moments.append(watch.now)
    assert moments == pytest.approx([0, 1, 1.1, 1.2])


def test_what_others_used_of_a_limit_slows_us_down() -> None:
    def nearly_used_up(path: str, asked: Any) -> Reply:
        return Reply([], headers={"X-MBX-USED-WEIGHT-1M": "6050"})

    watch = Wrist()
    with serving(nearly_used_up) as server, at_once():
        vendor = binance_at(server.base)
        vendor._host.budget = Budget(3000, 500, watch, watch.sleep)
        rows_of(vendor)
        rows_of(vendor)
    assert watch.now == pytest.approx((50 + 2) / (3000 / 60))


def test_a_bar_that_runs_is_known_by_the_hosts_clock(server: Server) -> None:
    (page,) = binance_at(server.base).pages("BTCUSDT", H1, SPAN)
    assert page.as_of is not None
    assert abs(page.as_of - SystemClock().now()) < DAY


def test_the_clock_of_a_wish_is_the_injected_one(server: Server) -> None:
    server.faults += [Reply({}, 429, {"Retry-After": "Mon, 01 Jan 2024 10:00:00 GMT"})]
    early = host(server.base, "binance", refusal, VirtualClock(START))
    with early.session() as asked, pytest.raises(DataError, match="to be left alone for 36,000 s"):
        asked.get("/api/v3/klines", {})
