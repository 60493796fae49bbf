"""The windows of a walk forward: days to choose on, and the days after them to prove on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.desk.desk import Desk
from quorum.desk.work.asked import mapping, source, subject_of, whole
from quorum.desk.work.assignment import Assignment
from quorum.domain import DAY, DataError, UsageError, iso, plain
from quorum.lake import Bars, Panel
from quorum.stats import Span, TooFewRows, WalkForward, Window
from quorum.stats.performance import day_ends, periods_per_year
from quorum.validation import Rule
from quorum.validation.walkforward.choice import windows_at_the_end

Days = NDArray[np.int64]


class Plan(NamedTuple):
    """How a strategy is walked forward: the windows, the rule that chooses, and the values to try by parameter."""

    windows: WalkForward
    rule: Rule
    values: dict[str, Any] | None


def plan_of(assignment: Assignment) -> Plan:
    """The plan asked for: 12 windows of 252 and 63 days, the plateau, and the strategy's own values unless told."""
    rule = str(assignment.params.get("rule", Rule.PLATEAU.value))
    if rule not in [known.value for known in Rule]:
        raise UsageError(f"there is no rule {rule!r}", f"choose one of {', '.join(known.value for known in Rule)}")
    windows = WalkForward(
        whole(assignment, "n_windows", 12),
        whole(assignment, "train_period", 252),
        whole(assignment, "test_period", 63),
        whole(assignment, "purge", 0, 0),
        whole(assignment, "embargo", 0, 0),
        bool(assignment.params.get("anchored", False)),
    )
    values = mapping(assignment, "values")
    return Plan(windows, Rule(rule), dict(values) if values else None)


def windows_of(bars: Bars | Panel, plan: WalkForward) -> tuple[Days, tuple[Window, ...]]:
    """The days (d,) of the bars, as UTC midnights in ns, and the windows over the newest of them.

    DataError, with the days needed and found, when they are too few; there are never fewer windows.
    """
    days = bars.time[day_ends(bars.time)] // DAY * DAY
    try:
        return days, windows_at_the_end(plan, len(days))
    except TooFewRows as few:
        raise DataError(
            f"{bars.symbol} {bars.timeframe} has {few.found} days, {plan.windows} windows of {plan.train} and "
            f"{plan.test} days need {few.needed}",
            "import more history, or ask for fewer or shorter windows",
        ) from few


def data_windows(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The windows of a walk forward: 12 of 252 days to choose on and 63 to prove on, unless the params say otherwise.

    Days are those that occur in the bars: UTC days of crypto, sessions of equities. The last window ends with the
    newest day; `warmup_days` lie before the first. Spans are days, the end included. DataError when they are too few.
    """
    subject, plan = subject_of(desk, assignment), plan_of(assignment).windows
    days, windows = windows_of(subject.bars, plan)
    return {
        "strategy": subject.strategy.name,
        "as_of": iso(assignment.as_of),
        "source": source(subject),
        "unit": "UTC days" if periods_per_year(subject.bars.time) == 365.0 else "sessions",
        "plan": plain(plan),
        "days": len(days),
        "days_needed": plan.rows_needed,
        "warmup_days": windows[0].train.start,
        "windows": [
            {"window": k + 1, "train": _told(days, window.train), "test": _told(days, window.test)}
            for k, window in enumerate(windows)
        ],
    }


def _told(days: Days, span: Span) -> dict[str, Any]:
    first, last = int(days[span.start]), int(days[span.stop - 1])
    return {"first": iso(first)[:10], "last": iso(last)[:10], "days": span.size}
