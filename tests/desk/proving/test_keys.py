"""parallel-validation.yaml: every key has an effect that is seen here; a key without a row fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from desk.keys import keys
from desk.proving.scripted import FLAWED, Scripted, queued
from quorum.desk import Desk
from quorum.desk.proving import Asked, Skills, parallel_rules, validate
from quorum.desk.settings import read_settings
from quorum.desk.settings.validation import PARALLEL_FILE, PARALLEL_YAML, ValidationFile
from quorum.domain import ConfigError
from quorum.validation.ladder import Tier

Look = Callable[[Desk], object]


def checked(desk: Desk, tier: Tier = Tier.L0, **script: Any) -> tuple[Scripted, Mapping[str, Any]]:
    """A run over four strategies up to a tier, and its workers."""
    names = queued(desk, 4)
    failing = script.pop("failing", 0)
    workers = Scripted({(name, "L0"): [FLAWED] for name in names[:failing]}, **script)
    run: Mapping[str, Any] = {}
    for each in Tier:
        if each <= tier:
            run = validate(replace(desk, executor=workers), Asked(tier=each), Skills())
    return workers, run


def at_once(desk: Desk) -> object:
    return checked(desk)[0].limits[-1].workers


def seconds(tier: str) -> Look:
    return lambda desk: checked(desk, Tier(tier))[0].limits[-1].seconds


def memory(desk: Desk) -> object:
    return checked(desk)[0].limits[-1].memory_mb


def niceness(desk: Desk) -> object:
    return checked(desk)[0].batches[-1][0]["niceness"]


def together(desk: Desk) -> object:
    return [len(batch) for batch in checked(desk)[0].batches]


def left(desk: Desk) -> object:
    """How many verdicts there are where the first of four fails."""
    return sum("verdict" in line for line in checked(desk, failing=1)[1]["by_strategy"].values())


def meets(desk: Desk) -> object:
    """Whether two of four that fail are a reason for a meeting."""
    return checked(desk, failing=2)[1]["meeting"] is not None


def beats(desk: Desk) -> object:
    """Whether a run gives a sign of life while its worker is at work."""
    before = desk.life.books.runs.listed()
    beaten = threading.Event()

    class Runs:
        def __getattr__(self, name: str) -> Any:
            return getattr(desk.life.books.runs, name)

        def put(self, record: Any) -> Any:
            if threading.current_thread().name == "validation-beat":
                beaten.set()
            return desk.life.books.runs.put(record)

    watched = replace(desk, life=desk.life._replace(books=replace(desk.life.books, runs=Runs())))
    checked(watched, before=lambda payload: beaten.wait(0.3))
    assert not before
    return beaten.is_set()


ROWS: Mapping[str, tuple[object, Look, object, object]] = {
    "enabled": (False, together, [4], [1, 1, 1, 1]),
    "max_workers": (2, at_once, 4, 2),
    "worker_timeout_seconds": (60.0, seconds("L0"), 600.0, 60.0),
    "l0_timeout_multiplier": (2.0, seconds("L0"), 600.0, 1200.0),
    "l1_timeout_multiplier": (3.0, seconds("L1"), 900.0, 1800.0),
    "l2_timeout_multiplier": (2.0, seconds("L2"), 1800.0, 3600.0),
    "l3_timeout_multiplier": (0.5, seconds("L3"), 3600.0, 1800.0),
    "polling_interval_seconds": (0.05, beats, False, True),
    "fail_fast": (True, left, 4, 1),
    "auto_escalate_threshold": (0.4, meets, False, True),
    "resource_limits.memory_per_worker_mb": (300.0, memory, 200.0, 300.0),
    "resource_limits.cpu_percent_per_worker": (10.0, niceness, 4, 10),
}


def test_every_key_has_a_row() -> None:
    assert {key.removeprefix("parallel_validation.") for key in keys(ValidationFile)} == set(ROWS)


@pytest.mark.parametrize("key", ROWS)
def test_a_key_changes_what_it_says(new: Callable[[str], Desk], key: str) -> None:
    value, look, default, changed = ROWS[key]
    assert look(new("usual")) == default
    changed_desk = new("changed")
    document: Any = value
    for step in reversed(["parallel_validation", *key.split(".")]):
        document = {step: document}
    with (changed_desk.workspace.config / PARALLEL_FILE).open("w") as stream:
        YAML().dump(document, stream)
    assert look(changed_desk) == changed


def test_the_file_as_it_is_made_says_what_holds_without_it(desk: Desk) -> None:
    path = desk.workspace.config / PARALLEL_FILE
    path.write_text(PARALLEL_YAML, encoding="utf-8")
    assert read_settings(path, ValidationFile) == ValidationFile()


def test_the_file_of_the_specification_is_taken_as_it_stands(desk: Desk) -> None:
    (desk.workspace.config / PARALLEL_FILE).write_text(
        "parallel_validation:\n  max_workers: 4\n  worker_timeout_seconds: 600\n  l0_timeout_multiplier: 1.0\n"
        "  l1_timeout_multiplier: 1.5\n  polling_interval_seconds: 5\n  fail_fast: false\n"
        "  auto_escalate_threshold: 0.5\n  resource_limits:\n    memory_per_worker_mb: 200\n"
        "    cpu_percent_per_worker: 30\n"
    )
    assert parallel_rules(desk) == ValidationFile().parallel_validation


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("max_worker: 2", "yaml:2:3: unknown key 'parallel_validation.max_worker', did you mean 'max_workers'?"),
        ("max_workers: 0", "yaml:2:3: parallel_validation.max_workers: must be greater than or equal to 1"),
        ("fail_fast: 1", "must be a valid boolean"),
        ("auto_escalate_threshold: 50", "must be less than or equal to 1"),
        ("worker_timeout_seconds: .inf", "must be a finite number"),
    ],
)
def test_a_wrong_key_is_refused_at_its_place(desk: Desk, text: str, error: str) -> None:
    (desk.workspace.config / PARALLEL_FILE).write_text(f"parallel_validation:\n  {text}\n")
    queued(desk, 1)
    with pytest.raises(ConfigError) as refused:
        validate(replace(desk, executor=Scripted()), Asked())
    assert error in str(refused.value)


def test_lower_memory_than_a_tier_s_takes_the_tier_s(desk: Desk) -> None:
    text = "parallel_validation: {resource_limits: {memory_per_worker_mb: 100}}\n"
    (desk.workspace.config / PARALLEL_FILE).write_text(text)
    (desk.workspace.config / "tiered-validation-protocol.yaml").write_text("memory_mb: {L0: 64}\n")
    queued(desk, 1)
    workers = Scripted()
    validate(replace(desk, executor=workers), Asked(), Skills())
    assert [limits.memory_mb for limits in workers.limits] == [100.0, 200.0, 500.0, 500.0]
