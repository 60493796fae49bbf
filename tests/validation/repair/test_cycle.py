"""A cycle tries fixes in their order, counts every one, and ends with a pass or a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quorum.domain import QuorumError, plain
from quorum.validation.ladder import Inconclusive, Passed, Tier, TierResult
from quorum.validation.repair import (
    Attempt,
    Done,
    Fix,
    GivenUp,
    NoResult,
    Nothing,
    Outcome,
    Repaired,
    RetryRules,
    Unrepaired,
    mend,
)
from quorum.validation.repair.resuming import kept_after, kept_before, read_attempt, read_fix
from validation.repair.failing import BROKEN, SPEC, Notes, Script, failed, failing, fix, result, row

RULES = RetryRules()


def test_attempts_go_in_the_order_of_the_agents_until_one_passes() -> None:
    hands, notes = (
        Script([fix(number=1), fix("signal-generator", 2)], [result(failed(), sharpe=0.2), result()]),
        Notes(),
    )
    cycle = mend(failing(), RULES, hands, notes)
    assert [case.agent for case in hands.cases] == ["ml-engineer", "signal-generator"]
    assert [a.outcome for a in cycle.attempts] == [Outcome.FAILED, Outcome.PASSED]
    assert isinstance(cycle.end, Repaired)
    assert cycle.end.idea.params == {"fast": 2}
    assert cycle.trials == 2 * (4 + 3)
    assert [a.trials for a in cycle.attempts] == [7, 7]
    assert notes.told == [
        ("before", 1, "optimize_params"),
        ("after", 1, "failed"),
        ("before", 2, "optimize_params"),
        ("after", 2, "passed"),
    ]


def test_the_failing_metric_is_told_before_and_after() -> None:
    hands = Script([fix()], [result(sharpe=1.7)])
    (attempt,) = mend(failing(), RULES, hands, Notes()).attempts
    assert attempt.told()["metric"] == {"name": "sharpe", "threshold": 0.5, "before": 0.1, "after": 1.7}


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_there_are_no_more_attempts_than_allowed(most: int) -> None:
    proposals = [lambda case, k=k: fix(case.agent, k) for k in range(most)]
    hands = Script(proposals, [result(failed(), sharpe=0.1) for _ in range(most)])
    cycle = mend(failing(), replace(RULES, max_attempts=most), hands, Notes())
    assert len(cycle.attempts) == most
    assert isinstance(cycle.end, Unrepaired)
    assert cycle.end.reason == "sharpe_below_threshold"
    assert cycle.end.why.startswith(f"{most} {'fix was' if most == 1 else 'fixes were'} tried")


def test_who_has_nothing_passes_on_and_costs_no_attempt() -> None:
    hands = Script([Nothing("ml-engineer", "no idea", 5), fix("signal-generator")], [result()])
    cycle = mend(failing(), RULES, hands, Notes())
    assert [a.number for a in cycle.attempts] == [1]
    assert cycle.passed_on == ("ml-engineer: no idea",)
    assert cycle.trials == 5 + 7


def test_giving_up_ends_it() -> None:
    hands = Script(
        [fix(), Nothing("signal-generator", "no"), GivenUp("quant-analyst", "no edge", 2)], [result(failed())]
    )
    cycle = mend(failing(), RULES, hands, Notes())
    assert isinstance(cycle.end, Unrepaired)
    assert cycle.end.why == "quant-analyst recommends rejection: no edge"
    last = cycle.attempts[-1]
    assert (last.number, last.fix.action, last.fix.reasoning, last.trials) == (2, "reject", "no edge", 2)
    assert cycle.trials == sum(a.trials for a in cycle.attempts) == 4 + 3 + 2


def test_a_fix_that_was_tried_is_not_tried_again() -> None:
    hands = Script([fix(), fix("signal-generator"), GivenUp("quant-analyst", "no")], [result(failed())])
    cycle = mend(failing(), RULES, hands, Notes())
    assert len(hands.runs) == 1
    assert cycle.passed_on == ("signal-generator: proposes again what was tried",)
    assert hands.cases[1].seen == (fix().identity,)


def test_the_next_fix_stands_on_the_one_before_where_that_came_closer() -> None:
    hands = Script([fix(number=1), fix("signal-generator", 2)], [result(failed(value=0.4), sharpe=0.4), result()])
    mend(failing(), RULES, hands, Notes())
    assert hands.cases[1].idea.params == {"fast": 1}
    hands = Script([fix(number=1), fix("signal-generator", 2)], [result(failed(value=-1.0), sharpe=-1.0), result()])
    mend(failing(), RULES, hands, Notes())
    assert hands.cases[1].idea.params == {"fast": 5.0}


def test_a_pass_on_changed_data_has_to_hold_on_the_whole_window() -> None:
    shorter = replace(fix("orchestrator", action="reduce_data_window"), idea={}, data={"days": 100})
    late = failing(verdict=failed("timeout", "result", None))
    hands = Script([shorter], [result(provisional=True), result()])
    cycle = mend(late, RULES, hands, Notes())
    assert [(data, patience) for _, data, patience in hands.runs] == [({"days": 100}, 1.0), ({}, 2.0)]
    assert isinstance(cycle.end, Repaired)
    assert not cycle.end.provisional

    hands = Script([shorter], [result(provisional=True), NoResult("timeout", "it took too long")])
    cycle = mend(late, RULES, hands, Notes())
    assert isinstance(cycle.end, Repaired)
    assert cycle.end.provisional
    assert "provisionally" in cycle.attempts[0].why

    hands = Script(
        [shorter, GivenUp("quant-analyst", "no")], [result(provisional=True), result(failed(value=0.0), sharpe=0.0)]
    )
    cycle = mend(late, RULES, hands, Notes())
    assert isinstance(cycle.end, Unrepaired)
    assert cycle.attempts[0].outcome is Outcome.FAILED


def test_another_source_becomes_the_ideas_own_once_the_whole_window_holds_on_it() -> None:
    other = replace(fix("data-collector", action="use_alternate_source"), idea={}, data={"venue": "clean"})
    dirty = failing(verdict=failed("data_quality_warning", "missing", 0.06))
    cycle = mend(dirty, RULES, Script([other], [result(provisional=True), result()]), Notes())
    assert isinstance(cycle.end, Repaired)
    assert cycle.end.idea.venue == "clean"


def test_a_pass_that_trying_bought_is_a_failure_with_that_reason() -> None:
    luck = result(sharpe=0.6)
    proposals = [fix(number=1), fix("signal-generator", 2), GivenUp("quant-analyst", "no")]
    cycle = mend(failing(), RULES, Script(proposals, [luck, luck]), Notes())
    assert [a.outcome for a in cycle.attempts] == [Outcome.BOUGHT, Outcome.BOUGHT, Outcome.GIVEN_UP]
    assert isinstance(cycle.end, Unrepaired)
    assert cycle.end.reason == "bought_by_trying"
    assert cycle.end.why.endswith("quant-analyst recommends rejection: no")
    cycle = mend(failing(), replace(RULES, max_attempts=2), Script(proposals, [luck, luck]), Notes())
    assert isinstance(cycle.end, Unrepaired)
    assert cycle.end.reason == "bought_by_trying"


def test_one_that_only_its_deflated_ratio_fails_was_bought_too() -> None:
    rows = [row("oos_sharpe", 1.5), row("deflated_sharpe", 0.8, 0.95, ok=False)]
    short = result(failed(metric="deflated_sharpe", value=0.8), Tier.L2, rows=rows)
    cycle = mend(failing("L2"), replace(RULES, max_attempts=1), Script([fix()], [short]), Notes())
    assert isinstance(cycle.end, Unrepaired)
    assert (cycle.end.reason, cycle.attempts[0].outcome) == ("bought_by_trying", Outcome.BOUGHT)


def test_too_little_data_and_a_lost_worker_are_no_pass() -> None:
    proposals = [fix(number=1), fix("signal-generator", 2), GivenUp("quant-analyst", "no")]
    answers = [result(Inconclusive("days", 1008, 300)), NoResult("worker_crashed", "it died")]
    cycle = mend(failing(), RULES, Script(proposals, answers), Notes())
    assert [a.outcome for a in cycle.attempts] == [Outcome.INCONCLUSIVE, Outcome.LOST, Outcome.GIVEN_UP]
    assert cycle.attempts[0].why == "1008 days are needed, 300 are there"


def test_a_fixer_that_breaks_is_the_callers_affair() -> None:
    with pytest.raises(QuorumError, match="the fixer broke"):
        mend(failing(), RULES, Script([BROKEN], []), Notes())


def read_again(attempt: Attempt) -> Attempt:
    record = {**attempt.told(), "idea_after": plain(attempt.idea)}
    return read_attempt(record, kept_after(attempt), attempt.number, attempt.result)


def test_a_cycle_goes_on_where_an_earlier_process_left_it() -> None:
    nearer = result(failed(value=0.4), sharpe=0.4)
    (first,) = mend(failing(), replace(RULES, max_attempts=1), Script([fix()], [nearer]), Notes()).attempts
    first = replace(first, seconds=0.0)
    assert read_again(first) == first
    hands = Script([fix("signal-generator", 2)], [result()])
    cycle = mend(failing(), RULES, hands, Notes(), done=Done((read_again(first),)))
    assert [(case.agent, case.seen, case.idea) for case in hands.cases] == [
        ("signal-generator", (fix().identity,), first.idea)
    ]
    assert ([a.number for a in cycle.attempts], cycle.trials) == ([1, 2], 14)


def test_a_fix_that_was_kept_is_tried_and_not_sought_again() -> None:
    kept = read_fix(kept_before(failing(), fix("signal-generator", 2)))
    assert kept == fix("signal-generator", 2)
    hands, notes = Script([], [result()]), Notes()
    cycle = mend(failing(), RULES, hands, notes, done=Done(fix=kept))
    assert (hands.cases, len(hands.runs), cycle.trials) == ([], 1, 7)
    hands = Script([], [])
    assert mend(failing(), RULES, hands, notes, done=Done(fix=kept, ran=result())).attempts[0].passed


@pytest.mark.parametrize("answer", [result(), result(sharpe=0.6), NoResult("timeout", "late")])
def test_an_end_that_was_reached_stays_the_end(answer: TierResult | NoResult) -> None:
    rules = replace(RULES, max_attempts=1)
    cycle = mend(failing(), rules, Script([fix()], [answer]), Notes())
    tried = tuple(replace(attempt, seconds=0.0) for attempt in cycle.attempts)
    again = mend(failing(), rules, Script([], []), Notes(), done=Done(tuple(map(read_again, tried))))
    assert again == replace(cycle, attempts=tried)


def test_another_rule_has_its_pass_weighed_over_the_trials_of_both() -> None:
    rows = [row("deflated_sharpe", 0.97, 0.95)]
    spec = {**SPEC, "long": "score < -entry and close > close[1]"}
    rewritten = Fix("signal-generator", "add_confirmation", "because", {"strategy": spec})
    idea = replace(failing().idea, strategy=SPEC, params={})
    hands = Script([Nothing("ml-engineer", "no"), rewritten], [result(Passed(), Tier.L2, rows=rows)])
    cycle = mend(replace(failing("L2"), idea=idea), replace(RULES, max_attempts=1), hands, Notes())
    assert cycle.attempts[0].outcome is Outcome.BOUGHT
    assert "trials of 2 rules" in cycle.attempts[0].why


def test_advice_orders_the_actions_and_names_the_learnings() -> None:
    hands = Script([fix("ml-engineer", action="reduce_leverage")], [result()])
    cycle = mend(failing(), RULES, hands, Notes(), lambda agent, reason, actions: (["reduce_leverage"], ["L-004"]))
    assert hands.cases[0].actions == ("reduce_leverage",)
    assert cycle.attempts[0].told()["learnings_used"] == ["L-004"]
