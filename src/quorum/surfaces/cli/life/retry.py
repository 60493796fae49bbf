"""Commands of mending: fixes for a strategy that failed, and what was learnt from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, dated, note, print_json, say, table, takes


@dataclass(frozen=True)
class RetryOptions:
    """What `quorum retry` takes."""

    strategy: Annotated[str, typer.Argument(help="A strategy that failed a tier, as STR-001.")]
    tier: Annotated[str | None, typer.Option(help="The tier that it failed; another one is refused.")] = None
    attempt: Annotated[int, typer.Option(min=1, max=10, help="The attempt to begin with, as 2.")] = 1
    home: Home = None
    as_json: Json = False


@takes(RetryOptions)
def retry(asked: RetryOptions) -> None:
    """Mend a strategy that failed: fixes are tried until one passes its tier. Ends with 0 also when none does.

    Example: quorum retry STR-001 --tier L1
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.mending import retry as mend

    told = mend(open_desk(asked.home), asked.strategy.upper(), asked.tier, asked.attempt, by="person").told()
    if asked.as_json:
        print_json(told)
        return
    columns = ("attempt", "by", "action", "metric", "before", "after", "outcome", "trials")
    table(columns, map(_line, told["attempts"]), empty="no fix was tried")
    say(f"{told['strategy_id']} is {told['status']}: {told['why']}")
    say(f"{told['trials_counted']} trials were counted")


@dataclass(frozen=True)
class LearningsOptions:
    """What `quorum learnings` takes."""

    category: Annotated[str | None, typer.Option(help="As SIGNAL_ISSUE, in any case.")] = None
    severity: Annotated[str | None, typer.Option(help="LOW, MEDIUM, HIGH or CRITICAL.")] = None
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest.")] = 50
    home: Home = None
    as_json: Json = False


@takes(LearningsOptions)
def learnings(asked: LearningsOptions) -> None:
    """List what was learnt, and how often each kind of fix worked.

    Example: quorum learnings --severity HIGH --json
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.life.taking import take_in_what_can_be
    from quorum.desk.mending.experience import success_of
    from quorum.desk.mending.learning import DRAWN

    desk = open_desk(asked.home)
    for doubt in take_in_what_can_be(desk).doubts:
        note(f"note: {doubt}")
    books = desk.life.books
    known = books.learnings.listed()
    found = [one for one in known if _wanted(one, asked)][-asked.limit :]
    success = success_of(books.attempts.listed()).told()
    if asked.as_json:
        shown = [{name: one[name] for name in one if name != DRAWN} for one in found]
        print_json({"learnings": dated(shown), "success": success})
        return
    names = ("learning_id", "severity", "category", "title", "frequency", "action")
    there = ", ".join(sorted({f"{one['severity']} {one['category']}" for one in known}))
    empty = f"no learning is of that kind; there are {there}" if known else "nothing was learnt yet"
    table(names, [tuple(one[name] for name in names) for one in found], empty=empty)
    if success:
        rows = [tuple(row.values()) for row in success]
        table(("agent", "category", "action", "tried", "passed"), rows, "fixes")


def _wanted(one: Mapping[str, Any], asked: LearningsOptions) -> bool:
    from quorum.validation.learnings import WORDS, read_severity

    if asked.severity is not None and one["severity"] != WORDS[read_severity(asked.severity)]:
        return False
    return asked.category is None or str(one["category"]).lower() == asked.category.lower()


def _line(attempt: Mapping[str, Any]) -> tuple[object, ...]:
    metric = attempt["metric"] or {}
    told = (metric.get("name"), metric.get("before"), metric.get("after"))
    return (attempt["number"], attempt["agent"], attempt["action"], *told, attempt["outcome"], attempt["trials_added"])
