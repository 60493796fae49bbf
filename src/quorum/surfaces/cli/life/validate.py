"""Validation as a command: the strategies that wait, tier by tier, several at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quorum.surfaces.cli.show import Home, Json, note, print_json, say, table, takes

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.proving import Asked

ENGINES = ("process", "ray")
COUNTED = ("passed", "failed", "timeout", "error", "inconclusive")
ALWAYS = ("verdict", "tier", "reason", "metric", "value", "threshold", "why", "status")
TOLD = ("seconds", "cpu_seconds", "peak_mb", "attempt", "fixes", "mended", "tiers")


@dataclass(frozen=True)
class ValidateOptions:
    """What `quorum validate` takes."""

    strategies: Annotated[
        list[str] | None, typer.Argument(help="Strategies of the queue, as STR-001; else all that wait.")
    ] = None
    tier: Annotated[str | None, typer.Option(help="At this tier only; else each as far as it goes.")] = None
    queue_size: Annotated[int | None, typer.Option("--queue-size", min=1, help="So many at most.")] = None
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="So many at once; at most max_workers of the settings.")
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False
    engine: Annotated[str, typer.Option(help=f"Where workers run: {' or '.join(ENGINES)}.")] = "process"
    ray_address: Annotated[
        str | None, typer.Option("--ray-address", help="A Ray cluster; else one of this machine's own is started.")
    ] = None
    home: Home = None
    as_json: Json = False


@takes(ValidateOptions)
def validate(asked: ValidateOptions) -> None:
    """Validate the strategies that wait. Ends with 0 also when some fail: then the command has done its work.

    Example: quorum validate --tier L0 --workers 2
    """
    from quorum.bootstrap import open_desk
    from quorum.desk.proving import plan
    from quorum.desk.proving import validate as validate_queue

    wanted = _wanted(asked)
    if asked.dry_run:
        _say_plan(plan(open_desk(asked.home), wanted), asked.as_json)
        return
    with _at_work(asked, open_desk(asked.home)) as desk:
        told = _told(validate_queue(desk, wanted))
    if asked.as_json:
        print_json(told)
    elif told["run_id"] is None:
        _say_idle(desk)
    else:
        _say(told)


def _wanted(asked: ValidateOptions) -> Asked:
    from quorum.desk.proving import Asked
    from quorum.domain import UsageError
    from quorum.validation.ladder import Tier

    if asked.engine not in ENGINES:
        raise UsageError(f"there is no engine {asked.engine!r}", f"choose one of {', '.join(ENGINES)}")
    if asked.ray_address is not None and asked.engine != "ray":
        raise UsageError("--ray-address without --engine ray", "add --engine ray, or leave the address out")
    tiers = [tier.value for tier in Tier]
    if asked.tier is not None and asked.tier.upper() not in tiers:
        raise UsageError(f"there is no tier {asked.tier!r}", f"choose one of {', '.join(tiers)}")
    tier = None if asked.tier is None else Tier(asked.tier.upper())
    names = tuple(name.upper() for name in asked.strategies or ())
    return Asked(names, tier, asked.queue_size, asked.workers)


@contextmanager
def _at_work(asked: ValidateOptions, desk: Desk) -> Iterator[Desk]:
    """The desk with the workers that were asked for."""
    from quorum.bootstrap import open_cluster

    if asked.engine == "process":
        yield desk
        return
    with open_cluster(asked.ray_address) as cluster:
        cluster.join()  # before a strategy is claimed
        yield replace(desk, executor=cluster)


def _told(record: Mapping[str, Any]) -> dict[str, Any]:
    """The run as it is printed."""
    lines = {
        name: {**{key: line.get(key) for key in ALWAYS}, **{key: line[key] for key in TOLD if key in line}}
        for name, line in sorted(record["by_strategy"].items())
    }
    seconds, sequential = record["seconds"], record["sequential_seconds"]
    return {
        "run_id": record["run_id"],
        "tier": record["tier"] or None,
        **{name: record[name] for name in COUNTED},
        "seconds": seconds,
        "elapsed_seconds": record["elapsed_seconds"],
        "sequential_seconds": sequential,
        "saved_seconds": max(0.0, sequential - seconds),
        "by_strategy": lines,
        "taken_over": record["taken_over"],
        "alerts": [alert["why"] for alert in record["alerts"]],
        "meeting": record["meeting"],
    }


def _say_idle(desk: Desk) -> None:
    from quorum.validation.life import VALIDATING

    busy = desk.life.queue.listed(VALIDATING)
    for candidate in busy:
        say(f"{candidate.strategy_id} is {candidate.status}: {candidate.reason}")
    remedy = "wait for that run" if busy else "`quorum queue add NAME --symbol SYMBOL` queues a strategy"
    say(f"nothing{' else' if busy else ''} waits to be validated; {remedy}")


def _say(told: Mapping[str, Any]) -> None:
    columns = ("strategy", "tier", "verdict", "status", "why", "seconds", "cpu s", "peak MB", "attempt")
    names = ("tier", "verdict", "status", "why", "seconds", "cpu_seconds", "peak_mb", "attempt")
    rows = [[name, *(line.get(key) for key in names)] for name, line in told["by_strategy"].items()]
    table(columns, rows, title=told["run_id"], empty="no strategy was checked")
    counts = ", ".join(f"{told[name]} {name}" for name in COUNTED if told[name])
    say(f"{counts or 'nothing'}; {told['seconds']:.1f} s, one after the other {told['sequential_seconds']:.1f} s")
    for run_id in told["taken_over"]:
        say(f"went on with what {run_id} had begun")
    for alert in told["alerts"]:
        note(alert)
    meeting = told["meeting"]
    if meeting is not None:
        scheduled = f"a strategy meeting is scheduled: {meeting['workflow_id']}"
        note(f"{meeting['why']}; {scheduled if meeting['scheduled'] else meeting['found']}")


def _say_plan(told: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    rows = (
        [name, line["strategy"], line["status"], line["tier"], line.get("seconds"), line.get("memory_mb")]
        for name, line in told["strategies"].items()
    )
    columns = ("id", "strategy", "status", "tier", "seconds at most", "MB at most")
    table(columns, rows, empty="nothing waits to be validated")
    say(f"{told['pending']} strategies, {told['workers']} at once; nothing was done")
