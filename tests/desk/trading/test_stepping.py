"""Strategies of others, stepped in processes of their own: what they break, they break for themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.trading.practice import Plan, at, deploy_all, home_with, market
from quorum.bootstrap import open_desk, open_executor
from quorum.desk import Desk
from quorum.desk.trading.stepping import Apart, Course
from quorum.desk.trading.turns import Streams, attributions, trade_turn
from quorum.domain import HOUR, Executor, Limits, Loss, Lost, Outcome, QuorumError

RULE = """
import time
from quorum.signals import from_step

def step(state, row):
    {trouble}
    return state + 1, 1.0 if state % 6 < 3 else 0.0

RULE = from_step("{name}", step, lambda params: 0, lambda params: 0)
"""


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    """One for all: a nursery takes longer than a test."""
    with open_executor() as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path, executor: Executor) -> Desk:
    return replace(open_desk(home_with(tmp_path, market(n=80))), executor=executor)


def rule(folder: Path, name: str, trouble: str = "pass") -> str:
    file = folder / f"{name}.py"
    file.write_text(RULE.format(name=name, trouble=trouble))
    return str(file)


def hangs(bar: int) -> str:
    return f"time.sleep(60 if row.time >= {at(bar).now() - 4 * 3_600_000_000_000} else 0)"


def test_a_foreign_strategy_trades_as_one_of_ours_would(desk: Desk, tmp_path: Path) -> None:
    deploy_all(desk, Plan(rule(tmp_path, "sixes")))
    streams = Streams(desk)
    turns = [trade_turn(desk, streams, paper=True, clock=at(i)) for i in range(30, 44)]
    assert not [turn.errors for turn in turns if turn.errors]
    sides = [order["side"] for turn in turns for order in turn.orders]
    assert sides[:4] == ["buy", "sell", "buy", "sell"]


def test_one_that_hangs_is_left_out_the_others_trade_and_people_are_told(desk: Desk, tmp_path: Path) -> None:
    bad, good, ours = deploy_all(
        desk, Plan(rule(tmp_path, "hangs", hangs(36)), share=0.1), Plan(rule(tmp_path, "sixes"), share=0.1), Plan()
    )
    streams = Streams(desk, limits=Limits(seconds=3.0, memory_mb=500.0))
    before = trade_turn(desk, streams, paper=True, clock=at(35))
    assert not before.errors
    turn = trade_turn(desk, streams, paper=True, clock=at(36))
    assert set(turn.errors) == {bad}
    assert "longer than 3 s" in turn.errors[bad]
    assert {row["strategy_id"] for row in turn.standing if row["weight"] is not None} == {good, ours}
    assert trade_turn(desk, streams, paper=True, clock=at(36)).errors == turn.errors  # not asked again for this bar
    (told,) = [n for n in desk.outbox.listed(100) if n.notice.occurrence.event == "alert"]
    assert bad in told.notice.occurrence.summary
    assert {a.strategy_id for a in attributions(desk)} >= {good}


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("bytearray(3 << 30) if state > 20 else 0", "memory"),
        ("__import__('os')._exit(3) if state > 20 else 0", "ended with 3"),
        ("1 / 0 if state > 20 else 0", "zerodivisionerror"),
        ("print('x' * 100) if state > 20 else 0", ""),
    ],
)
def test_what_it_breaks_it_breaks_for_itself(desk: Desk, tmp_path: Path, trouble: str, said: str) -> None:
    (bad,) = deploy_all(desk, Plan(rule(tmp_path, "bad", trouble)))
    turn = trade_turn(desk, Streams(desk), paper=True, clock=at(40))
    assert (said in turn.errors[bad].lower()) if said else not turn.errors


class Scripted:
    """An executor whose every task is lost."""

    def __init__(self) -> None:
        self.asked = 0

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        raise NotImplementedError

    def run_many(self, task: str, payloads: Sequence[Any], limits: Limits, told: object = None) -> Iterator[Outcome]:
        self.asked += len(payloads)
        return iter([Lost(i, Loss.TIMEOUT, QuorumError("late", "wait")) for i in range(len(payloads))])


def test_who_is_late_again_and_again_is_asked_ever_less_often() -> None:
    executor, course = Scripted(), Course("DEP-1", "./other.py", {}, ("BTCUSDT",), "1h", "sim")
    apart = Apart(executor, "nowhere")
    for bar in range(200):
        (answer,) = apart.stands([(course, bar * HOUR)], bar * HOUR + HOUR).values()
        assert isinstance(answer, QuorumError)
    assert executor.asked == 9  # at bars 0, 1, 3, 7, 15, 31, 63, 127, 191


def test_what_is_foreign_is_told_without_loading_it() -> None:
    def course(strategy: Any) -> Course:
        return Course("DEP-1", strategy, {}, ("BTCUSDT",), "1h", "sim")

    assert course("./nowhere.py").is_foreign
    assert course("installed_by_others").is_foreign
    assert not any(course(name).is_foreign for name in ("demo_ma", "consensus", "./dip.yaml", {"name": "spec"}))
