"""Tasks in other processes: what each of them does there."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout, suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quorum.adapters.process import Beat, Task, called, mapped, serve
from quorum.bootstrap.places import use_kernel_cache
from quorum.bootstrap.workspaces import consensus_rules, open_lake, open_workspace
from quorum.desk import recompute
from quorum.domain import QuorumError, Timeframe
from quorum.engine.sweeps import work
from quorum.lake import Bars, synthetic_market
from quorum.signals import ANALYSTS, AnyStrategy, find_strategy
from quorum.validation.lookahead.apart import examine_here, witness_here

if TYPE_CHECKING:
    from quorum.desk import Desk


def serve_tasks() -> None:
    """Fork a worker of the named tasks whenever the process at standard input asks for one, until it is gone."""
    use_kernel_cache()
    serve(_TASKS)


def serve_agents() -> None:
    """As above, of the tasks of agents: what they need is loaded before the first worker is forked."""
    import_module("quorum.bootstrap.desk")
    import_module("quorum.desk.team")
    use_kernel_cache()
    (drawn,) = synthetic_market(1, ("WARMUSDT",), Timeframe.parse("1h"), 0, 400).values()
    for analyst in ANALYSTS.values():
        analyst.signal(drawn)
    serve({"agent": _agent, "warm": _warm})


def serve_only(tasks: Mapping[str, Task]) -> None:
    """As above, of these tasks."""
    serve(tasks)


def run_task(name: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """A named task of a fresh process: its answer as plain values."""
    return called(_TASKS, name, payload, lambda share: None)


def _replay(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    use_kernel_cache()
    return recompute(open_lake(open_workspace(Path(payload["home"]))), payload)


def _sweep(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    use_kernel_cache()
    home = None if payload["home"] is None else Path(payload["home"])
    return work(payload, find_strategy(payload["strategy"], consensus_rules(home)), mapped, beat)


def _examine(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    with redirect_stdout(sys.stderr):
        return examine_here(*_examined(payload), payload)


def _witness(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    with redirect_stdout(sys.stderr):
        return witness_here(*_examined(payload), payload)


def _examined(payload: Mapping[str, Any]) -> tuple[AnyStrategy, list[Bars]]:
    """The strategy that a payload names, and the bars of its symbols."""
    use_kernel_cache()
    home = None if payload["home"] is None else Path(payload["home"])
    strategy = find_strategy(payload["strategy"], consensus_rules(home))
    if not payload["symbols"]:
        return strategy, []
    lake, length = open_lake(open_workspace(home)), Timeframe.parse(payload["timeframe"])
    return strategy, [lake.bars(symbol, length, payload["venue"]) for symbol in payload["symbols"]]


@lru_cache(maxsize=4)
def _desk_of(home: str) -> Desk:
    from quorum.bootstrap.desk import open_desk

    return open_desk(Path(home))


def agent_task(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """An agent's task on the desk of its workspace, which this process opens once."""
    from quorum.desk.team import perform

    with redirect_stdout(sys.stderr):
        return perform(_desk_of(payload["home"]), payload)


def _agent(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    return agent_task(payload)


def _warm(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    """Load what only a worker may: the desk, and the frames, whose threads no fork survives."""
    from quorum.desk.work import Assignment
    from quorum.desk.work import run_task as run_task_of

    desk = _desk_of(payload["home"])
    for series in desk.lake.series()[:1]:
        bars = desk.lake.bars(series.symbol, series.timeframe, series.venue)
        end = int(bars.time[-1]) + bars.timeframe.nanoseconds
        seen = {"symbol": bars.symbol, "timeframe": str(bars.timeframe), "venue": bars.venue}
        asked = Assignment("warm", "warm", "combined_features", "feature-engineer", end, seen)
        with suppress(QuorumError):
            run_task_of(desk, asked.task, asked)
    return {"warm": True}


_TASKS: Mapping[str, Task] = {"examine": _examine, "replay": _replay, "sweep": _sweep, "witness": _witness}
