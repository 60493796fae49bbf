"""Commands of upkeep: logs, backup, restore, prune."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from quorum.surfaces.cli.show import FRACTION, Home, Json, facts, note, print_json, say, takes

_OWN = ("timestamp", "level", "event", "logger", "exception", "stack")


@dataclass(frozen=True)
class LogOptions:
    """What `quorum logs` takes."""

    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False
    level: Annotated[str, typer.Option(help="At least: debug, info, warning, error, critical.")] = "debug"
    workflow: Annotated[str | None, typer.Option(help="Only of this run, as WF-20240603-001.")] = None
    since: Annotated[str | None, typer.Option(help="From then on: 1h, 2d, or 2024-06-03T00:00:00Z.")] = None
    home: Home = None
    as_json: Json = False


@takes(LogOptions)
def logs(asked: LogOptions) -> None:
    """Print the log: what the processes of this workspace wrote, secrets masked. One JSON object a line with --json.

    Example: quorum logs --level warning --since 1h
    """
    from quorum.bootstrap import open_workspace
    from quorum.desk.upkeep import Wanted, follow_logs, read_logs, since
    from quorum.domain import SystemClock

    folder = open_workspace(asked.home).home / "logs"
    start = None if asked.since is None else since(asked.since, SystemClock().now())
    read, found = follow_logs if asked.follow else read_logs, False
    for line in read(folder, Wanted(asked.level.lower(), asked.workflow, start)):
        found = True
        say(_as_json(line) if asked.as_json else _for_people(line))
        if asked.follow:
            sys.stdout.flush()
    if not found:
        note("no such line in the log; the processes of `quorum up` write it")


@dataclass(frozen=True)
class BackupOptions:
    """What `quorum backup` takes."""

    path: Annotated[Path, typer.Argument(help="The file to write; compressed where it ends in .gz.")]
    with_data: Annotated[
        bool, typer.Option("--with-data", help="With the bars of the lake, not its manifests alone.")
    ] = False
    home: Home = None
    as_json: Json = False


@takes(BackupOptions)
def backup(asked: BackupOptions) -> None:
    """Write a consistent copy of databases, configuration, models and manifests to one file; the desk may go on.

    Example: quorum backup desk.tar.gz --with-data
    """
    from quorum.domain import iso

    made = _backed_up(asked)
    if asked.as_json:
        print_json({**asdict(made), "path": str(made.path), "made_at": iso(made.made_at)})
        return
    say(f"{made.path}: {made.files} files, {made.bytes:,} bytes, schema {made.schema}, as of {iso(made.made_at)}")
    if not made.with_data:
        say("without bars: --with-data takes them in")
    for name in made.left_out:
        note(f"left out, since it leads out of the workspace: {name}")


def _backed_up(asked: BackupOptions) -> Any:
    """The backup that was made; what became of it is told to people too."""
    from quorum.bootstrap import open_copies, open_desk
    from quorum.desk.notices import occurrence
    from quorum.desk.upkeep import back_up
    from quorum.domain import QuorumError, UsageError

    desk, path = open_desk(asked.home), asked.path.resolve()
    copies, key = open_copies(desk.workspace.home), f"{path}/{desk.clock.now()}"
    try:
        made = back_up(desk.workspace, copies, path, desk.clock, with_data=asked.with_data)
    except UsageError:
        raise
    except QuorumError as error:
        failed = {"path": str(path), "error": str(error), "summary": f"no backup: {error}", "key": key}
        with suppress(QuorumError):  # the error itself is what matters
            desk.outbox.raise_(occurrence("backup_failed", failed))
        raise
    done = {"path": str(path), "files": made.files, "bytes": made.bytes, "schema": made.schema, "key": key}
    desk.outbox.raise_(occurrence("backup_done", {**done, "summary": f"backup {path}"}))
    return made


@dataclass(frozen=True)
class RestoreOptions:
    """What `quorum restore` takes."""

    path: Annotated[Path, typer.Argument(help="A file that `quorum backup` wrote.")]
    home: Annotated[Path, typer.Option("--home", help="The new workspace; nothing may be there.")]
    as_json: Json = False


@takes(RestoreOptions)
def restore(asked: RestoreOptions) -> None:
    """Make a workspace from a backup, and audit its books; ends with 1 when they do not balance.

    Example: quorum restore desk.tar.gz --home restored
    """
    from quorum.bootstrap import open_copies, open_desk
    from quorum.desk.upkeep import audited
    from quorum.desk.upkeep import restore as make
    from quorum.domain import plain

    home = asked.home.resolve()
    made = make(asked.path, home, open_copies(home))
    reports = audited(open_desk(home))
    accounts = [
        {"account": r.account, "balanced": r.balanced, "audit": plain(r.audit), "differences": list(r.differences)}
        for r in reports
    ]
    balanced = all(report.balanced for report in reports)
    if asked.as_json:
        print_json({**asdict(made), "home": str(made.home), "balanced": balanced, "accounts": accounts})
    else:
        _print_restored(made, accounts)
    raise typer.Exit(0 if balanced else 1)


@dataclass(frozen=True)
class PruneOptions:
    """What `quorum prune` takes."""

    days: Annotated[int, typer.Option(min=1, max=36_500, help="How old what goes is at least.")] = 30
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False
    home: Home = None
    as_json: Json = False


@takes(PruneOptions)
def prune(asked: PruneOptions) -> None:
    """Remove old runs that have ended and what they left; never decisions, orders, fills, approvals or trials.

    Example: quorum prune --days 30 --dry-run
    """
    from quorum.bootstrap import open_desk, open_leavings
    from quorum.desk.upkeep import days_before
    from quorum.desk.upkeep import prune as remove
    from quorum.domain import iso

    desk = open_desk(asked.home)
    before = days_before(desk.clock.now(), asked.days)
    leavings = open_leavings(desk.workspace)
    done = remove(desk.workflows, leavings, desk.workspace.home / "logs", before, dry_run=asked.dry_run)
    told = {"before": iso(done.before), "runs": len(done.runs), **done.left, "log_files": len(done.logs)}
    if asked.as_json:
        print_json({**told, "dry_run": done.dry_run, "run_ids": done.runs, "files": done.logs})
        return
    say("would remove:" if done.dry_run else "removed:")
    facts(told)


def _print_restored(made: Any, accounts: list[dict[str, Any]]) -> None:
    say(f"{made.home}: {made.files} files, schema {made.schema}, as of {made.made_at}")
    for account in accounts:
        say(f"account {account['account']}: {'balanced' if account['balanced'] else 'NOT balanced'}")
        for difference in account["differences"]:
            say(f"  {difference}")
    if made.lacks:
        say(f"without bars of {', '.join(made.lacks)}: bring them in with `quorum data import` or `pull`")


def _as_json(line: Mapping[str, Any]) -> str:
    import json

    return json.dumps(line, ensure_ascii=False)


def _for_people(line: Mapping[str, Any]) -> str:
    more = " ".join(f"{key}={value}" for key, value in line.items() if key not in _OWN)
    head = f"{FRACTION.sub('', str(line.get('timestamp', '')))} {line.get('level', ''):<8} {line.get('event', '')}"
    tail = "".join(f"\n{line[key]}" for key in ("exception", "stack") if line.get(key))
    return f"{head.strip()}{f'  {more}' if more else ''}{tail}"
