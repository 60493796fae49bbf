"""portfolio-thresholds.yaml: strategies that are weak alone and uncorrelated, and what deployed ones may take."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from quorum.desk.settings.tiers.thresholds import Count, Finite, Section, Share
from quorum.validation.ladder.portfolio import EACH, WHOLE, PortfolioTerms

PORTFOLIO_FILE = "portfolio-thresholds.yaml"
PORTFOLIO_YAML = """\
# Portfolio mode: strategies that are weak alone and uncorrelated. And what deployed strategies may take of their book.
each: {sharpe_oos: 0.6, max_drawdown: 0.40, trades: 50, profit_factor: 1.1, oos_is_ratio: 0.50}
portfolio:
  sharpe: 1.5
  max_drawdown: 0.25
  max_weight: 0.30              # of one strategy
  max_correlation: 0.7          # of each pair, daily returns
  min_strategies: 5
  lookback_days: 90             # of hierarchical risk parity
  rebalance_days: 30
  min_days: 252                 # that all of them were traded, after the first lookback
deployed:                       # shares of the book's equity; a stricter limit of the book in risk.yaml holds
  max_allocation: 0.30          # of one strategy
  max_deployed: 0.60            # of all
  max_correlated: 0.30          # of those that correlate at correlated_from or more, or of whom that is not known
  correlated_from: 0.5
  max_correlation: 0.7          # of each pair, daily returns; from here on it is refused
  min_common_days: 60           # that a correlation needs
  max_leverage: 3               # the most ever held in the test, times what is allocated
  max_drawdown: 0.10            # of the book, by a fall that 1 path of a year in 20 exceeds
"""
Part = Annotated[float, Field(gt=0, le=1)]
Correlation = Annotated[float, Field(ge=-1, le=1)]


class EachSection(Section):
    """The weaker thresholds of portfolio mode."""

    sharpe_oos: Finite = 0.6
    max_drawdown: Share = 0.40
    trades: Count = 50
    profit_factor: Finite = 1.1
    oos_is_ratio: Finite = 0.50


class WholeSection(Section):
    """What the portfolio itself is asked for, and how it is held."""

    sharpe: Finite = 1.5
    max_drawdown: Share = 0.25
    max_weight: Part = 0.30
    max_correlation: Correlation = 0.7
    min_strategies: Annotated[int, Field(ge=2, le=1000)] = 5
    lookback_days: Annotated[int, Field(ge=20, le=5000)] = 90
    rebalance_days: Annotated[int, Field(ge=1, le=1000)] = 30
    min_days: Annotated[int, Field(ge=20, le=10_000)] = 252


class DeployedSection(Section):
    """What deployed strategies may take of their book; the risk assessment asks for it."""

    max_allocation: Part = 0.30
    max_deployed: Part = 0.60
    max_correlated: Part = 0.30
    correlated_from: Correlation = 0.5
    max_correlation: Correlation = 0.7
    min_common_days: Annotated[int, Field(ge=3, le=10_000)] = 60
    max_leverage: Annotated[float, Field(gt=0, le=1000)] = 3.0
    max_drawdown: Part = 0.10


class PortfolioFile(Section):
    each: EachSection = EachSection()
    portfolio: WholeSection = WholeSection()
    deployed: DeployedSection = DeployedSection()

    def terms(self) -> PortfolioTerms:
        """The terms that `judge_portfolio` takes."""
        each, whole = self.each, self.portfolio
        alone = (each.sharpe_oos, each.max_drawdown, each.trades, each.profit_factor, each.oos_is_ratio)
        held = (whole.min_strategies, whole.max_correlation, whole.sharpe, whole.max_drawdown)
        return PortfolioTerms(
            tuple(replace(gate, threshold=value) for gate, value in zip(EACH, alone, strict=True)),
            tuple(replace(gate, threshold=value) for gate, value in zip(WHOLE, held, strict=True)),
            whole.max_weight,
            whole.lookback_days,
            whole.rebalance_days,
            whole.min_days,
        )
