"""What commands print: JSON for programs, tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.domain import plain

Home = Annotated[
    Path | None,
    typer.Option("--home", help="The workspace; else $QUORUM_HOME, or the nearest .quorum or .crypto upwards."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_json(value: Any) -> None:
    """Print a value as JSON, the same bytes for the same value."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Print a line beside the result, on standard error."""
    sys.stderr.write(text + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print a table; numbers to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    lines = [list(row) for row in rows]
    shown = Table(*[], title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for i, name in enumerate(columns):
        numeric = bool(lines) and all(isinstance(row[i], int | float) for row in lines)
        shown.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in lines:
        shown.add_row(*(_cell(value) for value in row))
    Console(width=None if sys.stdout.isatty() else 140, highlight=False).print(shown)


def facts(lines: Mapping[str, object]) -> None:
    """Print names and values, a line each."""
    width = max(map(len, lines), default=0)
    for name, value in lines.items():
        say(f"{name:<{width}}  {_cell(value)}")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4f}" if abs(value) < 1000 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
