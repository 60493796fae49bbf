"""Made-up input of the pages, and a reader that sees a page as a browser does."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import numpy as np

from quorum.domain import DAY, HOUR, Fill, Side, Timeframe, Vote, parse_instant
from quorum.engine import Backtest, Terms
from quorum.lake import Bars, Panel
from quorum.stats import performance
from quorum.surfaces.report import (
    BacktestStory,
    ChartStory,
    Command,
    DecisionStory,
    DeskStory,
    LedgerCheck,
    Mark,
    StatementRow,
    Step,
)

START = parse_instant("2024-01-01")


def made_bars(n: int, step: int = HOUR, closes_only: bool = False) -> Bars:
    random = np.random.default_rng(11)
    close = 100.0 * np.exp(np.cumsum(random.normal(0, 0.004, n)))
    opened = np.append(100.0, close[:-1])[:n]
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    time_ns = START + np.arange(n, dtype=np.int64) * step
    frame = (None, None, None, None) if closes_only else (opened, high, low, np.ones(n))
    return Bars("BTCUSDT", "binance", Timeframe(step), time_ns, close, *frame)


def made_run(bars: Bars | Panel, trips: int = 3, profit: tuple[float, float] = (10.0, -5.0)) -> Backtest:
    """A made-up run: `trips` trades of one unit over one bar each, which earn `profit` in turns, the last still open.

    The fills have prices of their own, so that the profits come out; fees are 0.5 each. Every third trade is short.
    """
    n, symbols = len(bars), 1 if isinstance(bars, Bars) else len(bars.symbols)
    close = bars.close.reshape(n, -1)
    at = np.linspace(0, n - 2, trips).astype(np.int64) if trips else np.empty(0, np.int64)
    rows, equity = [], np.full(n, 1000.0)
    for k, bar in enumerate(at.tolist()):
        symbol, side, gained = k % symbols, -1.0 if k % 3 == 0 else 1.0, profit[k % 2]
        entry = float(close[bar, symbol])
        rows.append((bar, max(bar - 1, 0), symbol, side, entry, 0.5, 0))
        if k < trips - 1:
            rows.append((bar + 1, bar, symbol, -side, entry + side * (gained + 1.0), 0.5, 1 - k % 2))
            equity[bar + 1 :] += gained
        else:
            equity[bar + 1 :] += side * (float(close[-1, symbol]) - entry) - 0.5
    return Backtest(
        strategy="sma_cross",
        parameters={"fast": 20, "slow": 50},
        bars=bars,
        terms=Terms(fee_bps=7.5, slippage_bps=2.5, sizing="weight", size=0.5, starting_equity=1000.0),
        equity=equity,
        rows=np.array(rows, dtype=np.float64).reshape(len(rows), 7),
        unfilled=0,
        performance=performance(bars.time, equity, 1000.0),
        code_hash="c" * 64,
        trial_id="TRL-7",
        trials_in_family=12,
    )


def made_panel(n: int, symbols: int) -> Panel:
    bars = made_bars(n, DAY)
    return Panel.of([replace(bars, symbol=f"S{j}", close=bars.close * (1 + j)) for j in range(symbols)])


def unpacked(packed: dict[str, Any]) -> dict[str, np.ndarray]:
    """Packed columns as the page's script reads them."""
    raw, found, at = zlib.decompress(base64.b64decode(packed["data"])), {}, 0
    for name, kind, n in packed["columns"]:
        size = 8 if kind == "f" else 4
        planes = np.frombuffer(raw, np.uint8, n * size, at).reshape(size, n)
        values = np.ascontiguousarray(planes.T).view("<f8" if kind == "f" else "<u4").reshape(n)
        found[name] = (
            values if kind == "f" else np.cumsum((values.astype(np.int64) >> 1) ^ -(values & 1).astype(np.int64))
        )
        at += n * size
    assert at == len(raw)
    return found


def chart_of(page: str, name: str) -> dict[str, Any]:
    """What a page tells its script about the chart `name`, columns unpacked under `data`."""
    text = re.search(rf'data-chart="{name}">(.*?)</script>', page, re.DOTALL)
    assert text, name
    spec: dict[str, Any] = json.loads(text.group(1))
    return {**spec, "data": unpacked(spec["packed"])}


def made_decision(**changes: Any) -> DecisionStory:
    votes = (
        Vote("technical", "bullish", 0.5, 0.72, "above its mean"),
        Vote("structure", "bearish", 0.25, 0.30, "below the last high"),
        Vote("flow", "abstain", 0.25, None, "no order book"),
    )
    plain: dict[str, Any] = {
        "decision_id": "DEC-20240101-001",
        "as_of": "2024-01-01T05:00:00Z",
        "symbol": "BTCUSDT",
        "votes": votes,
        "direction": "bullish",
        "strength": 0.41,
        "verdict": "shrunk from 2 to 1 by position_limit",
        "order": "buy 1 BTCUSDT at about 100.25",
        "rationale": "two of three spoke",
    }
    return DecisionStory(**(plain | changes))


def made_story(**changes: Any) -> DeskStory:
    bars = made_bars(48)
    cash = Decimal("1012.50")
    plain: dict[str, Any] = {
        "title": "The desk at work",
        "generated_at": "2024-01-03T00:00:00Z",
        "seconds": 12.34,
        "currency": "USDT",
        "starting_equity": 1000.0,
        "time": bars.time,
        "equity": np.linspace(1000.0, 1012.5, 48),
        "charts": (ChartStory(bars, (Mark(int(bars.time[5]), 100.5, Side.BUY, "DEC-20240101-001"),)),),
        "backtests": (BacktestStory("sma_cross", "BTCUSDT", "1h", 41, 1082.13, 0.62, 0.41, -0.2145, "TRL-7"),),
        "decisions": (made_decision(),),
        "ledger": LedgerCheck(True, 31, 84, cash, cash, (), (StatementRow("Fees paid", Decimal("-0.75")),)),
        "fills": (
            Fill("F1", "Q-1", "BTCUSDT", Side.BUY, Decimal(1), Decimal("100.25"), Decimal("0.75"), "USDT", START),
        ),
        "steps": (Step("load data", 0.4), Step("trade", 2.0)),
        "notes": ("Recorded prices of two days.",),
        "commands": (Command("quorum why DEC-20240101-001", "where it came from"),),
    }
    return DeskStory(**(plain | changes))


class Reader(HTMLParser):
    """What a browser would make of a page: its tags in balance, its words, and what it would load."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} has a handler {name}"
            if name in ("src", "href", "srcset", "action", "data", "poster"):
                self.loads.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())
