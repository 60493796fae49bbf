"""Whole lots: what `--floor` deploys, and that the baseline behind it counts them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from desk.deploying.test_deploying import ONE, consent, put_before_a_person
from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.deploying import assess_risk, consent_of, deploy, plan_deployment
from quorum.desk.deploying.baseline import Baseline
from quorum.desk.deploying.fitting import in_lots
from quorum.domain import DAY, IllegalMove, Timeframe
from quorum.engine import Terms
from quorum.engine.kernel import Wishes
from quorum.lake import Panel
from quorum.signals import WITHOUT_MODEL, find_strategy
from quorum.surfaces.cli.app import app
from quorum.validation.ladder.checks import universe
from quorum.validation.walkforward.stitched import Stitched

FREE = Terms(fee_bps=0.0)
PRICES = np.array([[10.0, 3.0], [10.0, 3.0], [11.0, 3.3], [9.0, 3.9], [12.0, 3.6]])


def portfolio(terms: Terms = FREE) -> universe.Tested:
    """Half of the money in each of two symbols from the first close on, bought at the second bar, and never changed."""
    days = np.arange(len(PRICES), dtype=np.int64) * DAY
    panel = Panel(("A", "B"), "sim", Timeframe.parse("1d"), days, PRICES, PRICES, PRICES, PRICES, PRICES * 1000)
    columns = np.array([0]), np.array([[0.5, 0.5]]), *(np.empty((0, 0)) for _ in range(4))
    for column in columns:
        column.flags.writeable = False  # as the engine's are, so that nothing is compiled anew
    wishes = Wishes(*columns)
    stitched = Stitched(find_strategy("rotation", WITHOUT_MODEL), panel, 0, wishes)
    test = stitched.trade(terms)
    return universe.Tested((), (stitched,), (test,), *test.daily, 365.0)


def equity(found: dict[str, object], money: float) -> list[float]:
    daily = found["daily"]
    assert isinstance(daily, dict)
    return [money, *(money * np.cumprod(1.0 + np.array(daily["returns"])))][-len(PRICES) :]


def test_each_symbol_of_a_portfolio_counts_its_own_lots() -> None:
    found = in_lots(portfolio(), {"money": "100", "lots": {"A": "1", "B": "4"}})
    held, cash = np.array([5.0, 16.0]), 100.0 - 5 * 10 - 16 * 3  # of 50 each: 5 of 10, and 16.67 of 3 are 4 lots of 4
    by_hand = [100.0, *(cash + PRICES[1:] @ held)]
    assert equity(found, 100.0) == pytest.approx(by_hand)
    assert in_lots(portfolio(), {"money": "100", "lots": {"A": "6", "B": "17"}}).keys() == {"why"}


@given(lot=st.sampled_from(["0.001", "0.5", "1", "7"]), money=st.integers(50, 100_000))
def test_one_lot_for_all_is_the_lot_of_the_terms(lot: str, money: int) -> None:
    terms = Terms(fee_bps=7.0, slippage_bps=3.0, impact=0.5)
    tested = portfolio(terms)
    usual = tested.stitched[0].trade(replace(terms, lot=float(lot), starting_equity=float(money)))
    found = in_lots(tested, {"money": str(money), "lots": {"A": lot, "B": lot}})
    if len(usual.rows):
        assert found["daily"]["returns"] == pytest.approx(usual.daily[1].tolist(), abs=1e-12)
    else:
        assert "buys no whole lot" in found["why"]


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
