"""A meeting on the real hourly pairs: quick, and its ideas can be run on them."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from quorum.bootstrap import open_desk
from quorum.desk import make_workspace
from quorum.desk.meeting import Convened, run_meeting
from quorum.domain import Timeframe
from quorum.signals import SpecStrategy, read_spec

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def test_a_meeting_on_thirteen_pairs(shared: Path, tmp_path: Path) -> None:
    make_workspace(tmp_path / "desk", ("momentum",))
    desk = open_desk(tmp_path / "desk")
    desk.lake.import_path(shared / "data" / "crypto" / "bars_1h")
    run_meeting(desk, Convened(dry_run=True))  # what is loaded once
    began = process_time()
    told = run_meeting(desk, Convened(seed=7)).told
    assert process_time() - began < 10.0
    assert told["seats"][2]["tests"] > 600
    assert told["queued"] == ["STR-001", "STR-002", "STR-003"]
    for proposal in told["proposals"]:
        if isinstance(proposal["strategy"], str):
            continue
        bars = desk.lake.bars(proposal["symbols"][0], Timeframe.parse(proposal["timeframe"]), proposal["venue"])
        assert len(SpecStrategy(read_spec(proposal["strategy"])).batch(bars, {}).weight) == len(bars)
