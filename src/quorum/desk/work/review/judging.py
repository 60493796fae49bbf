"""The judgement of a review: the gates on what was measured, and the questions that every backtest is asked."""

from __future__ import annotations

import math
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.work.asked import answer_of, given
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.review.trying import numbers_of
from quorum.validation import L2, Answer, Facts, diagnose, judge


def review_gates(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The gates of tier L2 on the backtest: those that it can answer, and those that need a walk forward.

    `verdict` is failed when a gate fails, else inconclusive while one cannot be read: a backtest in sample has no
    Sharpe ratio out of sample, no probability of overfitting and no stability. `unread` names them.
    """
    tried = answer_of(assignment, "backtest")
    judged = judge(numbers_of(tried["metrics"]), L2)
    verdict = type(judged.verdict).__name__.lower()
    return {
        "strategy": tried["strategy"],
        "trial_id": tried["trial_id"],
        "passed": judged.passed,
        "verdict": verdict,
        "reasons": [] if judged.passed else [str(judged.verdict)],
        "unread": sorted({row.gate.metric for row in judged.rows if math.isnan(row.value)}),
        "gates": judged.told(),
        "next": "run walk_forward_optimization" if verdict == "inconclusive" else "",
    }


def review_diagnostics(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The ten questions on the backtest, and what the look-ahead detector found.

    `odd` names what a person should look at, `unknown` what could not be told. `sound` is that nothing is odd and the
    detector found nothing; null when the detector was not heard.
    """
    tried, examined = answer_of(assignment, "backtest"), given(assignment, "lookahead")
    found = diagnose(Facts(**numbers_of(tried["facts"])))
    odd = [one.name for one in found if one.verdict is Answer.EXAMINE]
    verdict = None if examined is None else str(examined["verdict"])
    return {
        "strategy": tried["strategy"],
        "trial_id": tried["trial_id"],
        "odd": odd,
        "unknown": [one.name for one in found if one.verdict is Answer.UNKNOWN],
        "lookahead": verdict,
        "sound": None if verdict is None else not odd and verdict == "clean",
        "diagnostics": [one.told() for one in found],
    }
