"""An examination in other processes: it ends in time whatever the strategy does."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any, cast

from quorum.domain import DataError, Executor, QuorumError, UsageError
from quorum.engine import Terms, backtest
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, is_portfolio, read_params
from quorum.validation.lookahead.answers import Data
from quorum.validation.lookahead.effort import Effort
from quorum.validation.lookahead.examine import examine, undecided, witness
from quorum.validation.lookahead.markets import markets_for
from quorum.validation.lookahead.sound import Heard

EXAMINE, WITNESS = "examine", "witness"
DEADLINE, SHARE = 25.0, 0.3
_OPENING = 9.0


def examine_apart(executor: Executor, request: Mapping[str, Any], deadline: float = DEADLINE) -> dict[str, Any]:
    """The plain form of the examination that `request` asks for; it ends within `deadline` seconds.

    One process tells what it hears from the strategy, a second one examines it. One that does not come back in time,
    or dies, makes the strategy unfit. UsageError and DataError for a request that makes no sense.
    """
    begun = monotonic()
    try:
        heard = executor.run(WITNESS, request, deadline * SHARE)["heard"]
    except UsageError as error:
        raise _without_task(error, WITNESS) from error
    except QuorumError:
        heard = []
    left = deadline - (monotonic() - begun)
    asked = {**request, "heard": heard, "seconds": max(1.0, left - _OPENING)}
    try:
        answer = executor.run(EXAMINE, asked, left)
    except UsageError as error:
        raise _without_task(error, EXAMINE) from error
    except QuorumError as error:
        reason = f"it did not answer within {left:.0f} s, or its process died ({error.found})"
        return undecided(request["strategy"], request["params"], reason).told()
    if "refused" in answer:
        raise DataError(*answer["refused"])
    return dict(answer)


def compile_first(strategy: AnyStrategy) -> None:
    """A small backtest and some steps of a strategy of ours, so that no compiler runs inside a deadline; what it
    compiles is kept for other processes.
    """
    data = markets_for(strategy, {}, 0, 200)[0]
    params = read_params(strategy, {})
    backtest(data, strategy, params, Terms(), None)
    state, step = strategy.start(data, params), cast("Any", strategy.step)  # type: ignore[arg-type]
    for row in data.slice(0, 3).rows():
        state, _ = step(state, row)


def examine_here(strategy: AnyStrategy, series: list[Bars], request: Mapping[str, Any]) -> dict[str, Any]:
    """The task `examine`: the plain form of an examination on these series, on made-up markets without any."""
    effort, heard = Effort(seconds=request["seconds"]), [Heard(*said) for said in request["heard"]]
    try:
        found = examine(strategy, _data(strategy, series), request["params"], request["seed"], effort, heard)
    except UsageError:
        raise
    except QuorumError as error:
        return {"refused": [error.found, error.remedy]}
    return found.told()


def witness_here(strategy: AnyStrategy, series: list[Bars], request: Mapping[str, Any]) -> dict[str, Any]:
    """The task `witness`: what this process hears from the strategy."""
    return {"heard": witness(strategy, _data(strategy, series), request["params"], request["seed"])}


def _data(strategy: AnyStrategy, series: list[Bars]) -> list[Data] | None:
    """One panel for a portfolio, else each series as a market of its own; None for made-up markets."""
    if not series:
        return None
    return [Panel.of(series)] if is_portfolio(strategy) else list(series)


def _without_task(error: UsageError, task: str) -> UsageError:
    return type(error)(error.found.removeprefix(f"task {task}: "), error.remedy)
