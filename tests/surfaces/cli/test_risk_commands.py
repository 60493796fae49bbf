"""`quorum risk`: what it shows, and what it lets a person raise."""

from __future__ import annotations

from pathlib import Path

from surfaces.cli.commands import Quorum

OVERRIDE = ("risk", "override", "max_position", "--account", "paper", "--reason", "a listing", "--by", "Ann")


def test_a_look_at_risk_tells_limits_breakers_and_a_verdict(quorum: Quorum, home: Path) -> None:
    assert quorum("risk", "check", "--json").json["books"] == []
    quorum("account", "fund", "paper", "1000")
    (found,) = quorum("risk", "check", "--json").json["books"]
    assert found["verdict"] == {"may_open": True, "reasons": []}
    assert found["breaker"]["at"] == "0"
    assert {"max_deployed", "max_day_loss", "max_week_loss", "close_all_at"} <= {
        use["limit"] for use in found["limits"]
    }
    assert found["tail"]["value_at_risk"] == 0.0
    said = quorum("risk", "check").out
    assert "paper: may open" in said
    assert "0.00%, on the days beyond it 0.00% on average" in said
    assert "nothing is held" in said
    assert "is not deployed" in quorum("risk", "check", "STR-001").error
    assert "no account 'papr'" in quorum("risk", "check", "--account", "papr").error


def test_an_override_is_told_and_stands_in_the_next_look(quorum: Quorum, home: Path) -> None:
    told = quorum(*OVERRIDE, "--to", "0.45", "--expires", "4h", "--json").json
    assert (told["override_id"], told["from"], told["to"], told["by"]) == ("OVR-001", "0.4", "0.45", "Ann")
    (found,) = quorum("risk", "check", "--json").json["books"]
    assert [override["limit"] for override in found["overrides"]] == ["max_position"]
    assert "is no number above 0" in quorum(*OVERRIDE, "--to", "much", "--expires", "4h").error
    assert "raises nothing" in quorum(*OVERRIDE, "--to", "0.1", "--expires", "4h").error
    assert "has expired" in quorum(*OVERRIDE, "--to", "0.5", "--expires", "2024-01-01").error
    assert "is no date or time" in quorum(*OVERRIDE, "--to", "0.5", "--expires", "9999999d").error
