"""Combinations traded in other processes, under limits that are enforced there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import Executor, Limits, Loss, Lost, QuorumError, Timeframe, plain
from quorum.engine.sweeps.grid import Combination
from quorum.engine.sweeps.workbench import Outcome, Workbench
from quorum.engine.terms import Terms
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy

TASK = "sweep"
_BLOCK = 32


class Elsewhere(NamedTuple):
    """Where to run: the executor and the limits of each combination, and how a worker finds what it needs.

    `put` writes an array where `get` of `work` finds it again; `strategy` and `home` are what the task is told.
    """

    executor: Executor
    limits: Limits
    put: Callable[[NDArray[Any]], str]
    strategy: str
    home: str | None


def try_elsewhere(
    bench: Workbench, asked: Sequence[Combination], todo: Sequence[int], where: Elsewhere
) -> Iterator[tuple[int, Outcome]]:
    """The outcomes of `todo` as they come; one that is lost leaves the others alone.

    QuorumError at the end, with the first reason, when some were lost.
    """
    workers = where.limits.workers or os.cpu_count() or 1
    size = max(1, min(_BLOCK, len(todo) // (4 * workers)))
    blocks = [todo[k : k + size] for k in range(0, len(todo), size)]
    shared = {"bars": _sent(bench.bars, where.put), "terms": plain(bench.terms)}
    named = {"strategy": where.strategy, "home": where.home, **shared}
    payloads = [{**named, "combinations": [asked[i] for i in block]} for block in blocks]
    limits = where.limits
    if limits.seconds is not None:
        limits = Limits(limits.seconds * size, limits.memory_mb, limits.workers)
    lost: list[Lost] = []
    for outcome in where.executor.run_many(TASK, payloads, limits):
        if isinstance(outcome, Lost):
            lost.append(outcome)
            continue
        for i, found in zip(blocks[outcome.index], outcome.answer["outcomes"], strict=True):
            yield i, Outcome(np.array(found["levels"]), found["max_drawdown"], found["fills"])
    if lost:
        count = sum(len(blocks[one.index]) for one in lost)
        first = asked[blocks[lost[0].index][0]]
        at = ", ".join(f"{name}={value}" for name, value in first.items())
        said, cure = lost[0].error.found, "give more time or memory, or leave these out"
        if lost[0].why is Loss.ERROR:
            said, cure = said.partition(": ")[2] or said, lost[0].error.remedy or "leave these out"
        raise QuorumError(
            f"{count} of {len(todo)} combinations were lost ({lost[0].why.value}), from {at} on: {said}",
            f"the others are kept; {cure}, and run it again",
        )


def work(
    payload: Mapping[str, Any],
    strategy: AnyStrategy,
    get: Callable[[str], NDArray[Any]],
    beat: Callable[[float], object],
) -> dict[str, Any]:
    """What a worker does: the outcomes of a payload's combinations as plain values."""
    bench = Workbench(_received(payload["bars"], get), strategy, Terms(**payload["terms"]))
    equity, found = np.empty(len(bench.bars)), []
    for k, combination in enumerate(payload["combinations"]):
        outcome = bench.try_out(combination, equity)
        found.append({**outcome._asdict(), "levels": outcome.levels.tolist()})
        beat((k + 1) / len(payload["combinations"]))
    return {"outcomes": found}


def _sent(bars: Bars | Panel, put: Callable[[NDArray[Any]], str]) -> dict[str, Any]:
    columns = {name: put(column) for name, column in bars.columns().items()}
    rest = {f.name: getattr(bars, f.name) for f in fields(bars) if f.name not in columns}
    plain_rest = {name: value for name, value in rest.items() if value is not None and name != "timeframe"}
    return {"columns": columns, "rest": plain_rest, "timeframe": str(bars.timeframe)}


def _received(sent: Mapping[str, Any], get: Callable[[str], NDArray[Any]]) -> Bars | Panel:
    values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in sent["rest"].items()}
    values |= {name: get(path) for name, path in sent["columns"].items()}
    values["timeframe"] = Timeframe.parse(sent["timeframe"])
    return Panel(**values) if "symbols" in values else Bars(**values)
