"""The doctor: every check runs, each names what is wrong and how to mend it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from desk.offices import at_work, change, contents
from quorum.bootstrap import schema_of
from quorum.desk import diagnose
from quorum.desk.doctor import ROOMS

CHECKS = ["imports", "python", "libraries", "workspace", "configuration", "database", "lake", "disk"]


def wrong(home: Path | None) -> dict[str, str]:
    """What is found wrong, with its remedy, by the check's name."""
    return {f.name: f"{f.found}; {f.remedy}" for f in diagnose(home, schema_of) if not f.ok}


def test_a_healthy_desk_passes_every_check(home: Path) -> None:
    at_work(home)
    before = contents(home)
    found = diagnose(home, schema_of)
    assert [f.name for f in found] == CHECKS
    assert [f for f in found if not f.ok] == []
    told = {f.name: f.found for f in found}
    assert told["imports"] == f"all {len(ROOMS)} rooms"
    assert told["lake"] == "6 series"
    assert "schema 0002" in told["database"]
    assert contents(home) == before


def test_the_rooms_are_all_that_there_are(checkout: Path) -> None:
    source = checkout / "src" / "quorum"
    rooms = {path.parent.name for path in source.glob("*/__init__.py")}
    assert rooms | {"bootstrap"} <= set(ROOMS)


@pytest.mark.parametrize("home", [None, Path("no/such/folder")])
def test_where_there_is_no_workspace_it_says_how_to_make_one(home: Path | None) -> None:
    assert wrong(home) == {"workspace": "none here or above; make one with `quorum init`"}


def test_one_thing_wrong_does_not_hide_another(home: Path) -> None:
    (home / "config" / "risk.yaml").write_text("books: [", encoding="utf-8")
    for file in home.glob("desk.db*"):
        file.unlink()
    (home / "desk.db").write_bytes(b"not a database at all" * 100)
    found = wrong(home)
    assert list(found) == ["configuration", "database"]
    assert "risk.yaml:1:9" in found["configuration"]
    assert "restore it from a backup" in found["database"]


def test_a_database_of_a_newer_quorum_is_named_and_left_alone(home: Path) -> None:
    change(home, "update alembic_version set version_num = '9999'")
    assert "has schema 9999" in wrong(home)["database"]
    with sqlite3.connect(home / "desk.db") as database:
        assert database.execute("select version_num from alembic_version").fetchall() == [("9999",)]
    database.close()
