"""The bench command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
    told = plain(report)
    told["measures"] = [{**plain(m), "met": m.met} for m in report.measures]
    if out is not None:
        write_text(out, json.dumps(told, indent=2) + "\n")
    if as_json:
        print_json(told)
    else:
        rows = [
            (
                m.name,
                m.value,
                m.unit,
                m.floor or "",
                m.floor_is,
                m.target or "",
                {None: "", True: "met"}.get(m.met, "MISSED"),
            )
            for m in report.measures
        ]
        table(("what", "measured", "unit", "floor", "floor is", "target", ""), rows)
        facts({**report.machine, "load": ", ".join(f"{x:.2f}" for x in report.load)})
    raise typer.Exit(1 if any(m.met is False for m in report.measures) else 0)
