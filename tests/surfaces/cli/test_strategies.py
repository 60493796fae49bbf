"""Strategies on the command line: those of others, the check, and the package that `strategy new` writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quorum.surfaces.scaffold import write_package
from signals.packages import RULE, install
from surfaces.cli.commands import Quorum, Said, fresh

LEAKY = RULE.replace("NAME", "mine").replace("bars.close[:-back])", "bars.close[:-back]) * (bars.close.max() > 0)")
LEAKY = LEAKY.replace("weight[back:] = (", "weight[:-back] = (")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_the_list_has_the_strategies_of_others_and_says_which_are_broken(quorum: Quorum, site: Path) -> None:
    install(site, "cli_good", {"riser": "cli_good:RULE"}, RULE.replace("NAME", "riser"))
    install(site, "cli_bad", {"faller": "cli_bad:RULE"}, "1 / 0")
    said = quorum("strategy", "list", "--json").json
    assert said["strategies"][-1]["name"] == "riser"
    assert [b["name"] for b in said["broken"]] == ["faller"]
    assert "ZeroDivisionError" in said["broken"][0]["error"]
    plain = quorum("strategy", "list")
    assert plain.code == 0
    assert "riser" in plain.out
    assert "broken: faller: strategy 'faller' of cli_bad" in plain.err
    assert "ZeroDivisionError" in quorum("strategy", "show", "faller").error


def test_a_file_is_shown_when_it_is_named(quorum: Quorum, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(RULE.replace("NAME", "mine"))
    assert quorum("strategy", "show", file, "--json").json["warmup"] == 4
    assert "there is no file" in quorum("strategy", "show", tmp_path / "none.py").error


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["demo_ma", "--symbol", "BTCUSDT"], "a symbol and a timeframe come together"),
        (["demo_ma", "--timeframe", "1h"], "a symbol and a timeframe come together"),
        (["demo_ma", "--param", "fast"], "parameter 'fast' has no value"),
    ],
)
def test_a_check_that_makes_no_sense_is_refused(quorum: Quorum, words: list[str], says: str) -> None:
    assert says in quorum("strategy", "check", *words).error


@pytest.mark.slow
def test_the_check_ends_with_0_for_a_clean_strategy_and_with_1_for_a_leak(tmp_path: Path) -> None:
    clean = fresh("strategy", "check", "demo_ma", "--json")
    assert (clean.code, clean.json["verdict"]) == (0, "clean")
    file = tmp_path / "mine.py"
    file.write_text(LEAKY)
    leaks = fresh("strategy", "check", f"{file}:RULE", "--seed", "3", "--json")
    assert (leaks.code, leaks.json["verdict"]) == (1, "leaks")
    assert leaks.json["leaks"][0]["column"] == "weight"
    assert leaks.json["leaks"][0]["time"]
    table = fresh("strategy", "check", file)
    assert table.code == 1
    assert "truncation" in table.out
    unknown = fresh("strategy", "check", "nobody")
    assert unknown.code == 2
    assert unknown.error.startswith("there is no strategy 'nobody'")
    bounds = fresh("strategy", "check", "demo_ma", "--param", "fast=1")
    assert bounds.error.startswith("fast = 1 is out of bounds")


@pytest.mark.slow
def test_the_check_takes_the_bars_of_a_symbol(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert fresh("init", "--home", home).code == 0
    rows = "\n".join(f"{1_700_000_000 + 3600 * i},{100 + i % 17 + i % 5}" for i in range(400))
    (tmp_path / "TEST.venue.csv").write_text(f"time,close\n{rows}\n")
    assert fresh("data", "import", tmp_path / "TEST.venue.csv", "--home", home).code == 0
    words = ("strategy", "check", "demo_ma", "--symbol", "TEST", "--timeframe", "1h", "--home", home, "--json")
    said = fresh(*words, "--param", "fast=3", "--param", "slow=9")
    assert said.json["markets"] == ["TEST 1h, 400 bars"]
    assert said.json["parameters"]["slow"] == 9
    short = fresh(*words, "--param", "slow=390")
    assert "has 400 bars, the check of demo_ma needs 451" in short.error


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Gap", "is no name for a strategy"),
        ("g", "is no name for a strategy"),
        ("3gap", "is no name"),
        ("gap-fade", "is no name"),
        ("class", "is no name"),
        ("demo_ma", "is one of our own strategies"),
        ("json", "is a module already"),
        ("quorum", "is a module already"),
    ],
)
def test_a_new_strategy_needs_a_name_of_its_own(quorum: Quorum, tmp_path: Path, name: str, says: str) -> None:
    assert says in quorum("strategy", "new", name, "--into", tmp_path / "made").error
    assert not (tmp_path / "made").exists()


def test_a_new_strategy_overwrites_nothing(quorum: Quorum, tmp_path: Path) -> None:
    assert quorum("strategy", "new", "gap_fade", "--into", tmp_path).code == 0
    before = (tmp_path / "gap_fade" / "README.md").read_bytes()
    assert "exists; choose another name or folder" in quorum("strategy", "new", "gap_fade", "--into", tmp_path).error
    assert (tmp_path / "gap_fade" / "README.md").read_bytes() == before
    (tmp_path / "file").touch()
    assert "cannot be written" in quorum("strategy", "new", "gap_fade", "--into", tmp_path / "file").error


def test_a_new_strategy_is_a_package_of_four_files(quorum: Quorum, tmp_path: Path) -> None:
    said = quorum("strategy", "new", "gap_fade", "--into", tmp_path, "--json").json
    folder = Path(said["folder"])
    assert sorted(said["files"]) == sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())
    assert len(said["files"]) == 4
    assert not any("$" in f.read_text() for f in folder.rglob("*") if f.is_file())


def test_a_new_strategy_s_code_keeps_the_rules_of_the_house(tmp_path: Path, checkout: Path) -> None:
    folder, files = write_package("gap_fade", tmp_path)
    sources = [str(folder / file) for file in files if file.suffix == ".py"]
    for words in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, "--config", str(checkout / "pyproject.toml"), *sources]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_new_strategy_installs_is_found_passes_its_check_and_its_own_tests(tmp_path: Path) -> None:
    folder, _ = write_package("gap_fade", tmp_path)
    target = tmp_path / "installed"
    build = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--target", str(target)]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", *build, str(folder)]
    installed = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr

    def outside(*words: str) -> Said:
        environment = {**os.environ, "PYTHONPATH": str(target)}
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr)

    listed = outside("quorum", "strategy", "list", "--json").json
    assert listed["strategies"][-1]["name"] == "gap_fade"
    checked = outside("quorum", "strategy", "check", "gap_fade", "--json")
    assert (checked.code, checked.json["verdict"]) == (0, "clean"), checked.out
    assert checked.json["suspicions"] == []
    tests = outside("pytest", "-q", "-p", "no:cacheprovider", str(folder))
    assert tests.code == 0, tests.out + tests.err
