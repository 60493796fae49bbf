"""Agents: the specialists of the desk, who is asked for what, how they are and what became of it.

Promise: a name means one specialist; one that is unwell is replaced at once and by rule, and the record says so.
In: names, tasks, calls. Out: the agent that does it or a recorded gap, health, context, advice with its numbers.
Neighbours: `settings` reads config/agents.yaml into its rules; `workflows` ask by it, `work` does the tasks.
"""

from quorum.desk.agents.advice import Advice, Looked, prunable, recommendations
from quorum.desk.agents.book import (
    BlockedOn,
    Call,
    CallOutcome,
    Calls,
    Delegated,
    Delegation,
    DiscoveredIssue,
    Finish,
    Handoff,
    PartialSuccess,
    ReadyForReview,
    TaskBook,
    TaskComplete,
    blocked_on,
    read_handoff,
    write_handoff,
)
from quorum.desk.agents.context import context_for, orchestration_context, ready
from quorum.desk.agents.health import Condition, Health, condition, conditions
from quorum.desk.agents.overview import agent_told, everything, looked_at, overview, routing_told, summary
from quorum.desk.agents.performance import (
    Efficiency,
    Performance,
    gaps_asked,
    parallel_efficiency,
    performance,
    ranking,
)
from quorum.desk.agents.roster import AGENTS, COORDINATOR, Agent, Priority, Route, Seat, Substitution, Suite, SuiteTask
from quorum.desk.agents.routing import (
    Gap,
    Routed,
    agent_template,
    find_route,
    route,
    route_type,
    substitutions_now,
)
from quorum.desk.agents.rules import AgentFailure, WorkflowFailure
from quorum.desk.agents.staff import Staff, StaffRules, find_agent

__all__ = [
    "AGENTS",
    "COORDINATOR",
    "Advice",
    "Agent",
    "AgentFailure",
    "BlockedOn",
    "Call",
    "CallOutcome",
    "Calls",
    "Condition",
    "Delegated",
    "Delegation",
    "DiscoveredIssue",
    "Efficiency",
    "Finish",
    "Gap",
    "Handoff",
    "Health",
    "Looked",
    "PartialSuccess",
    "Performance",
    "Priority",
    "ReadyForReview",
    "Route",
    "Routed",
    "Seat",
    "Staff",
    "StaffRules",
    "Substitution",
    "Suite",
    "SuiteTask",
    "TaskBook",
    "TaskComplete",
    "WorkflowFailure",
    "agent_template",
    "agent_told",
    "blocked_on",
    "condition",
    "conditions",
    "context_for",
    "everything",
    "find_agent",
    "find_route",
    "gaps_asked",
    "looked_at",
    "orchestration_context",
    "overview",
    "parallel_efficiency",
    "performance",
    "prunable",
    "ranking",
    "read_handoff",
    "ready",
    "recommendations",
    "route",
    "route_type",
    "routing_told",
    "substitutions_now",
    "summary",
    "write_handoff",
]
