"""config/agents.yaml as `quorum init` writes it: the shipped tables, to be edited."""

from __future__ import annotations

from quorum.desk.agents.roster.routes import ROUTES, SUBSTITUTIONS
from quorum.desk.agents.roster.suites import SUITES, SuiteTask

_HEAD = """\
# What is done when agents fail, who stands in for whom, who is asked for what, and your own agents.
agent_failure_protocol:
  detection:
    timeout_threshold: 30       # seconds until a call is given up; an agent's or a step's own deadline comes first
    error_threshold: 3          # failures in a row make an agent unhealthy
    health_check_interval: 60   # seconds until an unhealthy one is probed, and between looks at all of them
  response:
    timeout: retry_once_then_skip         # or skip
    error: log_and_notify                 # or log
    unavailable: proceed_without_if_optional  # or halt
  recovery:
    auto_retry: true
    max_retries: 3              # of a critical task; an optional one is asked again once
    backoff: exponential        # 1, 2, 4 seconds; or constant, or none
workflow_failure_handling:
  critical_step_failure: {action: halt_workflow, notify: user, log: detailed}
  optional_step_failure: {action: continue_with_degraded, notify: log_only, log: summary}
  data_unavailable: {action: wait_and_retry, max_wait: 60, fallback: use_cached}
brain: false                    # no language model sits in the seats
agents: {}                      # gap-watcher: {role: Watches gaps., tasks: [view], deadline_seconds: 10}
# Asked instead of a name that is unknown or unhealthy, in this order; a task goes to nobody who does not do it.
substitutions:
"""


def _quoted(words: tuple[str, ...]) -> str:
    return f"[{', '.join(words)}]"


def _yaml() -> str:
    """The file as `quorum init` writes it."""
    lines = [
        f"  - {{agent: {r.agent}, use: {r.use}, priority: {r.priority}, purpose: {r.purpose}}}" for r in SUBSTITUTIONS
    ]
    lines.append("# Who is asked for a kind of task: the first, its substitutes, then the alternative.\nrouting:")
    for row in ROUTES:
        second = f", alternative: {row.alternative}" if row.alternative else ""
        tools = f", tools: {_quoted(row.tools)}" if row.tools else ""
        lines.append(f"  - {{task_type: {row.task_type}, primary: {row.primary}{second}{tools},")
        lines.append(f"     tasks: {_quoted(row.tasks)}, commands: {_quoted(row.commands)}}}")
    return _HEAD + "\n".join(lines) + "\n" + _suites_yaml()


def _suites_yaml() -> str:
    lines = ["# Suites: the parallel group at once, then the rest one by one.", "validation_suites:"]
    for name, suite in SUITES.items():
        lines.append(f"  {name}:")
        for key, group in (("parallel_group", suite.parallel_group), ("sequential_after", suite.sequential_after)):
            lines += [f"    {key}:"] if group else []
            lines += [f"      - {{agent: {t.agent}, task: {t.task}{_params(t)}}}" for t in group]
    return "\n".join(lines) + "\n"


def _params(task: SuiteTask) -> str:
    told = ", ".join(f"{name}: {value}" for name, value in task.params.items())
    return f", params: {{{told}}}" if told else ""


AGENTS_YAML = _yaml()
