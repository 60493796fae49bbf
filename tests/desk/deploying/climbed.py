"""Strategies that have climbed: a market with a trend that persists, and results of its tiers in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from quorum.bootstrap import open_desk
from quorum.desk import Desk, make_workspace
from quorum.desk.deploying.known import ladder_of, strategy_of
from quorum.domain import DAY, HOUR, Timeframe, content_hash, iso, parse_instant, plain
from quorum.lake import Bars
from quorum.validation.ladder import Asked, Passed, Tier, TierResult, check_tier
from quorum.validation.life import Idea, Status

SPAN = 4 * HOUR
START = parse_instant("2018-01-01")
LENGTH = Timeframe(SPAN)
S = Status
CLIMB = (
    (S.PENDING, S.L0_VALIDATING),
    (S.L0_VALIDATING, S.L0_PASSED),
    (S.L0_PASSED, S.L1_VALIDATING),
    (S.L1_VALIDATING, S.L1_PASSED),
    (S.L1_PASSED, S.L2_VALIDATING),
    (S.L2_VALIDATING, S.L2_PASSED),
    (S.L2_PASSED, S.L3_VALIDATING),
    (S.L3_VALIDATING, S.L3_PASSED),
)

_LOOKED_AT: dict[str, tuple[TierResult, TierResult]] = {}


def trending(symbol: str = "BTCUSDT", seed: int = 1, days: int = 1500, strength: float = 0.35, before: int = 0) -> Bars:
    """Bars of 4 hours whose drift lasts for a week or so, so that following it earns; `before` days are noise."""
    rng = np.random.default_rng(seed)
    n, drift = days * 6, np.zeros(days * 6)
    shocks = rng.standard_normal((2, n))
    for i in range(1, n):
        drift[i] = 0.97 * drift[i - 1] + 0.24 * shocks[0, i]
    drift[: before * 6] = 0.0
    close = np.round(100.0 * np.exp(np.cumsum(0.006 * (strength * drift + shocks[1]))), 4)
    opened = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    time = START + np.arange(n, dtype=np.int64) * SPAN
    volume = np.full(n, 1e6)
    return Bars(symbol, "sim", LENGTH, time, close, opened, high, low, volume, price_decimals=4)


def write(path: Path, bars: Bars) -> Path:
    """The bars as a file that the lake takes."""
    columns = zip(bars.time.tolist(), bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)  # type: ignore[arg-type]
    lines = [f"{iso(t)},{o:.4f},{h:.6f},{lo:.6f},{c:.4f},{v:.0f}" for t, o, h, lo, c, v in columns]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("time,open,high,low,close,volume\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@cache
def workspace(folder: Path) -> Path:
    """A workspace below `folder` with three markets: BTC and ETH differ, XBT is BTC once more; STR-001 is at L3."""
    home, files = folder / "home", folder / "files"
    make_workspace(home, ("momentum",))
    for path in (home / "config").glob("*.yaml"):  # read again and again, and all defaults
        path.unlink()
    for symbol, seed in {"BTCUSDT": 1, "ETHUSDT": 2, "XBTUSDT": 1}.items():
        write(files / f"{symbol}.sim_4h.csv", trending(symbol, seed))
    desk = open_desk(home)
    desk.lake.import_path(files)
    climb(desk, idea())
    return home


def idea(symbol: str = "BTCUSDT", fast: int = 5, slow: int = 40, **more: object) -> Idea:
    params = {"fast": fast, "slow": slow}
    return Idea("demo_ma", (symbol,), "4h", "sim", params, "trends of a week last", **more)  # type: ignore[arg-type]


def climb(desk: Desk, wanted: Idea, to: Status = S.L3_PASSED) -> str:
    """Queue an idea, look at it at L2 and L3 as the ladder does, and move it up; each verdict is kept as passed."""
    (candidate,) = desk.life.queue.add([wanted], "test")
    strategy_id = candidate.strategy_id
    for result in _looked_at(desk, wanted):
        keep(desk, strategy_id, result)
    for before, after in CLIMB:
        assert desk.life.queue.move(strategy_id, before, after, "test", f"{after} in a test") is not None
        if after is to:
            break
    return strategy_id


def _looked_at(desk: Desk, wanted: Idea) -> tuple[TierResult, TierResult]:
    """Its L2 and L3; worked out once, since every copy of the workspace has the same bars."""
    key = content_hash(plain(wanted))
    if key not in _LOOKED_AT:
        ladder = ladder_of(desk)
        small = replace(ladder, method=replace(ladder.method, combinations=12))
        asked = Asked.of(wanted, strategy_of(desk, wanted))
        second = check_tier(small, Tier.L2, asked, desk.lake, desk.trials)
        third = check_tier(small, Tier.L3, replace(asked, params=second.params), desk.lake, desk.trials)
        _LOOKED_AT[key] = (second, third)
    return _LOOKED_AT[key]


def keep(desk: Desk, strategy_id: str, result: TierResult, run_id: str = "VAL-1") -> TierResult:
    """Keep a result as one that passed and raises no doubt."""
    quiet = tuple({**d, "verdict": "pass"} for d in result.diagnostics)
    passed = replace(result, verdict=Passed(), critic=(), diagnostics=quiet)
    desk.life.results.keep(strategy_id, result.tier.value, 0, run_id, passed.told())
    return passed


def daily(returns: Sequence[float], first: int = START) -> dict[str, object]:
    """Daily returns as a result has them."""
    return {
        "first": first // DAY * DAY,
        "days": list(range(len(returns))),
        "returns": list(returns),
        "periods": 365.0,
    }
