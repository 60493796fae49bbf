"""docs/guides/retries.md says what the tables say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desk.keys import keys
from quorum.desk.settings.retry import AutoRetryFile
from quorum.stats import luckiest_sharpe
from quorum.validation.ladder import REASONS
from quorum.validation.repair.agents import ACTS


@pytest.fixture
def guide(checkout: Path) -> str:
    return (checkout / "docs" / "guides" / "retries.md").read_text(encoding="utf-8")


def test_every_reason_that_can_be_mended_is_there_with_its_first_fix(guide: str) -> None:
    rows = [f"| {r.name} | {r.category} | {r.agent} | {r.action} |" for r in REASONS.values() if r.retryable]
    assert [row for row in rows if row not in guide] == []
    assert guide.count("| SIGNAL_ISSUE |") + guide.count("| PARAMETER_BOUNDS |") == len(rows) - 2


def test_every_action_is_there(guide: str) -> None:
    named = {name for line in guide.splitlines() for name in line.partition("|")[2].partition("|")[0].split(", ")}
    assert set(ACTS) <= {name.strip() for name in named}


def test_every_key_is_there(guide: str) -> None:
    told = {key.removeprefix("auto_retry.").partition("fixable_errors.")[0] for key in keys(AutoRetryFile)}
    assert [key for key in told if key and f"| `{key}` |" not in guide] == []
    assert "| `fixable_errors` |" in guide


def test_the_numbers_of_luck_are_those_that_are_taken_off(guide: str) -> None:
    found = re.search(r"is (\d\.\d\d) a year at the second look, (\d\.\d\d) at the third and (\d\.\d\d)", guide)
    assert found is not None
    for looks, number in zip((2, 3, 4), found.groups(), strict=True):
        assert float(number) == pytest.approx(luckiest_sharpe(looks, 364**-0.5) * 365**0.5, abs=0.005)
