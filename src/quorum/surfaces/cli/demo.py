"""The demo command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quorum.surfaces.cli.show import Json, facts, note, print_json, say


def demo(
    report: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    home: Annotated[Path, typer.Option(help="The demo's workspace; one of an earlier demo is made anew.")] = Path(
        ".quorum-demo"
    ),
    seed: Annotated[int, typer.Option(help="Seed of the synthetic market.", min=0)] = 7,
    as_json: Json = False,
) -> None:
    """The whole desk on embedded data in under two minutes: no keys, no network; ends with a page to open.

    Example: quorum demo
    """
    from quorum.domain import plain
    from quorum.surfaces.demo import run_demo

    result = run_demo(home, report, seed, note)
    if as_json:
        print_json(result)
    else:
        told = {name: value for name, value in plain(result).items() if name != "steps"}
        facts({**told, "ideas": ", ".join(f"{count} {status}" for status, count in result.ideas.items())})
        say(f"open {result.report}")
    raise typer.Exit(0 if result.ledger_balanced else 1)
