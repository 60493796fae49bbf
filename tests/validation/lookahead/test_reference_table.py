"""The verdicts of a published table of fourteen series: which of them look ahead."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from quorum.domain import HOUR, Timeframe
from quorum.lake import Bars
from quorum.signals import Targets, from_batch
from quorum.validation import Effort, Leaks, examine

EFFORT = Effort(seconds=60, cuts=22, futures=3, repaints=3, starts=2, streaming=0.0, every=0.0)


def low_pass(c: pd.Series) -> pd.Series:
    waves = np.fft.rfft(c.values)
    waves[10:] = 0
    return pd.Series(np.fft.irfft(waves, len(c)), index=c.index)


def parabola(c: pd.Series) -> pd.Series:
    row = np.arange(len(c))
    return pd.Series(np.polyval(np.polyfit(row, c.values, 2), row), index=c.index)


SERIES: dict[str, tuple[Callable[[pd.Series], pd.Series], bool]] = {
    "sma20": (lambda c: c.rolling(20).mean(), False),
    "ema_adjust_false": (lambda c: c.ewm(span=10, adjust=False).mean(), False),
    "expanding_z": (lambda c: (c - c.expanding().mean()) / c.expanding().std(), False),
    "prev_day_high_shifted": (lambda c: c.resample("D").max().shift(1).reindex(c.index, method="ffill"), False),
    "centered_sma": (lambda c: c.rolling(21, center=True).mean(), True),
    "full_sample_z": (lambda c: (c - c.mean()) / c.std(), True),
    "next_return": (lambda c: c.pct_change().shift(-1), True),
    "bfill": (lambda c: c.where(c.pct_change().abs() > 0.01).bfill(), True),
    "same_day_high_broadcast": (lambda c: c.groupby(c.index.date).transform("max"), True),
    "minmax_full": (lambda c: (c - c.min()) / (c.max() - c.min()), True),
    "daily_resample_left_label": (lambda c: c.resample("D").last().reindex(c.index, method="ffill"), True),
    "fft_lowpass": (low_pass, True),
    "rolling_rank": (lambda c: c.rolling(50).rank(pct=True), False),
    "polyfit_trend": (parabola, True),
}


@pytest.fixture(scope="module")
def closes(shared: Path) -> Bars:
    frame = pd.read_csv(shared / "reference" / "validation" / "lookahead_series.csv", index_col=0, parse_dates=True)
    time = frame.index.to_numpy().astype("datetime64[ns]").astype(np.int64)
    return Bars("CASE", "reference", Timeframe(HOUR), time, frame["close"].to_numpy(dtype=np.float64, copy=True))


@pytest.mark.real_data
@pytest.mark.parametrize("name", SERIES)
def test_the_verdict_is_the_table_s(closes: Bars, shared: Path, name: str) -> None:
    compute, leaky = SERIES[name]

    def rule(bars: Bars, params: Any) -> Targets:
        series = pd.Series(bars.close, index=pd.to_datetime(bars.time))
        # the series stands in the column of stops, whose values have no bounds
        return Targets(np.arange(len(bars)) % 7 / 7, stop=compute(series).to_numpy(dtype=np.float64))

    found = examine(from_batch(name, rule, 1), [closes], effort=EFFORT)
    case = json.loads((shared / "reference" / "validation" / "lookahead_truncation.json").read_text())
    assert set(SERIES) == set(case["python"])
    assert case["verdict_leaky"].get(name, leaky) == leaky
    assert isinstance(found.verdict, Leaks) == leaky, found.told()
    if isinstance(found.verdict, Leaks):
        assert {leak.column for leak in found.verdict.leaks} == {"stop"}
