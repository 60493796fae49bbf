"""Whole lots: what `--floor` deploys, and that the baseline behind it counts them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from desk.deploying.test_deploying import ONE, consent, put_before_a_person
from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.deploying import assess_risk, consent_of, deploy, plan_deployment
from quorum.desk.deploying.baseline import Baseline
from quorum.domain import IllegalMove
from quorum.surfaces.cli.app import app


def with_lots(home: Path, lot: str) -> Desk:
    (home / "config" / "instruments.yaml").write_text(f"symbols: {{BTCUSDT: {{lot: {lot}}}}}\n", encoding="utf-8")
    return put_before_a_person(open_desk(home))


def test_the_baseline_is_that_of_whole_lots_and_is_recorded_with_them(climbed_home: Path) -> None:
    desk = with_lots(climbed_home, "20")
    usual, floored = plan_deployment(desk, ONE), plan_deployment(desk, ONE, floor=True)
    assert (usual.told()["floor"], usual.told()["lots"]) == (False, {})
    assert (floored.told()["floor"], floored.told()["lots"]) == (True, {"BTCUSDT": "20"})
    assert "floored to whole lots" in floored.summary
    assert floored.baseline.days == usual.baseline.days
    assert not np.allclose(floored.baseline.returns, usual.baseline.returns)
    assert np.corrcoef(floored.baseline.returns, usual.baseline.returns)[0, 1] > 0.9
    record = deploy(desk, ONE, consent_of(desk, consent(desk), ONE), floor=True)
    assert record["lots"] == {"BTCUSDT": "20"}
    assert Baseline.read(record["baseline"]) == floored.baseline


def test_a_lot_that_is_fine_leaves_the_baseline_as_it_is(climbed_home: Path) -> None:
    desk = with_lots(climbed_home, "0.00000001")
    usual, floored = plan_deployment(desk, ONE), plan_deployment(desk, ONE, floor=True)
    assert floored.baseline.returns == pytest.approx(usual.baseline.returns, abs=1e-8)


def test_what_buys_no_whole_lot_at_all_is_refused_floored_or_not(climbed_home: Path) -> None:
    desk = with_lots(climbed_home, "10000")
    (refused,) = plan_deployment(desk, ONE).refusals
    assert refused.remedy.endswith("or floor it with --floor")
    with pytest.raises(IllegalMove, match="buys no whole lot of anything that it wants"):
        plan_deployment(desk, ONE, floor=True).must_hold()


def test_the_risk_assessment_lets_it_through_with_the_option_alone(climbed_home: Path) -> None:
    (climbed_home / "config" / "instruments.yaml").write_text("symbols: {BTCUSDT: {lot: 10000}}\n", encoding="utf-8")
    desk = open_desk(climbed_home)
    assert assess_risk(desk, ONE)["status"] == "L3_PASSED"
    assert assess_risk(desk, ONE, floor=True)["status"] == "AWAITING_HUMAN"


def test_the_command_takes_it(climbed_home: Path) -> None:
    with_lots(climbed_home, "20")
    run = CliRunner().invoke(app, ["deploy", ONE, "--floor", "--dry-run", "--home", str(climbed_home)])
    assert run.exit_code == 0, run.output
    assert "BTCUSDT=20" in run.stdout
