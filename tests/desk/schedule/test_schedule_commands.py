"""`quorum schedule` over a workspace: what it shows, what it switches, what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from surfaces.cli.commands import Quorum

TEXT = """\
schedules:
  mine:                 # the one
    workflow: realtime_signal_generation
    params: {symbol: FLATUSDT, timeframe: 1h}
  wrong:
    workflow: realtime_signal_generation
    params: {symbl: X}
"""


@pytest.fixture
def quorum(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path) -> Quorum:
    """Commands in this process, in that workspace."""
    monkeypatch.setenv("QUORUM_HOME", str(home))
    (home / "config" / "schedule.yaml").write_text(TEXT, encoding="utf-8")
    return Quorum(capsys)


def test_schedules_are_listed_and_switched(quorum: Quorum, home: Path) -> None:
    mine, wrong = quorum("schedule", "--json").json["schedules"]
    assert (mine["schedule"], mine["enabled"], mine["next_due"], mine["last"]) == ("mine", False, None, None)
    assert mine["triggers"] == ["cron * * * * * UTC bars"]
    assert "schedule.yaml:7:5: schedule wrong:" in wrong["error"]
    on = quorum("schedule", "enable", "mine", "--json").json
    assert (on["changed"], on["enabled"]) == (True, True)
    assert on["next_due"].endswith(":00:00Z")
    assert "  mine:                 # the one\n" in (home / "config" / "schedule.yaml").read_text(encoding="utf-8")
    assert quorum("schedule", "enable", "mine", "--json").json["changed"] is False
    assert quorum("schedule", "disable", "mine", "--json").json["enabled"] is False
    assert quorum("schedule", "ticks", "mine", "--json").json == {"schedule": "mine", "ticks": []}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ticks", "mein"), "there is no schedule 'mein'"),
        (("enable", "mein"), "there is no schedule 'mein', did you mean 'mine'?"),
        (("enable", "wrong"), "has no parameter 'symbl', did you mean 'symbol'?"),
    ],
)
def test_what_is_not_there_or_wrong_is_refused(quorum: Quorum, arguments: tuple[str, ...], message: str) -> None:
    assert message in quorum("schedule", *arguments).error
