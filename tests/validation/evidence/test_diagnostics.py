"""Ten questions, each with a backtest that makes a person look and one that does not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from quorum.validation.evidence import Answer, Facts, diagnose

SOUND = Facts(
    total_return=0.8,
    hold_return=0.5,
    trades=150,
    signals=150,
    daily_sharpe=1.4,
    weekly_sharpe=1.3,
    profit_factor=1.6,
    win_rate=0.5,
    largest_exposure=1.0,
    largest_day=0.05,
    longest_drawdown=0.2,
    kept=0.9,
    oos_is=0.8,
)
CASES = [
    (
        "benchmark_sanity",
        {"total_return": 1.6, "trades": 12, "signals": 12},
        {"total_return": 1.6, "trades": 30, "signals": 30},
    ),
    (
        "benchmark_sanity",
        {"hold_return": -0.4, "trades": 5, "signals": 5},
        {"hold_return": 0.3, "trades": 5, "signals": 5},
    ),
    ("trade_count_vs_signal", {"trades": 100}, {"trades": 110}),
    ("trade_count_vs_signal", {"trades": 200}, {"trades": 0, "signals": 0}),
    ("metric_consistency", {"weekly_sharpe": 0.6}, {"weekly_sharpe": 0.8}),
    ("metric_consistency", {"daily_sharpe": 0.1, "weekly_sharpe": 0.4}, {"daily_sharpe": 0.0, "weekly_sharpe": 0.2}),
    ("metric_consistency", {"daily_sharpe": -1.4}, {"daily_sharpe": -1.4, "weekly_sharpe": -1.2}),
    ("profit_factor_vs_win_rate", {"profit_factor": 2.5, "win_rate": 0.3}, {"profit_factor": 2.5, "win_rate": 0.4}),
    ("position_size_sanity", {"largest_exposure": 3.2}, {"largest_exposure": 3.0}),
    ("equity_curve_shape", {"largest_day": 0.21}, {"largest_day": 0.2}),
    ("drawdown_recovery", {"longest_drawdown": 0.5}, {"longest_drawdown": 0.49}),
    ("too_good_to_be_true", {"daily_sharpe": 3.0, "weekly_sharpe": 3.0}, {"daily_sharpe": 2.9, "weekly_sharpe": 3.0}),
    ("parameter_cliff", {"kept": 0.4}, {"kept": 0.5}),
    ("oos_is_ratio", {"oos_is": 0.2}, {"oos_is": 0.3}),
    ("oos_is_ratio", {"oos_is": 1.6}, {"oos_is": 1.5}),
]


def odd(facts: Facts) -> list[str]:
    return [d.name for d in diagnose(facts) if d.verdict is Answer.EXAMINE]


def test_a_sound_backtest_raises_no_question() -> None:
    found = diagnose(SOUND)
    assert [d.verdict for d in found] == [Answer.PASS] * 10
    assert len({d.name for d in found}) == 10


@pytest.mark.parametrize(("name", "fires", "passes"), CASES)
def test_each_question_fires_on_its_own(name: str, fires: dict[str, float], passes: dict[str, float]) -> None:
    assert odd(replace(SOUND, **fires)) == [name]
    assert odd(replace(SOUND, **passes)) == []


def test_what_is_not_known_is_neither_odd_nor_sound() -> None:
    assert {d.verdict for d in diagnose(Facts())} == {Answer.UNKNOWN}


def test_answers_are_plain() -> None:
    told = [d.told() for d in diagnose(replace(SOUND, profit_factor=float("inf"), kept=float("nan")))]
    assert json.loads(json.dumps(told)) == told
    assert {row["name"]: row["verdict"] for row in told}["parameter_cliff"] == "unknown"
