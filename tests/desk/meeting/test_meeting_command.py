"""`quorum meeting`: what it prints, and what it says to wrong input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desk.meeting.halls import configure
from quorum.surfaces.cli.app import run


def test_it_prints_what_was_proposed_chosen_and_queued(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(home)
    assert run(["meeting", "--seed", "3", "--json", "--home", str(home)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"meeting_id", "proposals", "selected", "queued", "rejected"} <= set(told)
    assert told["queued"] == ["STR-001", "STR-002", "STR-003"]
    for proposal in told["proposals"]:
        assert {"novelty", "feasibility", "by"} <= set(proposal)
    assert all(one["reason"] for one in told["rejected"])


def test_people_see_a_table_and_why_the_others_were_left(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(home)
    assert run(["meeting", "--dry-run", "--theme", "following", "--home", str(home)]) == 0
    shown = capsys.readouterr().out
    assert "tried only" in shown
    assert "queued    none" in shown
    assert "following" in shown


def test_a_meeting_that_is_switched_off_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(home, enabled=False)
    assert run(["meeting", "--home", str(home)]) == 0
    assert "enabled is false in config/meeting.yaml" in capsys.readouterr().out


def test_an_unknown_theme_is_refused_with_those_there_are(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["meeting", "--theme", "fun", "--home", str(home)]) == 2
    assert "no theme 'fun'; there are open, reversion" in capsys.readouterr().err
