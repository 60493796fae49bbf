"""What there is before anything is planned: the data, the strategy, and what was tried of it already."""

from __future__ import annotations

from typing import Any

import numpy as np

from quorum.desk.desk import Desk
from quorum.desk.work.asked import bars_of, mapping, strategy_of, subject_of, told
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.market.datasets import quality_of
from quorum.domain import DAY, iso, plain
from quorum.engine import TrialRecord
from quorum.lake import Bars
from quorum.signals import family_of, is_ours, is_portfolio, origin_hash, read_params
from quorum.stats.performance import day_ends, periods_per_year, sharpe

BEST = 5
MOST_LISTED = 1_000


def survey_data(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The series of the run: its span, days and what is strange about it, and the other series of the symbol.

    `usable` is that every price can be traded at; the reason stands in `flaw` when one cannot. Of a portfolio every
    symbol is looked at; a run about no symbol has the whole lake listed.
    """
    if not assignment.params.get("symbol") and not assignment.params.get("symbols"):
        return _whole_lake(desk, assignment.as_of)
    bars = subject_of(desk, assignment).bars if "strategy" in assignment.params else bars_of(desk, assignment)
    series = [bars] if isinstance(bars, Bars) else [_alone(desk, assignment, s) for s in bars.symbols]
    flaws = [flaw for one in series if (flaw := _flaw(one)) is not None]
    return {
        "as_of": iso(assignment.as_of),
        "usable": not flaws,
        "flaw": flaws[0] if flaws else None,
        "rows": len(bars),
        "days": len(day_ends(bars.time)),
        "series": [{"snapshot": told(one, assignment.as_of), "quality": quality_of(one)} for one in series],
        "others": _others(desk, assignment, [one.symbol for one in series]),
    }


def _whole_lake(desk: Desk, as_of: int) -> dict[str, Any]:
    held = [s for s in desk.lake.series() if s.first + s.timeframe.nanoseconds <= as_of]
    return {
        "as_of": iso(as_of),
        "usable": bool(held),
        "flaw": None if held else "the lake is empty",
        "rows": sum(s.rows for s in held),
        "days": max(((s.last - s.first) // DAY + 1 for s in held), default=0),
        "series": [],
        "others": [f"{s.symbol}.{s.venue} {s.timeframe}" for s in held[:MOST_LISTED]],
    }


def _alone(desk: Desk, assignment: Assignment, symbol: str) -> Bars:
    length = str(assignment.params["timeframe"])
    params = {"symbol": symbol, "timeframe": length, "venue": assignment.params.get("venue")}
    return bars_of(desk, Assignment("", "", assignment.task, "", assignment.as_of, params))


def _flaw(bars: Bars) -> str | None:
    if bars.flaw is None:
        return None
    column, row, _ = bars.flaw
    return f"{bars.symbol}: {column} of the bar of {iso(int(bars.time[row]))} is no price"


def _others(desk: Desk, assignment: Assignment, symbols: list[str]) -> list[str]:
    """The other series of these symbols that had a bar by then."""
    mine = str(assignment.params.get("timeframe"))
    return [
        f"{s.symbol}.{s.venue} {s.timeframe}"
        for s in desk.lake.series()
        if s.symbol in symbols and str(s.timeframe) != mine and s.first + s.timeframe.nanoseconds <= assignment.as_of
    ]


def survey_strategy(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """What the strategy declares: its kind, parameters with bounds and search values, warm-up in bars, and its origin.

    `parameters` of the run are checked against it; `combinations` counts those of its own search values.
    """
    strategy = strategy_of(desk, assignment)
    chosen = read_params(strategy, mapping(assignment, "parameters"))
    return {
        "strategy": strategy.name,
        "kind": strategy.kind,
        "summary": strategy.summary,
        "family": family_of(strategy),
        "ours": is_ours(strategy),
        "origin": origin_hash(strategy),
        "parameters": plain(list(strategy.parameters)),
        "chosen": plain(chosen),
        "combinations": int(np.prod([len(p.search) or 1 for p in strategy.parameters])),
        "warmup": strategy.warmup(chosen),
        "symbols": list(strategy.symbols) if is_portfolio(strategy) else [1, 1],
        "settings": plain(strategy.settings),
    }


def survey_trials(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """What has been tried of the strategy's family on whatever bars: how often, where, and the best of it.

    Ratios are annualised, of daily returns, and none of them is deflated: the best of many looks better than it is.
    """
    strategy = strategy_of(desk, assignment)
    trials = desk.trials.family(family_of(strategy))
    rated = sorted(((_sharpe(t), t) for t in trials), key=lambda pair: -np.nan_to_num(pair[0], nan=-np.inf))
    places = {f"{t.inputs['symbol']}.{t.inputs['venue']} {t.inputs['timeframe']}" for t in trials}
    ratios = np.array([ratio for ratio, _ in rated if np.isfinite(ratio)])
    return {
        "strategy": strategy.name,
        "family": family_of(strategy),
        "trials": len(trials),
        "places": sorted(places)[:100],
        "median_sharpe": float(np.median(ratios)) if len(ratios) else None,
        "best": [
            {
                "trial_id": t.trial_id,
                "symbol": t.inputs["symbol"],
                "timeframe": t.inputs["timeframe"],
                "parameters": plain(dict(t.parameters)),
                "sharpe": plain(ratio),
            }
            for ratio, t in rated[:BEST]
        ],
    }


def _sharpe(trial: TrialRecord) -> float:
    if len(trial.returns) < 2:
        return float("nan")
    return sharpe(np.nan_to_num(trial.returns, nan=0.0), periods_per_year(trial.day))
