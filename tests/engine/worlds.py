"""Random markets, targets and terms in which opens, levels and extremes often meet, and the kernel's answer to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.model import Levels, World
from engine.scripts import NAN, PanelScript, Script
from quorum.domain import DAY, Timeframe
from quorum.engine import FILLS, SIZINGS, Terms, Trades
from quorum.engine.inputs import market_of, rates_of, wishes_of
from quorum.engine.kernel import run
from quorum.engine.records import trades_of
from quorum.lake import Bars, Panel
from quorum.signals import NO_EXIT, Exit, Target

Floats = NDArray[np.float64]
TUESDAY = 19_724 * DAY


@dataclass(frozen=True)
class Case:
    """What is traded, on what terms; one symbol unless the world has more."""

    world: World
    wanted: Mapping[int, Sequence[float]]
    levels: Sequence[Levels] | None
    terms: Terms
    panel: bool


class Answer(NamedTuple):
    equity: Floats
    rows: Floats
    unfilled: int
    trades: Trades


def kernel_answer(case: Case) -> Answer:
    """The case through the road of a backtest; what the world says of spread and impact in place of the measured."""
    w, terms = case.world, case.terms
    names = tuple(f"S{j}" for j in range(len(w.close[0])))
    time = np.array(w.time, dtype=np.int64)
    table: dict[str, Any] = {
        name: np.array(getattr(w, name)) for name in ("close", "open", "high", "low", "volume", "funding")
    }
    if not table["funding"].any():
        del table["funding"]
    if w.closes_only:
        table = {name: column for name, column in table.items() if name not in ("open", "high", "low")}
    bars: Bars | Panel
    if case.panel:
        bars = Panel(names, "test", Timeframe(DAY), time, **table)
        script = PanelScript(case.wanted)
        wishes = wishes_of(script, bars, script.batch(bars, {}), {}, terms)
    else:
        bars = Bars(names[0], "test", Timeframe(DAY), time, **{n: c[:, 0].copy() for n, c in table.items()})
        rule = Script(written(case))
        wishes = wishes_of(rule, bars, rule.batch(bars, {}), {}, terms)
    market = market_of(bars, terms)
    if terms.impact:
        market = market._replace(impact=read_only(w.impact))
    if terms.sizing in ("volatility", "atr"):
        wishes = wishes._replace(spread=read_only(w.spread))
    equity = np.empty(len(time))
    rows, unfilled = run(market, wishes, rates_of(bars, terms), equity)
    marks = np.array([[c for c in column if c == c][-1:] or [0.0] for column in zip(*w.close, strict=True)])
    return Answer(equity, rows, unfilled, trades_of(rows, time, names, marks[:, 0]))


def written(case: Case) -> list[Target]:
    """The decisions of one symbol as a target for each bar."""
    weight, targets = 0.0, []
    for i in range(len(case.world.time)):
        weight = case.wanted.get(i, (weight,))[0]
        targets.append(Target(weight, Exit(*case.levels[i]) if case.levels else NO_EXIT))
    return targets


def read_only(table: Sequence[Sequence[float]]) -> Floats:
    held = np.array(table, dtype=np.float64)
    held.flags.writeable = False
    return held


def world_of(rng: Random, n: int, m: int, closes_only: bool, gaps: bool) -> World:
    """Walks in whole prices; days with weekends between them; with `gaps` some bars of some symbols are missing."""
    days = np.cumsum([rng.choice([1, 1, 1, 3]) for _ in range(n)])
    columns: dict[str, list[list[float]]] = {name: [] for name in ("open", "high", "low", "close", "volume")}
    before = [rng.randint(20, 60) for _ in range(m)]
    for _ in range(n):
        there = [not gaps or rng.random() < 0.7 for _ in range(m)]
        there[rng.randrange(m)] = True
        bars = [_bar(rng, before[j], closes_only) for j in range(m)]
        before = [bar[3] for bar in bars]
        for k, name in enumerate(columns):
            columns[name].append([float(bar[k]) if seen else NAN for bar, seen in zip(bars, there, strict=True)])
    spread = [[rng.choice([NAN, 0.0, 0.2, 0.5, 2.5]) for _ in range(m)] for _ in range(n)]
    impact = [[rng.choice([0.0, 0.001, 0.02]) for _ in range(m)] for _ in range(n)]
    rates = rng.choice([[0.0], [0.0, 0.0, 0.001, -0.002]])
    funding = [[rng.choice(rates) for _ in range(m)] for _ in range(n)]
    time = [int(TUESDAY + day * DAY) for day in days]
    return World(time, **columns, funding=funding, spread=spread, impact=impact, closes_only=closes_only)


def _bar(rng: Random, before: int, closes_only: bool) -> tuple[int, int, int, int, int]:
    start, end = (max(before + rng.randint(-6, 6), 5) for _ in range(2))
    volume = rng.choice([0, 3, 10, 40, 1000])
    if closes_only:
        return end, end, end, end, volume
    return start, max(start, end) + rng.randint(0, 4), max(min(start, end) - rng.randint(0, 4), 1), end, volume


def levels_of(rng: Random, world: World, wanted: Mapping[int, Sequence[float]]) -> list[Levels]:
    """Exits around each close on the target's side, now and then on the wrong one."""
    out, side = [], 1.0
    for i, (close,) in enumerate(world.close):
        side = -1.0 if wanted.get(i, (side,))[0] < 0 else 1.0
        near = [rng.choice([NAN, NAN, float(rng.randint(-2, 8))]) for _ in range(2)]
        out.append(Levels(close - side * near[0], close + side * near[1], rng.choice([NAN, NAN, 1.0, 3.0])))
    return out


@st.composite
def cases(draw: st.DrawFn, panel: bool, fills: Sequence[str] = tuple(FILLS)) -> Case:
    """Every combination of fill, sizing, costs and exits."""
    rng = Random(draw(st.integers(0, 10**9)))
    terms = draw(terms_of(fills))
    n, m = draw(st.integers(2, 24)), draw(st.integers(1, 3)) if panel else 1
    world = world_of(rng, n, m, draw(st.booleans()), panel and draw(st.booleans()))
    sizes = [0.0, 1.0, -1.0, 0.5, -0.25]
    if panel:
        rows = [i for i in range(n) if rng.random() < 0.4]
        wanted: dict[int, Sequence[float]] = {i: [rng.choice([*sizes, NAN]) / m for _ in range(m)] for i in rows}
        return Case(world, wanted, None, terms, panel)
    before, wanted = 0.0, {}
    for i in range(n):
        weight = rng.choice(sizes) if rng.random() < 0.4 else before
        if weight != before:
            wanted[i], before = [weight], weight
    return Case(world, wanted, levels_of(rng, world, wanted) if draw(st.booleans()) else None, terms, panel)


def terms_of(fills: Sequence[str]) -> st.SearchStrategy[Terms]:
    """Costs from none to absurd, so that accounts are ruined too."""
    return st.builds(
        Terms,
        fee_bps=st.sampled_from([0.0, 10.0, 300.0]),
        slippage_bps=st.sampled_from([0.0, 2.0, 500.0]),
        sizing=st.sampled_from(sorted(SIZINGS)),
        size=st.sampled_from([0.05, 1.0, 3.0]),
        starting_equity=st.sampled_from([100.0, 1e4]),
        fill=st.sampled_from(fills),
        maker_bps=st.sampled_from([None, 0.0, 5.0]),
        fee_per_unit=st.sampled_from([0.0, 0.01]),
        minimum_fee=st.sampled_from([0.0, 1.5]),
        impact=st.sampled_from([0.0, 1.0]),
        borrow_rate=st.sampled_from([0.0, 0.5]),
        volume_share=st.sampled_from([0.1, 1.0]),
        lot=st.sampled_from([0.0, 0.0, 0.25, 3.0]),
    )
