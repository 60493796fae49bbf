"""The plan of a review, by what the surveys found, and the page that tells a reader about the strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.work.asked import given, mapping, strategy_of, terms_of
from quorum.desk.work.assignment import Assignment, Unavailable
from quorum.domain import iso, plain
from quorum.engine import Terms
from quorum.signals import family_of, read_params
from quorum.validation import YEAR_AND_QUARTER

PLANNED = ("backtest", "lookahead", "document")
FEW_DAYS = 252


def plan_review(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Which parts of the review can be had, with the reason for each that cannot, and on what terms.

    By the surveys `data`, `strategy_facts` and `trials`. A backtest needs usable bars and more than the warm-up; a walk
    forward of 12 windows needs 1,008 days. `notes` are what a reader of the result should bear in mind.
    """
    data, facts, trials = (given(assignment, name) for name in ("data", "strategy_facts", "trials"))
    refused: dict[str, str] = {}
    if (reason := _no_backtest(data, facts)) is not None:
        refused["backtest"] = reason
    if facts is None:
        refused["lookahead"] = refused["document"] = "the strategy could not be surveyed"
    days = 0 if data is None else int(data["days"])
    plan = {
        "do": [part for part in PLANNED if part not in refused],
        "refused": refused,
        "parameters": {} if facts is None else facts["chosen"],
        "terms": plain(terms_of(assignment)),
        "walk_forward": {
            "possible": days >= YEAR_AND_QUARTER.rows_needed,
            "days_needed": YEAR_AND_QUARTER.rows_needed,
            "days_found": days,
        },
        "notes": _notes(data, trials, days),
    }
    return {"as_of": iso(assignment.as_of), "strategy": str(assignment.params.get("strategy")), "plan": plan}


def _no_backtest(data: Mapping[str, Any] | None, facts: Mapping[str, Any] | None) -> str | None:
    if data is None:
        return "the data could not be surveyed"
    if facts is None:
        return "the strategy could not be surveyed"
    if not data["usable"]:
        return str(data["flaw"])
    need = int(facts["warmup"]) + 1
    return None if data["rows"] >= need else f"{data['rows']} bars, {need} are needed"


def _notes(data: Mapping[str, Any] | None, trials: Mapping[str, Any] | None, days: int) -> list[str]:
    notes = []
    for one in () if data is None else data["series"]:
        quality = one["quality"]
        strange = [name.replace("_", " ") for name in quality["first_places"]]
        if strange:
            notes.append(f"{one['snapshot']['symbol']} has {', '.join(strange)}")
    if 0 < days < FEW_DAYS:
        notes.append(
            f"{days} days say little: the standard error of a yearly Sharpe ratio is {1 / (days / 365) ** 0.5:.1f}"
        )
    if trials is not None and trials["trials"]:
        notes.append(
            f"{trials['trials']:,} trials of this family came before: the best of many looks better than it is"
        )
    return notes


def planned(assignment: Assignment, part: str) -> Mapping[str, Any]:
    """The plan that a part of the review goes by, empty without one; Unavailable where the plan refused the part."""
    found = assignment.inputs.get("plan")
    if not isinstance(found, Mapping):
        return {}
    plan = found.get("plan", found)
    if part in plan.get("refused", {}):
        raise Unavailable(
            f"the plan left the {part} out: {plan['refused'][part]}", "mend that and run the review again"
        )
    return dict(plan)


def parameters_of(assignment: Assignment, plan: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters to try: the run's own, else the plan's."""
    return mapping(assignment, "parameters") or plan.get("parameters", {})


def agreed_terms(assignment: Assignment, plan: Mapping[str, Any]) -> Terms:
    """The terms to trade on: the run's own, else the plan's."""
    return Terms(**plan["terms"]) if "terms" in plan and not mapping(assignment, "terms") else terms_of(assignment)


def describe_strategy(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """What a reader needs to know of the strategy, as a page of Markdown: rule, knobs, warm-up, terms and trials."""
    plan = planned(assignment, "document")
    strategy = strategy_of(desk, assignment)
    chosen = read_params(strategy, parameters_of(assignment, plan))
    terms = agreed_terms(assignment, plan)
    trials = desk.trials.count(family_of(strategy))
    rows = [
        f"| {p.name} | {chosen[p.name]} | {p.bounds} | {', '.join(map(str, p.search)) or 'no'} | {p.summary} |"
        for p in strategy.parameters
    ]
    knobs = ["| parameter | value | bounds | searched | meaning |", "|---|---|---|---|---|", *rows]
    lines = [
        f"# {strategy.name}",
        "",
        f"{strategy.summary[:1].upper()}{strategy.summary[1:]}.",
        "",
        f"- Kind: {strategy.kind}. It decides after {strategy.warmup(chosen)} bars; before that it holds nothing.",
        f"- Terms: filled at {terms.fill}, sized by {terms.sizing} {terms.size:g}, {terms.fee_bps:g} basis points"
        f" of fee and {terms.slippage_bps:g} of slippage.",
        f"- Trials of its family so far: {trials:,}.",
        "",
        *(knobs if rows else ["It has no parameters."]),
        *(["", *(f"- {note}." for note in plan["notes"])] if plan.get("notes") else []),
    ]
    return {
        "strategy": strategy.name,
        "as_of": iso(assignment.as_of),
        "title": strategy.name,
        "document": "\n".join(lines) + "\n",
        "parameters": plain(chosen),
    }
