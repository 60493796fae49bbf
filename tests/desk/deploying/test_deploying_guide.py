"""The guide says what the critic asks and what risk checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.deploying.test_assessment import assessed, beside
from quorum.validation.critic import TABLE
from quorum.validation.critic.doubts import ALWAYS, MARGINAL


@pytest.fixture(scope="module")
def guide(checkout: Path) -> str:
    return (checkout / "docs" / "guides" / "deploying.md").read_text(encoding="utf-8")


def test_every_question_of_the_critic_is_in_the_guide(guide: str) -> None:
    asked = [line.partition(" |")[0] for line in guide.splitlines() if line.startswith("| ") and ": " in line]
    rows = [f"| {row.name}: {row.question}" for row in (ALWAYS, MARGINAL, *TABLE)]
    assert [line for line in asked if line in rows] == rows


def test_every_check_of_risk_is_in_the_guide(guide: str) -> None:
    for check in assessed(beside(2)).checks:
        assert f"`{check.what}`" in guide
