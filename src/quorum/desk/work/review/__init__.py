"""A team's look at one strategy: what there is, what to do, the trial of it, and the judgement.

Promise: each phase goes by what the one before found; a strategy is never judged by a number that was not measured.
In: a strategy, a series, the answers of earlier phases. Out: plain values; a text for readers.
Neighbours: works with `engine` and `validation`; `table` has the tasks by name.
"""

from quorum.desk.work.review.judging import review_diagnostics, review_gates
from quorum.desk.work.review.planning import describe_strategy, plan_review
from quorum.desk.work.review.surveys import survey_data, survey_strategy, survey_trials
from quorum.desk.work.review.trying import check_lookahead, check_strategy, run_backtest

__all__ = [
    "check_lookahead",
    "check_strategy",
    "describe_strategy",
    "plan_review",
    "review_diagnostics",
    "review_gates",
    "run_backtest",
    "survey_data",
    "survey_strategy",
    "survey_trials",
]
