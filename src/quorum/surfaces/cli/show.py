"""What commands print: JSON for programs, tables for people."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from quorum.domain import iso, plain

Home = Annotated[
    Path | None,
    typer.Option("--home", help="The workspace; else $QUORUM_HOME, or the nearest .quorum or .crypto upwards."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


Options = TypeVar("Options")
FRACTION = re.compile(r"(?<=T\d\d:\d\d:\d\d)\.\d+(?=Z)")
WIDEST_WORD = 30
INSTANTS = {"as_of", "at", "expires", "valid_until", "last_used"}
YEAR_1973 = 10**17


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


def dated(value: Any) -> Any:
    """A plain value, the nanoseconds of its instants as ISO text."""
    if isinstance(value, Mapping):
        return {name: _dated(name, inner) for name, inner in value.items()}
    return [dated(item) for item in value] if isinstance(value, list) else value


def _dated(name: str, value: Any) -> Any:
    return iso(value) if name in INSTANTS and isinstance(value, int) and value > YEAR_1973 else dated(value)


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Print a line beside the result, on standard error."""
    sys.stderr.write(text + "\n")


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None, empty: str = "none"
) -> None:
    """Print a table, numbers to the right, instants to the second; `empty` where there is no row."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    lines = [list(row) for row in rows]
    if not lines:
        say(empty if title is None else f"{title}: {empty}")
        return
    shown = Table(*[], title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for i, name in enumerate(columns):
        numeric = all(isinstance(row[i], int | float | None) for row in lines)
        words = [len(word) for row in lines for word in (name, *_cell(row[i]).split())]
        least = min(max(words), WIDEST_WORD)
        shown.add_column(name, justify="right" if numeric else "left", overflow="fold", min_width=least)
    for row in lines:
        shown.add_row(*(_cell(value) for value in row))
    Console(width=None if sys.stdout.isatty() else 140, highlight=False, markup=False, emoji=False).print(shown)


def facts(lines: Mapping[str, object]) -> None:
    """Print names and values, a line each."""
    width = max(map(len, lines), default=0)
    for name, value in lines.items():
        say(f"{name:<{width}}  {_cell(value)}".rstrip())


def spent(milliseconds: float | None) -> str:
    """A duration in words, as 113 ms, 2.56 s or 3 min 20 s; nothing for none."""
    if milliseconds is None:
        return ""
    seconds = milliseconds / 1000
    if round(milliseconds) < 1000:
        return "< 1 ms" if milliseconds < 1 else f"{milliseconds:.0f} ms"
    if round(seconds) < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value != value:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(_cell, value)) or "none"
    if isinstance(value, float):
        return f"{value:,.4f}" if abs(value) < 1000 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else FRACTION.sub("", str(value))
