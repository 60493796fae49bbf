"""The table of measures: every number of an appraisal with the words that say what it means."""

from __future__ import annotations

from typing import NamedTuple

from quorum.engine.appraisal import Appraisal
from quorum.surfaces.report.page import count, days, hours, lowered, money, percent, ratio, with_error


class Measure(NamedTuple):
    """One number: its name, the number as text, and its meaning."""

    name: str
    value: str
    meaning: str


class Group(NamedTuple):
    """Measures of one kind."""

    name: str
    measures: list[Measure]


def measures(a: Appraisal, quote: str) -> list[Group]:
    """All groups, each with its measures in order; amounts are in `quote`."""
    return [
        Group("Return and risk", _risk(a)),
        Group("Tails of daily returns", _tails(a)),
        Group("Trades", _trades(a, quote)),
        Group("Activity and exposure", _activity(a, quote)),
        Group(f"Against {lowered(a.benchmark)}", _against(a)),
    ]


def _risk(a: Appraisal) -> list[Measure]:
    p, u = a.performance, a.underwater
    longest = f"{days(u.longest_days)}{'' if u.recovered else ', not over'}"
    return [
        Measure("Total return", percent(p.total_return), "last equity over the first"),
        Measure("Growth a year", percent(p.cagr), "compounded daily returns"),
        Measure("Volatility", percent(p.volatility), "a year"),
        Measure("Sharpe ratio", with_error(p.sharpe, p.sharpe_se), "mean over standard deviation, a year"),
        Measure("Sortino ratio", ratio(p.sortino), "mean over downside deviation, a year"),
        Measure("Calmar ratio", ratio(p.calmar), "growth a year over the deepest fall"),
        Measure("Max drawdown", percent(p.max_drawdown), "deepest fall from a high"),
        Measure("Time under water", percent(u.share), "share of the closes below a former high"),
        Measure("Longest under water", longest, "from a high until it was reached again"),
        Measure("Stability", ratio(a.tails.stability), "R² of the log equity on a straight line"),
    ]


def _tails(a: Appraisal) -> list[Measure]:
    t = a.tails
    return [
        Measure("Best day", percent(t.best), ""),
        Measure("Worst day", percent(t.worst), ""),
        Measure("Value at risk 5%", percent(t.value_at_risk_5), "one day in twenty is worse"),
        Measure("Expected shortfall 5%", percent(t.expected_shortfall_5), "mean of those days"),
        Measure("Value at risk 1%", percent(t.value_at_risk_1), "one day in a hundred is worse"),
        Measure("Expected shortfall 1%", percent(t.expected_shortfall_1), "mean of those days"),
        Measure(
            "Modified value at risk 5%", percent(t.modified_value_at_risk_5), "normal, corrected for skew and tails"
        ),
        Measure("Skewness", ratio(t.skew), "below 0: the long tail is on the side of losses"),
        Measure("Kurtosis", ratio(t.kurtosis), "3 for a normal; more means fatter tails"),
        Measure("Tail ratio", ratio(t.tail_ratio), "95% quantile over the size of the 5% quantile"),
        Measure("Omega", ratio(t.omega), "sum of gains over sum of losses"),
        Measure("Downside risk", percent(t.downside_risk), "a year, over all days"),
    ]


def _trades(a: Appraisal, quote: str) -> list[Measure]:
    t = a.trades
    streaks = f"{count(t.longest_wins)} and {count(t.longest_losses)}"
    return [
        Measure("Ended round trips", count(t.closed), f"{count(t.longs)} long, {count(t.shorts)} short"),
        Measure("Hit rate", percent(t.hit_rate), "share with a profit after fees"),
        Measure("Profit factor", ratio(t.profit_factor), "money won over money lost"),
        Measure("Expectancy", money(t.expectancy), f"{quote} a trade, after fees"),
        Measure("Expectancy of value", percent(t.expectancy_of_notional), "of a trade's value at its entry"),
        Measure("Average win", money(t.average_win), f"best {money(t.best)} {quote}"),
        Measure("Average loss", money(t.average_loss), f"worst {money(t.worst)} {quote}"),
        Measure("Payoff ratio", ratio(t.payoff), "average win over the size of the average loss"),
        Measure("Longest streaks", streaks, "wins and losses in a row"),
        Measure(
            "Holding time", hours(t.mean_hours), f"median {hours(t.median_hours)}, longest {hours(t.longest_hours)}"
        ),
        Measure("Profit of longs", money(t.long_profit), quote),
        Measure("Profit of shorts", money(t.short_profit), quote),
    ]


def _activity(a: Appraisal, quote: str) -> list[Measure]:
    d, e = a.activity, a.exposure
    return [
        Measure("Turnover", f"{ratio(d.turnover)} x", "traded value a year over mean equity, both sides"),
        Measure("Fills", count(d.fills), f"{money(d.traded)} {quote} in all"),
        Measure("Fees", money(d.fees), f"{quote}, {percent(d.fees_a_year)} of mean equity a year"),
        Measure("Time in the market", percent(e.time_in_market), "share of the closes with a position"),
        Measure("Mean gross exposure", percent(e.mean_gross), f"at most {percent(e.most_gross)} of equity"),
        Measure("Mean net exposure", percent(e.mean_net), "longs less shorts, of equity"),
        Measure("Long", percent(e.long_share), "share of the closes net long"),
        Measure("Short", percent(e.short_share), "share of the closes net short"),
    ]


def _against(a: Appraisal) -> list[Measure]:
    b = a.against
    return [
        Measure("Benchmark's return", percent(b.total_return), f"{percent(b.cagr)} a year"),
        Measure("Benchmark's Sharpe", ratio(b.sharpe), f"volatility {percent(b.volatility)}"),
        Measure("Benchmark's max drawdown", percent(b.max_drawdown), "of daily closes"),
        Measure("Alpha", percent(b.alpha), "a year, not compounded, no risk-free rate"),
        Measure("Beta", ratio(b.beta), "slope of daily returns on the benchmark's"),
        Measure("Correlation", ratio(b.correlation), "of daily returns"),
        Measure("Tracking error", percent(b.tracking_error), "volatility of the difference, a year"),
        Measure("Information ratio", ratio(b.information_ratio), "Sharpe ratio of the difference"),
        Measure("Up capture", ratio(b.up_capture), "mean growth over the benchmark's on its rising days"),
        Measure("Down capture", ratio(b.down_capture), "the same on its falling days"),
    ]
