"""Vendors on loopback that answer in their own words, and can be told to fail."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from quorum.domain import SECOND, iso

MS = 1_000_000


@dataclass(frozen=True)
class Reply:
    """What the server sends; `cut` bytes fewer than it promises, nothing when `drops`, a byte every `drip` seconds."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    drops: bool = False
    drip: float = 0.0

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


HTML = Reply(b"<html><body>Just a moment...</body></html>", headers={"content-type": "text/html"})
HALF = Reply(b'[[1704067200000,"100.0","1')
BROKEN_OFF = Reply(b"[" + b" " * 5000 + b"]", cut=4000)
DROPPED = Reply(drops=True)
FULL = Reply({"code": -1003, "msg": "Too much request weight used."}, 429, {"Retry-After": "7"})
BANNED = Reply({"code": -1003, "msg": "Way too much request weight used."}, 418, {"Retry-After": "86400"})
DOWN = Reply(b"upstream is away", 503)

Question = Mapping[str, str]
Answers = Callable[[str, Question], Reply]


class Server:
    """One vendor: `asked` are the questions so far, `faults` are sent before anything else, oldest first."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.headers: list[dict[str, str]] = []
        self.faults: deque[Reply | None] = deque()
        self.base = ""

    def reply(self, target: str, headers: Mapping[str, str]) -> Reply:
        parts = urlsplit(target)
        question = dict(parse_qsl(parts.query))
        self.asked.append((parts.path, question))
        self.headers.append({k.lower(): v for k, v in headers.items()})
        fault = self.faults.popleft() if self.faults else None
        return fault or self.answers(parts.path, question)


class Quiet(ThreadingHTTPServer):
    """Takes it calmly when a client has hung up."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(answers: Answers) -> Iterator[Server]:
    """The vendor on a port of its own."""
    server = Server(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet

        def do_GET(self) -> None:
            reply = server.reply(self.path, self.headers)
            if reply.drops:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            content = reply.content
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.close_connection = bool(reply.cut)
            if reply.drip:
                self._drip(content, reply.drip)
                return
            self.wfile.write(content[: len(content) - reply.cut])

        def _drip(self, content: bytes, pause: float) -> None:
            self.close_connection = True
            with suppress(OSError):
                for i in range(len(content)):
                    self.wfile.write(content[i : i + 1])
                    self.wfile.flush()
                    time.sleep(pause)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    httpd = Quiet(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.base = f"http://127.0.0.1:{httpd.server_address[1]}"
    try:
        yield server
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


Row = tuple[int, float, float, float, float, float]


def rising(start: int, step: int, count: int, price: float = 100.0) -> list[Row]:
    """Bars that rise by a quarter each; no value is like another."""
    return [
        (start + i * step, p - 0.25, p + 0.5, p - 0.5, p, 10.0 + i)
        for i, p in ((i, price + 0.25 * i) for i in range(count))
    ]


def binance(rows: Callable[[], Sequence[Row]], step: int, known: Sequence[str] = ("BTCUSDT",)) -> Answers:
    """GET /api/v3/klines as it is documented: oldest first from startTime on, twelve columns, the running bar too."""

    def answers(path: str, asked: Question) -> Reply:
        if path != "/api/v3/klines":
            return Reply({"code": -1, "msg": "no such path"}, 404)
        if asked["symbol"] not in known:
            return Reply({"code": -1121, "msg": "Invalid symbol."}, 400)
        first, last = int(asked["startTime"]) * MS, int(asked["endTime"]) * MS
        fitting = [r for r in rows() if first <= r[0] <= last][: int(asked["limit"])]
        return Reply([_kline(row, step) for row in fitting], headers={"X-MBX-USED-WEIGHT-1M": "2"})

    return answers


def _kline(row: Row, step: int) -> list[Any]:
    time, o, h, low, c, v = row
    texts = [f"{x:.8f}" for x in (o, h, low, c, v)]
    return [time // MS, *texts, (time + step) // MS - 1, f"{c * v:.8f}", 308, "1.0", "2.0", "0"]


def kraken(rows: Callable[[], Sequence[Row]], step: int, committed: int) -> Answers:
    """GET /0/public/OHLC: the newest 720 and the running one, whatever is asked; `last` is the last committed."""

    def answers(path: str, asked: Question) -> Reply:
        if asked["pair"] != "XBTUSDT":
            return Reply({"error": ["EQuery:Unknown asset pair"]})
        assert path == "/0/public/OHLC"
        assert int(asked["interval"]) * 60 * SECOND == step
        fitting = [r for r in rows() if r[0] > int(asked["since"]) * SECOND][-721:]
        candles = [[r[0] // SECOND, *(f"{x:.1f}" for x in r[1:5]), f"{r[4]:.1f}", f"{r[5]:.8f}", 3] for r in fitting]
        return Reply({"error": [], "result": {"XBTUSDT": candles, "last": committed // SECOND}})

    return answers


def kraken_trades(trades: Sequence[tuple[int, str, str]], page: int | None = None) -> Answers:
    """GET /0/public/Trades: those after `since`, at most `count`; `last` is the instant of the last one."""

    def answers(path: str, asked: Question) -> Reply:
        assert path == "/0/public/Trades"
        since, most = int(asked["since"]), page or int(asked["count"])
        fitting = [(i, t) for i, t in enumerate(trades) if t[0] > since][:most]
        rows = [[t[1], t[2], t[0] / SECOND, "b", "m", "", i + 1] for i, t in fitting]
        last = fitting[-1][1][0] if fitting else since
        return Reply({"error": [], "result": {"XBTUSDT": rows, "last": str(last)}})

    return answers


def alpaca(rows: Callable[[], Sequence[Row]], name: str = "AAPL", page: int | None = None) -> Answers:
    """GET …/bars: paged by a token; a symbol without bars is absent; the keys are asked for."""

    def answers(path: str, asked: Question) -> Reply:
        assert path in ("/v2/stocks/bars", "/v1beta3/crypto/us/bars")
        fitting = [r for r in rows() if asked["start"] <= iso(r[0]) <= asked["end"]]
        begin, size = int(asked.get("page_token", "0")), page or int(asked["limit"])
        part = fitting[begin : begin + size]
        bars = [dict(zip("tohlcv", (iso(r[0]), *r[1:]), strict=True)) | {"n": 9, "vw": r[4]} for r in part]
        more = str(begin + size) if begin + size < len(fitting) else None
        found = {name: bars} if bars and asked["symbols"] == name else {}
        return Reply({"bars": found, "next_page_token": more})

    return answers
