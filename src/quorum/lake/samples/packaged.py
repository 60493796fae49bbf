"""Real bars that come with libraries we need anyway: two US indices and twenty US shares, daily, without network."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from quorum.domain import DAY, NotFound, Timeframe
from quorum.lake.bars import Bars
from quorum.lake.quality import find_decimals

VENUE = "sample"


def sample_bars(name: str) -> Bars:
    """The sample called `name`: SP500, NASDAQ or one of the shares, as AAPL; NotFound, with what comes close."""
    if name in ("SP500", "NASDAQ"):
        return _indices()[name]
    shares = _shares()
    if name not in shares:
        known = ["SP500", "NASDAQ", *shares]
        close = difflib.get_close_matches(name.upper(), known, n=3) or known
        raise NotFound(f"no sample is called {name}", f"take one of {', '.join(close)}")
    return shares[name]


def index_bars() -> dict[str, Bars]:
    """SP500 and NASDAQ, daily 1999 to 2018, from arch.data; volume in shares."""
    return dict(_indices())


def stock_closes() -> dict[str, Bars]:
    """Closes of 20 US shares, daily 1990 to 2022, adjusted for splits and dividends, from skfolio.datasets."""
    return dict(_shares())


@cache
def _indices() -> Mapping[str, Bars]:
    from arch.data import nasdaq, sp500

    return {"SP500": _bars("SP500", sp500.load()), "NASDAQ": _bars("NASDAQ", nasdaq.load())}


@cache
def _shares() -> Mapping[str, Bars]:
    from skfolio.datasets import load_sp500_dataset

    closes = load_sp500_dataset()
    return {str(name): _bars(str(name), closes[[name]].rename(columns={name: "Close"})) for name in closes.columns}


def _bars(symbol: str, frame: Any) -> Bars:
    """A pandas frame of days with Close and perhaps Open, High, Low and Volume; days without a close left out."""
    frame = frame[frame["Close"].notna()]
    time = frame.index.to_numpy().astype("datetime64[ns]").astype(np.int64) // DAY * DAY
    names = [n for n in ("Open", "High", "Low", "Close", "Volume") if n in frame.columns]
    columns = {n.lower(): frame[n].to_numpy(dtype=np.float64, copy=True) for n in names}
    prices = {n: c for n, c in columns.items() if n != "volume"}
    return Bars(symbol, VENUE, Timeframe(DAY), time, price_decimals=find_decimals(prices), **columns)
