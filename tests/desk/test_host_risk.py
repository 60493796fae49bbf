"""A host's risk-parameters.yaml: its limits hold where they are the stricter ones, and its file stays as it is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from desk.offices import at_work
from quorum.desk import Workspace
from quorum.desk.deploying.risk import terms_of
from quorum.desk.settings import RiskFile
from quorum.desk.settings.host import read_host_risk
from quorum.domain import ConfigError

THEIRS = """\
portfolio:
  total_capital: 50000
  currency: USDT
  max_deployed_pct: 0.9
  max_correlated_exposure_pct: 0.2
per_strategy: {max_allocation_pct: 0.30, max_leverage: 2, default_risk_per_trade: 0.02}
drawdown_circuit_breakers: {level_1: {at: 0.10, action: halve}}
current_state: {active_strategies: 1, last_checked: 2024-05-01}
"""


def put(home: Path, text: str) -> Path:
    path = home / "knowledge/risk-parameters.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_stricter_limit_of_both_files_holds(home: Path) -> None:
    path = put(home, THEIRS)
    crypto = Workspace(home).settings().risk.books["crypto"]
    assert (crypto.max_position, crypto.max_deployed, crypto.risk_per_trade) == (
        Decimal("0.3"),
        Decimal("0.60"),
        Decimal("0.005"),
    )
    assert Workspace(home).settings().risk.books["equities"].max_position == Decimal("0.10")
    assert path.read_text() == THEIRS


def test_deployed_strategies_take_no_more_than_either_file_lets_them(home: Path) -> None:
    put(home, THEIRS)
    ours = {"max_allocation": 0.25, "max_deployed": 0.6, "max_correlated": 0.3, "max_leverage": 3.0, "other": 7.0}
    assert read_host_risk(home).deployed(ours) == {**ours, "max_correlated": 0.2, "max_leverage": 2.0}


def test_the_risk_assessment_asks_for_them(home: Path) -> None:
    before = terms_of(at_work(home), "paper")
    put(home, THEIRS)
    desk = at_work(home)
    after = replace(before, max_correlated=0.2, max_leverage=2.0)
    assert (terms_of(desk, "paper"), terms_of(desk, "paper-usd").max_leverage) == (after, before.max_leverage)


def test_a_limit_that_is_passed_over_is_named(home: Path) -> None:
    put(home, THEIRS)
    said = "max_position of book crypto is 0.3 by knowledge/risk-parameters.yaml, not 0.40"
    together = "max_cluster of book crypto is 0.2 by knowledge/risk-parameters.yaml, not 0.30"
    assert list(read_host_risk(home).stricter(RiskFile())) == [said, together]


@pytest.mark.parametrize("text", ["", "portfolio:\nper_strategy:\n", "risk: {nothing: we know}\n"])
def test_a_file_that_says_nothing_of_ours_changes_nothing(home: Path, text: str) -> None:
    before = Workspace(home).settings()
    put(home, text)
    assert Workspace(home).settings() == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("portfolio:\n  max_deployed_pct: 60\n", r"yaml:2:3: portfolio.max_deployed_pct: must be less"),
        ("per_strategy: {max_leverage: high}\n", r"yaml:1:16: per_strategy.max_leverage: must be a valid number"),
        ("portfolio: 0.6\n", r"yaml:1:1: portfolio: needs keys with values"),
        ("portfolio: [", r"yaml:1:13: not YAML"),
    ],
)
def test_a_limit_that_is_none_is_refused_at_its_line(home: Path, text: str, says: str) -> None:
    put(home, text)
    with pytest.raises(ConfigError, match=says):
        Workspace(home).settings()
