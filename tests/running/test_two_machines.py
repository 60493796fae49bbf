"""Two workers over one PostgreSQL, each with a workspace of its own: what one leaves, the other does, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.processes import run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_lost_workers_run_goes_on_elsewhere_within_its_lease_and_two_seconds(
    empty_postgres: str, tmp_path: Path
) -> None:
    lost = run("running.machines", "lose", empty_postgres, tmp_path)
    assert [line.split()[0] for line in lost] == ["SIGKILL", "SIGSTOP"] * 2


def test_two_machines_work_at_one_queue_and_have_one_state(empty_postgres: str, tmp_path: Path) -> None:
    run("running.machines", "share", empty_postgres, tmp_path)
