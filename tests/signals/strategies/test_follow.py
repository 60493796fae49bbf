"""follow: the second symbol after a move of the first, worked by hand; streamed as at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import DAY, DataError, Timeframe
from quorum.engine import Terms, backtest
from quorum.lake import Bars, Panel
from quorum.signals import Params
from quorum.signals.strategies import FOLLOW

NAN = float("nan")


def market(leader: list[float], follower: list[float] | None = None) -> Panel:
    closes = np.array([leader, follower or [100.0] * len(leader)]).T
    return Panel(("A", "B"), "test", Timeframe(DAY), np.arange(len(leader), dtype=np.int64) * DAY, closes)


def answered(panel: Panel, params: Params) -> dict[int, float]:
    """The weight of the second symbol by the bar at whose close it changes."""
    answer = FOLLOW.batch(panel, params)
    assert (answer.weight[:, 0] == 0.0).all()
    return dict(zip(answer.row.tolist(), answer.weight[:, 1].tolist(), strict=True))


JUMPS = [100.0, 102.0, 102.0, 102.0, 99.0, 99.0, 99.0]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {1: 1.0, 2: 0.0}),
        ({"hold": 2}, {1: 1.0, 3: 0.0}),
        ({"hold": 5}, {1: 1.0, 4: 0.0}),
        ({"move": 0.025}, {}),
        ({"short": 1}, {1: 1.0, 2: 0.0, 4: -1.0, 5: 0.0}),
        ({"turn": 1}, {4: 1.0, 5: 0.0}),
        ({"turn": 1, "short": 1, "hold": 9}, {1: -1.0, 4: 1.0}),
    ],
)
def test_it_is_held_after_a_move_of_the_leader(params: Params, expected: dict[int, float]) -> None:
    assert answered(market(JUMPS), params) == expected


def test_a_further_move_begins_the_holding_anew() -> None:
    assert answered(market([100, 102, 104.1, 104.1, 104.1]), {"hold": 2}) == {1: 1.0, 4: 0.0}


def test_bars_that_one_symbol_lacks_are_not_counted() -> None:
    panel = market([100, 102, NAN, 102, 102], [100, 100, 100, NAN, 100])
    assert answered(panel, {}) == {1: 1.0, 4: 0.0}


def test_a_follower_pays_who_follows() -> None:
    moves = 0.02 * np.random.default_rng(1).standard_normal(500)
    time = np.arange(500, dtype=np.int64) * DAY
    bars = []
    for symbol, each in (("A", moves), ("B", np.concatenate([[0.0], moves[:-1]]))):
        close = 100 * np.exp(np.cumsum(each))
        opened = np.concatenate([[100.0], close[:-1]])
        high, low = np.maximum(opened, close), np.minimum(opened, close)
        bars.append(Bars(symbol, "test", Timeframe(DAY), time, close, opened, high, low))
    assert backtest(Panel.of(bars), FOLLOW, {}, Terms(), None).final_equity > 2 * Terms().starting_equity


@pytest.mark.parametrize("price", [0.0, float("inf")])
def test_a_price_that_is_none_is_refused(price: float) -> None:
    with pytest.raises(DataError, match="follow needs a price above 0"):
        FOLLOW.batch(market([100.0, price, 100.0]), {})


@given(
    st.lists(st.floats(50.0, 150.0) | st.just(NAN), min_size=1, max_size=30),
    st.fixed_dictionaries(
        {
            "move": st.sampled_from([0.0, 0.1]),
            "hold": st.integers(1, 4),
            "turn": st.integers(0, 1),
            "short": st.integers(0, 1),
        }
    ),
)
def test_streamed_it_answers_as_at_once(leader: list[float], params: Params) -> None:
    panel = market(leader)
    state, found = FOLLOW.start(panel, params), {}
    for i, row in enumerate(panel.rows()):
        state, weights = FOLLOW.step(state, row)
        if weights is not None:
            found[i] = float(weights[1])
    assert found == answered(panel, params)
