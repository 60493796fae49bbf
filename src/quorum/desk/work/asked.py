"""Reading an assignment: what its params and inputs must have, and the bars that it may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from quorum.desk.desk import Desk
from quorum.desk.recorded import seen_bars, trial_bars
from quorum.desk.work.assignment import Assignment, Unavailable
from quorum.domain import DataError, Timeframe, UsageError, iso, parse_instant, plain
from quorum.engine import Terms, observe
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, find_strategy, is_portfolio


class Subject(NamedTuple):
    """A strategy and the bars that it is looked at on, all of them closed at the assignment's instant."""

    strategy: AnyStrategy
    bars: Bars | Panel


def text(assignment: Assignment, name: str) -> str:
    """The parameter `name`; UsageError when it is not there or empty."""
    value = assignment.params.get(name)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{assignment.task} was not told the {name}", f"give the run a parameter {name}")
    return value


def whole(assignment: Assignment, name: str, default: int, least: int = 1) -> int:
    """The parameter `name` as a whole number of at least `least`; UsageError for anything else."""
    value = assignment.params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{assignment.task}: {name} = {value!r}", f"give a whole number of at least {least}")
    return value


def number(assignment: Assignment, name: str, default: float) -> float:
    """The parameter `name` as a number of at least 0; UsageError for anything else."""
    value = assignment.params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < float("inf"):
        raise UsageError(f"{assignment.task}: {name} = {value!r}", "give a number that is not below 0")
    return float(value)


def mapping(assignment: Assignment, name: str) -> Mapping[str, Any]:
    """The parameter `name`, names to values; empty when it is not given. UsageError for anything else."""
    value = assignment.params.get(name) or {}
    if not isinstance(value, Mapping):
        raise UsageError(f"{assignment.task}: {name} = {value!r}", "give names with values")
    return value


def answer_of(assignment: Assignment, name: str) -> Mapping[str, Any]:
    """The input `name`, the answer of an earlier task; Unavailable when that one had none."""
    value = given(assignment, name)
    if value is None:
        said = assignment.inputs.get(name)
        reason = said.get("reason", said.get("status")) if isinstance(said, Mapping) else None
        raise Unavailable(
            f"{assignment.task} needs the answer {name!r}, which is not there{f': {reason}' if reason else ''}",
            "run the step that gives it",
        )
    return value


def given(assignment: Assignment, name: str) -> Mapping[str, Any] | None:
    """The input `name`; None when it is no answer of a task that completed."""
    value = assignment.inputs.get(name)
    if not isinstance(value, Mapping) or value.get("status") in ("skipped", "unavailable", "failed"):
        return None
    return value


def timeframe_of(assignment: Assignment) -> Timeframe:
    """The timeframe asked for."""
    return Timeframe.parse(text(assignment, "timeframe"))


def bars_of(desk: Desk, assignment: Assignment) -> Bars:
    """The bars asked for that were closed at the assignment's instant; those of the snapshot where one is given.

    NotFound for an unknown series, DataError when none was closed by then or the snapshot's bars are others now.
    """
    seen = _snapshot(assignment)
    if seen is not None:
        return snapshot_bars(desk, seen, instant_of(assignment))
    return series_of(desk, assignment, text(assignment, "symbol"))


def instant_of(assignment: Assignment) -> int:
    """The instant that is decided at: the snapshot's where one is given, else the assignment's; ns UTC."""
    seen = _snapshot(assignment)
    if seen is None:
        return assignment.as_of
    return parse_instant(seen["as_of"]) if isinstance(seen["as_of"], str) else int(seen["as_of"])


def _snapshot(assignment: Assignment) -> Mapping[str, Any] | None:
    """The snapshot among the inputs, by itself or within the answer `latest`."""
    latest = given(assignment, "latest")
    seen = given(assignment, "snapshot") if latest is None else latest["snapshot"]
    return seen if isinstance(seen, Mapping) else None


def series_of(desk: Desk, assignment: Assignment, symbol: str) -> Bars:
    """The bars of a symbol in the timeframe and at the venue asked for, up to the assignment's instant."""
    held = desk.lake.bars(symbol, timeframe_of(assignment), assignment.params.get("venue"))
    bars = held.as_of(assignment.as_of)
    if not len(bars):
        raise DataError(
            f"{held.symbol} {held.timeframe} has no bar that was closed at {iso(assignment.as_of)}",
            f"its first bar opens at {iso(int(held.time[0]))}: choose a later instant",
        )
    return bars


def snapshot_bars(desk: Desk, seen: Mapping[str, Any], as_of: int) -> Bars:
    """The bars that a snapshot at `as_of` was taken of; DataError when the lake has others now."""
    bars = seen_bars(desk.lake, seen).as_of(as_of)
    if bars.data_hash != seen["data_hash"]:
        raise DataError(
            f"{bars.symbol} {bars.timeframe} is not what the snapshot of {iso(as_of)} saw: {bars.data_hash[:16]}, "
            f"not {seen['data_hash'][:16]}",
            "run the workflow again",
        )
    return bars


def told(bars: Bars, as_of: int) -> dict[str, Any]:
    """The snapshot of `bars` in plain values, its instant in ISO 8601: what an answer says of its data."""
    seen: dict[str, Any] = plain(observe(bars, as_of))
    return {**seen, "as_of": iso(as_of)}


def strategy_of(desk: Desk, assignment: Assignment) -> AnyStrategy:
    """The strategy asked for, the vote counting by this desk's rules; NotFound for an unknown one."""
    return find_strategy(text(assignment, "strategy"), desk.settings.consensus.consensus.rules())


def subject_of(desk: Desk, assignment: Assignment) -> Subject:
    """The strategy asked for and its bars: of a portfolio the panel of `symbols`, or of `symbol`, parted by commas."""
    strategy = strategy_of(desk, assignment)
    if not is_portfolio(strategy):
        return Subject(strategy, bars_of(desk, assignment))
    wanted = assignment.params.get("symbols") or text(assignment, "symbol").split(",")
    return Subject(strategy, Panel.of([series_of(desk, assignment, str(name).strip()) for name in wanted]))


def source(subject: Subject) -> dict[str, Any]:
    """Which bars an answer rests on, so that a later task finds the very same ones."""
    bars = subject.bars
    return {
        "kind": subject.strategy.kind,
        "symbols": [bars.symbol] if isinstance(bars, Bars) else list(bars.symbols),
        "venue": bars.venue,
        "timeframe": str(bars.timeframe),
        "revisions": [bars.revision] if isinstance(bars, Bars) else list(bars.revisions),
        "funding_revisions": [bars.funding_revision] if isinstance(bars, Bars) else list(bars.funding_revisions),
        "first": int(bars.time[0]),
        "last": int(bars.time[-1]),
        "rows": len(bars),
        "data_hash": bars.data_hash,
    }


def subject_again(desk: Desk, assignment: Assignment, seen: Mapping[str, Any]) -> Subject:
    """The strategy asked for and the bars of an earlier answer's `source`; DataError when the lake has others now."""
    bars = trial_bars(desk.lake, seen)
    if bars.data_hash != seen["data_hash"]:
        raise DataError(
            f"the bars of {', '.join(seen['symbols'])} have changed since the earlier step: {bars.data_hash[:16]}, "
            f"not {seen['data_hash'][:16]}",
            "run the workflow again from its first step",
        )
    return Subject(strategy_of(desk, assignment), bars)


def terms_of(assignment: Assignment) -> Terms:
    """The terms asked for, else 10 basis points of fee a fill; UsageError for a term that there is not."""
    wanted = mapping(assignment, "terms")
    unknown = sorted(set(wanted) - set(Terms.__slots__))
    if unknown:
        raise UsageError(f"there is no term {unknown[0]!r}", f"there are {', '.join(Terms.__slots__)}")
    return Terms(**wanted)
