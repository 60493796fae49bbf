"""The commands in one tree, and what happens to their errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

from quorum.domain import QuorumError
from quorum.surfaces.cli.accounts import broker
from quorum.surfaces.cli.bench import bench
from quorum.surfaces.cli.coordinator import (
    agents,
    approvals,
    approve,
    backup,
    logs,
    notices,
    prune,
    reject,
    restore,
    schedule,
    status,
    up,
    workflow,
)
from quorum.surfaces.cli.data import app as data
from quorum.surfaces.cli.demo import demo
from quorum.surfaces.cli.execution import (
    account,
    cancel_all,
    close_all,
    follow_halts,
    halt,
    resume_trading,
    risk,
    sim,
    trade,
)
from quorum.surfaces.cli.lab import backtest, consensus, sweep, walkforward
from quorum.surfaces.cli.life import (
    deploy,
    evaluate,
    learnings,
    meeting,
    pause,
    queue,
    resume,
    retire,
    retry,
    undeploy,
    validate,
)
from quorum.surfaces.cli.strategies import strategies
from quorum.surfaces.cli.workspace import decisions, doctor, init, replay, task, views, why

app = typer.Typer(
    name="quorum",
    help="An autonomous trading desk: ideas are proved, voted on, checked for risk, traded and explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
INTERRUPTED = 130

_PLAIN = (
    *(init, doctor, status, up, demo, backtest, sweep, walkforward, consensus),
    *(validate, retry, evaluate, meeting, learnings, deploy, undeploy),
    *(approve, reject, decisions, why, replay, views, bench),
    *(logs, backup, restore, prune, sim, trade),
    *(halt, cancel_all, close_all),
)
for command in _PLAIN:
    app.command()(command)
app.add_typer(data, name="data")
for command in (pause, resume, retire):
    strategies.command()(command)
app.add_typer(strategies, name="strategy")
app.add_typer(queue, name="queue")
app.add_typer(workflow, name="workflow")
app.add_typer(agents, name="agents")
app.add_typer(approvals, name="approvals")
app.add_typer(notices, name="notices")
app.add_typer(schedule, name="schedule")
app.add_typer(account, name="account")
app.add_typer(broker, name="broker")
app.add_typer(risk, name="risk")
app.command("resume")(resume_trading)
app.command(hidden=True)(task)
app.command(hidden=True)(follow_halts)


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. An error of ours is one line on standard error."""
    try:
        result: Any = app(args=list(arguments) or ["--help"], prog_name="quorum", standalone_mode=False)
    except QuorumError as error:
        return _fail(str(error), error.exit_code)
    except typer.Exit as done:
        result = done.exit_code
    except typer.Abort:
        return _fail("stopped", 1)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        return _misused(error.format_message(), context.command_path if context else "quorum")
    except KeyboardInterrupt:
        result = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; nothing more to flush to
        return 1
    except OSError as error:
        return _fail(f"{error.filename or 'the system'}: {error.strerror or error}; see `quorum doctor`", 1)
    if result == INTERRUPTED:
        return _fail("stopped", INTERRUPTED)
    return result if isinstance(result, int) else 0


def _misused(message: str, words: str) -> int:
    """What a command without its words prints: its help, or one line."""
    if message.startswith("Usage:"):
        sys.stdout.write(f"{message}\n")
        return 2
    return _fail(f"{message.rstrip('.')}; see `{words} --help`", 2)


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return code
