"""The workspace: found, made once, completed, never half made, and refused when it is newer or damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit

import pytest

from desk.offices import contents
from quorum.bootstrap import default_home, open_workspace, schema_of
from quorum.desk import diagnose, find_workspace, make_workspace
from quorum.desk.workspace import write_text
from quorum.domain import ConfigError, QuorumError, WorkspaceError

HAND_MADE = """\
# ours
consensus:
  # who must
  required_participants: [smc, ml_model]    # both of them
  optional_participants: [microstructure]   # may
  approval_threshold: 0.70                  # not 0.7
  weights: {smc: 0.350, 'ml_model': 0.4, "microstructure": 0.25}  # a long line, which stays the one line that it is
# the end
"""


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A disk on which no file grows beyond `size` bytes."""
    before = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, before)


def test_making_one_twice_changes_nothing(tmp_path: Path) -> None:
    made = make_workspace(tmp_path / "w", ["smc", "momentum"])
    assert {path.name for path in made} >= {"workspace.yaml", "consensus.yaml", "risk.yaml", "accounts.yaml"}
    before = contents(tmp_path)
    assert make_workspace(tmp_path / "w", None) == ()
    assert contents(tmp_path) == before


def test_what_was_deleted_is_made_again_and_what_was_edited_stays(tmp_path: Path) -> None:
    make_workspace(tmp_path, None)
    before = contents(tmp_path)
    (tmp_path / "config" / "risk.yaml").unlink()
    (tmp_path / "state" / "trades").rmdir()
    (tmp_path / "config" / "accounts.yaml").write_text("accounts: {}  # none yet\n", encoding="utf-8")
    assert make_workspace(tmp_path, None) == (tmp_path / "config" / "risk.yaml",)
    assert {**contents(tmp_path), "config/accounts.yaml": before["config/accounts.yaml"]} == before


def test_participants_change_their_two_keys_and_not_a_letter_else(tmp_path: Path) -> None:
    path = tmp_path / "config" / "consensus.yaml"
    path.parent.mkdir()
    path.write_text(HAND_MADE, encoding="utf-8")
    assert path in make_workspace(tmp_path, ["microstructure", "momentum"])
    expected = HAND_MADE.replace("[smc, ml_model]    #", "[microstructure, momentum] #")
    expected = expected.replace("[microstructure]   # may", "[]   # may")
    squeezed = [" ".join(line.split()) for line in path.read_text(encoding="utf-8").splitlines()]
    assert squeezed == [" ".join(line.split()) for line in expected.splitlines()]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "consensus: {timeout_seconds: 5}\n"])
def test_participants_are_put_where_none_were_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config" / "consensus.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    make_workspace(tmp_path, ["smc", "momentum"])
    section = open_workspace(tmp_path).settings().consensus.consensus
    assert (section.required_participants, section.optional_participants) == (("smc", "momentum"), ())
    assert section.timeout_seconds == (5 if "timeout" in text else 30)
    assert text.strip("\n").split("}")[0] in path.read_text(encoding="utf-8")


def test_participants_are_not_put_into_a_file_that_is_wrong(tmp_path: Path) -> None:
    make_workspace(tmp_path, None)
    (tmp_path / "config" / "consensus.yaml").write_text("consensus: [\n", encoding="utf-8")
    (tmp_path / "config" / "risk.yaml").unlink()
    before = contents(tmp_path)
    with pytest.raises(ConfigError, match=r"consensus.yaml:2:1: not YAML"):
        make_workspace(tmp_path, ["smc"])
    assert contents(tmp_path) == before


def test_a_host_plugins_folder_is_adopted_and_its_files_stay_as_they_are(tmp_path: Path) -> None:
    host = tmp_path / ".crypto"
    foreign = {
        "BOOTSTRAP.md": "active_skills: [x]\r\n\ttabs, and no end of line",
        "knowledge/registry.yaml": "unknown_key: {a: 1}\n",
        "knowledge/strategies/STR-001/strategy.py": "raise SystemExit\n",
        "config/exchanges.yaml": "binance: {keys: kept}\n",
        "state/signals/foreign.json": "{",
    }
    for name, text in foreign.items():
        write_text(host / name, text)
    before = contents(host)
    make_workspace(host, ["smc", "momentum"])
    after = contents(host)
    assert {name: after[name] for name in before} == before
    assert find_workspace(tmp_path / "deep" / "below") == host
    assert open_workspace(host).settings().consensus.consensus.required_participants == ("smc", "momentum")


def test_the_nearest_upwards_is_found_and_the_environment_and_the_option_go_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer, inner, named = tmp_path / ".quorum", tmp_path / "a" / ".crypto", tmp_path / "named"
    for folder in (outer, inner, named):
        make_workspace(folder, None)
    (tmp_path / "a" / "b").mkdir()
    monkeypatch.delenv("QUORUM_HOME", raising=False)
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert open_workspace(None).home == inner.resolve()
    monkeypatch.chdir(tmp_path)
    assert open_workspace(None).home == outer.resolve()
    monkeypatch.setenv("QUORUM_HOME", str(named))
    assert open_workspace(None).home == named.resolve()
    assert default_home() == named
    assert open_workspace(inner).home == inner.resolve()
    monkeypatch.setenv("QUORUM_HOME", str(tmp_path / "nothing"))
    with pytest.raises(WorkspaceError, match=r"there is no workspace at .*nothing; make one with `quorum init`"):
        open_workspace(None)


def test_where_there_is_none_a_new_one_goes_to_the_folder_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUORUM_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    if find_workspace(tmp_path) is None:
        assert default_home() == tmp_path / ".quorum"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"version: 2\n", "has version 2, this quorum knows up to 1; upgrade quorum"),
        (b"version: [1\n", "workspace.yaml:2:1: not YAML"),
        (b"version: one\n", "names no version; write `version: 1` into it"),
        (b"version: true\n", "names no version"),
        (b"hello\n", "names no version"),
        (b"", "names no version"),
        (b"\xff\xfe", "make it a text file in UTF-8"),
    ],
)
def test_a_workspace_that_is_newer_or_damaged_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, what: str
) -> None:
    make_workspace(tmp_path, None)
    (tmp_path / "workspace.yaml").write_bytes(content)
    (tmp_path / "config" / "risk.yaml").unlink()
    before = contents(tmp_path)
    for attempt in (lambda: open_workspace(tmp_path), lambda: make_workspace(tmp_path, ["smc"])):
        with pytest.raises(QuorumError) as refused:
            attempt()
        assert what in str(refused.value)
    (finding,) = [f for f in diagnose(tmp_path, schema_of) if f.name == "workspace"]
    assert not finding.ok
    assert what in f"{finding.found}; {finding.remedy}"
    assert contents(tmp_path) == before


def test_a_disk_that_is_full_leaves_no_half_of_a_workspace(tmp_path: Path) -> None:
    with files_of_at_most(300), pytest.raises(WorkspaceError, match=r"workspace .*/deep/w: File too large"):
        make_workspace(tmp_path / "deep" / "w", None)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_an_older_workspace_as_it_was(tmp_path: Path) -> None:
    make_workspace(tmp_path, None)
    for name in ("risk.yaml", "execution.yaml"):
        (tmp_path / "config" / name).unlink()
    before = contents(tmp_path)
    with files_of_at_most(300), pytest.raises(WorkspaceError):
        make_workspace(tmp_path, None)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("blocker", ["config", "state", "lake", "state/trades"])
def test_a_file_where_a_folder_belongs_is_named_by_the_doctor(tmp_path: Path, blocker: str) -> None:
    (tmp_path / "w" / blocker).parent.mkdir(parents=True)
    (tmp_path / "w" / blocker).write_text("mine", encoding="utf-8")
    before = contents(tmp_path)
    with pytest.raises(WorkspaceError, match="choose a folder that you may write with --home"):
        make_workspace(tmp_path / "w", None)
    assert contents(tmp_path) == before
    if "/" not in blocker:
        (finding,) = [f for f in diagnose(tmp_path / "w", schema_of) if f.name == "workspace"]
        assert not finding.ok
        assert finding.found.endswith(f"/{blocker} is no folder")


def test_a_text_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "view.json"
    write_text(path, "old")
    with files_of_at_most(1_000), pytest.raises(OSError, match="File too large"):
        write_text(path, "new" * 1_000)
    assert contents(tmp_path).keys() == {"deep", "deep/view.json"}
    assert path.read_text(encoding="utf-8") == "old"
    write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
