"""Markets, targets and terms drawn from a seed, and what it means that two backtests are equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import HOUR, Row, Timeframe, parse_instant
from quorum.engine import FILLS, SIZINGS, Backtest, Terms
from quorum.lake import Bars, Panel, PanelRow
from quorum.risk import RiskLimits
from quorum.signals import Allocations, Exit, Parameter, Params, Target, Targets

START = parse_instant("2024-01-01")
H1 = Timeframe(HOUR)
LOOSE = RiskLimits(
    risk_per_trade=Decimal(1),
    max_position=Decimal(10**9),
    max_deployed=Decimal(10**9),
    max_total_loss=Decimal(1),
    min_reward_risk=Decimal(0),
    min_order_notional=Decimal(0),
    price_collar_bps=Decimal(9_999),
    allow_short=True,
    max_borrowed=Decimal(10**9),
)
"""Every check runs, none can bind as long as the account is not used up."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drawn:
    """A strategy that wants what was drawn, the same bar by bar and at once."""

    columns: tuple[Floats, Floats, Floats, Floats]
    name: str = "drawn"
    kind: str = "rule"
    summary: str = "wants what was drawn"
    parameters: tuple[Parameter, ...] = (Parameter("atr_period", 3, 2, 50, "bars of the average true range"),)
    settings: Mapping[str, object] = field(default_factory=dict)

    def warmup(self, params: Params) -> int:
        return 0

    def start(self, bars: Bars, params: Params) -> int:
        return 0

    def step(self, state: int, row: Row) -> tuple[int, Target]:
        weight, stop, target, trail = (column[state].item() for column in self.columns)
        return state + 1, Target(weight, Exit(stop, target, trail))

    def batch(self, bars: Bars, params: Params) -> Targets:
        return Targets(*self.columns)


@dataclass(frozen=True)
class Allotted:
    """A portfolio that wants what was drawn on some bars."""

    wanted: Mapping[int, Floats]
    name: str = "allotted"
    kind: str = "portfolio"
    summary: str = "wants what was drawn"
    symbols: tuple[int, int | None] = (1, None)
    parameters: tuple[Parameter, ...] = (Parameter("atr_period", 3, 2, 50, "bars of the average true range"),)
    settings: Mapping[str, object] = field(default_factory=dict)

    def warmup(self, params: Params) -> int:
        return 0

    def start(self, panel: Panel, params: Params) -> int:
        return 0

    def step(self, state: int, row: PanelRow) -> tuple[int, Floats | None]:
        return state + 1, self.wanted.get(state)

    def batch(self, panel: Panel, params: Params) -> Allocations:
        rows = sorted(self.wanted)
        return Allocations(np.array(rows, np.int64), np.array([self.wanted[i] for i in rows]))


class Case(NamedTuple):
    bars: Any
    strategy: Any
    terms: Terms


def case_of(seed: int) -> Case:
    """One symbol, its targets with or without exits, and terms; every choice follows from the seed."""
    rng = np.random.default_rng(seed)
    bars = market(rng, int(rng.integers(60, 200)))
    terms = some_terms(rng)
    if bars.volume is None and (terms.fill == "volume_capped" or terms.impact):
        bars = market(rng, len(bars), volume=True)
    return Case(bars, Drawn(some_targets(rng, bars)), terms)


def panel_case_of(seed: int) -> Case:
    """A few symbols, some of which list late, stop early or miss bars, and targets for them now and then."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(30, 120)), int(rng.integers(1, 6))
    series = [market(rng, n, volume=True, symbol=f"S{j}") for j in range(m)]
    close = np.stack([bars.close for bars in series], axis=1)
    absent = rng.random((n, m)) < rng.choice([0.0, 0.0, 0.1, 0.5])
    if rng.random() < 0.5:
        absent[: rng.integers(0, n), rng.integers(0, m)] = True
        absent[rng.integers(1, n) :, rng.integers(0, m)] = True
    absent[absent.all(axis=1)] = False
    columns = {
        name: np.where(absent, np.nan, np.stack([getattr(bars, name) for bars in series], axis=1))
        for name in ("open", "high", "low", "close", "volume")
    }
    funding = rng.normal(0, 1e-4, close.shape) * (rng.random(close.shape) < 0.1) if rng.random() < 0.3 else None
    panel = Panel(tuple(b.symbol for b in series), "test", H1, series[0].time, funding=funding, **columns)
    rows = np.flatnonzero(rng.random(n) < rng.choice([0.05, 0.3]))
    wanted = {int(i): _weights(rng, m) for i in rows}
    return Case(panel, Allotted(wanted or {0: np.full(m, 1.0 / m)}), some_terms(rng))


def market(rng: np.random.Generator, n: int, volume: bool | None = None, symbol: str = "TEST") -> Bars:
    """A walk with gaps and ranges, on a grid of cents or off any, in hours of which some are missing."""
    scale = float(rng.choice([0.002, 0.01, 0.03]))
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, scale, n)))
    start = np.concatenate([[100.0], close[:-1]]) * np.exp(rng.normal(0, scale / 3, n))
    high = np.maximum(start, close) * (1 + abs(rng.normal(0, scale / 2, n)))
    low = np.minimum(start, close) * (1 - abs(rng.normal(0, scale / 2, n)))
    if on_grid := rng.random() < 0.5:
        start, high, low, close = (np.round(x, int(rng.integers(0, 3))) for x in (start, high, low, close))
        high, low = np.max([start, high, low, close], axis=0), np.min([start, high, low, close], axis=0)
    gaps = np.where(rng.random(n) < 0.1, rng.integers(2, 60, n), 1) if rng.random() < 0.5 else np.ones(n, np.int64)
    values: dict[str, Any] = {"open": start, "high": high, "low": low}
    if volume or (volume is None and rng.random() < 0.7):
        values["volume"] = np.round(rng.lognormal(3, 1, n), 3) * (rng.random(n) > 0.1)
    if rng.random() < 0.2:
        values["funding"] = rng.normal(0, 2e-4, n) * (rng.random(n) < 0.2)
    if volume is None and rng.random() < 0.05:
        values = {}
    return Bars(
        symbol, "test", H1, START + np.cumsum(gaps) * HOUR, close, **values, price_decimals=2 if on_grid else None
    )


def some_targets(rng: np.random.Generator, bars: Bars) -> tuple[Floats, Floats, Floats, Floats]:
    """Targets that stay for a while, long, short or flat, and exits around the closes."""
    n, close = len(bars), bars.close
    shorts = rng.random() < 0.7
    levels = np.array(
        [0.0, 1.0, 0.5, float(rng.uniform(0, 1)), 0.0] + ([-1.0, -0.4, float(-rng.uniform(0, 1))] * shorts)
    )
    weight = np.repeat(rng.choice(levels, n), rng.integers(1, int(rng.choice([2, 6, 20])), n))[:n].copy()
    side = np.where(weight < 0, -1.0, 1.0)
    reach = close * float(rng.choice([0.005, 0.02, 0.05]))
    none = np.full(n, np.nan)
    stop, target, trail = none, none.copy(), none.copy()
    if rng.random() < 0.5:
        stop = np.round(close - side * reach * rng.uniform(0.2, 2, n), 2)
        if rng.random() < 0.5:
            stop = _held(stop, weight)
    if rng.random() < 0.5:
        target = np.round(close + side * reach * rng.uniform(0.2, 2, n), 2)
    if rng.random() < 0.4:
        trail = np.round(reach * rng.uniform(0.2, 2, n), 2) + 0.01
    absent = rng.random(n) < rng.choice([0.0, 0.0, 0.3])
    for column in (stop, target, trail):
        column[absent] = np.nan
    return weight, stop, target, trail


def some_terms(rng: np.random.Generator) -> Terms:
    """Any fill, any sizing, and costs of which each may be there."""

    def perhaps(value: float, chance: float = 0.4) -> float:
        return value if rng.random() < chance else 0.0

    sizing = str(rng.choice(list(SIZINGS)))
    size = {"units": rng.uniform(1, 50), "atr": rng.uniform(0.001, 0.02), "volatility": rng.uniform(0.1, 1.0)}
    fee = perhaps(float(rng.uniform(1, 30)), 0.8)
    return Terms(
        fee_bps=fee,
        slippage_bps=perhaps(float(rng.uniform(0.5, 20))),
        sizing=sizing,
        size=float(size.get(sizing, rng.uniform(0.2, 1.0))),
        starting_equity=float(rng.choice([20_000.0, 100_000.0, 12_345.67])),
        fill=str(rng.choice(list(FILLS))),
        maker_bps=float(rng.uniform(-fee, 10)) if rng.random() < 0.3 else None,
        fee_per_unit=perhaps(0.01, 0.2),
        minimum_fee=perhaps(1.5, 0.2),
        impact=perhaps(float(rng.uniform(0.05, 1.0)), 0.2),
        borrow_rate=perhaps(0.1, 0.3),
        volume_share=float(rng.uniform(0.01, 1.0)),
        lot=float(rng.choice([0.0, 0.0, 0.01, 1.0, 7.0])),
    )


def differences(one: Backtest, other: Backtest) -> list[str]:
    """Where two backtests of the same terms differ by more than 1e-9; none where they are equal."""
    found = []
    if one.rows.shape != other.rows.shape:
        found.append(f"{len(one.rows)} fills and {len(other.rows)}")
        k = min(len(one.rows), len(other.rows))
        first = next((i for i in range(k) if not np.allclose(one.rows[i], other.rows[i], rtol=1e-9)), k)
        return [*found, f"from {first} on: {one.rows[first : first + 2]} and {other.rows[first : first + 2]}"]
    for name, column in (("bar", 0), ("decided", 1), ("symbol", 2), ("reason", 6)):
        if not np.array_equal(one.rows[:, column], other.rows[:, column]):
            found.append(name)
    for name, column in (("quantity", 3), ("price", 4), ("fee", 5)):
        if not np.allclose(one.rows[:, column], other.rows[:, column], rtol=1e-9, atol=1e-12):
            found.append(name)
    if not np.allclose(one.equity, other.equity, rtol=1e-9):
        found.append("equity")
    if one.unfilled != other.unfilled:
        found.append(f"{one.unfilled} unfilled and {other.unfilled}")
    return found


def _weights(rng: np.random.Generator, m: int) -> Floats:
    weights = rng.uniform(-1, 1, m) / m
    weights[rng.random(m) < 0.3] = 0.0
    if rng.random() < 0.3:
        weights[rng.random(m) < 0.3] = np.nan
    return weights


def _held(levels: Floats, weight: Floats) -> Floats:
    """The level of the bar on which the target changed last."""
    changed = np.concatenate([[True], weight[1:] != weight[:-1]])
    return levels[np.maximum.accumulate(np.where(changed, np.arange(len(levels)), 0))]
