"""auto-retry.yaml and fixable-errors.yaml: every key has an effect that is seen here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.keys import keys, write
from desk.mending.menders import IDEA, Crew, Made, fail, fails
from desk.proving.scripted import FLAWED, Scripted
from quorum.adapters.process import InlineExecutor
from quorum.desk import Desk
from quorum.desk.mending import learn, retry
from quorum.desk.proving import Asked, Skills, validate
from quorum.desk.settings.retry import (
    FIXABLE_FILE,
    FIXABLE_YAML,
    RETRY_FILE,
    RETRY_YAML,
    AutoRetryFile,
    FixableFile,
    read_retry,
)
from quorum.domain import ConfigError, Limits, Outcome, Severity
from quorum.validation.ladder import REASONS, Tier
from quorum.validation.learnings import Lesson
from quorum.validation.life import Status
from quorum.validation.repair import RetryRules
from validation.repair.failing import failed

Look = Callable[[Desk], object]
LOW = "signal_frequency_low"
USUAL = {"fix_agent": "signal-generator", "action": "reduce_threshold", "retry": True}


class Watched:
    """An executor that keeps the limits of each task."""

    def __init__(self, inner: InlineExecutor) -> None:
        self._inner = inner
        self.limits: list[tuple[str, Limits]] = []

    def run_many(
        self, task: str, payloads: Sequence[Mapping[str, Any]], limits: Limits, *told: Any
    ) -> Iterator[Outcome]:
        self.limits.append((task, limits))
        return self._inner.run_many(task, payloads, limits)

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        return self._inner.run(task, payload, timeout)


def mended(desk: Desk, reason: str = LOW, *, passes: bool = False) -> tuple[Desk, Crew, Watched]:
    """A strategy that failed L1 for a reason is mended; no fix helps unless it `passes`."""
    crew = Crew() if passes else Crew(tier=fails)
    watched = Watched(crew.executor())
    desk = replace(desk, executor=watched)
    fail(desk, verdict=failed(reason, "trades", 3.0))
    retry(desk, "STR-001")
    return desk, crew, watched


def tried(desk: Desk) -> object:
    return mended(desk)[1].times("tier")


def first(desk: Desk) -> object:
    """Who is asked first, and to do what."""
    asked = mended(desk)[1].asked
    case = asked[0][1]["case"] if asked else {}
    return case.get("agent"), (case.get("actions") or (None,))[0]


def time_given(desk: Desk) -> object:
    return [limits.seconds for _, limits in mended(desk)[2].limits][:2]


def learnt(desk: Desk) -> object:
    return len(mended(desk, passes=True)[0].life.books.learnings.listed())


def classified(desk: Desk) -> object:
    return len(mended(desk)[0].life.books.failures.listed())


def asked_learnings(desk: Desk) -> object:
    """What a learning about this very strategy does to the first fix."""
    words = (LOW, "L1", IDEA.name, "worked", "adjust_window")
    learn(desk, Lesson("STR-000", "SIGNAL_ISSUE", Severity.INFO, words, "windows", "it helped", "do it"))
    return first(desk)


def remedy(**changed: Any) -> list[dict[str, Any]]:
    return [{LOW: {**USUAL, **changed}}]


ADJUST = {"action": "adjust_window"}
ENGINEER = {"fix_agent": "ml-engineer", "action": "optimize_params"}
EFFECTS: list[tuple[str, str, object, object, Look]] = [
    (RETRY_FILE, "auto_retry.enabled", True, False, tried),
    (RETRY_FILE, "auto_retry.max_attempts", 3, 1, tried),
    (RETRY_FILE, "auto_retry.enabled_tiers", ["L1"], ["L2"], tried),
    (RETRY_FILE, "auto_retry.attempt_seconds", 1800, 30, time_given),
    (RETRY_FILE, "auto_retry.fixable_errors.fix_agent", remedy(), remedy(**ENGINEER), first),
    (RETRY_FILE, "auto_retry.fixable_errors.action", remedy(), remedy(**ADJUST), first),
    (RETRY_FILE, "auto_retry.fixable_errors.retry", remedy(), remedy(retry=False), tried),
    (RETRY_FILE, "auto_retry.fatal_errors", [], [LOW], tried),
    (RETRY_FILE, "auto_retry.learning_injection.feedback_agent_enabled", True, False, asked_learnings),
    (RETRY_FILE, "auto_retry.learning_injection.update_learnings_on_success", True, False, learnt),
    (RETRY_FILE, "auto_retry.learning_injection.update_failure_taxonomy_on_final_fail", True, False, classified),
    (FIXABLE_FILE, "fixable_errors.fix_agent", [], remedy(**ENGINEER), first),
    (FIXABLE_FILE, "fixable_errors.action", [], remedy(**ADJUST), first),
    (FIXABLE_FILE, "fixable_errors.retry", [], remedy(retry=False), tried),
]


def put(home: Path, file: str, key: str, value: Any) -> None:
    for name, text in ((RETRY_FILE, RETRY_YAML), (FIXABLE_FILE, FIXABLE_YAML)):
        (home / "config" / name).write_text(text, encoding="utf-8")
    top = key.partition(".fixable_errors")[0] + ".fixable_errors" if ".fixable_errors" in key else key
    write(home, file, "fixable_errors" if file == FIXABLE_FILE else top, value)


@pytest.mark.parametrize(
    ("file", "key", "one", "other", "look"), EFFECTS, ids=[f"{file}:{key}" for file, key, *_ in EFFECTS]
)
def test_every_key_has_an_effect(
    light: Made, tmp_path: Path, file: str, key: str, one: Any, other: Any, look: Look
) -> None:
    usual, changed = light(tmp_path / "usual"), light(tmp_path / "changed")
    put(usual.workspace.home, file, key, one)
    put(changed.workspace.home, file, key, other)
    assert look(usual) != look(changed)


def test_no_key_was_forgotten() -> None:
    seen = {f"{file}:{key}" for file, key, *_ in EFFECTS}
    models = ((RETRY_FILE, AutoRetryFile), (FIXABLE_FILE, FixableFile))
    assert {f"{file}:{key}" for file, model in models for key in keys(model)} == seen


def test_the_files_as_they_come_say_what_holds_without_them(tmp_path: Path) -> None:
    usual = read_retry(tmp_path)
    (tmp_path / RETRY_FILE).write_text(RETRY_YAML, encoding="utf-8")
    (tmp_path / FIXABLE_FILE).write_text(FIXABLE_YAML, encoding="utf-8")
    assert read_retry(tmp_path) == usual
    assert replace(usual, remedies={}, fatal=frozenset()) == RetryRules()
    assert {name: usual.reason(name) for name in REASONS} == REASONS


@pytest.mark.real_data
def test_the_defaults_are_those_of_the_specification(shared: Path, tmp_path: Path) -> None:
    text = (shared / "spec" / "1-five-skills-specification.md").read_text(encoding="utf-8")
    block = text.partition("auto-retry.yaml`:\n```yaml\n")[2].partition("```")[0]
    usual = read_retry(tmp_path)
    (tmp_path / RETRY_FILE).write_text(block, encoding="utf-8")
    assert read_retry(tmp_path) == usual


def test_rows_of_the_second_file_come_first(tmp_path: Path) -> None:
    (tmp_path / FIXABLE_FILE).write_text(
        "fixable_errors:\n  data_unavailable: {fix_agent: trading_data_collector, action: use_alternate_source}\n",
        encoding="utf-8",
    )
    rules = read_retry(tmp_path)
    assert rules.reason("data_unavailable").retryable
    assert rules.reason("data_unavailable").agent == "data-collector"


def test_fatal_errors_come_before_fixable_ones(tmp_path: Path) -> None:
    row = "data_unavailable: {fix_agent: data-collector, action: use_alternate_source}"
    path = tmp_path / RETRY_FILE
    path.write_text(f"auto_retry: {{fixable_errors: {{{row}}}}}\n", encoding="utf-8")
    assert not read_retry(tmp_path).reason("data_unavailable").retryable
    path.write_text(f"auto_retry: {{fixable_errors: {{{row}}}, fatal_errors: []}}\n", encoding="utf-8")
    assert read_retry(tmp_path).reason("data_unavailable").retryable


def test_a_fatal_reason_that_the_file_makes_fixable_is_mended_by_the_validation(light: Made, tmp_path: Path) -> None:
    flawed = {"fundamental_strategy_flaw": {"fix_agent": "quant-analyst", "action": "review_hypothesis"}}
    desk = light(tmp_path / "desk")
    put(tmp_path / "desk", FIXABLE_FILE, "fixable_errors", flawed)
    desk.life.queue.add([IDEA], "test")
    validate(replace(desk, executor=Scripted({("STR-001", "L1"): [FLAWED]})), Asked(tier=Tier.L0), Skills())
    validate(replace(desk, executor=Scripted({("STR-001", "L1"): [FLAWED]})), Asked(tier=Tier.L1), Skills())
    assert desk.life.queue.get("STR-001").status is Status.FIXABLE_FAILURE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("auto_retry: {max_attempt: 3}", "unknown key 'auto_retry.max_attempt', did you mean 'max_attempts'?"),
        ("auto_retry: {enabled_tiers: [L9]}", "must be 'L0', 'L1', 'L2' or 'L3'"),
        ("auto_retry: {max_attempts: 99}", "auto_retry.max_attempts"),
        ("auto_retry: {fatal_errors: [timeot]}", "there is no reason 'timeot', did you mean 'timeout'?"),
        ("auto_retry: {fixable_errors: [{timeout: {fix_agent: bob, action: x}}]}", "there is no fixing agent 'bob'"),
        (
            "auto_retry: {fixable_errors: [{timeout: {fix_agent: orchestrator, action: reduce_window}}]}",
            "orchestrator cannot 'reduce_window', did you mean 'reduce_data_window'?",
        ),
        ("auto_retry: {fixable_errors: [timeout]}", "each entry has one reason"),
        (
            "auto_retry:\n  fixable_errors:\n"
            + 2 * "    - timeout: {fix_agent: orchestrator, action: reduce_data_window}\n",
            "timeout is there twice",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / RETRY_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_retry(tmp_path)
    assert f"{RETRY_FILE}:" in error.value.found
    assert said in str(error.value)
