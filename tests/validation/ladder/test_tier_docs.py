"""docs/reference/tiers.md says what the tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from quorum.validation.gates import Gate
from quorum.validation.ladder import LADDER, REASONS, Reason, Tier, cause_of

WORDS = {">=": "at least", ">": "above", "<=": "at most", "<": "below"}


@pytest.fixture(scope="module")
def sections(checkout: Path) -> dict[str, str]:
    """The text of the page below each of its headings."""
    text = (checkout / "docs" / "reference" / "tiers.md").read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in text.replace("\n### ", "\n## ").split("\n## ")]
    return {heading.partition(",")[0]: body for heading, _, body in parts}


def _cell(gate: Gate) -> str:
    marginal = "" if gate.reject is None else f"{gate.reject:g}"
    asked = f"{WORDS[gate.comparison]} {gate.threshold:.4g}"
    cells = (f"`{gate.metric}`", asked, marginal, gate.weight.value, cause_of(gate.metric).name, gate.source)
    return f"| {' | '.join(cells)} |"


def _row(reason: Reason) -> str:
    retried = "yes" if reason.retryable else "no"
    cells = (f"`{reason.name}`", reason.category, reason.agent, reason.action, retried, reason.root)
    return f"| {' | '.join(cells)} | {', '.join(reason.sources)} |"


@pytest.mark.parametrize("tier", Tier)
def test_the_page_has_every_cell_of_a_tier_and_no_other(sections: dict[str, str], tier: Tier) -> None:
    rows = [line for line in sections[tier].splitlines() if line.startswith("| `")]
    assert rows == [_cell(gate) for gate in LADDER.of(tier).gates]


def test_the_page_has_every_reason(sections: dict[str, str]) -> None:
    rows = [line for line in sections["Which reason is told"].splitlines() if line.startswith("| `")]
    assert rows == [_row(reason) for reason in REASONS.values()]


def test_the_page_says_what_each_tier_may_take(sections: dict[str, str]) -> None:
    for rung in LADDER.rungs:
        said = next(line for line in sections["# Tiers"].splitlines() if line.startswith(f"| {rung.tier} "))
        assert f"| {rung.years:g} year" in said
        assert f"{rung.budget_seconds:,.0f} s" in said
        assert f"{rung.memory_mb:.0f} MB" in said
        assert ("all" if rung.whole_universe else "primary") in said
