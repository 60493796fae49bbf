"""docs/guides/strategies-life.md: its lines run, its table of keys says what the settings say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from desk.keys import keys
from quorum.desk.settings.validation import ValidationFile
from quorum.surfaces.demo.market import write_ideas
from surfaces.cli.commands import Quorum


@pytest.fixture(scope="module")
def guide(checkout: Path) -> str:
    return (checkout / "docs" / "guides" / "strategies-life.md").read_text(encoding="utf-8")


def test_its_lines_lead_from_an_idea_to_a_deployment(
    guide: str, bare: Quorum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUORUM_HOME", raising=False)
    (spec,) = re.findall(r"`(dip\.yaml)`", guide)
    (tmp_path / spec).write_text(*re.findall(r"```yaml\n(name: .*?)```", guide, re.DOTALL), encoding="utf-8")
    lines = [line for block in re.findall(r"```console\n(.*?)```", guide, re.DOTALL) for line in block.splitlines()]
    assert len(lines) > 15
    for line in lines:
        program, *words = shlex.split(line)
        assert program == "quorum"
        if words == ["demo"]:  # it has a test of its own; its markets are what is wanted here
            write_ideas(tmp_path / ".quorum-demo" / "data" / "files", 7)
            continue
        if words[0] == "approve":
            words[1] = bare("approvals", "--json").json["approvals"][0]["approval_id"]
        if words == ["deploy", "STR-001"]:
            assert bare("deploy", "--dry-run").out == bare("deploy", "STR-001", "--dry-run").out
            assert [one["strategy_id"] for one in bare("status", "--json").json["ask_to_be_deployed"]] == ["STR-001"]
        said = bare(*words)
        assert said.code == (3 if words == ["deploy", "STR-001"] else 0), f"{line}: {said.err}"
    told = {one["strategy_id"]: one for one in bare("queue", "show", "--json").json["strategies"]}
    assert told["STR-001"]["status"] == "PAPER"
    assert told["STR-002"]["status"] in ("REJECTED", "REJECTED_AUTO_RETRY")
    assert told["STR-002"]["tier"] == "L2"
    assert "no strategy is named, and none asks to be deployed" in bare("deploy", "--dry-run").error
    assert [one["status"] for one in bare("status", "--json").json["deployed"]] == ["PAPER"]
    (deployed,) = bare("evaluate", "STR-001", "--json").json["deployments"]
    low, high = deployed["baseline"]["interval"]
    assert low < deployed["baseline"]["mean"] < high
    home = tmp_path / ".quorum"
    assert (home / "pipeline" / "parallel-validation-metrics.yaml").exists()
    assert (home / "knowledge" / "strategies" / "STR-001" / "decision.yaml").exists()


def test_the_table_of_keys_has_each_key_with_its_default(guide: str) -> None:
    section = guide[guide.index("## What may be set") : guide.index("## What is written")]
    rows = {}
    for names, defaults in re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", section, re.MULTILINE):
        words = [word.replace("…", "timeout_multiplier") for word in re.findall(r"`([^`]+)`", names)]
        rows |= dict(zip(words, defaults.split(", "), strict=True))
    known = {key.removeprefix("parallel_validation."): key for key in keys(ValidationFile)}
    assert set(rows) == set(known)
    values = ValidationFile().model_dump()["parallel_validation"]
    for name, told in rows.items():
        value = values
        for step in name.split("."):
            value = value[step]
        assert (str(value).lower() == told) if isinstance(value, bool) else (float(told) == value), name
