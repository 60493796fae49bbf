"""The doctor: every check runs, each names what is wrong and how to mend it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import quorum.adapters.migrations.versions
from desk.offices import at_work, change, contents
from quorum.bootstrap import open_channels, schema_of
from quorum.desk import Finding, Workspace, diagnose
from quorum.desk.doctor import ROOMS
from quorum.desk.upkeep import check_coordinator

CHECKS = ["imports", "python", "libraries", "workspace", "configuration", "database", "lake", "disk"]
COORDINATOR = ["channels", "workflows", "schedules"]
SECRET = "hunter2secret"


def wrong(home: Path | None) -> dict[str, str]:
    """What is found wrong, with its remedy, by the check's name."""
    return {f.name: f"{f.found}; {f.remedy}" for f in diagnose(home, schema_of) if not f.ok}


def coordinator(workspace: Workspace) -> Iterator[Finding]:
    return check_coordinator(workspace, open_channels)


def test_a_healthy_desk_passes_every_check(home: Path) -> None:
    at_work(home)
    before = contents(home)
    found = diagnose(home, schema_of, coordinator)
    assert [f.name for f in found] == [*CHECKS, *COORDINATOR]
    assert [f for f in found if not f.ok] == []
    told = {f.name: f.found for f in found}
    assert told["imports"] == f"all {len(ROOMS)} rooms"
    assert told["lake"] == "6 series"
    assert f"schema {migrations()[-1]}" in told["database"]
    assert told["channels"] == "0 besides the log can be used"
    assert told["workflows"] == "13 can be read"
    assert told["schedules"] == "1 can be read, 1 enabled"
    assert contents(home) == before


def migrations() -> list[str]:
    """The revisions of the schema, oldest first."""
    folder = Path(quorum.adapters.migrations.versions.__path__[0])
    return sorted(path.stem[1:5] for path in folder.glob("v*.py"))


def test_the_rooms_are_all_that_there_are(checkout: Path) -> None:
    source = checkout / "src" / "quorum"
    packages = {path.parent.relative_to(source).as_posix().replace("/", ".") for path in source.rglob("__init__.py")}
    rooms = {name for name in packages if name.count(".") < 1 and name != "."}
    rooms |= {name for name in packages if name.startswith("desk.") and name.count(".") == 1}
    assert rooms <= set(ROOMS)
    assert set(ROOMS) <= packages


def test_what_is_wrong_with_a_coordinator_is_named_each_with_its_place_and_nothing_is_sent(home: Path) -> None:
    config = home / "config"
    (config / "notifications.yaml").write_text(
        f"channels:\n  slack: {{url_from: 'env:NOT_THERE_{SECRET}'}}\n"
        "  post: {url: 'json://127.0.0.1:1/', allow_plain: true}\n  page: {url: 'nonsense://x'}\n",
        encoding="utf-8",
    )
    (config / "workflows").mkdir(exist_ok=True)
    (config / "workflows" / "mine.yaml").write_text("workflow: mine\nsteps: []\n", encoding="utf-8")
    (config / "schedule.yaml").write_text(
        "schedules:\n  a: {workflow: mine}\n  b: {workflow: nobodys}\n"
        "  c: {workflow: daily_operations, enabled: true, params: {symbol: BTCUSDT}}\n",
        encoding="utf-8",
    )
    found = {f.name: f for f in coordinator(Workspace(home))}
    assert {name for name, f in found.items() if not f.ok} == {
        *("channel slack", "channel page", "channels", "workflow mine", "workflows"),
        *("schedule a", "schedule b", "schedules"),
    }
    assert "there is no key at env:NOT_THERE" in found["channel slack"].found
    assert f"{config / 'workflows' / 'mine.yaml'}:2:" in found["workflow mine"].found
    assert f"{config / 'schedule.yaml'}:3:7: schedule b: there is no workflow 'nobodys'" in found["schedule b"].found
    assert found["channels"].found == "1 besides the log can be used"
    assert found["schedules"].found == "1 can be read, 1 enabled"
    assert all(f.remedy for f in found.values() if not f.ok)
    assert not (home / "logs" / "notifications.jsonl").exists()


def test_settings_that_cannot_be_read_are_one_finding(home: Path) -> None:
    (home / "config" / "notifications.yaml").write_text("chanels: {}\n", encoding="utf-8")
    found = [f.name for f in diagnose(home, schema_of, coordinator) if not f.ok]
    assert found == ["configuration"]


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
