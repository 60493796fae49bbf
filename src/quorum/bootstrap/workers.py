"""Tasks in other processes: what each of them does there."""

from __future__ import annotations

import os
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
from quorum.domain import QuorumError, SystemClock, Timeframe
from quorum.engine import Terms, backtest
from quorum.engine.sweeps import work
from quorum.lake import Bars, BarSource, synthetic_market
from quorum.signals import ANALYSTS, WITHOUT_MODEL, AnyStrategy, find_strategy
from quorum.signals.specs import SpecStrategy, read_spec
from quorum.validation.lookahead.apart import examine_here, witness_here

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.trading.stepping import Bench
    from quorum.signals import ConsensusRules
    from quorum.validation.ladder import Asked, Ladder, TierResult
    from quorum.validation.life import Idea


def serve_tasks() -> None:
    """Fork a worker of the named tasks whenever the process at standard input asks for one, until it is gone.

    What a tier needs is loaded before the first is forked, and counts as start-up; but never what starts threads.
    """
    use_kernel_cache()
    for name in ("quorum.adapters.sql", "quorum.bootstrap.stores", "quorum.desk.settings.tiers"):
        import_module(name)
    backtest(_drawn(), find_strategy("demo_ma", WITHOUT_MODEL), {}, Terms(), None)
    serve(_TASKS)


def serve_agents() -> None:
    """As above, of the tasks of agents: what they need is loaded before the first worker is forked."""
    import_module("quorum.bootstrap.desk")
    import_module("quorum.desk.team")
    use_kernel_cache()
    drawn = _drawn()
    for analyst in ANALYSTS.values():
        analyst.signal(drawn)
    serve({"agent": _agent, "warm": _warm})


def _drawn() -> Bars:
    """A few bars of a made-up market: the first use of a kernel loads the compiler."""
    (drawn,) = synthetic_market(1, ("WARMUSDT",), Timeframe.parse("1h"), 0, 400).values()
    return drawn


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


def _strategy_of(idea: Idea, home: Path) -> AnyStrategy:
    """The strategy that an idea names, or is."""
    return _strategy_by(idea, consensus_rules(home))


def _strategy_by(idea: Idea, rules: ConsensusRules) -> AnyStrategy:
    if isinstance(idea.strategy, str):
        return find_strategy(idea.strategy, rules)
    return SpecStrategy(read_spec(idea.strategy))


def _give_way(niceness: int) -> None:
    """Let other processes go first, by so many levels; one that does already goes on so."""
    with suppress(OSError):
        if niceness > os.getpriority(os.PRIO_PROCESS, 0):
            os.setpriority(os.PRIO_PROCESS, 0, niceness)


def _tier(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    """A strategy at a tier, on the workspace's bars and by its trials: a TierResult, told."""
    from quorum.adapters.sql import SqlTrials
    from quorum.bootstrap.stores import open_database
    from quorum.desk.settings.tiers import read_ladder
    from quorum.validation.ladder import Asked, Tier, check_tier, not_there, read_idea

    use_kernel_cache()
    _give_way(payload.get("niceness", 0))
    home = Path(payload["home"])
    workspace, idea, tier = open_workspace(home), read_idea(payload["idea"]), Tier(payload["tier"])
    ladder, rules = read_ladder(workspace.config), consensus_rules(home)
    with redirect_stdout(sys.stderr):
        try:
            strategy = _strategy_by(idea, rules)
        except QuorumError as error:
            return not_there(ladder, tier, idea, error).told()
        asked = Asked.of(idea, strategy, payload.get("params"), payload.get("data"))
        trials = SqlTrials(open_database(workspace, migrate=False), SystemClock())
        return check_tier(ladder, tier, asked, open_lake(workspace), trials).told()


def _critic(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    """The critic's review of a strategy's result, told."""
    from quorum.validation.critic import review

    with redirect_stdout(sys.stderr):
        return review(*_looked_at(payload), payload["seconds"]).told()


def _trade(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    """What a strategy's result shows of its trading, traded again."""
    from quorum.desk.deploying.fitting import trade_again

    with redirect_stdout(sys.stderr):
        return trade_again(*_looked_at(payload), payload.get("floor"))


def _looked_at(payload: Mapping[str, Any]) -> tuple[Ladder, Asked, TierResult, BarSource]:
    """The ladder, what a tier was asked, what it answered, and the bars: all that it takes to look again."""
    from quorum.desk.settings.tiers import read_ladder
    from quorum.validation.ladder import Asked, TierResult, read_idea

    use_kernel_cache()
    home = Path(payload["home"])
    workspace, idea = open_workspace(home), read_idea(payload["idea"])
    asked = Asked.of(idea, _strategy_of(idea, home), payload["params"])
    return read_ladder(workspace.config), asked, TierResult.read(payload["result"]), open_lake(workspace)


def _mend(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    """What an agent proposes about a failure, told."""
    from quorum.adapters.sql import SqlTrials
    from quorum.bootstrap.stores import open_database
    from quorum.desk.settings.tiers import read_ladder
    from quorum.validation.repair import read_case, told_proposal
    from quorum.validation.repair.agents import propose
    from quorum.validation.repair.ground import Site

    use_kernel_cache()
    home = Path(payload["home"])
    workspace, case = open_workspace(home), read_case(payload["case"])
    with redirect_stdout(sys.stderr):
        lake = open_lake(workspace)
        trials = SqlTrials(open_database(workspace, migrate=False), SystemClock())
        series = [(found.symbol, found.venue, str(found.timeframe)) for found in lake.series()]
        site = Site(lake, series, read_ladder(workspace.config), trials, lambda idea: _strategy_of(idea, home))
        return told_proposal(propose(case, site))


@lru_cache(maxsize=4)
def _bench_of(home: str) -> Bench:
    from quorum.desk.trading.stepping import Bench

    return Bench(open_lake(open_workspace(Path(home))))


def _step(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    """Where a deployed strategy stands after its newest bars; this process keeps it for the next ones."""
    from quorum.desk.trading.stepping import stand_here

    use_kernel_cache()
    home = payload["home"]
    with redirect_stdout(sys.stderr):
        return stand_here(_bench_of(home), consensus_rules(Path(home)), payload)


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


_TASKS: Mapping[str, Task] = {
    "critic": _critic,
    "examine": _examine,
    "mend": _mend,
    "replay": _replay,
    "step": _step,
    "sweep": _sweep,
    "tier": _tier,
    "trade": _trade,
    "witness": _witness,
}
