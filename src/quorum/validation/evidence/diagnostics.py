"""Ten questions that every backtest is asked: not whether it is good, but whether it can be true."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quorum.domain import plain

NAN = float("nan")
FEW_TRADES = 30
SMALL_SHARPE = 0.5  # two ratios near 0 differ by any factor


class Answer(StrEnum):
    """Nothing odd, something for a person to look at, or too little known to say."""

    PASS = "pass"
    EXAMINE = "examine"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One question: its rule in words, the value that was found, the threshold, and the answer with its detail."""

    name: str
    rule: str
    value: float
    threshold: float
    verdict: Answer
    detail: str

    def told(self) -> dict[str, Any]:
        """The plain values."""
        return {
            "name": self.name,
            "rule": self.rule,
            "value": plain(self.value),
            "threshold": plain(self.threshold),
            "verdict": self.verdict.value,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Facts:
    """What the questions are asked about; NaN for what is not known.

    Returns are fractions, ratios annualised; `signals` counts entries that the strategy wanted, `largest_exposure` is
    gross and a multiple of equity, `largest_day` the best day's share of the whole profit, `longest_drawdown` a share
    of the period, `kept` the smallest share of the Sharpe ratio that moving a parameter by 10 % leaves.
    """

    total_return: float = NAN
    hold_return: float = NAN
    trades: float = NAN
    signals: float = NAN
    daily_sharpe: float = NAN
    weekly_sharpe: float = NAN
    profit_factor: float = NAN
    win_rate: float = NAN
    largest_exposure: float = NAN
    largest_day: float = NAN
    longest_drawdown: float = NAN
    kept: float = NAN
    oos_is: float = NAN


def diagnose(facts: Facts) -> tuple[Diagnostic, ...]:
    """The ten answers, always in this order."""
    return (
        _benchmark(facts),
        _trade_count(facts),
        _consistency(facts),
        _profit_factor(facts),
        _position_size(facts),
        _shape(facts),
        _recovery(facts),
        _too_good(facts),
        _cliff(facts),
        _oos_is(facts),
    )


def _answer(name: str, rule: str, found: tuple[float, float], odd: bool, detail: str) -> Diagnostic:
    """`odd` counts only where the value is known."""
    value, threshold = found
    if math.isnan(value):
        return Diagnostic(name, rule, value, threshold, Answer.UNKNOWN, f"unknown: {detail}")
    return Diagnostic(name, rule, value, threshold, Answer.EXAMINE if odd else Answer.PASS, detail)


def _benchmark(facts: Facts) -> Diagnostic:
    most = 3.0 * max(facts.hold_return, 0.0) if not math.isnan(facts.hold_return) else NAN
    value = facts.total_return if not math.isnan(most + facts.trades) else NAN
    odd = value > most and facts.trades < FEW_TRADES
    detail = f"{_percent(facts.total_return)} in {facts.trades:g} trades, the market {_percent(facts.hold_return)}"
    rule = f"a return above 3 times buying and holding takes {FEW_TRADES} trades or more"
    return _answer("benchmark_sanity", rule, (value, most), odd, detail)


def _trade_count(facts: Facts) -> Diagnostic:
    apart = abs(facts.trades / facts.signals - 1.0) if facts.signals > 0 else (0.0 if facts.trades == 0 else NAN)
    detail = f"{facts.trades:g} trades for {facts.signals:g} signals"
    return _answer("trade_count_vs_signal", "trades within 30 % of signals", (apart, 0.30), apart > 0.30, detail)


def _consistency(facts: Facts) -> Diagnostic:
    daily, weekly = facts.daily_sharpe, facts.weekly_sharpe
    apart = abs(weekly - daily) / max(abs(daily), SMALL_SHARPE)
    detail = f"daily {daily:.2f}, weekly {weekly:.2f}"
    rule = f"weekly Sharpe within 50 % of daily, of {SMALL_SHARPE} where that is smaller"
    return _answer("metric_consistency", rule, (apart, 0.50), apart > 0.50, detail)


def _profit_factor(facts: Facts) -> Diagnostic:
    value = facts.profit_factor if not math.isnan(facts.win_rate) else NAN
    odd = value > 2.0 and facts.win_rate < 0.35
    detail = f"profit factor {facts.profit_factor:.2f} with {_percent(facts.win_rate)} of trades won"
    rule = "a profit factor above 2 with fewer than 35 % of trades won hangs on few of them"
    return _answer("profit_factor_vs_win_rate", rule, (value, 2.0), odd, detail)


def _position_size(facts: Facts) -> Diagnostic:
    value = facts.largest_exposure
    detail = f"at most {value:.2f} times equity was held"
    return _answer("position_size_sanity", "never more than 3 times equity held", (value, 3.0), value > 3.0, detail)


def _shape(facts: Facts) -> Diagnostic:
    value = facts.largest_day
    detail = f"the best day made {_percent(value)} of the whole profit"
    return _answer("equity_curve_shape", "no day above 20 % of the profit", (value, 0.20), value > 0.20, detail)


def _recovery(facts: Facts) -> Diagnostic:
    value = facts.longest_drawdown
    detail = f"the longest drawdown took {_percent(value)} of the period"
    rule = "every drawdown recovers in under half of the period"
    return _answer("drawdown_recovery", rule, (value, 0.50), value >= 0.50, detail)


def _too_good(facts: Facts) -> Diagnostic:
    value = facts.daily_sharpe
    return _answer("too_good_to_be_true", "daily Sharpe below 3", (value, 3.0), value >= 3.0, f"Sharpe {value:.2f}")


def _cliff(facts: Facts) -> Diagnostic:
    value = facts.kept
    detail = f"moving one parameter by 10 % leaves {_percent(value)} of the Sharpe ratio"
    return _answer(
        "parameter_cliff", "every change of 10 % keeps half of the Sharpe", (value, 0.5), value < 0.5, detail
    )


def _oos_is(facts: Facts) -> Diagnostic:
    value = facts.oos_is
    odd = not 0.3 <= value <= 1.5
    threshold = 1.5 if value > 1.5 else 0.3
    detail = f"out of sample {value:.2f} times in sample"
    return _answer("oos_is_ratio", "OOS Sharpe within 0.3 to 1.5 of the one in sample", (value, threshold), odd, detail)


def _percent(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{100.0 * value:.1f} %"
