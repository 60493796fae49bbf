"""What is done when an agent or a step fails: file 4's two protocols as values that decide."""

from __future__ import annotations

from dataclasses import dataclass

from quorum.desk.agents.book import CallOutcome

FIRST_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Detection:
    """When a call is given up, after how many failures in a row an agent is unhealthy, and how often all are looked at
    and an unhealthy one is probed.
    """

    timeout_threshold: float = 30.0
    error_threshold: int = 3
    health_check_interval: float = 60.0


@dataclass(frozen=True, slots=True)
class Response:
    """What follows a call without an answer.

    `timeout` is retry_once_then_skip or skip, `error` log_and_notify or log, `unavailable`
    proceed_without_if_optional or halt.
    """

    timeout: str = "retry_once_then_skip"
    error: str = "log_and_notify"
    unavailable: str = "proceed_without_if_optional"


@dataclass(frozen=True, slots=True)
class Recovery:
    """Whether and how often a critical task is asked again; `backoff` is exponential, constant or none."""

    auto_retry: bool = True
    max_retries: int = 3
    backoff: str = "exponential"


@dataclass(frozen=True, slots=True)
class AgentFailure:
    """The agent failure protocol."""

    detection: Detection = Detection()
    response: Response = Response()
    recovery: Recovery = Recovery()

    def pauses(self, critical: bool, outcome: CallOutcome) -> tuple[float, ...]:
        """The seconds to wait before each further attempt after a first one that ended so.

        A critical task is asked again `max_retries` times, an optional one once, and after a timeout either once. What
        cannot be had is not asked for again, nor is anything without `auto_retry`; with `timeout: skip` a timeout is
        not either.
        """
        if outcome not in (CallOutcome.ERROR, CallOutcome.TIMEOUT) or not self.recovery.auto_retry:
            return ()
        if outcome is CallOutcome.TIMEOUT and self.response.timeout == "skip":
            return ()
        once = outcome is CallOutcome.TIMEOUT or not critical
        most = min(1, self.recovery.max_retries) if once else self.recovery.max_retries
        return tuple(self._pause(i) for i in range(most))

    def _pause(self, attempt: int) -> float:
        by_name = {"exponential": FIRST_PAUSE * 2.0**attempt, "constant": FIRST_PAUSE, "none": 0.0}
        return by_name[self.recovery.backoff]

    def notifies(self, outcome: CallOutcome) -> bool:
        """Whether a person is told of a call that ended so."""
        return outcome in (CallOutcome.ERROR, CallOutcome.TIMEOUT) and self.response.error == "log_and_notify"

    def proceeds(self, critical: bool) -> bool:
        """Whether a run goes on without an agent that cannot be had."""
        return not critical and self.response.unavailable == "proceed_without_if_optional"


@dataclass(frozen=True, slots=True)
class StepFailure:
    """What follows a step that failed: `action`, `notify` (user or log_only), `log` (detailed or summary)."""

    action: str
    notify: str
    log: str

    @property
    def halts(self) -> bool:
        return self.action == "halt_workflow"

    @property
    def tells_user(self) -> bool:
        return self.notify == "user"

    def logged(self, error: str) -> str:
        """The error as the log has it: whole, or its first line."""
        return error if self.log == "detailed" else error.partition("\n")[0][:200]


@dataclass(frozen=True, slots=True)
class DataUnavailable:
    """What follows data that is not there: `action`, for at most `max_wait` seconds, then `fallback`.

    Actions are wait_and_retry, use_cached, skip and halt; the fallback is one of the last three.
    """

    action: str = "wait_and_retry"
    max_wait: float = 60.0
    fallback: str = "use_cached"


@dataclass(frozen=True, slots=True)
class WorkflowFailure:
    """The workflow failure handling."""

    critical_step_failure: StepFailure = StepFailure("halt_workflow", "user", "detailed")
    optional_step_failure: StepFailure = StepFailure("continue_with_degraded", "log_only", "summary")
    data_unavailable: DataUnavailable = DataUnavailable()

    def of(self, critical: bool) -> StepFailure:
        """What follows the failure of a critical step, or of an optional one."""
        return self.critical_step_failure if critical else self.optional_step_failure
