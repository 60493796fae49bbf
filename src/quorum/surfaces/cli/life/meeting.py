"""The strategy meeting as a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, facts, print_json, say, table, takes


@dataclass(frozen=True)
class MeetingOptions:
    """What `quorum meeting` takes."""

    seed: Annotated[int | None, typer.Option(min=0, help="Of its chance; else the number of the meeting.")] = None
    theme: Annotated[str | None, typer.Option(help="What it looks at, as open, reversion or calendar.")] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Keep nothing and queue nothing.")] = False
    home: Home = None
    as_json: Json = False


@takes(MeetingOptions)
def meeting(asked: MeetingOptions) -> None:
    """Hold a strategy meeting: ideas from several seats, the newest and most feasible go into the queue.

    Example: quorum meeting --seed 7 --dry-run --json
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.meeting import Convened, run_meeting

    held = run_meeting(open_desk(asked.home), Convened(asked.seed, asked.theme, asked.dry_run))
    told = {**held.told, "meeting_id": held.meeting_id}
    if asked.as_json:
        print_json(told)
    else:
        _print(told)


def _print(told: Mapping[str, Any]) -> None:
    if told["status"] == "skipped":
        say(told["reason"])
        return
    names = ("name", "by", "cell", "novelty", "feasibility", "score", "chosen")
    table(names, [tuple(one[name] for name in names) for one in told["proposals"]], empty="nobody had an idea")
    for one in told["seats"]:
        if "silent" in one:
            say(f"{one['seat']} spoke by its rules: {one['silent']}")
        if "tests" in one:
            say(f"{one['seat']} made {one['tests']:,} tests of the data, {one['anomalies']} of which stood")
        for found in one.get("found", ()):
            say(f"  {found}")
    for one in told["rejected"]:
        say(f"{one['name']} ({one['by']}): {one['reason']}")
    lines = {
        "meeting": told["meeting_id"] or "tried only",
        "theme": told["theme"],
        "seed": told["seed"],
        "selected": ", ".join(told["selected"]) or "none",
        "queued": ", ".join(told["queued"]) or "none",
    }
    facts(lines)
