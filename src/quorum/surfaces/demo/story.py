"""From what the demo did to what its page tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from quorum.desk import BookReport, CycleRecord, Desk
from quorum.domain import ZERO, Fill, Timeframe, Vote, iso
from quorum.engine import Backtest
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

CHART_BARS = 1_200
TOLD = 60
COMMANDS = (
    Command("quorum init --participants smc,momentum", "a workspace of your own"),
    Command("quorum data import PATH", "your bars: Parquet or CSV, a file or a folder"),
    Command("quorum backtest trend_breakout --symbol BTCUSDT --timeframe 1h --report sheet.html", "a tear sheet"),
    Command("quorum strategy check NAME", "does it look ahead?"),
    Command("quorum walkforward demo_ma --symbol BTCUSDT --timeframe 1h --evidence", "a sweep, and what is left of it"),
    Command("quorum consensus BTCUSDT --timeframe 1h --paper", "one cycle: vote, risk, order, booking"),
    Command(
        "quorum workflow run realtime_signal_generation --symbol BTCUSDT --timeframe 1h", "the same as a durable run"
    ),
    Command("quorum queue add demo_ma --symbol BTCUSDT --timeframe 1h", "an idea for the queue"),
    Command("quorum validate", "prove what waits, as far as it goes; `quorum queue show` tells where each one stands"),
    Command("quorum deploy STR-001", "ask a person; after a yes it trades on paper"),
    Command("quorum sim --venue alpaca", "a venue of your own to practise at"),
    Command(
        "quorum trade --paper",
        "deployed strategies trade what they have decided; `quorum status` tells what came of it",
    ),
    Command("quorum risk check", "limits used, breakers, what moves together"),
    Command('quorum close-all --yes --reason "…"', "halt, cancel every order, close every position"),
    Command("quorum agents", "who did what, how well, and who stands in"),
    Command("quorum up", "the desk as it runs: workers, schedules, notices"),
    Command("quorum why DEC-…", "the chain from an order back to the bars"),
    Command("quorum replay DEC-…", "the same decision again, in a fresh process"),
)


@dataclass(frozen=True, slots=True)
class Session:
    """A stretch of paper trading: the account's equity after every step, and the record of every cycle."""

    account: str
    symbols: tuple[str, ...]
    timeframe: Timeframe
    equity: list[tuple[int, float]] = field(default_factory=list)
    records: list[CycleRecord] = field(default_factory=list)


def tell(
    desk: Desk,
    tests: Sequence[Backtest],
    sessions: tuple[Session, Session],
    reports: Sequence[BookReport],
    timing: tuple[float, Mapping[str, float]],
) -> DeskStory:
    """The page's story: the coins' account in charts, both accounts' decisions and books."""
    crypto, equities = sessions
    seconds, steps = timing
    book = reports[0].book
    instants, equity = zip(*crypto.equity, strict=True)
    return DeskStory(
        title="Quorum demo: from bars to explained paper orders",
        generated_at=iso(desk.clock.now()),
        seconds=seconds,
        currency=book.currency,
        starting_equity=float(book.funded),
        time=np.array(instants, np.int64),
        equity=np.array(equity),
        charts=tuple(_chart(desk, session, symbol) for session in sessions for symbol in session.symbols),
        backtests=tuple(_backtest(test) for test in tests),
        decisions=tuple(decision_story(record) for record in _worth_telling(crypto, equities)),
        ledger=_ledger(reports),
        fills=tuple(_fills(desk, sessions)),
        steps=tuple(Step(name, taken) for name, taken in steps.items()),
        notes=(
            "All coins are synthetic (seeded): their prices mean nothing beyond this page.",
            "The 20 US stocks and the two indices are real daily series that come with skfolio and arch.",
            "The venue of the account practice ended with the demo: whoever asks for it now gets no answer.",
            f"Equity is that of the account {crypto.account}; the indices trade in {equities.account}.",
        ),
        commands=COMMANDS,
        voted=sum(len(session.records) for session in sessions),
    )


def _worth_telling(*sessions: Session) -> list[CycleRecord]:
    """The newest cycles that came to a proposal, of every session, oldest first."""
    told: list[CycleRecord] = []
    for session in sessions:
        told += [record for record in session.records if record.risk is not None][-TOLD:]
    return sorted(told, key=lambda record: str(record.snapshot["as_of"]))


def _chart(desk: Desk, session: Session, symbol: str) -> ChartStory:
    bars = desk.lake.bars(symbol, session.timeframe)
    last = int(np.searchsorted(bars.time, session.equity[-1][0], "right"))
    shown = bars.slice(max(0, last - CHART_BARS), last)
    fills = [f for f in _account_fills(desk, session.account) if f.symbol == symbol and f.time >= int(shown.time[0])]
    marks = [Mark(f.time, float(f.price), f.side, f"{f.side.value} {f.quantity} at {f.price}") for f in fills]
    return ChartStory(shown, tuple(marks))


def _account_fills(desk: Desk, account: str) -> list[Fill]:
    return [f for o in desk.orders.of(account) if o.filled for f in desk.orders.fills_of(o.intent.client_order_id)]


def _fills(desk: Desk, sessions: Sequence[Session]) -> list[Fill]:
    return sorted((f for s in sessions for f in _account_fills(desk, s.account)), key=lambda f: f.time)


def _backtest(test: Backtest) -> BacktestStory:
    return BacktestStory(
        test.strategy,
        test.symbol,
        str(test.timeframe),
        len(test.trades.entry_time),
        test.final_equity,
        test.performance.sharpe,
        test.performance.sharpe_se,
        test.performance.max_drawdown,
        test.trial_id or "",
    )


def decision_story(record: CycleRecord) -> DecisionStory:
    """A cycle's record in words."""
    risk = record.risk or {}
    reasons = "; ".join(risk.get("reasons", ())) or "every limit leaves room"
    return DecisionStory(
        record.decision_id,
        str(record.snapshot["as_of"]),
        str(record.snapshot["symbol"]),
        tuple(_vote(vote) for vote in record.votes),
        str(record.consensus["direction"]),
        float(record.consensus["strength"]),
        f"{risk.get('verdict', 'not asked')}: {reasons}" if risk else "not asked",
        order_words(record.order) if record.order else f"none: {record.reason}",
        str(record.consensus["reason"]),
    )


def _vote(vote: Mapping[str, Any]) -> Vote:
    choice = vote["choice"].removeprefix("for_")
    return Vote(vote["voter"], choice, vote["weight"], vote["confidence"], vote["reason"])


def order_words(order: Mapping[str, Any]) -> str:
    """An order's facts in words."""
    purpose = "exit" if order["purpose"] == "reduction" else "entry"
    what = f"{order['side']} {order['quantity']} {order['symbol']}"
    return f"{purpose}: {what}, {order['status']} ({order['client_order_id']})"


def _ledger(reports: Sequence[BookReport]) -> LedgerCheck:
    """Both accounts' checks as one; cash is that of the first, the statement lists both."""
    first = reports[0]
    return LedgerCheck(
        balanced=all(r.audit.balanced for r in reports),
        entries=first.audit.entries,
        postings=first.audit.postings,
        broker_cash=first.venue.cash.get(first.book.currency, ZERO),
        ledger_cash=first.book.cash,
        differences=tuple(d for r in reports for d in (*r.audit.faults, *r.differences)),
        statement=tuple(row for r in reports for row in _statement(r)),
    )


def _statement(report: BookReport) -> list[StatementRow]:
    book = report.book
    realised = sum((p.realised for p in book.positions.values()), ZERO)
    open_profit = sum((p.unrealised(book.marks.get(p.symbol, p.average_price)) for p in book.positions.values()), ZERO)
    fees = book.funded + realised + open_profit - book.equity
    lines: dict[str, Decimal] = {
        "capital paid in": book.funded,
        "realised profit": realised,
        "unrealised profit": open_profit,
        "fees": -fees,
        "equity": book.equity,
    }
    return [StatementRow(f"{report.account}: {name} ({book.currency})", amount) for name, amount in lines.items()]
