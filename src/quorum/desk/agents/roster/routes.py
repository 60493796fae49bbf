"""File 3's two tables: who takes over from whom, and who is asked for which kind of task."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Priority(StrEnum):
    """How much something matters."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Substitution:
    """Who is asked instead of `agent` while that name is unknown or unhealthy, and for what."""

    agent: str
    use: str
    priority: Priority
    purpose: str


@dataclass(frozen=True, slots=True)
class Route:
    """Who is asked for a kind of task, and who if that one cannot.

    `tools` are those that file 3 gives; `tasks` are what the desk does of it, `commands` how a person does it.
    """

    task_type: str
    primary: str
    alternative: str = ""
    tools: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


SUBSTITUTIONS: tuple[Substitution, ...] = (
    Substitution("ml-engineer", "backend-developer", Priority.CRITICAL, "ML pipeline development"),
    Substitution("quant-analyst", "trading-strategy-consultant", Priority.HIGH, "Quantitative analysis"),
    Substitution("python-pro", "backend-developer", Priority.HIGH, "Python optimization"),
    Substitution("integration-engineer", "backend-developer", Priority.MEDIUM, "System integration"),
    Substitution("database-administrator", "backend-developer", Priority.MEDIUM, "Database work"),
    Substitution("qa-expert", "test-runner", Priority.MEDIUM, "Quality assurance"),
    Substitution("error-detective", "debugger", Priority.LOW, "Error investigation"),
)

_FIND = Route(
    "Find code/files",
    "code-archaeologist",
    "project-analyst",
    ("Grep", "Glob", "Read"),
    ("survey_data", "survey_strategy"),
    ("quorum data show", "quorum strategy show"),
)
_IMPORTS = Route(
    "Fix Python imports",
    "python-pro",
    "general-purpose",
    ("Edit", "MultiEdit"),
    ("run_doctor",),
    ("quorum doctor",),
)
_TESTS = Route(
    "Create tests",
    "test-automator",
    "test-runner",
    ("Write", "Bash", "pytest"),
    ("check_strategy", "survey_trials"),
    ("quorum strategy new", "quorum strategy check"),
)
_CONNECT = Route(
    "Connect modules",
    "integration-engineer",
    "general-purpose",
    ("Edit", "Read", "Write"),
    ("run_doctor",),
    ("quorum doctor",),
)
_DEBUG = Route(
    "Debug errors",
    "debugger",
    "general-purpose",
    ("Grep", "Read", "Bash"),
    ("explain", "run_doctor"),
    ("quorum why", "quorum replay"),
)
_FASTER = Route(
    "Optimize performance",
    "performance-optimizer",
    "backend-developer",
    ("Bash", "profiling tools"),
    ("rank_agents", "run_doctor"),
    ("quorum bench", "quorum agents recommend"),
)
_DOCUMENT = Route(
    "Document system",
    "documentation-specialist",
    "general-purpose",
    ("Write", "Read"),
    ("describe_strategy",),
    ("quorum strategy show",),
)
_REVIEW = Route(
    "Review code",
    "code-reviewer",
    "agentic-code-reviewer",
    ("Read", "Grep"),
    ("review_diagnostics", "check_strategy"),
    ("quorum strategy check",),
)
_LEARN = Route(
    "ML development",
    "ml-engineer",
    "general-purpose",
    ("Write", "Edit", "Bash"),
    ("train_model", "parameter_stability"),
    ("quorum walkforward",),
)
_TRADE = Route(
    "Trading expertise",
    "trading-strategy-consultant",
    "general-purpose",
    ("Analysis tools",),
    ("review_gates", "review_diagnostics"),
    ("quorum backtest", "quorum walkforward"),
)
_QUANT = Route(
    "Quantitative analysis",
    "quant-analyst",
    "general-purpose",
    ("Analysis tools",),
    ("review_gates", "review_diagnostics"),
    ("quorum sweep", "quorum walkforward"),
)
MATRIX = (_FIND, _IMPORTS, _TESTS, _CONNECT, _DEBUG, _FASTER, _DOCUMENT, _REVIEW, _LEARN, _TRADE, _QUANT)

PRODUCTION = (
    Route("Real-time ML Inference", "ml-engineer", "performance-optimizer", (), ("view",), ("quorum consensus",)),
    Route(
        "Strategy Selection",
        "quant-analyst",
        "ml-engineer",
        (),
        ("review_gates", "parameter_stability"),
        ("quorum walkforward",),
    ),
    Route(
        "Risk Management", "trading-strategy-consultant", "quant-analyst", (), ("review_gates",), ("quorum consensus",)
    ),
    Route(
        "Order Execution",
        "backend-developer",
        "backend-architect",
        (),
        ("run_backtest", "run_doctor"),
        ("quorum broker reconcile",),
    ),
    Route(
        "Performance Monitoring",
        "performance-optimizer",
        "data-scientist",
        (),
        ("rank_agents",),
        ("quorum agents recommend",),
    ),
    Route("System Health", "debugger", "test-automator", (), ("run_doctor",), ("quorum doctor",)),
)

_TEAM = (
    ("ML Pipeline Integration", "ml-engineer", _LEARN),
    ("Python Optimization", "python-pro", _IMPORTS),
    ("Trading Strategy Development", "quant-analyst", _QUANT),
    ("Trading Validation", "trading-strategy-consultant", _TRADE),
    ("Core Backend Development", "backend-developer", _CONNECT),
    ("Test Automation", "test-automator", _TESTS),
    ("Code Quality", "code-reviewer", _REVIEW),
    ("Performance Optimization", "performance-optimizer", _FASTER),
    ("System Architecture", "backend-architect", _CONNECT),
    ("Data Analysis", "data-scientist", _FIND),
    ("Debugging", "debugger", _DEBUG),
    ("Documentation", "documentation-specialist", _DOCUMENT),
    ("Project Analysis", "code-archaeologist", _FIND),
)
ASSIGNMENTS = tuple(Route(kind, agent, "", (), like.tasks, like.commands) for kind, agent, like in _TEAM)

ROUTES: tuple[Route, ...] = (*MATRIX, *PRODUCTION, *ASSIGNMENTS)
