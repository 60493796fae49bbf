"""Which code a number hangs on: a trial is not counted again for a change that could not have changed it."""

from __future__ import annotations

from pathlib import Path

import quorum
from quorum.engine import JUDGING_ROOMS, code_hash
from quorum.engine.provenance import DECIDING_ROOMS, TRADING_ROOMS

PACKAGE = Path(quorum.__file__).parent


def test_a_trial_hangs_on_no_room_above_the_engine() -> None:
    assert {"desk", "validation", "surfaces"}.isdisjoint(TRADING_ROOMS)
    assert set(TRADING_ROOMS) < set(JUDGING_ROOMS)
    assert "desk" in DECIDING_ROOMS
    assert len({code_hash(TRADING_ROOMS), code_hash(JUDGING_ROOMS), code_hash()}) == 3


def test_every_room_that_is_named_for_a_trial_is_there() -> None:
    assert [room for room in JUDGING_ROOMS if not (PACKAGE / room).is_dir()] == []


def test_the_rooms_that_trade_see_no_other() -> None:
    """What they import is among them, so that nothing else can change a backtest."""
    seen = {
        line.split("quorum.", 1)[1].split(".")[0].split(" ")[0]
        for room in TRADING_ROOMS
        for source in (PACKAGE / room).rglob("*.py")
        for line in source.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith(("from quorum.", "import quorum."))
    }
    assert seen <= set(TRADING_ROOMS)
