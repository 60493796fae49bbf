"""Backtest a rule on a synthetic year of hours, and read the result with its uncertainty."""

import quorum
from quorum.domain import Timeframe, parse_instant
from quorum.lake import synthetic_market

market = synthetic_market(7, ["ALFAUSDT"], Timeframe.parse("1h"), parse_instant("2023-01-01"), 8_760)
result = quorum.backtest("trend_breakout", market["ALFAUSDT"], params={"donchian_lookback": 40}, sizing="weight")

numbers = result.performance
print(f"{len(result.trades.side)} trades, final equity {result.final_equity:,.2f}")
print(f"Sharpe {numbers.sharpe:.2f} ± {numbers.sharpe_se:.2f} ({numbers.convention})")
