"""The lab from Python: one backtest, a sweep, and what is left of the best of many."""

import numpy as np

import quorum
from quorum.domain import Timeframe, parse_instant
from quorum.lake import synthetic_market
from quorum.stats import deflated_sharpe, probability_of_overfitting, track_record

market = synthetic_market(7, ["ALFAUSDT"], Timeframe.parse("1h"), parse_instant("2022-01-01"), 17_520)
bars = market["ALFAUSDT"]

result = quorum.backtest("demo_ma", bars, params={"fast": 20, "slow": 100}, sizing="weight", fill="next_open")
print(f"{len(result.fills)} fills, {len(result.trades)} trades, final equity {result.final_equity:,.2f}")
print(f"first trade: {result.trades[0].side:+d} at {result.trades[0].entry_price}, {result.trades[0].reason}")

found = quorum.sweep("demo_ma", bars, {"fast": range(5, 55, 5), "slow": range(60, 260, 20)}, sizing="weight")
best = found.best()
print(f"{len(found)} combinations, the best {dict(found.combinations[best])}: Sharpe {found.sharpe[best]:.2f}")

deflated = deflated_sharpe(track_record(found.returns[best]), found.sharpe / np.sqrt(365))
print(f"that it is skill, after {len(found)} tries: {deflated:.2f}")
print(f"probability of overfitting: {probability_of_overfitting(found.returns.T).pbo:.2f}")
