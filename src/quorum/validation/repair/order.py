"""Who tries to mend a failure, in which order, and by which of their actions: what has proved better comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from quorum.stats import wilson_interval
from quorum.validation.ladder.reasons import Category, Reason

ENGINEER, GENERATOR, ANALYST = "ml-engineer", "signal-generator", "quant-analyst"
COLLECTOR, ORCHESTRATOR = "data-collector", "orchestrator"
ORDER = (ENGINEER, GENERATOR, ANALYST)
"""The order of the auto-retry skill; the failure's own agent goes before it."""
AGENTS = (*ORDER, COLLECTOR, ORCHESTRATOR)
ALIASES = {
    "ml-model-engineer": ENGINEER,
    "quantitative-analyst": ANALYST,
    "data-pipeline-manager": COLLECTOR,
    "trading-coordinator": ORCHESTRATOR,
    "tech-lead-orchestrator": ORCHESTRATOR,
}
ACTIONS: Mapping[str, tuple[str, ...]] = {
    ENGINEER: ("clip_to_bounds", "optimize_params", "reduce_leverage"),
    GENERATOR: ("reduce_threshold", "raise_threshold", "adjust_window", "add_confirmation"),
    ANALYST: ("review_hypothesis",),
    COLLECTOR: ("use_alternate_source",),
    ORCHESTRATOR: ("reduce_data_window",),
}
"""What each of them can do."""
DATA_ACTIONS = frozenset({"use_alternate_source", "reduce_data_window"})
"""The only actions that change the data."""
FEWEST = 5

_FREQUENCY = {"signal_frequency_low": "reduce_threshold", "signal_frequency_high": "raise_threshold"}
_SHAPING = ("adjust_window", "reduce_threshold", "raise_threshold", "add_confirmation")


def read_agent(name: str) -> str:
    """The agent of that name, an alias of it or with `trading-` before it; ValueError for any other."""
    plain = name.strip().lower().replace("_", "-").removeprefix("trading-")
    found = plain if plain in AGENTS else ALIASES.get(plain) or ALIASES.get(f"trading-{plain}")
    if found is None:
        raise ValueError(f"there is no fixing agent {name!r}: there are {', '.join(AGENTS)}")
    return found


def agents_for(reason: Reason) -> tuple[str, ...]:
    """Who tries, in order: the reason's agent, then the skill's order without it."""
    return (reason.agent, *(agent for agent in ORDER if agent != reason.agent))


def actions_for(reason: Reason, agent: str) -> tuple[str, ...]:
    """What an agent would do about a reason, what suits it best first."""
    able = ACTIONS[agent]
    first = [reason.action] if reason.action in able else []
    of_the_rule = reason.category in (Category.SIGNAL_ISSUE, Category.PARAMETER_BOUNDS)
    if agent == ENGINEER and of_the_rule:
        first += ["optimize_params"]
    elif agent == GENERATOR and of_the_rule:
        first += [_FREQUENCY[reason.name]] if reason.name in _FREQUENCY else []
        first += [action for action in _SHAPING if not _against(reason.name, action)]
    elif agent == ANALYST:
        first += ["review_hypothesis"]
    return tuple(dict.fromkeys(first))


def _against(reason: str, action: str) -> bool:
    """Whether an action would make the fault worse."""
    wanted = _FREQUENCY.get(reason)
    return wanted is not None and action in _FREQUENCY.values() and action != wanted


@dataclass(frozen=True, slots=True)
class Success:
    """How often each agent's action was tried at a category of faults, and how often that passed."""

    tried: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    passed: Mapping[tuple[str, str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, attempts: Iterable[tuple[str, str, str, bool]]) -> Success:
        """Counted from (agent, category, action, whether it passed)."""
        tried: Counter[tuple[str, str, str]] = Counter()
        passed: Counter[tuple[str, str, str]] = Counter()
        for *key, won in attempts:
            tried[key[0], key[1], key[2]] += 1
            passed[key[0], key[1], key[2]] += won
        return cls(tried, passed)

    def rate(self, agent: str, category: str, action: str) -> float:
        """The share that passed; 0 for what was never tried."""
        key = (agent, category, action)
        return self.passed.get(key, 0) / self.tried[key] if self.tried.get(key) else 0.0

    def told(self) -> list[dict[str, object]]:
        """A row for each agent, category and action, as plain values."""
        return [
            {"agent": a, "category": c, "action": x, "tried": n, "passed": self.passed.get((a, c, x), 0)}
            for (a, c, x), n in sorted(self.tried.items())
        ]


def chosen_order(success: Success, agent: str, category: str, actions: Sequence[str]) -> tuple[str, ...]:
    """The actions with those first that have proved better than the one that suits best.

    One has, after at least 5 tries, when the 95 % Wilson interval of its success lies above the other's rate: luck of
    a few tries turns nothing round.
    """
    if len(actions) < 2:
        return tuple(actions)
    usual = success.rate(agent, category, actions[0])

    def proved(action: str) -> float:
        key = (agent, category, action)
        n = success.tried.get(key, 0)
        if action == actions[0] or n < FEWEST or not success.tried.get((agent, category, actions[0])):
            return 0.0
        low = wilson_interval(success.passed.get(key, 0), n).low
        return low if low > usual else 0.0

    return tuple(sorted(actions, key=lambda action: -proved(action)))
