"""Every command of the guide to paper trading does what the guide says."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from desk.trading.practice import Plan, at, deploy_all, home_with, market
from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.settings.schedule import ScheduleFile
from quorum.desk.trading.turns import Streams, Turn, trade_turn
from quorum.domain import Clock
from surfaces.cli.commands import Quorum

ENDLESS = ("--watch", "--until")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A desk with two deployed strategies."""
    home = home_with(tmp_path, market(n=120))
    deploy_all(open_desk(home), Plan(), Plan(params={"fast": 4, "slow": 9}))
    return home


@pytest.fixture
def quorum(home: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    command = Quorum(capsys)

    def run(*words: object) -> Any:
        return command(*words, "--home", home)

    return run


def blocks(checkout: Path) -> list[str]:
    text = (checkout / "docs" / "guides" / "paper-trading.md").read_text(encoding="utf-8")
    return re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_its_commands_work_one_after_the_other(checkout: Path, quorum: Any) -> None:
    lines = [line for block in blocks(checkout) for line in block.splitlines() if line.startswith("quorum ")]
    asked = [shlex.split(line)[1:] for line in lines]
    assert len(asked) >= 9
    for words in asked:
        if not any(word in ENDLESS for word in words):
            assert quorum(*words).code == 0, words


def test_its_schedule_is_one(checkout: Path) -> None:
    (text,) = [block for block in blocks(checkout) if block.startswith("schedules:")]
    found = ScheduleFile.model_validate(YAML(typ="safe").load(text))
    assert found.schedules["deployed"].workflow == "deployed_trading"


def test_what_it_is_asked_wrongly_is_refused(quorum: Any) -> None:
    assert "STR-009" in quorum("trade", "--strategy", "STR-009").error
    assert "--until counts trades" in quorum("trade", "--until", "3").error
    assert "--once goes with neither" in quorum("trade", "--once", "--watch", "1").error


def test_while_it_watches_people_are_told_of_a_band(home: Path, quorum: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only once it is stopped, which may be weeks later."""
    desk = open_desk(home)
    trade_turn(desk, Streams(desk), paper=True, clock=at(30))
    for record in desk.life.books.deployments.listed(strategy_id="STR-001"):
        rosy = {**record["baseline"], "returns": [0.01 + day % 3 * 0.001 for day in record["baseline"]["days"]]}
        desk.life.books.deployments.change((record["deployment_id"],), lambda old, new=rosy: {**old, "baseline": new})
    heard: list[list[str]] = []

    def turns(desk: Desk, clock: Clock, asked: object) -> Iterator[Turn]:
        for _ in range(2):
            yield Turn(clock.now(), True)
            heard.append(
                [n.notice.occurrence.key for n in desk.outbox.listed(100) if "band/STR-001/" in n.notice.occurrence.key]
            )
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["quorum.surfaces.cli.execution.trade"], "_turns", turns)
    assert quorum("trade", "--paper", "--watch", "1", "--json").json["bands"][0]["word"] == "outside"
    assert [len(keys) for keys in heard] == [1, 1]


def test_a_dry_run_is_the_default(quorum: Any) -> None:
    told = quorum("trade", "--json").json
    assert (told["paper"], told["trades"], told["turns"]) == (False, 0, 1)
    assert {row["strategy_id"] for row in told["standing"]} == {"STR-001", "STR-002"}
    status = quorum("status", "--json").json
    assert [row["word"] for row in status["bands"]] == ["too early", "too early"]
