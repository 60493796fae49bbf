"""docs/guides/meeting.md says what the tables say, and its configuration can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from quorum.desk.meeting.brief import PARTS
from quorum.desk.settings.meeting import MeetingFile
from quorum.discovery import THEMES
from quorum.discovery.feasibility import ENOUGH_ENTRIES
from quorum.discovery.market import LEAST_DAYS


@pytest.fixture(scope="module")
def guide(checkout: Path) -> str:
    return (checkout / "docs" / "guides" / "meeting.md").read_text(encoding="utf-8")


def test_every_seat_and_theme_stands_in_it(guide: str) -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE))
    assert rows == {*PARTS, *THEMES}
    assert set(PARTS) == set(MeetingFile().seats.named())


def test_its_configuration_can_be_read(guide: str) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    found = MeetingFile.model_validate(YAML(typ="safe", pure=True).load(text))
    assert found.seats.maverick.model == "openai:gpt-5-mini"
    assert found.budget == MeetingFile().budget


def test_its_numbers_are_those_of_the_code(guide: str) -> None:
    defaults = MeetingFile()
    assert f"`duplicate_above` ({defaults.duplicate_above})" in guide
    assert f"`similar_from` ({defaults.similar_from})" in guide
    assert f"{LEAST_DAYS:,} days, entries a year beside {ENOUGH_ENTRIES:.0f}" in guide
