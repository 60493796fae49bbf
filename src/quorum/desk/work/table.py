"""The table of tasks: every task by its name, where it runs, and what its answer has at least."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.notices import concern
from quorum.desk.work import (
    daily,
    deploying,
    diagnostics,
    market,
    meeting,
    mending,
    proof,
    proving,
    realtime,
    review,
    trading,
    unbuilt,
)
from quorum.desk.work.assignment import Assignment, Job, Place, Work
from quorum.domain import NotFound, QuorumError, plain

MOST_BYTES = 1_000_000


def _pool(work: Work, *answers: str) -> Job:
    return Job(work, Place.POOL, answers)


def _desk(work: Work, *answers: str) -> Job:
    return Job(work, Place.DESK, answers)


_REALTIME = {
    "latest_bars": _desk(realtime.latest_bars, "snapshot", "participants"),
    "view": _pool(realtime.view, "source", "signals"),
    "signal_aggregation": _desk(
        realtime.signal_aggregation, "decision_id", "votes", "consensus", "quality", "to_judge"
    ),
    "trade_approval": _desk(realtime.trade_approval, "risk_approved"),
    "execute_or_notify": _desk(realtime.execute_or_notify, "executed", "order"),
    "execute_approved": _desk(realtime.execute_approved, "executed", "order", "risk_approved"),
}
_MARKET = {
    "training_data": _pool(market.training_data, "path", "sha256", "rows", "columns", "quality"),
    "training_features": _pool(market.training_features, "path", "sha256", "rows", "features"),
    "combined_features": _pool(market.combined_features, "snapshot", "timeframes"),
    "volatility_regime": _pool(market.volatility_regime, "regime", "volatility", "trend"),
    "correlation_matrix": _pool(market.correlation_matrix, "symbols", "matrix", "close_pairs"),
    "key_levels": _pool(market.key_levels, "close", "levels"),
    "higher_timeframe_bias": _pool(market.higher_timeframe_bias, "bias", "timeframes"),
    "points_of_interest": _pool(market.points_of_interest, "gaps", "swings"),
    "liquidity_levels": _pool(market.liquidity_levels, "above", "below", "sweeps"),
}
_PROOF = {
    "data_windows": _pool(proof.data_windows, "windows", "source", "days", "days_needed"),
    "walk_forward": _pool(proof.walk_forward, "windows", "source", "oos_sharpe", "stability", "combinations"),
    "parameter_stability": _pool(proof.parameter_stability, "parameter_stability", "drift", "plateau", "parameters"),
    "validation_report": _pool(
        proof.validation_report, "passed", "verdict", "oos_sharpe", "pbo", "deflated_sharpe", "gates", "uncertainty"
    ),
}
_DAILY = {
    "verify_data_feeds": _pool(daily.verify_data_feeds, "fresh", "feeds", "stale"),
    "check_agents": _pool(daily.check_agents, "agents", "ready", "mandatory_missing"),
    "validate_models": _pool(daily.validate_models, "models", "valid", "broken"),
    "drawdown_status": _pool(daily.drawdown_status, "accounts", "worst", "within_limits"),
    "position_limits": _desk(daily.position_limits, "accounts", "warnings"),
    "daily_risk_budget": _pool(daily.daily_risk_budget, "accounts", "may_trade"),
    "initialise_pipeline": _desk(daily.initialise_pipeline, "ready", "reasons"),
}
_REVIEW = {
    "survey_data": _pool(review.survey_data, "usable", "rows", "days", "series"),
    "survey_strategy": _pool(review.survey_strategy, "strategy", "parameters", "warmup", "combinations"),
    "survey_trials": _pool(review.survey_trials, "family", "trials", "best"),
    "plan_review": _pool(review.plan_review, "plan"),
    "run_backtest": _pool(review.run_backtest, "strategy", "trial_id", "metrics", "facts"),
    "check_lookahead": _pool(review.check_lookahead, "strategy", "verdict", "clean"),
    "check_strategy": _pool(review.check_strategy, "strategy", "verdict", "clean"),
    "describe_strategy": _pool(review.describe_strategy, "title", "document"),
    "review_gates": _pool(review.review_gates, "passed", "verdict", "gates", "unread"),
    "review_diagnostics": _pool(review.review_diagnostics, "sound", "odd", "diagnostics"),
}
_DIAGNOSTICS = {
    "run_doctor": _pool(diagnostics.run_doctor, "sound", "findings"),
    "explain": _pool(diagnostics.explain, "id", "chain"),
    "rank_agents": _pool(diagnostics.rank_agents, "ranking", "recommendations"),
}
_MEETING = {
    "brief_meeting": _desk(meeting.brief_meeting, "cells", "records"),
    "hold_meeting": _desk(meeting.hold_meeting, "meeting_id", "status", "queued"),
}
_LIFE = {**proving.JOBS, **mending.JOBS, **_MEETING, **deploying.JOBS, **trading.JOBS}
_UNBUILT = {
    "train_model": _pool(unbuilt.train_model, "model", "version"),
    "validate_model": _pool(unbuilt.validate_model, "passed"),
    "model_risk": _pool(unbuilt.model_risk, "risk_approved"),
    "deploy_model": _desk(unbuilt.deploy_model, "model", "version"),
}
ENTRIES = frozenset(_REALTIME) - {"view"}
"""The tasks on the way to a trade: an earlier answer of theirs is never used. Of an earlier view the vote knows."""
TASKS: Mapping[str, Job] = {**_REALTIME, **_MARKET, **_PROOF, **_DAILY, **_REVIEW, **_DIAGNOSTICS, **_LIFE, **_UNBUILT}


def run_task(desk: Desk, task: str, assignment: Assignment) -> Mapping[str, Any]:
    """The task's answer as plain JSON values; what it is given as an input comes before a parameter of that name.

    NotFound for a task that there is not; QuorumError for an answer of the wrong shape, without a key that it
    promises, with a concern that is none, or above 1 MB of JSON; else the task's own errors, Unavailable among them.
    """
    job = TASKS.get(task)
    if job is None:
        raise NotFound(f"there is no task {task!r}", f"there are {', '.join(TASKS)}")
    answer: object = job.work(desk, replace(assignment, params={**assignment.params, **assignment.inputs}))
    if not isinstance(answer, Mapping):
        raise QuorumError(
            f"task {task} returned the wrong shape: {type(answer).__name__}", "an answer has named values"
        )
    missing = [name for name in job.answers if name not in answer]
    if missing:
        raise QuorumError(
            f"task {task} returned the wrong shape: without {', '.join(missing)}", "this is a bug: report it"
        )
    for found in answer.get("concerns", ()):
        concern(assignment.agent, found)
    return _plain(task, answer)


def _plain(task: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer in plain values; an endless one is refused before it is copied."""
    if _floods(answer):
        raise _flood(task)
    try:
        told: Mapping[str, Any] = plain(answer)
    except TypeError as error:
        raise QuorumError(f"task {task} returned the wrong shape: {error}", "this is a bug: report it") from error
    if len(json.dumps(told)) > MOST_BYTES:
        raise _flood(task)
    return told


def _floods(answer: object) -> bool:
    """Whether the answer is longer than it may be, by a count that stops there: what holds itself has no end."""
    size, left = 0, [answer]
    while left and size <= MOST_BYTES:
        value = left.pop()
        size += len(value) if isinstance(value, str) else 2
        if isinstance(value, Mapping):
            size += 2 * len(value)
            left += value.values() if size <= MOST_BYTES else ()
        elif isinstance(value, list | tuple | set | frozenset):
            size += len(value)
            left += value if size <= MOST_BYTES else ()
    return size > MOST_BYTES


def _flood(task: str) -> QuorumError:
    return QuorumError(
        f"task {task} returned more than {MOST_BYTES:,} bytes", "an answer tells results; write data to a file"
    )
