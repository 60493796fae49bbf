"""agents.yaml: what is wrong is refused at its place, and every key has an effect that is seen here."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from desk.agents.staffs import DONE, ERROR, GAP, NOW, TIMEOUT, UNAVAILABLE, calls
from quorum.desk.agents import AGENTS, CallOutcome, Health, Routed, StaffRules, condition, route, route_type
from quorum.desk.agents.roster import AGENTS_YAML
from quorum.desk.running.rules import known_by
from quorum.desk.settings import read_settings
from quorum.desk.settings.agents import AgentsFile
from quorum.desk.work import TASKS
from quorum.desk.workflows import find_workflow
from quorum.domain import SECOND, ConfigError

REFUSED = [
    ("agent_failure_protocol:\n  detection:\n    timeout: 3", "3:5", "unknown key"),
    ("agent_failure_protocol:\n  detection:\n    timeout_threshold: 0", "3:5", "greater than 0"),
    ("agent_failure_protocol:\n  detection:\n    error_threshold: 0", "3:5", "greater than or equal to 1"),
    ("agent_failure_protocol:\n  response: {timeout: wait}", "2:14", "'retry_once_then_skip' or 'skip'"),
    ("agent_failure_protocol:\n  recovery: {backoff: linear}", "2:14", "'exponential', 'constant' or 'none'"),
    ("agent_failure_protocol:\n  recovery: {max_retries: -1}", "2:14", "greater than or equal to 0"),
    ("workflow_failure_handling:\n  critical_step_failure: {action: skip}", "2:27", "must be 'halt_workflow'"),
    ("workflow_failure_handling:\n  data_unavailable: {fallback: wait_and_retry}", "2:22", "'use_cached'"),
    ("brain: true", "1:1", "no language model can be connected yet"),
    ("agents:\n  mine: {role: x}", "2:3", "agents.mine.tasks: is missing"),
    ("agents:\n  mine: {role: x, tasks: [vieww]}", "2:27", "did you mean 'view'?"),
    ("agents:\n  mine: {role: x, tasks: []}", "2:19", "at least 1 item"),
    ("agents:\n  Mine Own: {role: x, tasks: [view]}", "2:3", "is no name for an agent"),
    ("agents:\n  rust-pro!: {role: x, tasks: [view]}", "2:3", "is no name for an agent"),
    ("agents:\n  mine: {role: x, tasks: [view], aliases: ['']}", "2:44", "is no other name for an agent"),
    ("agents:\n  ml-engineer: {role: x, tasks: [view]}", "1:1", "is a name of ml-model-engineer already"),
    ("agents:\n  mine: {role: x, tasks: [view], aliases: [smc]}", "1:1", "is a name of smc-pattern-recognizer already"),
    ("substitutions:\n  - {agent: x, use: debuger}", "1:1", "row 1: there is no agent 'debuger', did you mean"),
    ("substitutions:\n  - {agent: x, use: debugger, priority: urgent}", "2:31", "must be 'critical'"),
    ("routing:\n  - {task_type: T, primary: nobody}", "1:1", "row 1: there is no agent 'nobody'"),
    ("routing:\n  - {task_type: T, primary: debugger, tasks: [fix]}", "2:47", "there is no task 'fix'"),
    ("validation_suites:\n  mine: {}", "2:3", "a suite without a task does nothing"),
    ("validation_suites:\n  mine: {parallel_group: [{agent: nobody, task: view}]}", "1:1", "suite mine: there is no"),
]


def read(folder: Path, text: str) -> AgentsFile:
    path = folder / "agents.yaml"
    path.write_text(text + "\n", encoding="utf-8")
    return read_settings(path, AgentsFile)


@pytest.mark.parametrize(("text", "where", "what"), REFUSED)
def test_what_is_wrong_is_refused_at_its_place(tmp_path: Path, text: str, where: str, what: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'agents.yaml'}:{where}: ")
    assert what in message
    assert "\n" not in message


def test_the_file_of_a_new_workspace_says_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, AGENTS_YAML) == AgentsFile()
    assert AgentsFile().rules() == StaffRules()


@pytest.mark.real_data
def test_the_protocols_are_file_fours_to_the_letter(shared: Path, tmp_path: Path) -> None:
    text = (shared / "spec" / "4-trading-coordinator.md").read_text(encoding="utf-8")
    for name in ("agent_failure_protocol", "workflow_failure_handling"):
        block = re.search(rf"```python\n{name} = (\{{.*?\n\}})\n```", text, re.DOTALL)
        assert block is not None
        written = re.sub(r"#.*", "", block[1]).replace("'", '"').replace("True", "true")
        written = re.sub(r",(\s*\})", r"\1", written)
        found = read(tmp_path, f"{name}: {written}")
        assert found == AgentsFile()
        assert set(keys_of(written)) == {
            key for key in every_key(AgentsFile.model_fields[name].annotation) if key != name
        }


def keys_of(written: str) -> list[str]:
    return re.findall(r'"(\w+)":', written)


def every_key(model: Any) -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        found.append(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += every_key(field.annotation)
    return found


# Every key has an effect: each observation below is made with a value for the key and with another one.

Look = Callable[[StaffRules], object]


def pauses(critical: bool, outcome: CallOutcome) -> Look:
    return lambda rules: rules.agent_failure.pauses(critical, outcome)


def health(*outcomes: CallOutcome) -> Look:
    return lambda rules: condition(calls(*outcomes), rules.agent_failure.detection).health


def taken(kind: str) -> Look:
    def look(rules: StaffRules) -> object:
        found = route_type(kind, rules, {}, NOW)[1]
        return found.agent.name if isinstance(found, Routed) else None

    return look


EFFECTS: list[tuple[str, Look, object, object]] = [
    (
        "agent_failure_protocol: {detection: {timeout_threshold: 5}}",
        lambda rules: rules.deadline_seconds(AGENTS["smc-pattern-recognizer"]),
        30.0,
        5.0,
    ),
    (
        "agent_failure_protocol: {detection: {error_threshold: 2}}",
        health(ERROR, ERROR),
        Health.DEGRADED,
        Health.UNHEALTHY,
    ),
    (
        "agent_failure_protocol: {detection: {health_check_interval: 5}}",
        lambda rules: condition(calls(ERROR, ERROR, ERROR), rules.agent_failure.detection).probe_at,
        NOW + 81_000_000_000,
        NOW + 26_000_000_000,
    ),
    ("agent_failure_protocol: {response: {timeout: skip}}", pauses(False, TIMEOUT), (1.0,), ()),
    (
        "agent_failure_protocol: {response: {error: log}}",
        lambda rules: rules.agent_failure.notifies(ERROR),
        True,
        False,
    ),
    (
        "agent_failure_protocol: {response: {unavailable: halt}}",
        lambda rules: rules.agent_failure.proceeds(critical=False),
        True,
        False,
    ),
    ("agent_failure_protocol: {recovery: {auto_retry: false}}", pauses(True, ERROR), (1.0, 2.0, 4.0), ()),
    ("agent_failure_protocol: {recovery: {max_retries: 1}}", pauses(True, ERROR), (1.0, 2.0, 4.0), (1.0,)),
    ("agent_failure_protocol: {recovery: {backoff: constant}}", pauses(True, ERROR), (1.0, 2.0, 4.0), (1.0, 1.0, 1.0)),
    ("agent_failure_protocol: {recovery: {backoff: none}}", pauses(True, ERROR), (1.0, 2.0, 4.0), (0.0, 0.0, 0.0)),
    (
        "workflow_failure_handling: {critical_step_failure: {notify: log_only}}",
        lambda rules: rules.workflow_failure.of(critical=True).tells_user,
        True,
        False,
    ),
    (
        "workflow_failure_handling: {critical_step_failure: {log: summary}}",
        lambda rules: rules.workflow_failure.of(critical=True).logged("first\nsecond"),
        "first\nsecond",
        "first",
    ),
    (
        "workflow_failure_handling: {optional_step_failure: {action: halt_workflow}}",
        lambda rules: rules.workflow_failure.of(critical=False).halts,
        False,
        True,
    ),
    (
        "workflow_failure_handling: {optional_step_failure: {notify: user}}",
        lambda rules: rules.workflow_failure.of(critical=False).tells_user,
        False,
        True,
    ),
    (
        "workflow_failure_handling: {optional_step_failure: {log: detailed}}",
        lambda rules: rules.workflow_failure.of(critical=False).logged("first\nsecond"),
        "first",
        "first\nsecond",
    ),
    (
        "workflow_failure_handling: {data_unavailable: {action: use_cached, max_wait: 5, fallback: halt}}",
        lambda rules: (
            rules.workflow_failure.data_unavailable.action,
            rules.workflow_failure.data_unavailable.max_wait,
            rules.workflow_failure.data_unavailable.fallback,
        ),
        ("wait_and_retry", 60.0, "use_cached"),
        ("use_cached", 5.0, "halt"),
    ),
    (
        "agents: {gap-watcher: {role: r, tasks: [view], aliases: [gapper], deadline_seconds: 2, mandatory: true}}",
        lambda rules: [
            agent and (agent.name, agent.tasks, agent.deadline_seconds, agent.mandatory, agent.room, agent.source)
            for agent in [rules.find("gapper")]
        ],
        [None],
        [("gap-watcher", ("view",), 2.0, True, "signals", "config/agents.yaml")],
    ),
    ("agents: {mine: {role: r, domain: d, triggers: [t], tasks: [view]}}", lambda r: "mine" in r.agents, False, True),
    (
        "substitutions: [{agent: devops, use: debugger, priority: high, purpose: Operations}]",
        lambda rules: getattr(route("devops", ("explain",), rules, {}, NOW), "substitution", None),
        None,
        ("devops", "debugger", "high", "Operations"),
    ),
    (
        "routing: [{task_type: Watch gaps, primary: monitor, alternative: debugger, tasks: [run_doctor],"
        " tools: [Read], commands: [quorum doctor]}]",
        lambda rules: [(r.primary, r.alternative, r.tools, r.tasks, r.commands) for r in rules.routes][-1][0],
        "code-archaeologist",
        "monitor",
    ),
    (
        "validation_suites: {quick: {parallel_group: [{agent: debugger, task: run_doctor, params: {a: 1}}]}}",
        lambda rules: "quick" in rules.suites and rules.suites["quick"].parallel_group[0].params,
        False,
        {"a": 1},
    ),
    ("brain: false", lambda rules: rules.model, False, False),
]


@pytest.mark.parametrize(("text", "look", "before", "after"), EFFECTS, ids=[text for text, *_ in EFFECTS])
def test_every_key_has_an_effect(tmp_path: Path, text: str, look: Look, before: object, after: object) -> None:
    assert look(AgentsFile().rules()) == before
    found = look(read(tmp_path, text).rules())
    if isinstance(after, tuple) and not isinstance(found, tuple):
        found = tuple(str(getattr(found, name)) for name in ("agent", "use", "priority", "purpose"))
    assert found == after


def test_every_key_is_in_a_case_above() -> None:
    rows = ["agent_failure_protocol", "workflow_failure_handling", "brain", "agents", "substitutions", "routing"]
    for name in [*every_key(AgentsFile), *rows]:
        assert any(re.search(rf"\b{name}:", text) for text, *_ in EFFECTS) or name == "action", name


def test_what_did_not_fail_is_not_asked_again() -> None:
    protocol = StaffRules().agent_failure
    for outcome in (DONE, UNAVAILABLE, GAP):
        assert protocol.pauses(True, outcome) == ()
        assert not protocol.notifies(outcome)
    assert not protocol.proceeds(critical=True)


def test_a_route_to_an_agent_that_is_not_there_yet_goes_to_its_alternative(tmp_path: Path) -> None:
    text = "routing: [{task_type: Watch gaps, primary: monitor, alternative: debugger, tasks: [run_doctor]}]"
    assert taken("watch gaps")(read(tmp_path, text).rules()) == "debugger"


def test_a_users_agent_may_stand_in(tmp_path: Path) -> None:
    rules = read(
        tmp_path,
        "agents: {second-reader: {role: Reads again., tasks: [view]}}\n"
        "substitutions: [{agent: smc, use: second-reader, priority: high, purpose: Structure}]",
    ).rules()
    sick = condition(calls(ERROR, ERROR, ERROR), rules.agent_failure.detection)
    found = route("smc-pattern-recognizer", ("view",), rules, {"smc-pattern-recognizer": sick}, NOW + 30 * SECOND)
    assert isinstance(found, Routed)
    assert found.agent.name == "second-reader"


def test_a_workflow_may_name_an_agent_that_only_a_substitution_knows(tmp_path: Path) -> None:
    spec = "workflow: mine\nabout: a\nsteps:\n  - {step: 1, name: why, agent: DevOps, task: TASK}\n"
    rows = "substitutions: [{agent: devops, use: debugger}, {agent: devops, use: test-runner}]"
    known = known_by(read(tmp_path, rows).rules(), TASKS)
    for task in ("explain", "review_diagnostics"):
        (tmp_path / "mine.yaml").write_text(spec.replace("TASK", task), encoding="utf-8")
        assert find_workflow("mine", tmp_path, known).name == "mine"
    (tmp_path / "mine.yaml").write_text(spec.replace("TASK", "trade_approval"), encoding="utf-8")
    with pytest.raises(ConfigError, match="does not do trade_approval"):
        find_workflow("mine", tmp_path, known)


def test_the_guides_example_can_be_read(checkout: Path, tmp_path: Path) -> None:
    guide = (checkout / "docs" / "guides" / "agents.md").read_text(encoding="utf-8")
    rules = read(tmp_path, guide.partition("```yaml\n")[2].partition("```")[0]).rules()
    agent = rules.known("levels")
    assert (agent.name, agent.deadline_seconds, agent.tasks) == (
        "level-watcher",
        10,
        ("key_levels", "liquidity_levels"),
    )
    assert [row.use for row in rules.substitutions] == ["level-watcher"]
    known = [*every_key(AgentsFile.model_fields["agent_failure_protocol"].annotation), "critical_step_failure"]
    assert [key for key in known if key not in guide] == []
