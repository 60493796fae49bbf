"""The software-development specialists of file 3: what they looked for in a code base, they look for in the desk.

Where a diagnosis of the desk answers their question, it is their task; where only a language model could, they are
a seat for one, and refuse while it is empty.
"""

from __future__ import annotations

from quorum.desk.agents.roster.agent import Agent, Seat

_FILE = "file 3"
_RESEARCH = 1_800.0


def _engineer(name: str, role: str, domain: str, tasks: str = "", asks: str = "") -> Agent:
    return Agent(
        name,
        role=role,
        domain=domain,
        room="desk",
        source=_FILE,
        tasks=tuple(tasks.split()),
        brain=Seat(asks) if asks else None,
        deadline_seconds=_RESEARCH if tasks else None,
    )


ENGINEERS: tuple[Agent, ...] = (
    _engineer(
        "code-archaeologist",
        "Finds out what is there: data, coverage, quality.",
        "Codebase exploration",
        "survey_data run_doctor",
    ),
    _engineer(
        "project-analyst",
        "Finds out what a strategy declares, reads and depends on.",
        "Dependencies",
        "survey_strategy survey_data",
    ),
    _engineer(
        "gemini-gpt-hybrid",
        "Reads with several models at once.",
        "Multi-model insight",
        asks="what several models make of this",
    ),
    _engineer(
        "planner",
        "Plans a review from what discovery found.",
        "Planning",
        "plan_review",
        asks="in which order to go about this",
    ),
    _engineer(
        "test-automator",
        "Looks at what has been tried, and checks strategies.",
        "Test suites",
        "survey_trials check_strategy run_doctor",
    ),
    _engineer("test-runner", "Runs the checks.", "Test runs", "check_strategy review_diagnostics survey_trials"),
    _engineer("qa-expert", "Asks whether a result can be believed.", "Quality", "check_strategy review_diagnostics"),
    _engineer(
        "code-reviewer",
        "Reviews a result by its own diagnostics.",
        "Code quality",
        "review_diagnostics check_strategy",
        asks="what is wrong with this code",
    ),
    _engineer(
        "agentic-code-reviewer",
        "Reviews where the code-reviewer cannot.",
        "Code quality",
        "review_diagnostics check_strategy",
        asks="what is wrong with this code",
    ),
    _engineer(
        "adversarial-dummy",
        "Tries to break a strategy: truncation, noise, delays.",
        "Edge cases",
        "check_lookahead check_strategy",
    ),
    _engineer(
        "performance-optimizer",
        "Measures who is slow and who fails.",
        "Latency and cost",
        "rank_agents run_doctor",
    ),
    _engineer("debugger", "Walks from an effect back to its cause.", "Errors", "explain run_doctor"),
    _engineer("error-detective", "Looks for the first thing that went wrong.", "Errors", "explain run_doctor"),
    _engineer(
        "backend-developer",
        "Builds: runs backtests, looks at the desk's parts.",
        "Core systems",
        "run_backtest run_doctor",
        asks="how to build this",
    ),
    _engineer(
        "backend-architect",
        "Draws the boundaries of services.",
        "System architecture",
        "run_doctor",
        asks="how to cut this system",
    ),
    _engineer(
        "python-pro", "Looks at imports and libraries.", "Python", "run_doctor", asks="how to write this in Python"
    ),
    _engineer(
        "integration-engineer",
        "Looks at how the parts fit together.",
        "Integration",
        "run_doctor",
        asks="how to connect these",
    ),
    _engineer(
        "database-administrator",
        "Looks at the database and its schema.",
        "Databases",
        "run_doctor",
        asks="how to keep this data",
    ),
    _engineer(
        "data-scientist",
        "Looks at the market's data: regimes, correlations.",
        "Data analysis",
        "survey_data volatility_regime correlation_matrix rank_agents",
    ),
    _engineer(
        "trading-strategy-consultant",
        "Validates trading logic: gates, leakage, realism.",
        "Trading expertise",
        "review_gates review_diagnostics check_lookahead",
        asks="whether this trade makes sense",
    ),
    _engineer(
        "documentation-specialist",
        "Says what a reader needs to know of a strategy.",
        "Documentation",
        "describe_strategy",
        asks="how to say this",
    ),
    _engineer(
        "team-configurator",
        "Looks at the team: ranking, gaps, unused agents.",
        "The team",
        "rank_agents",
    ),
    _engineer(
        "general-purpose",
        "Takes what nobody else does.",
        "Anything",
        asks="the task, in the role of the specialist that is missing",
    ),
)
