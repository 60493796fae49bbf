"""auto-retry.yaml and fixable-errors.yaml: which failures are mended, by whom, how often, and what is learnt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from quorum.desk.settings.reading import closest, read_settings
from quorum.validation.ladder.reasons import REASONS
from quorum.validation.ladder.tier import Tier
from quorum.validation.repair.order import ACTIONS, read_agent
from quorum.validation.repair.rules import Remedy, RetryRules

RETRY_FILE, FIXABLE_FILE = "auto-retry.yaml", "fixable-errors.yaml"
RETRY_YAML = """\
# Mending strategies that failed a tier.
auto_retry:
  enabled: true                 # false: a failure that could be mended is a rejection
  max_attempts: 3
  enabled_tiers: [L1, L2]       # L0 is quick to run again, L3 is expensive
  attempt_seconds: 1800         # that a fix attempt may take, the run of its tier included
  fixable_errors:               # these rows replace those of the table of reasons; see fixable-errors.yaml
    - signal_frequency_low: {fix_agent: signal-generator, action: reduce_threshold, retry: true}
    - parameter_out_of_bounds: {fix_agent: ml-engineer, action: clip_to_bounds, retry: true}
    - sharpe_below_threshold: {fix_agent: ml-engineer, action: optimize_params, retry: true}
    - data_quality_warning: {fix_agent: data-collector, action: use_alternate_source, retry: true}
    - timeout: {fix_agent: orchestrator, action: reduce_data_window, retry: true}
  # nobody mends these, whatever stands above
  fatal_errors: [fundamental_strategy_flaw, data_unavailable, unsupported_asset_type]
  learning_injection:
    feedback_agent_enabled: true                  # what was learnt before is asked when a fix is chosen
    update_learnings_on_success: true             # a fix that worked is written into learnings.md
    update_failure_taxonomy_on_final_fail: true   # one that did not, into failure-taxonomy.yaml
"""
FIXABLE_YAML = """\
# What is done about a failure for a reason, instead of what auto-retry.yaml and the table of reasons say.
fixable_errors: []
# fixable_errors:
#   - max_drawdown_extreme: {fix_agent: ml-engineer, action: reduce_leverage, retry: true}
#   - win_rate_suspicious: {fix_agent: signal-generator, action: add_confirmation, retry: false}
"""


def _reason(name: str) -> str:
    if name not in REASONS:
        raise ValueError(f"there is no reason {name!r}{closest(name, REASONS)}")
    return name


def _alone(value: Any) -> Any:
    """Entries of one reason each, as the specification writes them, in one mapping; a mapping is taken as it is."""
    if not isinstance(value, list):
        return value
    found: dict[Any, Any] = {}
    for entry in value:
        if not isinstance(entry, Mapping) or len(entry) != 1:
            raise ValueError("each entry has one reason, as `- timeout: {fix_agent: orchestrator, ...}`")
        ((name, row),) = entry.items()
        if name in found:
            raise ValueError(f"{name} is there twice")
        found[name] = row
    return found


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RemedySection(_Section):
    """Who mends a failure first, and how."""

    fix_agent: Annotated[str, AfterValidator(read_agent)]
    action: str
    retry: bool = True

    @model_validator(mode="after")
    def _able(self) -> Self:
        able = ACTIONS[self.fix_agent]
        if self.action not in able:
            raise ValueError(f"{self.fix_agent} cannot {self.action!r}{closest(self.action, able)}: {', '.join(able)}")
        return self

    def remedy(self) -> Remedy:
        return Remedy(self.fix_agent, self.action, self.retry)


ReasonName = Annotated[str, AfterValidator(_reason)]
Remedies = Annotated[dict[ReasonName, RemedySection], BeforeValidator(_alone)]
_SPECIFIED = {
    name: RemedySection(fix_agent=REASONS[name].agent, action=REASONS[name].action)
    for name in (
        "signal_frequency_low",
        "parameter_out_of_bounds",
        "sharpe_below_threshold",
        "data_quality_warning",
        "timeout",
    )
}


class LearningInjectionSection(_Section):
    feedback_agent_enabled: bool = True
    update_learnings_on_success: bool = True
    update_failure_taxonomy_on_final_fail: bool = True


class AutoRetrySection(_Section):
    enabled: bool = True
    max_attempts: int = Field(3, ge=0, le=10)
    enabled_tiers: tuple[Tier, ...] = (Tier.L1, Tier.L2)
    attempt_seconds: float = Field(1800.0, gt=0, le=86_400, allow_inf_nan=False)
    fixable_errors: Remedies = _SPECIFIED
    fatal_errors: tuple[ReasonName, ...] = ("fundamental_strategy_flaw", "data_unavailable", "unsupported_asset_type")
    learning_injection: LearningInjectionSection = LearningInjectionSection()


class AutoRetryFile(_Section):
    """auto-retry.yaml."""

    auto_retry: AutoRetrySection = AutoRetrySection()


class FixableFile(_Section):
    """fixable-errors.yaml; its rows come before those of auto-retry.yaml."""

    fixable_errors: Remedies = {}


def read_retry(config: Path) -> RetryRules:
    """The rules as the files below `config` have them, defaults where they are silent; ConfigError as of any file."""
    section = read_settings(config / RETRY_FILE, AutoRetryFile).auto_retry
    over = read_settings(config / FIXABLE_FILE, FixableFile).fixable_errors
    rows = {name: row.remedy() for name, row in {**section.fixable_errors, **over}.items()}
    fatal = frozenset(name for name in section.fatal_errors if name not in over)
    learnt = section.learning_injection
    return RetryRules(
        enabled=section.enabled,
        max_attempts=section.max_attempts,
        tiers=section.enabled_tiers,
        seconds=section.attempt_seconds,
        remedies=rows,
        fatal=fatal,
        feedback=learnt.feedback_agent_enabled,
        learn_from_success=learnt.update_learnings_on_success,
        classify_failures=learnt.update_failure_taxonomy_on_final_fail,
    )
