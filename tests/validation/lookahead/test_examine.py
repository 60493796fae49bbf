"""The parts of an examination: cuts, futures, markets, what differs, and the plain form."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import DataError, UsageError, canonical
from quorum.lake import Bars, Panel
from quorum.signals import ConsensusRules, consensus_strategy, from_batch
from quorum.signals.strategies import DEMO_MA, PAIRS, ROTATION, TREND_BREAKOUT
from quorum.validation import Clean, Effort, Leaks, Unfit, examine, markets_for, undecided, witness
from quorum.validation.lookahead.answers import Answers, Subject, differences
from quorum.validation.lookahead.cuts import choose_cuts, other_futures
from quorum.validation.lookahead.sound import Heard
from validation.lookahead.columns import Floats, lead, side
from validation.lookahead.honest import HONEST
from validation.lookahead.leaky import LEAKS, Winners
from validation.lookahead.unfit import slow

NAN = float("nan")
BRIEF = Effort(seconds=60, cuts=22, futures=2, repaints=2, growth=2, starts=2, streaming=0.02, every=0.0)


@cache
def market(n: int = 400, seed: int = 0) -> Bars:
    bars = markets_for(LEAKS["next_return"][0], {}, seed, n)[0]
    assert isinstance(bars, Bars)
    return bars


def answers(*values: float) -> Answers:
    return Answers({"weight": np.array(values)})


@pytest.mark.parametrize(
    ("one", "other", "row"),
    [
        ((0.0, 0.5, NAN), (0.0, 0.5, NAN), None),
        ((0.0, 0.5), (0.0, 0.5 + 4e-10), None),
        ((0.0, 0.5), (0.0, 0.5 + 6e-10), 1),
        ((0.0, NAN), (0.0, 0.0), 1),
        ((0.0, -0.0), (0.0, 0.0), None),
        ((1.0, np.inf), (1.0, np.inf), None),
        ((1.0, np.inf), (1.0, -np.inf), 1),
        ((1.0, 0.0), (1.0, 1e-13), None),
    ],
)
def test_two_answers_differ_beyond_one_part_in_a_billion(
    one: tuple[float, ...], other: tuple[float, ...], row: int | None
) -> None:
    found = differences(answers(*one), answers(*other), len(one))
    assert [d.row for d in found] == ([] if row is None else [row])


def test_rows_from_the_cut_on_are_not_compared() -> None:
    assert differences(answers(0, 1, 1), answers(0, 1, 0), 2) == []


@given(st.integers(30, 300), st.integers(1, 25), st.integers(0, 5))
def test_there_are_enough_cuts_each_within_the_market(n: int, warmup: int, seed: int) -> None:
    bars = market().slice(0, n)
    cuts = choose_cuts(bars, answers(*(np.arange(n) % 5 > 2)), warmup, seed, 44)
    assert len(set(cuts)) == len(cuts) == min(44, n - warmup)
    assert all(warmup <= cut < n for cut in cuts)


def test_cuts_come_at_changes_at_the_first_bar_of_days_inside_days_and_at_the_warm_up() -> None:
    bars = market()
    full = answers(*(np.arange(400) % 100 == 50))
    cuts = set(choose_cuts(bars, full, 30, 1, 44))
    opens = set(np.flatnonzero(np.diff(bars.time // (86_400 * 10**9))) + 1)
    assert {30, 31, 32} <= cuts
    assert {51, 151, 251, 351} <= cuts
    assert len(cuts & opens) >= 8
    assert len(cuts - opens) >= 20


@pytest.mark.parametrize("symbols", [1, 4])
@pytest.mark.parametrize("cut", [1, 150, 399])
def test_another_future_keeps_the_past_and_the_grid(symbols: int, cut: int) -> None:
    data = market() if symbols == 1 else markets_for(Winners(), {}, 0, 400)[0]
    kinds = []
    for future in other_futures(data, cut, np.random.default_rng(1)):
        kinds.append(future.kind)
        for name, column in data.columns().items():
            other = future.data.columns()[name]
            np.testing.assert_array_equal(other[:cut], column[:cut])
            assert name == "time" or np.isfinite(other[cut:]).all()
        close = future.data.close[cut:]
        assert (close > 0).all()
        assert not np.array_equal(close[: len(data) - cut], data.close[cut:])
        assert (future.data.high >= future.data.low)[cut:].all()  # type: ignore[operator]
        if isinstance(data, Bars) and data.price_decimals is not None:
            np.testing.assert_allclose(close, np.round(close, data.price_decimals), rtol=1e-12)
    assert kinds == ["noise", "leaps", "a longer future"]


def test_made_up_markets_are_three_and_come_from_their_seed() -> None:
    first, again, other = (markets_for(DEMO_MA, {}, seed, 700) for seed in (5, 5, 6))
    assert [str(m.timeframe) for m in first] == ["1h", "15m", "1d"]
    assert [m.data_hash for m in first] == [m.data_hash for m in again]
    assert not {m.data_hash for m in first} & {m.data_hash for m in other}
    hourly, sessions, daily = first
    assert isinstance(hourly, Bars)
    assert isinstance(daily, Bars)
    assert len(set(np.diff(hourly.time))) > 1
    assert (np.diff(hourly.close) == 0).sum() >= 20
    assert len(set(np.diff(sessions.time))) > 2
    assert daily.price_decimals is None
    assert all(m.volume is not None and m.funding is not None for m in first)


def test_a_long_warm_up_gets_a_longer_market_and_a_portfolio_its_symbols() -> None:
    assert len(markets_for(DEMO_MA, {"slow": 1000}, 0, 400)[0]) == 2 * 1001 + 200
    panels = markets_for(HONEST["monthly"], {}, 0, 300)
    assert all(isinstance(p, Panel) and len(p.symbols) == 5 for p in panels)
    assert np.isnan(panels[0].close).any()
    pair = markets_for(HONEST["spread"], {}, 0, 300)[0]
    ratio = np.log(pair.close[:, 0] / pair.close[:, 1])
    assert ratio.std() < 0.1 < np.log(pair.close[:, 0]).std() + 0.1


def test_an_examination_is_the_same_for_the_same_seed() -> None:
    unhurried = replace(BRIEF, streaming=60.0, every=60.0)
    one, two = (examine(LEAKS["centred_window"][0], [market(150)], {}, 4, unhurried).told() for _ in range(2))
    assert canonical(one) == canonical(two)


def test_the_plain_form_names_column_first_row_and_its_time() -> None:
    told = json.loads(canonical(examine(LEAKS["stop_from_the_future"][0], [market()], effort=BRIEF).told()))
    assert told["verdict"] == "leaks"
    leak = told["leaks"][0]
    assert (leak["check"], leak["column"], leak["market"]) == ("truncation", "stop", "MADE 1h")
    assert leak["time"].startswith("2024-01-01T")
    assert "sees at least" in leak["detail"]


def test_the_first_row_is_the_first_that_any_cut_changes() -> None:
    def peeks(bars: Bars, params: object) -> Floats:
        return np.where(np.arange(len(bars)) >= 123, side(lead(bars.close, 1) - bars.close), 0.0)

    found = examine(from_batch("peeks", peeks, 2), [market()], effort=replace(BRIEF, every=5.0))
    assert isinstance(found.verdict, Leaks)
    assert found.verdict.first.row == 123


def test_a_strategy_of_ours_is_clean_on_every_kind_of_market() -> None:
    for strategy in (DEMO_MA, TREND_BREAKOUT):
        found = examine(strategy, effort=BRIEF)
        assert isinstance(found.verdict, Clean), found.told()
        assert len(found.markets) == 3
        assert found.runs["truncation"] >= 20 * 3
        assert not found.suspicions


def test_a_bar_s_delay_that_takes_the_profit_is_a_suspicion() -> None:
    found = examine(LEAKS["next_return"][0], [market()], effort=BRIEF)
    assert [s.check for s in found.suspicions] == ["delay"]
    assert "the profit's t falls from" in found.suspicions[0].detail


def test_what_never_forgets_its_first_bar_is_a_suspicion_and_no_flaw() -> None:
    found = examine(HONEST["expanding_score"], [market(600)], effort=BRIEF)
    assert isinstance(found.verdict, Clean)
    assert "does not forget its first bar" in found.suspicions[0].detail


def test_the_word_of_another_process_is_compared() -> None:
    strategy, data = HONEST["momentum"], [market()]
    heard = witness(strategy, data, {}, 0)
    assert examine(strategy, data, effort=BRIEF, heard=heard).clean
    told = examine(strategy, data, effort=BRIEF, heard=[Heard(heard[0].bars, "something else")])
    assert isinstance(told.verdict, Unfit)
    assert "another answer" in told.verdict.first.detail


def test_what_was_heard_of_other_bars_is_no_contradiction() -> None:
    """A process that had less time was asked about fewer bars; one that had more cannot be compared."""
    strategy, data = HONEST["momentum"], [market()]
    fewer = witness(strategy, [data[0].slice(0, 300)], {}, 0)
    found = examine(strategy, data, effort=BRIEF, heard=fewer)
    assert found.clean
    assert found.markets[0].endswith(", 300 bars")
    assert "another" not in " ".join(found.skipped)
    more = [Heard(10 * len(data[0]), "of bars that are not here")]
    found = examine(strategy, data, effort=BRIEF, heard=more)
    assert found.clean
    assert any("a fresh process was asked about" in reason for reason in found.skipped)


def test_a_slow_strategy_is_heard_on_as_many_bars_as_time_allows() -> None:
    def dawdle(bars: Bars, params: Any) -> Floats:
        time.sleep(0.2 * (len(bars) > 1_000))
        return np.zeros(len(bars))

    heard = witness(from_batch("dawdle", dawdle, warmup=lambda params: 1), [market(2_000)], {}, 0)
    assert [said.bars for said in heard] == [1_000]


def test_a_portfolio_needs_as_many_symbols_as_it_takes() -> None:
    panel = markets_for(ROTATION, {})[0]
    with pytest.raises(UsageError, match=r"^pairs takes 2 symbols, not 5; name as many"):
        examine(PAIRS, [panel])


def test_a_vote_that_can_come_to_nothing_says_who_is_missing() -> None:
    found = examine(consensus_strategy(ConsensusRules()), [market()], effort=BRIEF)
    assert isinstance(found.verdict, Unfit)
    assert "ml_model must vote and always abstains, for it has no model" in found.verdict.first.detail


def test_too_slow_a_strategy_is_unfit_and_not_clean() -> None:
    found = examine(from_batch("slow", slow, 5), [market()], effort=replace(BRIEF, seconds=0.8))
    assert isinstance(found.verdict, Unfit)
    assert "20 are needed" in str(found.verdict.flaws)


def test_what_cannot_be_examined_is_refused() -> None:
    with pytest.raises(DataError, match="has 100 bars, the check of demo_ma needs 161; give more bars"):
        examine(DEMO_MA, [market().slice(0, 100)])
    with pytest.raises(DataError, match="Winners cannot trade MADE; give it a panel of several symbols"):
        examine(Winners(), [market()])
    with pytest.raises(UsageError, match="fast = 1 is out of bounds"):
        examine(DEMO_MA, params={"fast": 1})


def test_an_examination_that_did_not_come_back_is_unfit() -> None:
    told = undecided("mine", {"fast": 3, "note": "x"}, "it died").told()
    assert (told["verdict"], told["parameters"]) == ("unfit", {"fast": 3})
    assert told["flaws"][0]["detail"] == "it died"


def test_a_portfolio_s_columns_are_its_symbols() -> None:
    data = markets_for(HONEST["monthly"], {}, 0, 300)[0]
    subject = Subject(HONEST["monthly"], {}, data, "m", 41)
    full = subject.answer()
    assert list(full.columns) == [f"weight[MADE{j}]" for j in range(1, 6)]
    np.testing.assert_allclose(full.weights()[60:].sum(axis=1), 1.0)
    assert set(full.changes() % 20) <= {0}


def test_the_guide_s_strategy_is_clean(checkout: Path) -> None:
    guide = (checkout / "docs" / "guides" / "strategy-in-python.md").read_text()
    space: dict[str, Any] = {}
    exec(guide.split("```python\n")[1].split("```")[0], space)
    found = examine(space["RISING"], [market()], effort=BRIEF)
    assert isinstance(found.verdict, Clean), found.told()
