"""What a spec says is read as it is meant, and what is wrong in one place of it is refused at that place."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from desk.workflows.specs import HEAD, KNOWN, document, read, refused, refused_at, written
from quorum.desk.workflows import Known, Protocols, compile_workflow, read_workflow
from quorum.desk.workflows.spec import (
    ApprovalPoint,
    Cron,
    DecisionPoint,
    Degrade,
    Fallback,
    Loop,
    OnEvent,
    Retries,
    Session,
    SubWorkflow,
    Task,
    Tasks,
    Trigger,
)
from quorum.domain import ConfigError
from quorum.domain.grammar import parse

WHOLE = """\
workflow: mine
about: Every body once.
trigger:
  - {cron: "30 9 * * MON-FRI", timezone: America/New_York, bars: closed, grace_seconds: 5}
  - session: {calendar: XNYS, at: close, offset_minutes: 15, only: last_of_week}
  - {event: drift, condition: severity == 'high'}
execution: paper
missed: run_once
overlap: queue
deadline_seconds: 2h
params:
  symbol: {kind: symbol, required: true}
  names: {kind: list, default: [a, b]}
steps:
  - step: 1
    name: latest
    agent: data-pipeline-manager
    task: latest_bars
    action: Ensure latest data available
    params: {depth: 3}
    inputs: {what: symbol, how_many: 5, closed: true}
    outputs: {snapshot: snapshot, participants: participants}
    output: /state/data/latest_ohlcv.json
    deadline_seconds: 90
    retries: {most: 2, first_seconds: 500ms, factor: 3}
    degrade: {policy: wait_and_retry, max_wait_seconds: 1m, then: halt}
  - step: 2
    parallel: true
    agent: smc-pattern-recognizer
    critical: false
    tasks:
      - {name: one, task: view, condition: "'smc' in participants"}
      - {name: two, task: view, agent: momentum-analyst, critical: true, inputs: {snapshot: snapshot}}
  - step: 3
    name: verdict
    decision_point: Shall it be?
    criteria: [one.source == 'smc', two.source != null]
  - step: 4
    name: consent
    condition: verdict_approved
    approval: {question: Really?, expires: 30m, remind: 300, otherwise: halt, scope: small, shows: {v: verdict.verdict}}
  - step: 5
    name: inner
    workflow: other
    with: {symbol: symbol}
  - step: 6
    name: many
    for_each: {over: names, as: name, at_most: 2, most_items: 10}
    agent: backtester
    task: validate_model
    inputs: {which: name, sum: inner.total}
results: {word: verdict.verdict, last: many, consent: consent.status}
"""
OTHER = {
    "workflow": "other",
    "params": {"symbol": {"kind": "symbol", "required": True}},
    "steps": [{"step": 1, "task": "tell"}],
    "results": {"total": "tell"},
}
WITH_OTHER = Known(KNOWN.agents, KNOWN.tasks, {"other": OTHER})


def test_every_key_of_a_spec_becomes_its_value(tmp_path: Path) -> None:
    spec = read(tmp_path, WHOLE, WITH_OTHER)
    assert (spec.name, spec.about, spec.execution) == ("mine", "Every body once.", "paper")
    assert (spec.missed, spec.overlap, spec.deadline_seconds) == ("run_once", "queue", 7_200.0)
    assert spec.triggers == (
        Cron("30 9 * * MON-FRI", "America/New_York", True, 5.0),
        Session("XNYS", "close", 15, "last_of_week"),
        OnEvent("drift", parse("severity == 'high'")),
    )
    assert [(p.name, p.kind, p.default, p.required) for p in spec.params] == [
        ("symbol", "symbol", None, True),
        ("names", "list", ["a", "b"], False),
    ]
    latest = spec.steps[0].body
    assert latest == Tasks(
        (
            Task(
                "latest",
                "latest_bars",
                "data-pipeline-manager",
                "Ensure latest data available",
                {"depth": 3},
                {"what": parse("symbol"), "how_many": parse("5"), "closed": parse("true")},
                {"snapshot": "snapshot", "participants": "participants"},
                "/state/data/latest_ohlcv.json",
                None,
                90.0,
                Retries(2, 0.5, 3.0),
                True,
                Fallback(Degrade.WAIT_AND_RETRY, 60.0, Degrade.HALT),
            ),
        )
    )
    assert spec.steps[2].body == DecisionPoint("Shall it be?", spec.steps[2].body.criteria)  # type: ignore[union-attr]
    assert spec.steps[3].body == ApprovalPoint(
        "Really?", 1_800.0, 300.0, "halt", "small", {"v": parse("verdict.verdict")}
    )
    assert spec.steps[4].body == SubWorkflow("other", {"symbol": parse("symbol")})
    assert spec.parts == {"other": OTHER}
    many = spec.steps[5].body
    assert isinstance(many, Loop)
    assert isinstance(many.body, Task)
    assert (many.over, many.item, many.at_most, many.most_items) == (parse("names"), "name", 2, 10)
    assert (many.body.task, many.body.agent) == ("validate_model", "backtester")
    assert [step.place.rpartition("mine.yaml:")[2] for step in spec.steps] == [
        "15:5", "27:5", "34:5", "38:5", "42:5", "46:5"
    ]  # fmt: skip


def test_a_list_takes_from_its_step_what_its_tasks_do_not_say(tmp_path: Path) -> None:
    text = """\
        - step: 1
          agent: smc-pattern-recognizer
          critical: false
          deadline_seconds: 5s
          retries: 4
          degrade: use_cached
          tasks:
            - {name: one, task: view}
            - {name: two, task: view, agent: backtester, critical: true, deadline_seconds: 7, retries: 0, degrade: halt}
        """
    known = Known({**KNOWN.agents, "backtester": ("view",)}, KNOWN.tasks)
    body = read(tmp_path, document(text), known).steps[0].body
    assert isinstance(body, Tasks)
    one, two = body.tasks
    assert (one.agent, one.critical, one.deadline_seconds) == ("smc-pattern-recognizer", False, 5.0)
    assert (one.retries.most, one.fallback.policy) == (4, Degrade.USE_CACHED)
    assert (two.agent, two.critical, two.deadline_seconds) == ("backtester", True, 7.0)
    assert (two.retries.most, two.fallback.policy) == (0, Degrade.HALT)


@pytest.mark.parametrize(
    ("said", "retries", "fallback"),
    [
        ("agent: backtester\ntask: validate_model", Retries(3), Fallback(Degrade.HALT, then=Degrade.HALT)),
        ("agent: backtester\ntask: validate_model\ncritical: false", Retries(1), Fallback(Degrade.SKIP)),
        (
            "agent: data-pipeline-manager\ntask: training_data",
            Retries(3),
            Fallback(Degrade.WAIT_AND_RETRY, 60.0, Degrade.USE_CACHED),
        ),
        (
            "agent: data_collector\ntask: training_data\ncritical: false\ndegrade: {policy: wait_and_retry}",
            Retries(1),
            Fallback(Degrade.WAIT_AND_RETRY, 60.0, Degrade.USE_CACHED),
        ),
        (
            "agent: backtester\ntask: validate_model\ndegrade: wait_and_retry",
            Retries(3),
            Fallback(Degrade.WAIT_AND_RETRY, 60.0, Degrade.HALT),
        ),
    ],
)
def test_what_a_task_does_not_say_the_failure_protocols_do(
    tmp_path: Path, said: str, retries: Retries, fallback: Fallback
) -> None:
    body = read(tmp_path, document("- step: 1\n" + "".join(f"  {line}\n" for line in said.split("\n")))).steps[0].body
    assert isinstance(body, Tasks)
    assert (body.tasks[0].retries, body.tasks[0].fallback) == (retries, fallback)
    assert body.tasks[0].deadline_seconds is None


def test_other_protocols_have_their_effect(tmp_path: Path) -> None:
    path = written(tmp_path, document("- {step: 1, task: tell}\n- {step: 2, task: check_agents, critical: false}"))
    strict = Protocols(critical_retries=7, optional_retries=2, first_seconds=0.5, factor=1.0, optional="halt")
    bodies = [step.body for step in read_workflow(path, KNOWN, strict).steps]
    told = [(b.tasks[0].retries, b.tasks[0].fallback.policy) for b in bodies if isinstance(b, Tasks)]
    assert told == [(Retries(7, 0.5, 1.0), Degrade.HALT), (Retries(2, 0.5, 1.0), Degrade.HALT)]


@pytest.mark.parametrize(
    ("text", "triggers"),
    [
        ("Scheduled every 1 minute", (Cron("* * * * *"),)),
        ("every 15 minutes", (Cron("*/15 * * * *"),)),
        ("Every 4 hours", (Cron("0 */4 * * *"),)),
        ("Weekly or on demand", (Cron("0 0 * * 0"),)),
        ("On strategy changes or scheduled", (OnEvent("strategy_changed"),)),
        ("Start of trading day", (Cron("0 0 * * *"), Session("XNYS", "open", -60))),
        ("on demand", ()),
        ("[on drift, daily]", (OnEvent("drift"), Cron("0 0 * * *"))),
        ("{cron: ' 0  9 * * 1-5 '}", (Cron("0 9 * * 1-5"),)),
        ("{session: {calendar: XLON}}", (Session("XLON"),)),
        ("{event: my_own}", (OnEvent("my_own"),)),
    ],
)
def test_triggers_are_keys_or_plain_phrases(tmp_path: Path, text: str, triggers: tuple[Trigger, ...]) -> None:
    assert read(tmp_path, document("- {step: 1, task: tell}", HEAD + f"trigger: {text}\n")).triggers == triggers


def test_plain_words_in_a_list_are_tasks_where_they_name_one(tmp_path: Path) -> None:
    text = """\
        - step: 1
          action: System health check
          tasks:
            - Verify data feeds
            - check_agents
        - step: 2
          task: tell
          output: System ready for trading
        """
    first, second = (step.body for step in read(tmp_path, document(text)).steps)
    assert isinstance(first, Tasks)
    assert isinstance(second, Tasks)
    assert [(t.name, t.task, t.action) for t in first.tasks] == [
        ("verify_data_feeds", "verify_data_feeds", "Verify data feeds"),
        ("check_agents", "check_agents", "check_agents"),
    ]
    assert second.tasks[0].output is None


STEPS = [
    ("- §step: 1", "step 1 has no task; write task: and its name; trading-coordinator does verify_data_feeds"),
    ("- §{step: 1, agent: backtester}", "backtester does validate_model, walk_forward"),
    ("- {step: 1, task: tell, §agent: backtestr}", "no agent 'backtestr', did you mean 'backtester'?"),
    ("- {step: 1, agent: backtester, §task: validte_model}", "did you mean 'validate_model'?"),
    ("- {step: 1, agent: backtester, §task: view}", "backtester does not do view; smc-pattern-recognizer or"),
    ("- {step: 1, §task: view}", "without an agent it is the trading-coordinator, which does not do view"),
    ("- {§step: 2, task: tell}", "step 1 is numbered 2; count from 1, one by one"),
    ("- {§step: true, task: tell}", "step 1 is numbered True"),
    ("- §{task: tell}", "step 1 has no number"),
    ("- {step: 1, task: tell}\n- {§step: 3, task: check_agents}", "step 2 is numbered 3"),
    ("- {step: 1, task: tell, §tasks: [tell]}", "step 1 has both task and tasks"),
    ("- {step: 1, task: tell, §parallel: true}", "unknown key 'parallel' in step 1"),
    ("- {step: 1, task: tell, §aktion: x}", "unknown key 'aktion' in step 1, did you mean 'action'?"),
    ("- §tell", "step 1 needs keys with values below it (found 'tell')"),
    ("- {step: 1, §tasks: []}", "tasks: needs a list with one item or more (found [])"),
    ("- {step: 1, §tasks: tell}", "tasks: needs a list with one item or more (found 'tell')"),
    ("- {step: 1, tasks: [tell, §Sing a song]}", "'Sing a song' names no task"),
    ("- {step: 1, agent: backtester, tasks: [§tell]}", "backtester does not do tell"),
    ("- {step: 1, §agent: backtestr, tasks: [tell]}", "no agent 'backtestr'"),
    ("- {step: 1, tasks: [{task: tell, §for_each: x}]}", "unknown key 'for_each' in task 1"),
    ("- {step: 1, task: tell, §critical: maybe}", "critical: needs true or false (found 'maybe')"),
    ("- {step: 1, §task: 5}", "task: needs words (found 5)"),
    ("- {step: 1, task: tell, §params: [1]}", "params needs keys with values below it"),
    ("- {step: 1, task: tell, §inputs: x}", "inputs needs keys with values below it"),
    ("- {step: 1, task: tell, outputs: {§x: a b}}", "x: 'a b' is no path in an answer"),
    ("- {step: 1, task: tell, outputs: {§x: 5}}", "x: needs words (found 5)"),
    ("- {step: 1, task: tell, §deadline_seconds: 0}", "deadline_seconds: needs a number of 0.001 to"),
    ("- {step: 1, task: tell, §deadline_seconds: soon}", "needs seconds, or a text as 30s, 5m, 2h (found 'soon')"),
    ("- {step: 1, task: tell, §retries: 11}", "retries: needs a whole number of 0 to 10 (found 11)"),
    ("- {step: 1, task: tell, retries: {§most: 1.5}}", "most: needs a whole number"),
    ("- {step: 1, task: tell, retries: {§factor: 0.5}}", "factor: needs a number of 1 to 10"),
    ("- {step: 1, task: tell, §output: /state/system/coordinator_state.json}", "is where the desk shows how it is"),
    ("- {step: 1, task: tell, §degrade: use_cache}", "did you mean 'use_cached'?"),
    ("- {step: 1, task: tell, degrade: {policy: skip, §max_wait_seconds: 5}}", "skip does not wait"),
    ("- {step: 1, task: tell, degrade: {policy: wait_and_retry, §then: wait_and_retry}}", "is not among halt"),
    ("- {step: 1, task: tell, §degrade: {then: skip}}", "degrade has no policy"),
    ("- §{step: 1, decision_point: Shall it be?}", "step 1 has no criteria"),
    ("- {step: 1, decision_point: Shall it be?, criteria: [§1 + 1]}", "'1 + 1' is neither true nor false"),
    ("- {step: 1, decision_point: Shall it be?, criteria: [§[1]]}", "criterion: needs an expression"),
    ("- {step: 1, §approval: {question: Really?}}", "the approval has no expires_seconds"),
    ("- {step: 1, approval: {question: Really?, §expires: 5m, expires_seconds: 5}}", "has both"),
    ("- {step: 1, approval: {question: Really?, expires: 5m, §otherwise: approve}}", "is not among reject, halt"),
    ("- {step: 1, §approval: Really?}", "the approval needs keys with values below it"),
    ("- {step: 1, §for_each: {over: names, at_most: 2}}", "step 1 repeats no task and no workflow"),
    ("- {step: 1, task: tell, §for_each: {over: names}}", "for_each has no at_most"),
    ("- {step: 1, task: tell, for_each: {over: names, §at_most: 0}}", "at_most: needs a whole number of 1 to 64"),
    ("- {step: 1, task: tell, for_each: {over: names, §at_most: 65}}", "at_most: needs a whole number of 1 to 64"),
    ("- {step: 1, task: tell, §for_each: {at_most: 2}}", "for_each has no over"),
    ("- {step: 1, task: tell, §output: /state/a.json, for_each: {over: names, at_most: 1}}", "has one output"),
    ("- {step: 1, task: tell, §condition: }", "condition: needs an expression (found None)"),
    ("- {step: 1, task: tell, §condition: 5 - 3}", "condition: '5 - 3' is neither true nor false"),
    ("- {step: 1, task: tell, §condition: \"'yes'\"}", "is neither true nor false"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "says"), STEPS)
def test_a_step_that_is_wrong_is_refused_at_its_place(tmp_path: Path, steps: str, says: str) -> None:
    refused_at(tmp_path, document(steps), says)


@pytest.mark.parametrize(
    "output",
    [
        "/state/../etc/passwd.json", "/etc/passwd.json", "state/a.json", "/state/", "/state", "/statement/a.json",
        "/state/a", "/state//a.json", "/state/.hidden.json", "/state/./a.json", "/state/a\\b.json", "/state/a b.json",
        "a.json", "../a b.json", "/state/a.exe", "/STATE/a.json",
    ],
)  # fmt: skip
def test_no_document_leaves_its_folders(tmp_path: Path, output: str) -> None:
    refused_at(tmp_path, document(f"- {{step: 1, task: tell, §output: '{output}'}}"), "output: ")
    assert read(tmp_path, document("- {step: 1, task: tell, output: /models/new/}")).steps


HEADS = [
    ("§", "a workflow needs keys with values below it (found None)"),
    ("§- step", "a workflow needs keys"),
    ("workflow: [§", "not YAML"),
    ("workflow: a§: b", "not YAML"),
    ("§steps: []", "a workflow has no workflow"),
    ("§workflow: mine", "a workflow has no steps"),
    ("workflow: mine\n§steps: []", "steps: needs a list with one item or more"),
    ("workflow: mine\n§step: []\nsteps: [{step: 1, task: tell}]", "did you mean 'steps'?"),
    ("workflow: mine\n§workflow: mine", "not YAML: found duplicate key"),
    ("§workflow: 5\nsteps: [{step: 1, task: tell}]", "workflow: needs words (found 5)"),
    ("§workflow: My Own\nsteps: [{step: 1, task: tell}]", "the workflow 'My Own' is no name"),
    ("§workflow: none\nsteps: [{step: 1, task: tell}]", "'none' is a word of the expressions"),
    ("workflow: mine\n§5: x", "the key 5 is no word"),
    ("workflow: mine\n§about: .nan", "nan is no number to reckon with"),
    ("workflow: mine\n§about: !thing x", "a value of the kind TaggedScalar"),
    ("workflow: mine\nabout: [[[[[[[[[[[[[[[[[[[[§[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]", "nested too deep"),
    ("workflow: mine\n§execution: real\nsteps: [{step: 1, task: tell}]", "is not among notify, paper, live"),
    ("workflow: mine\n§missed: run-once\nsteps: [{step: 1, task: tell}]", "did you mean 'run_once'?"),
    ("workflow: mine\n§overlap: [skip]\nsteps: [{step: 1, task: tell}]", "is not among skip, queue, cancel"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), HEADS)
def test_a_document_that_is_wrong_is_refused_at_its_place(tmp_path: Path, text: str, says: str) -> None:
    refused_at(tmp_path, text, says)


TRIGGERS = [
    ("§trigger: sometimes", "'sometimes' does not say when"),
    ("§trigger: Every 7 minutes", "'every 7 minutes' does not say when"),
    ("§trigger: weekly or dayly", "'dayly' does not say when, did you mean 'daily'?"),
    ("trigger: [daily, §5]", "a trigger needs keys with values below it"),
    ("§trigger: {}", "a trigger with no time"),
    ("§trigger: {cron: '0 9 * * *', event: drift}", "a trigger with cron and event"),
    ("trigger: {§corn: '0 9 * * *'}", "unknown key 'corn' in a trigger, did you mean 'cron'?"),
    ("trigger: {§cron: '0 9 * *'}", "five fields"),
    ("trigger: {§cron: '0 0 9 * * *'}", "five fields"),
    ("trigger: {§cron: '61 9 * * *'}", "five fields"),
    ("trigger: {§cron: '@daily'}", "five fields"),
    ("trigger: {§cron: 'R 9 * * *'}", "five fields"),
    ("trigger: {§cron: '0 9 30 2 *'}", "never comes"),
    ("trigger: {cron: '0 9 * * *', §timezone: Mars/Base}", "timezone: there is no 'Mars/Base'"),
    ("trigger: {cron: '0 9 * * *', §timezone: ../../etc/passwd}", "timezone: there is no"),
    ("trigger: {cron: '0 9 * * *', §bars: open}", "bars: needs closed, or true or false"),
    ("trigger: {cron: '0 9 * * *', §grace_seconds: 2h}", "needs a number of 0 to 3,600"),
    ("trigger: {cron: '0 9 * * *', §condition: x}", "unknown key 'condition'"),
    ("trigger: {session: {§calendar: XNYZ}}", "there is no calendar 'XNYZ'"),
    ("trigger: {session: {calendar: XNYS, §at: noon}}", "is not among open, close"),
    ("trigger: {session: {calendar: XNYS, §offset_minutes: 1441}}", "a whole number of -1440 to 1440"),
    ("trigger: {session: {calendar: XNYS, §only: never}}", "is not among every, first_of_week"),
    ("trigger: {§session: {at: open}}", "a session has no calendar"),
    ("trigger: {§event: Drift!}", "'Drift!' is no name of an event"),
    ("trigger: {event: drift, §condition: open('x')}", "there is no function 'open'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), TRIGGERS)
def test_a_trigger_that_is_wrong_is_refused_at_its_place(tmp_path: Path, text: str, says: str) -> None:
    refused_at(tmp_path, document("- {step: 1, task: tell}", HEAD + text + "\n"), says)


PARAMETERS = [
    ("§n: 5", "parameter n needs keys with values below it"),
    ("§n: {}", "parameter n has no kind"),
    ("n: {§kind: word}", "is not among text, symbol, number"),
    ("n: {kind: number, §dflt: 5}", "unknown key 'dflt' in parameter n, did you mean 'default'?"),
    ("n: {kind: number, §default: many}", "parameter n: 'many' is no number; write it as 0.5"),
    ("n: {kind: integer, §default: 1.5}", "is no integer"),
    ("n: {kind: integer, §default: true}", "is no integer"),
    ("n: {kind: flag, §default: perhaps}", "is no flag"),
    ("n: {kind: timeframe, §default: 1y}", "is no timeframe"),
    ("n: {kind: instant, §default: soon}", "is no instant"),
    ("n: {kind: list, §default: 5}", "is no list"),
    ("n: {kind: symbol, §default: a b}", "is no symbol"),
    ("n: {kind: text, §default: x, required: true}", "it is required, and has a default"),
    ("§2n: {kind: text}", "'2n' is no name"),
    ("§true: {kind: text}", "the key True is no word"),
    ("§if: {kind: text}", "'if' is a word of the expressions"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), PARAMETERS)
def test_a_parameter_that_is_wrong_is_refused_at_its_place(tmp_path: Path, text: str, says: str) -> None:
    refused_at(tmp_path, document("- {step: 1, task: tell}", f"workflow: mine\nparams: {{ {text} }}\n"), says)


def test_a_date_without_quotes_is_an_instant(tmp_path: Path) -> None:
    head = "workflow: mine\nparams:\n"
    for name, default in (("a", "2024-06-03T10:00:00Z"), ("b", "2024-06-03")):
        head += f"  {name}: {{kind: instant, default: {default}}}\n"
    spec = read(tmp_path, document("- {step: 1, task: tell}", head))
    assert [p.default for p in spec.params] == ["2024-06-03T10:00:00Z", "2024-06-03T00:00:00Z"]


def test_plain_values_have_the_place_of_their_keys() -> None:
    steps = [{"step": 1, "task": "tell"}, {"step": 2, "tasks": [{"task": "check_agents", "critical": 1}]}]
    with pytest.raises(ConfigError, match=r"^mine\.steps\.2\.tasks\.1\.critical: critical: needs true or false"):
        compile_workflow({"workflow": "mine", "steps": steps}, {}, KNOWN)
    with pytest.raises(ConfigError, match=r"^workflow: a workflow needs keys with values below it"):
        compile_workflow([], {}, KNOWN)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="a value of the kind object"):
        compile_workflow({"workflow": object()}, {}, KNOWN)


def test_without_known_names_agents_and_tasks_are_taken_as_they_are(tmp_path: Path) -> None:
    spec = read(tmp_path, WHOLE, WITH_OTHER)
    assert compile_workflow(spec.document, spec.parts, None) == spec
    gone = {"workflow": "mine", "steps": [{"step": 1, "agent": "gone", "task": "gone_too", "outputs": {"x": "y"}}]}
    assert compile_workflow(gone, {}, None).steps[0].name == "gone_too"


@pytest.mark.parametrize("name", ["mine.yaml", "folder"])
def test_what_is_no_file_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="there is no such file"):
        read_workflow(tmp_path / name, KNOWN)


def test_a_file_that_would_never_end_is_refused_at_once(tmp_path: Path) -> None:
    laughs = "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 12))
    began = time.process_time()
    assert "more than 200,000 values" in refused(tmp_path, f"workflow: mine\na0: &a0 [x]\n{laughs}").found
    assert "nested too deep" in refused(tmp_path, "a: " + "[" * 1_000).found
    (tmp_path / "mine.yaml").write_bytes(b"#" * 5_000_000)
    with pytest.raises(ConfigError, match="more than 4,000,000 bytes"):
        read_workflow(tmp_path / "mine.yaml", KNOWN)
    assert time.process_time() - began < 3.0


def test_a_long_workflow_is_read_quickly(tmp_path: Path) -> None:
    steps = "".join(
        f"- {{step: {k}, name: s{k}, agent: backtester, task: validate_model, inputs: {{a: s{k - 1}.passed}}}}\n"
        for k in range(2, 1_001)
    )
    first = "- {step: 1, name: s1, agent: backtester, task: validate_model}\n"
    path = written(tmp_path, document(first + steps))
    spec = read_workflow(path, KNOWN)
    assert len(spec.steps) == 1_000
    assert compile_workflow(spec.document, {}, KNOWN) == spec
    assert any(cpu_seconds(lambda: read_workflow(path, KNOWN)) < 1.0 for _ in range(3))
    assert any(cpu_seconds(lambda: compile_workflow(spec.document, {}, KNOWN)) < 0.4 for _ in range(3))


def cpu_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def test_too_many_steps_or_tasks_are_refused(tmp_path: Path) -> None:
    steps = [{"step": k, "task": "tell", "name": f"s{k}"} for k in range(1, 2_002)]
    with pytest.raises(ConfigError, match=r"^mine\.steps: too many steps"):
        compile_workflow({"workflow": "mine", "steps": steps}, {}, KNOWN)
    tasks = ", ".join(["tell"] * 65)
    refused_at(tmp_path, document(f"- {{step: 1, §tasks: [{tasks}]}}"), "65 tasks in one step")
