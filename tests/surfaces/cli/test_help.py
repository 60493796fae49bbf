"""Help: an example for every command, and no weight before a command runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from surfaces.cli.commands import HIDDEN, WITHOUT_JSON, Quorum, every_command

COMMANDS = every_command()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Help needs no workspace."""
    return tmp_path


HEAVY = (
    "numpy",
    "numba",
    "scipy",
    "pandas",
    "polars",
    "sqlalchemy",
    "alembic",
    "skfolio",
    "arch",
    "dbos",
    "apprise",
    "croniter",
    "structlog",
)


def flags(words: str) -> set[str]:
    """The options of a command; none of a group."""
    return {"--help"} | {flag for p in COMMANDS[words].params for flag in p.opts} if words in COMMANDS else {"--help"}


@pytest.mark.parametrize("words", sorted(COMMANDS.keys() - HIDDEN))
def test_help_says_what_it_does_and_shows_an_example(quorum: Quorum, words: str) -> None:
    said = quorum(*words.split(), "--help")
    assert (said.code, said.err) == (0, "")
    text = " ".join(said.out.split())
    assert f"Usage: quorum {words}" in text
    assert f"Example: quorum {words}" in text
    assert ("--json" in text) == (words not in WITHOUT_JSON)
    example = said.out.partition("Example: ")[2].partition("\n\n")[0]
    assert {word for word in example.split() if word.startswith("--")} <= flags(words)


@pytest.mark.parametrize("words", sorted(COMMANDS.keys() - HIDDEN))
def test_every_option_says_what_it_is_for(words: str) -> None:
    options = [p for p in COMMANDS[words].params if p.param_type_name == "option"]
    assert [p.name for p in options if not p.help] == []


def test_what_remedies_name_exists(checkout: Path) -> None:
    groups = {words.partition(" ")[0] for words in COMMANDS if " " in words}
    wrong, seen = [], 0
    for file in (checkout / "src" / "quorum").rglob("*.py"):
        for told in re.findall(r"`quorum ([a-z][^`\n{]*)", file.read_text(encoding="utf-8")):
            first, *rest = told.split()
            words = f"{first} {rest[0]}" if first in groups and rest and rest[0].isalpha() else first
            options = {word for word in rest if re.fullmatch(r"--[a-z-]+", word)}
            seen += 1
            if (words not in COMMANDS and words not in groups) or not options <= flags(words):
                wrong.append(f"{file.name}: quorum {told}")
    assert wrong == []
    assert seen > 200


def test_without_a_command_the_help_lists_them_all(quorum: Quorum) -> None:
    said = quorum()
    assert said.code == 0
    shown = {line.split()[0] for line in said.out.partition("Commands:")[2].splitlines() if line.strip()}
    assert {words.split()[0] for words in COMMANDS.keys() - HIDDEN} <= shown
    assert not HIDDEN & shown


def test_helping_imports_nothing_heavy() -> None:
    asked = [[], ["--help"], *([*words.split(), "--help"] for words in COMMANDS)]
    code = (
        "import sys, json, io, contextlib\n"
        "from quorum.surfaces.cli import run\n"
        f"asked = json.loads({json.dumps(json.dumps(asked))})\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    codes = [run(words) for words in asked]\n"
        "print(json.dumps([codes, sorted(sys.modules)]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    codes, modules = json.loads(done.stdout)
    assert set(codes) == {0}
    assert [name for name in HEAVY if name in modules] == []
    assert [m for m in modules if m.startswith("quorum.") and m.split(".")[1] not in ("domain", "surfaces")] == []
