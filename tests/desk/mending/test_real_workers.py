"""Mending with real worker processes: a planted fault is mended, a strategy that hangs is rejected in time."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from desk.mending.menders import fail
from quorum.bootstrap import open_desk
from quorum.desk import Desk, make_workspace
from quorum.desk.mending import retry
from quorum.desk.settings.retry import RETRY_FILE
from quorum.domain import Limits, plain
from quorum.signals import SpecStrategy, family_of, read_spec
from quorum.surfaces.bench.planted import DEVELOPMENT, Case, plant, planted
from quorum.validation.ladder import Failed, TierResult
from quorum.validation.life import Status

HANGING = """\
import numpy as np
from quorum.signals import Parameter, from_batch

def warmup(params):
    while True:
        pass

RULE = from_batch("hanging", lambda bars, params: np.zeros(len(bars)), warmup, (Parameter("n", 2, 1, 9, "", (2, 3)),))
"""


@pytest.fixture
def case() -> Case:
    return next(c for c in planted(DEVELOPMENT, 12, 0, 0) if c.fault is not None and c.fault.name == "threshold_high")


@pytest.fixture
def real(tmp_path: Path, case: Case) -> Desk:
    home = tmp_path / ".quorum"
    make_workspace(home, ("momentum",))
    desk = open_desk(home)
    plant(desk.lake, [case])
    return desk


def test_a_planted_fault_is_mended(real: Desk, case: Case) -> None:
    home = str(real.workspace.home)
    payload = {"home": home, "strategy_id": "STR-001", "tier": "L1", "idea": plain(case.idea), "params": {}}
    (outcome,) = real.executor.run_many("tier", [{**payload, "attempt": 0}], Limits(60.0, 500.0, 1))
    first = TierResult.read(outcome.answer)  # type: ignore[union-attr]
    assert isinstance(first.verdict, Failed)
    assert first.verdict.retryable
    fail(real, verdict=first.verdict, idea=case.idea)
    before = real.trials.count(_family(case))
    ended = retry(real, "STR-001")
    assert ended.status is Status.L1_PASSED
    assert ended.trials == real.trials.count(_family(case)) - before
    assert real.life.queue.get("STR-001").idea != case.idea


def _family(case: Case) -> str:
    assert not isinstance(case.idea.strategy, str)
    return family_of(SpecStrategy(read_spec(case.idea.strategy)))


@pytest.mark.slow
def test_a_fixer_that_hangs_is_a_rejection_in_time(real: Desk, case: Case, tmp_path: Path) -> None:
    (tmp_path / "hanging.py").write_text(HANGING, encoding="utf-8")
    (real.workspace.config / RETRY_FILE).write_text("auto_retry: {attempt_seconds: 1}\n", encoding="utf-8")
    fail(real, idea=replace(case.idea, strategy=f"{tmp_path / 'hanging.py'}:RULE", params={}))
    begun = time.monotonic()
    ended = retry(real, "STR-001")
    assert ended.status is Status.REJECTED_AUTO_RETRY
    assert ended.why.startswith("auto_retry_broken: auto-retry broke: ml-engineer found no fix")
    assert time.monotonic() - begun < 10.0
