"""The reference of indicators says what the registry has, row by row."""

from __future__ import annotations

import re
from pathlib import Path

from quorum.features.formulas import INDICATORS, Indicator
from quorum.features.formulas.codes import COLUMNS
from quorum.features.formulas.registry import LONGEST, Cell, Recursion, Window, Written

HEAD = ("| indicator | value | kind | known from |", "|---|---|---|---|")


def kind_of(indicator: Indicator) -> tuple[str, str]:
    """The words of the last two columns."""
    match indicator.rule:
        case Cell():
            return "one bar", "at once"
        case Window():
            return "finite window", "n bars"
        case Recursion(_, columns):
            read = f" over {', '.join(columns)}" if columns else ""
            return f"recursion{read}", "its settling"
        case Written(formula):
            return "written", f"`{formula.text}`"


def table() -> list[str]:
    rows = [f"| `{i.signature}` | {i.summary} | {' | '.join(kind_of(i))} |" for i in INDICATORS.values()]
    return [*HEAD, *rows]


def test_the_reference_has_a_row_for_every_indicator_and_no_other(checkout: Path) -> None:
    text = (checkout / "docs" / "reference" / "indicators.md").read_text(encoding="utf-8")
    found = [line for line in text.splitlines() if line.startswith("|")]
    assert found == table(), "the table is out of date, it should be:\n" + "\n".join(table())
    for name in COLUMNS:
        assert re.search(rf"`{name}`", text), name
    assert f"{LONGEST:,}" in text
