"""Whether the parts of a spec fit: each name is made once and read after that, each part gets what it needs."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from desk.workflows.specs import FIRST, HEAD, KNOWN, document, read, refused, refused_at, written
from quorum.desk.approvals import Approval, Open, Question, facts
from quorum.desk.workflows import Known, compile_workflow, find_workflow, workflows
from quorum.desk.workflows.checking import APPROVAL
from quorum.domain import ConfigError

MISFITS = [
    (
        "- {step: 2, task: tell, §condition: snapshto == 1}",
        "column 1: nothing makes 'snapshto', did you mean 'snapshot'?",
    ),
    (
        "- {step: 2, task: tell, §condition: 1 < later.ready}\n- {step: 3, name: later, task: check_agents}",
        "'1 < later.ready', column 5: 'later' is made by step 3 only",
    ),
    (
        "- {step: 2, task: tell, inputs: {a: snapshot, §b: c}}\n- {step: 3, task: check_agents, outputs: {c: ready}}",
        "'c', column 1: 'c' is made by step 3 only",
    ),
    ("- {step: 2, task: tell, §condition: tell == null}", "'tell' is made by step 2, which has not ended by then"),
    (
        "- {step: 2, task: tell, §condition: latest.snapshots == 1}",
        "latest has no part 'snapshots', did you mean 'snapshot'?",
    ),
    ("- {step: 2, task: tell, §condition: symbol.base == 'BTC'}", "symbol has no part 'base'; it is one value"),
    (
        "- {step: 2, task: tell, §condition: len(names) > 3}",
        "column 1: there is no function 'len'; a workflow calls none",
    ),
    (
        "- {step: 2, task: tell, inputs: {§a: '__import__(''os'').system(''ls'')'}}",
        "a call of something that is no plain name",
    ),
    ("- {step: 2, task: tell, inputs: {§a: '__import__(''os'')'}}", "there is no function '__import__'"),
    ("- {step: 2, task: tell, inputs: {§a: '[x for x in names]'}}", "column 1: a comprehension is not allowed"),
    ("- {step: 2, task: tell, inputs: {§a: 9**9**9}}", "column 1: a power is not allowed"),
    ("- {step: 2, task: tell, inputs: {§a: 'lambda: 1'}}", "a lambda is not allowed"),
    ("- {step: 2, task: tell, inputs: {§a: symbol.__class__}}", "symbol has no part '__class__'"),
    ("- {step: 2, task: tell, inputs: {§a: 1 +}}", "this cannot be read"),
    ("- {step: 2, task: tell, inputs: {§a b: symbol}}", "the name 'a b' is no name"),
    ("- {step: 2, task: tell, §name: latest}", "'latest' is made twice, first by step 1"),
    ("- {step: 2, task: tell, §name: snapshot}", "'snapshot' is made twice, first by step 1"),
    ("- {step: 2, task: tell, §name: symbol}", "'symbol' is made twice, first by parameter symbol"),
    ("- {step: 2, task: tell, §name: Tell}", "the name 'Tell' is no name"),
    ("- {step: 2, task: tell, §name: and}", "the name 'and' is a word of the expressions"),
    ("- {step: 2, task: check_agents, outputs: {§snapshot: ready}}", "'snapshot' is made twice, first by step 1"),
    (
        "- {step: 2, task: check_agents, outputs: {§fine: raedy.since}}",
        "check_agents does not answer 'raedy', did you mean 'ready'?",
    ),
    ("- {step: 2, task: tell, outputs: {§x: y}}", "tell does not answer 'y'; it answers nothing by name"),
    (
        "- {step: 2, task: tell, output: /state/a.json}\n- {step: 3, task: check_agents, §output: /state/a.json}",
        "step 2 writes /state/a.json too",
    ),
    (
        "- {step: 2, name: group, parallel: true, tasks: [check_agents, {task: tell, inputs: {§a: check_agents}}]}",
        "'check_agents' is made by step 2, task 1, which has not ended by then",
    ),
    (
        "- {step: 2, tasks: [{task: tell, inputs: {§a: check_agents.ready}}, check_agents]}",
        "'check_agents' is made by step 2, task 2, which has not ended by then",
    ),
    ("- {step: 2, tasks: [tell, §tell]}", "'tell' is made twice, first by step 2, task 1"),
    ("- {step: 2, name: tell, tasks: [§tell]}", "'tell' is made twice, first by step 2"),
    (
        "- {step: 2, name: group, tasks: [tell]}\n- {step: 3, task: check_agents, §condition: group == null}",
        "'group' is a step of several tasks, each with a name of its own",
    ),
    ("- {step: 2, decision_point: 'Shall it?', criteria: [snapshot == 1, §snapsht == 2]}", "did you mean 'snapshot'?"),
    (
        "- {step: 2, name: v, decision_point: 'Shall it?', criteria: [§v.verdict == 2]}",
        "'v' is made by step 2, which has not",
    ),
    (
        "- {step: 2, name: v, decision_point: Shall it, criteria: [names == 1]}\n"
        "- {step: 3, task: tell, §condition: v.verdit == 1}",
        "v has no part 'verdit', did you mean 'verdict'?",
    ),
    (
        "- {step: 2, approval: {question: 'Really?', expires: 5m, shows: {§a: nothing_at_all}}}",
        "nothing makes 'nothing_at_all'",
    ),
    (
        "- {step: 2, name: yes, approval: {question: 'Really?', expires: 5m}}\n"
        "- {step: 3, task: tell, inputs: {§a: yes.answerd_by}}",
        "yes has no part 'answerd_by', did you mean 'answered_by'?",
    ),
    ("- {step: 2, task: tell, for_each: {§over: nams, at_most: 2}}", "did you mean 'names'?"),
    (
        "- {step: 2, task: tell, for_each: {over: names, §as: latest, at_most: 2}}",
        "the item 'latest' is made by step 1 already",
    ),
    ("- {step: 2, task: tell, for_each: {over: names, §as: A B, at_most: 2}}", "the item 'A B' is no name"),
    (
        "- {step: 2, name: all, task: tell, for_each: {over: names, at_most: 2}, inputs: {a: item, §b: all}}",
        "which has not ended by then",
    ),
    (
        "- {step: 2, task: tell, for_each: {over: names, at_most: 2}}\n"
        "- {step: 3, task: check_agents, inputs: {§a: item}}",
        "nothing makes 'item'",
    ),
    (
        "- {step: 2, task: tell, for_each: {over: names, at_most: 2}}\n"
        "- {step: 3, task: check_agents, inputs: {§a: tell.first}}",
        "tell has no part 'first'; it is one value",
    ),
    ("- {step: 2, §workflow: othr, with: {symbol: symbol}}", "there is no workflow 'othr', did you mean 'other'?"),
    ("- {step: 2, §workflow: mine}", "a workflow within itself: mine -> mine"),
    (
        "- {step: 2, name: sub, §workflow: ring}",
        "workflow 'ring': ring.steps.1.workflow: a workflow within itself: mine -> ring -> mine",
    ),
    ("- {step: 2, §workflow: broken}", "workflow 'broken': broken.steps.1.task: there is no task 'sing'"),
    ("- §{step: 2, name: sub, workflow: other}", "other needs symbol; give them below with:"),
    ("- {step: 2, workflow: other, §with: {length: 5}}", "other needs symbol"),
    (
        "- {step: 2, workflow: other, with: {symbol: symbol, §lenght: 5}}",
        "other has no parameter 'lenght', did you mean 'length'?",
    ),
    (
        "- {step: 2, workflow: other, with: {symbol: symbol, §length: \"'long'\"}}",
        "parameter length: 'long' is no integer",
    ),
    ("- {step: 2, workflow: other, with: {symbol: symbol, §length: nothing_at_all}}", "nothing makes 'nothing_at_all'"),
    (
        "- {step: 2, name: sub, workflow: other, with: {symbol: symbol}}\n"
        "- {step: 3, task: tell, inputs: {§a: sub.totl}}",
        "sub has no part 'totl', did you mean 'total'?",
    ),
    (
        "- {step: 2, workflow: other, with: {symbol: item, §length: no}, for_each: {over: names, at_most: 3}}",
        "nothing makes 'no'",
    ),
]
DOCUMENTS: dict[str, dict[str, Any]] = {
    "other": {
        "workflow": "other",
        "params": {"symbol": {"kind": "symbol", "required": True}, "length": {"kind": "integer", "default": 3}},
        "steps": [{"step": 1, "task": "tell"}],
        "results": {"total": "tell"},
    },
    "ring": {"workflow": "ring", "steps": [{"step": 1, "workflow": "mine"}]},
    "broken": {"workflow": "broken", "steps": [{"step": 1, "task": "sing"}]},
}
AROUND = Known(KNOWN.agents, KNOWN.tasks, DOCUMENTS)


@pytest.mark.parametrize(("steps", "says"), MISFITS)
def test_what_does_not_fit_is_refused_at_its_place(tmp_path: Path, steps: str, says: str) -> None:
    refused_at(tmp_path, document(FIRST + steps), says, AROUND)


def test_a_result_that_is_never_made_is_refused(tmp_path: Path) -> None:
    refused_at(tmp_path, document(FIRST, tail="results: {fine: latest, §all: totl}\n"), "nothing makes 'totl'")
    refused_at(tmp_path, document(FIRST, tail="results: {§a b: latest}\n"), "the result 'a b' is no name")


def test_a_verdict_takes_two_names(tmp_path: Path) -> None:
    verdict = "- {step: 3, §name: v, decision_point: 'Shall it?', criteria: [names == null]}\n"
    refused_at(tmp_path, document(FIRST + "- {step: 2, name: v_approved, task: tell}\n" + verdict), "made twice")
    after = "- {step: 4, task: tell, condition: v_approved, inputs: {a: v.criteria, b: v.decision_id, c: v.reason}}\n"
    assert read(tmp_path, document(FIRST + "- {step: 2, task: check_agents}\n" + verdict.replace("§", "") + after))


@pytest.mark.parametrize(
    "steps",
    [
        "- {step: 2, task: tell, critical: false}\n- {step: 3, task: check_agents, condition: tell == null}",
        "- {step: 2, task: tell, condition: latest.status != 'skipped' and latest.reason == null}",
        "- {step: 2, task: tell, condition: \"'smc' in participants and symbol not in names\"}",
        "- {step: 2, task: tell, inputs: {a: 'names[0]', b: snapshot.anything.at.all, c: -1, d: \"'x'\", e: 'null'}}",
        "- {step: 2, tasks: [check_agents, {task: tell, condition: check_agents.ready == true}]}",
        "- {step: 2, workflow: other, with: {symbol: item, length: 5}, for_each: {over: names, at_most: 64}}",
        "- {step: 2, name: sub, workflow: other, with: {symbol: \"'BTCUSDT'\", length: 'null'}}",
    ],
)
def test_what_fits_is_read(tmp_path: Path, steps: str) -> None:
    assert len(read(tmp_path, document(FIRST + steps), AROUND).steps) > 1


def chain(length: int, end: str) -> dict[str, dict[str, Any]]:
    """w0 runs w1, which runs w2, and so on; the last of them runs `end`."""
    names = [*(f"w{k}" for k in range(length)), end]
    return {
        name: {"workflow": name, "steps": [{"step": 1, "name": "sub", "workflow": below}]}
        for name, below in pairwise(names)
    }


def test_a_ring_of_workflows_is_named_wherever_one_enters_it() -> None:
    ring = chain(3, "w1")
    with pytest.raises(ConfigError, match="a workflow within itself: w1 -> w2 -> w1"):
        compile_workflow(ring["w0"], ring, KNOWN)


def test_workflows_nest_at_most_eight_deep() -> None:
    leaf = {"leaf": {"workflow": "leaf", "steps": [{"step": 1, "task": "tell"}]}}
    deep = chain(7, "leaf") | leaf
    assert set(compile_workflow(deep["w0"], deep, KNOWN).parts) == {f"w{k}" for k in range(1, 7)} | {"leaf"}
    deeper = chain(8, "leaf") | leaf
    with pytest.raises(ConfigError, match="workflows 9 deep; nest at most 8"):
        compile_workflow(deeper["w0"], deeper, KNOWN)


def test_a_workflow_that_many_use_is_read_once() -> None:
    """Each of 20 levels would double the work if it were not; within the depth, many ways lead to one part."""
    leaf = {"workflow": "leaf", "steps": [{"step": 1, "task": "tell"}]}
    documents = {"leaf": leaf}
    for k in reversed(range(6)):
        below = f"w{k + 1}" if k < 5 else "leaf"
        steps = [{"step": n, "name": f"s{n}", "workflow": below} for n in range(1, 21)]
        documents[f"w{k}"] = {"workflow": f"w{k}", "steps": steps}
    spec = compile_workflow(documents["w0"], documents, KNOWN)
    assert len(spec.parts) == 6


def test_the_documents_of_a_run_are_those_of_its_sub_workflows(tmp_path: Path) -> None:
    for name, text in {
        "upper": "steps: [{step: 1, name: sub, workflow: lower, with: {n: 3}}]\nresults: {n: sub.n}",
        "lower": "params: {n: {kind: integer, required: true}}\nsteps: [{step: 1, task: tell}]\nresults: {n: n}",
        "wrong": "steps: [{step: 1, workflow: lower, with: {n: 3, m: 4}}]",
        "looks": "steps: [{step: 1, workflow: wrong}]",
    }.items():
        written(tmp_path, f"workflow: {name}\n{text}\n", name)
    found = workflows(tmp_path, KNOWN)
    upper = find_workflow("upper", tmp_path, KNOWN)
    assert found["upper"] == upper
    assert set(upper.parts) == {"lower"}
    written(tmp_path, "workflow: lower\nsteps: [{step: 1, task: check_agents}]\n", "lower")
    assert compile_workflow(upper.document, upper.parts, KNOWN) == upper
    assert f"{tmp_path}/wrong.yaml:2:49: lower has no parameter 'm'" in str(found["wrong"])
    assert f"{tmp_path}/looks.yaml:2:19: workflow 'wrong': wrong.steps.1.with.m: lower has no" in str(found["looks"])


def test_places_hold_in_block_style_too(tmp_path: Path) -> None:
    text = f"""{HEAD}steps:
  - step: 1
    name: latest
    agent: data-pipeline-manager
    task: latest_bars
    inputs:
      a: symbol
      §b: symbl
"""
    refused_at(tmp_path, text, "did you mean 'symbol'?")
    assert refused(tmp_path, text.replace("§", "")).exit_code == 2


def test_the_parts_of_an_approval_are_those_that_it_is_told_with() -> None:
    question = Question("k", "WF-1", "yes", "Really?", 1)
    assert set(APPROVAL) == set(facts(Approval("APR-1", question, 0, Open())))
