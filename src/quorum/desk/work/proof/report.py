"""The report on a strategy that was walked forward: what it earned unseen, how lucky that was, and the gates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.work.asked import answer_of, given, mapping, subject_again
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.proof.walking import Walked, walked_on
from quorum.desk.work.proof.windows import Plan
from quorum.domain import DataError, UsageError, iso, plain
from quorum.engine import Terms
from quorum.stats import WalkForward
from quorum.validation import L2, Dossier, Draws, Judgement, Rule, evidence, judge
from quorum.validation.evidence import USUAL

SAME = 1e-9


def validation_report(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The evidence on a walked strategy, weighed by all trials of its family, and the gates of tier L2.

    `oos_sharpe` is annualised, of the daily returns of the test days, costs carried; `pbo` the probability that the
    choice was overfitted, null for a single combination; `deflated_sharpe` the probability of skill after all trials.
    `uncertainty` has the standard error, the 95 % interval and the probability of a ratio above 0. `passed` is every
    gate. Trials that the walk recorded are not run again. DataError when bars or code have changed since.
    """
    walked = answer_of(assignment, "optimisation")
    again = _again(desk, assignment, walked)
    dossier = evidence(again.tried, again.forward, desk.trials, _draws(assignment))
    judged = judge(dossier.evidence.metrics(), L2)
    stability = given(assignment, "stability")
    known = walked["stability"] if stability is None else stability["parameter_stability"]
    return {
        **_headline(walked, dossier, judged),
        "as_of": iso(assignment.as_of),
        "source": walked["source"],
        "parameter_stability": known,
        "uncertainty": _uncertainty(walked, dossier),
        "trials_in_family": again.tried.trials_in_family,
        "trials_run_again": len(again.tried) - again.tried.resumed,
        **dossier.told(),
        "gates": judged.told(),
    }


def _headline(walked: Mapping[str, Any], dossier: Dossier, judged: Judgement) -> dict[str, Any]:
    metrics = dossier.evidence.metrics()
    names = ("oos_sharpe", "pbo", "deflated_sharpe", "max_drawdown", "trades", "profit_factor")
    verdict = judged.verdict
    return {
        "strategy": walked["strategy"],
        "passed": judged.passed,
        "verdict": type(verdict).__name__.lower(),
        "reasons": [] if judged.passed else [str(verdict)],
        **{name: plain(metrics[name]) for name in names},
    }


def _uncertainty(walked: Mapping[str, Any], dossier: Dossier) -> dict[str, Any]:
    found = dossier.evidence
    numbers = {
        "sharpe_low": found.chance.sharpe.low,
        "sharpe_high": found.chance.sharpe.high,
        "probability_above_zero": found.proof.probabilistic,
        "track_record_years": found.proof.track_record_years,
    }
    return {"oos_sharpe_se": walked["oos_sharpe_se"], **plain(numbers)}


def _again(desk: Desk, assignment: Assignment, walked: Mapping[str, Any]) -> Walked:
    """The walk of an earlier task once more; DataError when it comes to something else."""
    subject = subject_again(desk, assignment, walked["source"])
    if subject.strategy.name != walked["strategy"]:
        raise UsageError(f"{walked['strategy']} was walked forward, not {subject.strategy.name}", "ask for that one")
    plan = Plan(WalkForward(**walked["plan"]), Rule(walked["rule"]), walked["values"])
    again = walked_on(desk, subject, plan, Terms(**walked["terms"]))
    found, before = plain(again.forward.walk.sharpe), walked["oos_sharpe"]
    same = found == before if found is None or before is None else abs(found - before) <= SAME
    if not same:
        raise DataError(
            f"{subject.strategy.name} comes to an out-of-sample Sharpe of {found} now, the walk came to {before}",
            "the code or the strategy has changed: run the workflow again from its first step",
        )
    return again


def _draws(assignment: Assignment) -> Draws:
    """How much is drawn; the parameter `draws` may ask for other numbers."""
    wanted = mapping(assignment, "draws")
    unknown = sorted(set(wanted) - set(Draws._fields))
    if unknown:
        raise UsageError(f"nothing is drawn by {unknown[0]!r}", f"there are {', '.join(Draws._fields)}")
    return USUAL._replace(**wanted)
