"""What a strategy is before it may be deployed: looked at on its own data, and kept apart from the desk that asks."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from desk.deploying.climbed import idea
from desk.deploying.test_deploying import ONE, awaiting, deployed, status
from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.deploying import assess_risk, criticise, evaluate_portfolio, plan_deployment
from quorum.desk.deploying.known import known
from quorum.domain import IllegalMove, QuorumError, UsageError
from quorum.validation.ladder import Tier
from quorum.validation.life import Status

SHORT = "parallel_validation: {worker_timeout_seconds: 1}\n"
BRIEF = "budget_seconds: {L2: 1}\n"
BREAKS = {
    "hangs": "import time\ntime.sleep(600)\n",
    "eats": "held = [bytes(range(256)) * 40_000 for _ in range(400)]\n",
    "dies": "import os\nos._exit(3)\n",
}


def keep(desk: Desk, tier: Tier, provisional: bool, run_id: str, strategy_id: str = ONE) -> None:
    result = known(desk, strategy_id).results[tier]
    told = replace(result, data={**result.data, "provisional": provisional}).told()
    desk.life.results.keep(strategy_id, tier.value, 1, run_id, told)


@pytest.mark.parametrize("tier", [Tier.L2, Tier.L3])
def test_a_provisional_pass_waits_for_the_whole_window(climbed: Desk, tier: Tier) -> None:
    keep(climbed, tier, True, "VAL-2")
    found = assess_risk(climbed, ONE)
    assert (found["status"], found["verdict"]["verdict"], found["verdict"]["what"]) == (
        "L3_PASSED",
        "inconclusive",
        "provisional",
    )
    said = climbed.decisions.get(found["decision_id"]).choice
    assert f"{tier} was passed on fewer days, or on another source" in str(said)
    keep(climbed, tier, False, "VAL-3")
    assert assess_risk(climbed, ONE)["status"] == "AWAITING_HUMAN"


def test_a_provisional_pass_is_not_deployed(climbed: Desk) -> None:
    awaiting(climbed)
    keep(climbed, Tier.L2, True, "VAL-2")
    assert "L2 was passed on fewer days" in plan_deployment(climbed, ONE).told()["refused"][0]
    with pytest.raises(IllegalMove, match=r"risk does not agree: .*whole window"):
        deployed(climbed)
    assert status(climbed) is Status.AWAITING_HUMAN


def test_a_provisional_pass_below_is_covered_by_the_tiers_above(climbed: Desk) -> None:
    second = known(climbed, ONE).results[Tier.L2]
    first = replace(second, tier=Tier.L1, data={**second.data, "provisional": True})
    climbed.life.results.keep(ONE, "L1", 1, "VAL-2", first.told())
    assert assess_risk(climbed, ONE)["status"] == "AWAITING_HUMAN"


def test_a_provisional_pass_finds_no_company(climbed: Desk) -> None:
    keep(climbed, Tier.L2, True, "VAL-2")
    with pytest.raises(UsageError, match="no strategy has a result"):
        evaluate_portfolio(climbed)


def test_what_deployed_strategies_may_take_is_read_from_its_file(climbed: Desk) -> None:
    file = climbed.workspace.config / "portfolio-thresholds.yaml"
    file.write_text("deployed: {max_allocation: 0.12}\n", encoding="utf-8")
    assert assess_risk(climbed, ONE)["target_allocation"] == 0.12
    file.write_text("deployed: {max_allocation: 0.25, max_deployed: 0.20}\n", encoding="utf-8")
    assert plan_deployment(climbed, ONE).allocation == 0.20


@pytest.mark.parametrize("how", ["hangs", *(pytest.param(how, marks=pytest.mark.slow) for how in ("dies", "eats"))])
def test_a_strategy_that_breaks_in_the_critic_or_in_risk_takes_nobody_with_it(
    climbed_home: Path, real_workers: None, how: str, tmp_path: Path
) -> None:
    (climbed_home / "config" / "parallel-validation.yaml").write_text(SHORT, encoding="utf-8")
    (climbed_home / "config" / "tiered-validation-protocol.yaml").write_text(BRIEF, encoding="utf-8")
    desk, file = open_desk(climbed_home), tmp_path / "breaks.py"
    file.write_text(BREAKS[how], encoding="utf-8")
    (new,) = desk.life.queue.add([replace(idea("ETHUSDT"), strategy=str(file))], "test")
    for tier in (Tier.L2, Tier.L3):
        kept = known(desk, ONE).results[tier]
        desk.life.results.keep(new.strategy_id, tier.value, 0, "VAL-1", kept.told())
    begun = time.monotonic()
    for ask in (criticise, assess_risk):
        with pytest.raises(QuorumError, match=f"broke off for {new.strategy_id} at L2: "):
            ask(desk, new.strategy_id)
    assert time.monotonic() - begun < 30
    assert status(desk, new.strategy_id) is Status.PENDING
    desk.executor.close()  # type: ignore[attr-defined]
