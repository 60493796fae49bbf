"""What commands print: JSON for programs, tables for people."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from quorum.domain import plain

Home = Annotated[
    Path | None,
    typer.Option("--home", help="The workspace; else $QUORUM_HOME, or the nearest .quorum or .crypto upwards."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


Options = TypeVar("Options")


def takes(options: type[Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Make a command of a function of one dataclass: its fields are the command's arguments and options."""
    hints = get_type_hints(options, include_extras=True)
    parameters = [p.replace(annotation=hints[p.name]) for p in inspect.signature(options).parameters.values()]

    def wrap(function: Callable[[Options], None]) -> Callable[..., None]:
        def command(**given: Any) -> None:
            function(options(**given))

        command.__name__, command.__doc__ = function.__name__, function.__doc__
        command.__annotations__ = hints
        vars(command)["__signature__"] = inspect.Signature(parameters)
        return command

    return wrap


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
        numeric = bool(lines) and all(isinstance(row[i], int | float | None) for row in lines)
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
    if value is None or value != value:
        return "-"
    if isinstance(value, float):
        return f"{value:,.4f}" if abs(value) < 1000 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
