"""Suites: tasks of several agents, some at once and some after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SuiteTask:
    """One task of a suite: who does what, with which parameters."""

    agent: str
    task: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suite:
    """Tasks that run at once, then tasks that run one after the other."""

    parallel_group: tuple[SuiteTask, ...]
    sequential_after: tuple[SuiteTask, ...] = ()


_STRATEGY: Mapping[str, Any] = {"strategy": "trend_breakout"}

SUITES: Mapping[str, Suite] = {
    "validation": Suite(
        (
            SuiteTask("test-automator", "run_doctor"),
            SuiteTask("code-reviewer", "check_strategy", _STRATEGY),
            SuiteTask("performance-optimizer", "rank_agents"),
            SuiteTask("adversarial-dummy", "check_strategy", {"strategy": "demo_ma"}),
        ),
        (SuiteTask("documentation-specialist", "describe_strategy", _STRATEGY),),
    ),
    "discovery": Suite(
        (
            SuiteTask("code-archaeologist", "survey_data"),
            SuiteTask("project-analyst", "survey_strategy", _STRATEGY),
            SuiteTask("gemini-gpt-hybrid", "insight"),
            SuiteTask("test-automator", "survey_trials", _STRATEGY),
            SuiteTask("code-reviewer", "check_strategy", _STRATEGY),
            SuiteTask("adversarial-dummy", "check_strategy", {"strategy": "demo_ma"}),
            SuiteTask("performance-optimizer", "rank_agents"),
            SuiteTask("debugger", "run_doctor"),
            SuiteTask("planner", "plan_review", _STRATEGY),
            SuiteTask("quant-analyst", "survey_trials", _STRATEGY),
            SuiteTask("trading-strategy-consultant", "check_lookahead", _STRATEGY),
            SuiteTask("documentation-specialist", "describe_strategy", _STRATEGY),
        ),
    ),
}
