"""Deployed strategies for tests: bars with a grid, and strategies that stand on paper without having climbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from desk.deploying.climbed import CLIMB, write
from quorum.bootstrap import open_desk
from quorum.desk import Desk, make_workspace
from quorum.desk.deploying import Baseline
from quorum.domain import DAY, HOUR, Choice, DecisionKind, Fill, Timeframe, VirtualClock, parse_instant
from quorum.engine import Terms, drive
from quorum.lake import Bars
from quorum.signals import WITHOUT_MODEL, find_strategy
from quorum.stats import Interval
from quorum.validation.life import Idea, Status

S = Status
UP = (*CLIMB, (S.L3_PASSED, S.RISK_ASSESSED), (S.RISK_ASSESSED, S.AWAITING_HUMAN), (S.AWAITING_HUMAN, S.PAPER))
START = parse_instant("2024-01-01")
SPAN = 4 * HOUR


def market(symbol: str = "BTCUSDT", seed: int = 3, n: int = 240, swing: float = 0.01) -> Bars:
    """Bars of 4 hours that go up and down so often that a crossing of averages trades."""
    rng = np.random.default_rng(seed)
    wave = np.sin(np.arange(n) / 7.0) * 0.008
    close = np.round(100.0 * np.exp(np.cumsum(wave + swing * 0.3 * rng.standard_normal(n))), 2)
    opened = np.round(np.concatenate([[100.0], close[:-1]]), 2)
    high, low = np.round(np.maximum(opened, close) * 1.002, 2), np.round(np.minimum(opened, close) * 0.998, 2)
    time = START + np.arange(n, dtype=np.int64) * SPAN
    volume = np.full(n, 1e6)
    return Bars(symbol, "sim", Timeframe(SPAN), time, close, opened, high, low, volume, price_decimals=2)


def home_with(folder: Path, *series: Bars) -> Path:
    """A workspace whose lake has these bars."""
    home = folder / "home"
    make_workspace(home, ("momentum",))
    for bars in series:
        write(folder / "files" / f"{bars.symbol}.sim_{bars.timeframe}.csv", bars)
    open_desk(home).lake.import_path(folder / "files")
    return home


@dataclass(frozen=True)
class Plan:
    """A strategy to deploy, with its share of the account."""

    strategy: str | Mapping[str, Any] = "demo_ma"
    symbols: Sequence[str] = ("BTCUSDT",)
    share: float = 0.3
    params: Mapping[str, float] | None = None
    timeframe: str = "4h"
    venue: str = "sim"
    earns: float = 0.001


def baseline(seed: int = 1, earns: float = 0.001) -> Baseline:
    """One of 250 quiet days that earned about so much each."""
    rng = np.random.default_rng(seed)
    returns = tuple((earns + 0.01 * rng.standard_normal(250)).tolist())
    days = tuple(range(250))
    return Baseline("L2", START - 300 * DAY, days, returns, 365.0, 0.001, Interval(-1.0, 1.0), 1.0, -0.1, ())


def deploy_all(desk: Desk, *plans: Plan, account: str = "paper") -> list[str]:
    """The plans as deployments that stand; their strategies' ids."""
    return [_deploy(desk, plan, account) for plan in plans]


def _deploy(desk: Desk, plan: Plan, account: str) -> str:
    given = {"fast": 3, "slow": 8} if plan.params is None and plan.strategy == "demo_ma" else dict(plan.params or {})
    wanted = Idea(plan.strategy, tuple(plan.symbols), plan.timeframe, plan.venue, given, "it swings")
    (candidate,) = desk.life.queue.add([wanted], "test")
    strategy_id = candidate.strategy_id
    for before, after in UP:
        assert desk.life.queue.move(strategy_id, before, after, "test", "in a test") is not None
    choice = Choice(DecisionKind.DEPLOYMENT, strategy_id, desk.clock.now(), {}, {"status": "standing"}, "in a test")
    decided = desk.decisions.record(choice).decision_id
    desk.account_for("", account)
    desk.life.books.deployments.open(
        {
            "strategy_id": strategy_id,
            "stage": "PAPER",
            "account": account,
            "book": desk.settings.accounts.accounts[account].book,
            "allocation": plan.share,
            "baseline": baseline(earns=plan.earns).told(),
            "approval_id": f"APR-{strategy_id}",
            "status": "standing",
            "params": given,
            "target_value": 100_000 * plan.share,
            "currency": "USDT",
            "decision_id": decided,
        }
    )
    return strategy_id


def at(i: int) -> VirtualClock:
    """The clock at the close of bar i."""
    return VirtualClock(START + (i + 1) * SPAN)


def fills(desk: Desk) -> list[Fill]:
    orders = desk.orders.of("paper")
    return sorted((f for o in orders for f in desk.orders.fills_of(o.intent.client_order_id)), key=lambda f: f.time)


def rounded(found: Sequence[Fill]) -> list[tuple[int, float, float, float]]:
    return [(f.time, float(f.side.sign * f.quantity), float(f.price), round(float(f.fee), 6)) for f in found]


def backtested(desk: Desk, share: float) -> list[tuple[int, float, float, float]]:
    """The trades of the event path on the account's limits, steps and costs."""
    bars = desk.lake.bars("BTCUSDT", Timeframe.parse("4h"), "sim")
    terms = Terms(fill="next_open_presized", size=share, fee_bps=10, slippage_bps=2)
    known = {"BTCUSDT": desk.settings.instruments.instrument(bars)}
    strategy = find_strategy("demo_ma", WITHOUT_MODEL)
    driven = drive(bars, strategy, {"fast": 3, "slow": 8}, terms, desk.limits("paper"), known)
    return [(f.time, f.quantity, f.price, round(f.fee, 6)) for f in driven.backtest.fills]
