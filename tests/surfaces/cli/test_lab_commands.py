"""Sweeps and backtests of one's own rules as commands: what they print, refuse and keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from surfaces.cli.commands import Quorum, Said

BARS = ("--symbol", "FLATUSDT", "--timeframe", "1h")
HEAD = "import numpy as np\nfrom quorum.signals import Parameter, from_batch, from_step\n"
RULES = {
    "ahead": (
        'RULE = from_batch("ahead", lambda bars, params: (bars.time[-1] == bars.time) * 1.0, 2)',
        "ahead looks ahead on FLATUSDT: weight at the close of the bar of 2024-01-",
    ),
    "beyond": (
        'RULE = from_batch("beyond", lambda bars, params: np.where(np.arange(len(bars)) == 40, 1.5, 0.0), 2)',
        "beyond wants 1.5 of FLATUSDT at the close of the bar of 2024-01-02T16:00:00Z",
    ),
    "late": (
        'RULE = from_step("late", lambda n, row: (n + 1, 1.0 / (n - 50)), lambda params: 0, 2)',
        "late failed on FLATUSDT at the bar of 2024-01-03T02:00:00Z: ZeroDivisionError",
    ),
    "text": (
        'RULE = from_batch("text", lambda bars, params: "long", 2)',
        "text answers a str for",
    ),
}
PICKY = """
def rule(bars, params):
    if params["n"] == 7:
        raise ValueError("seven")
    return np.ones(len(bars))

RULE = from_batch("picky", rule, 2, (Parameter("n", 5, 1, 20, "a number"),))
"""


def sweep(quorum: Quorum, *words: str) -> Said:
    return quorum("sweep", "demo_ma", *BARS, *words)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_of_ones_own_that_is_unfit_is_one_line_and_no_trial(quorum: Quorum, tmp_path: Path, name: str) -> None:
    text, what = RULES[name]
    (tmp_path / f"{name}.py").write_text(HEAD + text + "\n", encoding="utf-8")
    assert what in quorum("backtest", tmp_path / f"{name}.py", *BARS).error


def test_a_rule_that_never_trades_is_told_so(quorum: Quorum, tmp_path: Path) -> None:
    (tmp_path / "idle.py").write_text(
        HEAD + 'RULE = from_batch("idle", lambda bars, params: np.zeros(len(bars)), 2)\n', encoding="utf-8"
    )
    said = quorum("backtest", tmp_path / "idle.py", *BARS)
    assert said.code == 0
    assert "idle never traded on FLATUSDT 1h." in said.err
    assert not {"None", "nan"} & set(said.out.split())


def test_a_combination_that_fails_elsewhere_is_named_with_its_cure_and_the_rest_kept(
    quorum: Quorum, tmp_path: Path
) -> None:
    (tmp_path / "picky.py").write_text(HEAD + PICKY, encoding="utf-8")
    asked = ("sweep", tmp_path / "picky.py", *BARS, "--engine", "process", "--workers", "1")
    told = quorum(*asked, "--param", "n=6,7,8").error
    assert "1 of 3 combinations were lost (error), from n=7 on: picky with n = 7 failed on FLATUSDT" in told
    assert "mend it at picky.py, line 6" in told
    assert quorum(*asked, "--param", "n=6,8", "--json").json["resumed"] == 2


def test_a_sweep_is_the_same_again_without_running_again(quorum: Quorum) -> None:
    first, again = (sweep(quorum, "--param", "fast=3:9:3", "--param", "slow=20,30", "--json").json for _ in range(2))
    assert (first.pop("resumed"), again.pop("resumed")) == (0, 6)
    assert first == again
    assert first["best"] == first["rows"][0]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--param", "fast=50", "--param", "slow=20"), "combination fast=50, slow=20"),
        (("--param", "fast=50", "--param", "slow=20", "--skip-invalid"), "demo_ma takes none of the 1 combinations"),
        (
            ("--param", "fast=2:401:1", "--param", "slow=500:26000:1"),
            "10,200,400 combinations (fast: 400, slow: 25,501)",
        ),
        (("--param", "fast=9:3:3"), "has 0 values"),
        (("--param", "fast=9:8:3"), "has 0 values"),
        (("--param", "fast=3:9"), "write FIRST:LAST:STEP"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(quorum: Quorum, words: tuple[str, ...], what: str) -> None:
    assert what in sweep(quorum, *words).error


def test_a_sweep_that_is_stopped_says_how_to_go_on(quorum: Quorum, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("quorum.engine.sweep", stopped)
    said = sweep(quorum, "--param", "fast=3", "--param", "slow=20")
    assert (said.code, said.out) == (130, "")
    assert "the same command goes on from there" in said.err


def test_a_walk_says_once_what_every_window_chose(quorum: Quorum) -> None:
    plan = ("--windows", "2", "--train", "8", "--test", "4", "--param", "fast=3,5", "--param", "slow=20")
    said = quorum("walkforward", "demo_ma", *BARS, *plan)
    assert said.code == 0
    assert "slow=20, atr_period=14" in said.out
    assert said.out.count("atr_period=14") == 1
    assert quorum("walkforward", "demo_ma", *BARS, *plan, "--json").json["windows"][1]["parameters"]["slow"] == 20
