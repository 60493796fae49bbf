"""docs/reference/files.md says what the files have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from quorum.desk import Desk
from quorum.desk.life import show_life
from quorum.desk.life.words import MEANINGS, meaning
from quorum.validation.life import Idea, Status

CELL = re.compile(r"^\| `([^|]+)` \|")


@pytest.fixture(scope="session")
def documented(checkout: Path) -> str:
    return (checkout / "docs" / "reference" / "files.md").read_text(encoding="utf-8")


def keys(documented: str, heading: str) -> list[str]:
    """The first cells of the table below a heading."""
    section = documented.partition(f"## `{heading}`\n")[2].partition("\n## ")[0]
    return [found[1] for line in section.splitlines() if (found := CELL.match(line))]


def test_the_tables_have_the_keys_of_the_files_in_their_order(documented: str, desk: Desk, home: Path) -> None:
    desk.life.queue.add([Idea("demo_ma", ("FLATUSDT",), "1h")], "person")
    show_life(desk)
    for name in ("registry", "failure-taxonomy", "search-space-map"):
        document = YAML(typ="safe", pure=True).load(home / f"knowledge/{name}.yaml")
        assert list(document) == keys(documented, f"knowledge/{name}.yaml")
    assert list(YAML(typ="safe", pure=True).load(home / "pipeline/current-run.yaml")) == keys(
        documented, "pipeline/current-run.yaml"
    )
    (entry,) = YAML(typ="safe", pure=True).load(home / "pipeline/queue.yaml")["queue"]
    assert list(entry) == keys(documented, "pipeline/queue.yaml")
    registered = YAML(typ="safe", pure=True).load(home / "knowledge/registry.yaml")["strategies"]["STR-001"]
    assert set(registered) == {*entry, "name"} - {"strategy_id", "params", "priority", "version"}
    folder = home / "knowledge/strategies/STR-001"
    told = [name for name in keys(documented, "knowledge/strategies/STR-001/") if "/" not in name]
    assert sorted(path.name for path in folder.iterdir()) == sorted(told)


def test_every_word_is_documented_and_means_what_is_said(documented: str) -> None:
    section = documented.partition("## Words for statuses\n")[2]
    told: dict[str, str] = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 2 and cells[0].startswith("`"):
            told |= {word.upper(): cells[1] for word in re.findall(r"`([^`]+)`", cells[0])}
    for word, says in told.items():
        found = meaning(word)
        assert found is not None
        if says.partition(",")[0] in list(Status):
            assert found.status == says.partition(",")[0]
    general = {word for word in MEANINGS if word not in list(Status) and not re.search(r"L\d", word)}
    assert general <= set(told)
