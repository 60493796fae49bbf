"""The bench command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Json, facts, print_json, table


def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Benchmarks to run; else all.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write the numbers and the machine's facts to this file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure what Quorum promises, beside a floor in the same run; ends with 1 when a target is missed.

    Example: quorum bench help backtest
    """
    import json

    from quorum.desk import write_text
    from quorum.domain import plain
    from quorum.surfaces.bench import run_benches

    report = run_benches(names or [])
    told = {m.key: m.told() for m in report.measures} | {"machine": report.machine, "load": report.load}
    if out is not None:
        write_text(out, json.dumps(plain(told), indent=2) + "\n")
    if as_json:
        print_json(told)
    else:
        columns = ("", "what", "measured", "unit", "floor", "ratio", "target", "")
        table(columns, [_line(m) for m in report.measures])
        facts({**report.machine, "load": ", ".join(f"{x:.2f}" for x in report.load)})
    raise typer.Exit(1 if any(m.met is False for m in report.measures) else 0)


def _line(m: Any) -> tuple[object, ...]:
    numbers = (m.value, m.unit, m.floor or "", "" if m.ratio is None else f"{m.ratio:.2f}")
    return (m.key, m.name, *numbers, m.asked, {None: "", True: "met"}.get(m.met, "MISSED"))
