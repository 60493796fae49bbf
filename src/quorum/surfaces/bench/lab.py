"""What the lab promises, measured: one backtest, many, a portfolio, a cold start, memory."""

from __future__ import annotations

import gc
import sys
import tempfile
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from quorum.bootstrap import open_trials
from quorum.domain import Row
from quorum.engine import Terms, backtest, drive, sweep
from quorum.risk import RiskLimits
from quorum.signals import AnyStrategy, ConsensusRules, Target, find_strategy
from quorum.signals.strategies import DEMO_MA
from quorum.signals.strategies.demo_ma import DemoMa
from quorum.surfaces.bench.clocks import cpu_of, cpu_of_command, output_of, peak_of_command
from quorum.surfaces.bench.floor import CASH, all_crossovers, crossover, mean_of_last, monthly
from quorum.surfaces.bench.markets import LOOKBACK, MINUTES, SWEPT, TOP, minutes, month_ends, stocks
from quorum.surfaces.bench.measure import Measure

FAST, SLOW = 20, 100
PAIRS = tuple(product(range(5, 105, 5), range(110, 310, 10)))
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
UNITS = Terms(sizing="units", starting_equity=CASH)
RUNS = 9
BARE = "bare compiled loop"
COLD = """
import sys
import numpy as np
import quorum
from quorum.domain import Timeframe
from quorum.lake import Bars

names = ("time", "close", "open", "high", "low", "volume")
columns = [np.load(f"{sys.argv[1]}/{name}.npy") for name in names]
bars = Bars("BENCHUSDT", "bench", Timeframe.parse("1m"), *columns, price_decimals=2)
quorum.backtest("demo_ma", bars, {"fast": 20, "slow": 100}, size=1.0, fee_bps=10, cash=1_000_000).final_equity
"""
MEMORY = "from quorum.surfaces.bench.lab import sweep_once; sweep_once()"
GROWTH = "from quorum.surfaces.bench.lab import growth; growth()"


def lab() -> list[Measure]:
    """T1, T2, T3, the event path and a cold start."""
    return [_one(), *_many(), _portfolio(), _events(), _cold()]


def _rule(name: str) -> AnyStrategy:
    return find_strategy(name, ConsensusRules())


def _one() -> Measure:
    """T1: a moving-average cross over a year of minutes, the whole call with its metrics."""
    bars, rule = minutes(), _rule("demo_ma")
    assert bars.open is not None
    opens, closes, equity = np.array(bars.open), np.array(bars.close), np.empty(len(bars))
    given = {"fast": FAST, "slow": SLOW}
    floor = cpu_of(lambda: crossover(opens, closes, FAST, SLOW, equity), RUNS)
    taken = cpu_of(lambda: backtest(bars, rule, given, UNITS, None), RUNS)
    return Measure("T1", f"backtest of {MINUTES:,} bars", taken, "CPU s", floor, BARE, 5.0, of_floor=True)


def _many() -> list[Measure]:
    """T2: 400 combinations, each recorded as a trial in a new store."""
    bars, rule = minutes().slice(0, SWEPT), _rule("demo_ma")
    assert bars.open is not None
    opens, closes, final = np.array(bars.open), np.array(bars.close), np.empty(len(PAIRS))
    combinations = [{"fast": fast, "slow": slow} for fast, slow in PAIRS]
    assert bars.data_hash
    windows = sorted({w for pair in PAIRS for w in pair})
    pairs = np.array([(windows.index(f), windows.index(s), s) for f, s in PAIRS])
    means = np.empty((len(windows), SWEPT))

    def bare() -> None:
        for row, window in enumerate(windows):
            mean_of_last(closes, window, means[row])
        all_crossovers(opens, closes, means, pairs, final)

    with tempfile.TemporaryDirectory() as folder:
        stores = iter([open_trials(Path(folder) / f"{k}.db") for k in range(RUNS + 1)])
        floor = cpu_of(bare, RUNS)
        taken = cpu_of(lambda: sweep(bars, rule, combinations, UNITS, next(stores)), RUNS)
    peak = peak_of_command(["-c", MEMORY])
    return [
        Measure(
            "T2",
            f"sweep of {len(PAIRS)} x {SWEPT:,} bars",
            taken,
            "CPU s",
            floor,
            f"{BARE} on all cores",
            2.5,
            of_floor=True,
        ),
        Measure("T2_memory", "peak of a process that sweeps", peak, "MB", target=500.0),
    ]


def _portfolio() -> Measure:
    """T3: monthly rotation of 500 symbols over ten years."""
    panel, rule = stocks(), _rule("rotation")
    assert panel.open is not None
    opens, closes, equity = np.array(panel.open), np.array(panel.close), np.empty(len(panel))
    ends, terms = month_ends(panel), Terms(starting_equity=10.0 * CASH)
    given = {"lookback": LOOKBACK, "top": TOP}
    floor = cpu_of(lambda: monthly(opens, closes, ends, TOP, LOOKBACK, equity), RUNS)
    taken = cpu_of(lambda: backtest(panel, rule, given, terms, None), RUNS)
    return Measure("T3", "rotation of 500 symbols, 2,520 days", taken, "CPU s", floor, BARE, 10.0, of_floor=True)


class _Counted(DemoMa):
    """demo_ma that counts its steps."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        self.steps = 0

    def step(self, state: Any, row: Row) -> tuple[Any, Target]:
        self.steps += 1
        return super().step(state, row)


def _events() -> Measure:
    """T1 bar by bar, through order objects, risk limits and the simulated venue."""
    bars, given = minutes(), {"fast": FAST, "slow": SLOW}
    counted = _Counted()
    driven = drive(bars, counted, given, UNITS, LOOSE)
    same = backtest(bars, DEMO_MA, given, UNITS, None)
    assert counted.steps == len(bars)
    assert len(driven.orders) == len(driven.backtest.fills) == len(same.fills)
    assert abs(driven.backtest.final_equity - same.final_equity) < 1e-6
    assert min(driven.evaluated.values()) > 0
    assert not sum(driven.shrunk.values())
    assert bars.open is not None
    opens, closes, equity = np.array(bars.open), np.array(bars.close), np.empty(len(bars))
    floor = cpu_of(lambda: crossover(opens, closes, FAST, SLOW, equity), RUNS)
    taken = cpu_of(lambda: drive(bars, DEMO_MA, given, UNITS, LOOSE), 5)
    rates = MINUTES / taken, MINUTES / floor
    return Measure(
        "event_path", "T1 through orders and risk", rates[0], "bars/s", rates[1], BARE, 400_000, at_least=True
    )


def _cold() -> Measure:
    """A fresh process to its first result, compiled code being kept from before."""
    with tempfile.TemporaryDirectory() as folder:
        bars = minutes()
        for name, column in bars.columns().items():
            np.save(Path(folder) / f"{name}.npy", column)
        command = ["-c", COLD, folder]
        cpu_of_command(command, 1)
        floor = cpu_of_command(["-c", "import numpy, numba"], 5)
        taken = cpu_of_command(command, 5)
    return Measure("cold_start", "fresh process to T1's result", taken, "CPU s", floor, "import numpy, numba", 1.5)


def sweep_once() -> None:
    """T2 from Python, in a process of its own."""
    import quorum

    fast, slow = ([*dict.fromkeys(values)] for values in zip(*PAIRS, strict=True))
    quorum.sweep("demo_ma", minutes().slice(0, SWEPT), {"fast": fast, "slow": slow}, cash=CASH)


def memory() -> list[Measure]:
    """How much a process grows over 200 backtests."""
    grown = float(output_of(["-c", GROWTH]))
    return [Measure("memory_growth", "growth over 200 backtests in one process", grown, "share", target=0.01)]


def growth() -> None:
    """Print by what share this process grows over 200 backtests, after 20 that are not counted."""
    bars, rule = minutes().slice(0, SWEPT), _rule("demo_ma")
    for _ in range(20):
        assert len(backtest(bars, rule, {}, UNITS, None).trades)
    before = _resident()
    for _ in range(200):
        assert len(backtest(bars, rule, {}, UNITS, None).trades)
    sys.stdout.write(f"{_resident() / before - 1.0}\n")


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
