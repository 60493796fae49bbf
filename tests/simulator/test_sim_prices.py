"""Prices of a seed, of a file and from before the run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quorum.domain import DAY, HOUR, MINUTE, SECOND, DataError
from quorum.simulator.core import NewYork
from quorum.simulator.prices import Past, Recorded, Tape, Walk, columns_of, grouped
from simulator.sim_markets import NOON, PAIR, SHARE, opened, top

LISTINGS = {each.symbol: each for each in (SHARE, PAIR)}


def walk(seed: int) -> Walk:
    return Walk(LISTINGS.values(), lambda symbol: LISTINGS[symbol].price, seed, NOON)


def test_a_seed_makes_one_path_however_often_it_is_asked() -> None:
    at_once = list(walk(7).due(NOON + 20 * SECOND))
    steps = walk(7)
    little_by_little = [each for second in range(21) for each in steps.due(NOON + second * SECOND)]
    assert at_once == little_by_little
    assert at_once != list(walk(8).due(NOON + 20 * SECOND))


def test_every_touch_is_on_tick_and_has_its_trade_inside() -> None:
    for symbol, found in walk(7).due(NOON + 200 * SECOND):
        tick = LISTINGS[symbol].instrument.tick
        assert found.bid < found.ask
        assert found.bid <= found.last <= found.ask
        assert all(price % tick == 0 for price in (found.bid, found.ask, found.last))
        assert min(found.bid_size, found.ask_size, found.last_size) > 0


def test_a_clock_that_jumped_skips_steps() -> None:
    assert len(list(walk(7).due(NOON + 10 * DAY))) < 2_100


@pytest.mark.parametrize(
    "text",
    [
        "time,symbol,last,bid,ask\n2026-01-05T15:00:00Z,AAPL,101,100.99,101.01\n2026-01-05T15:00:02Z,AAPL,102,,\n",
        '{"time": "2026-01-05T15:00:02Z", "symbol": "AAPL", "last": 102}\n'
        '{"time": "2026-01-05T15:00:00Z", "symbol": "AAPL", "last": 101, "bid": "100.99", "ask": "101.01"}\n',
    ],
)
def test_a_recording_plays_from_the_start_with_its_own_distances(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices"
    path.write_text(text)
    prices = Recorded(path, LISTINGS, NOON)
    ((symbol, first),) = prices.due(NOON)
    assert (symbol, first.time, str(first.bid), str(first.last)) == ("AAPL", NOON, "100.99", "101")
    assert not prices.due(NOON + SECOND)
    ((_, second),) = prices.due(NOON + 2 * SECOND)
    assert (second.last, prices.left) == (102, 0)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("time,symbol,last\n2026-01-05,AAPL,x\n", ":2"),
        ("time,symbol\n2026-01-05,AAPL\n", ":2"),
        ('{"time": "2026-01-05", "symbol": "AAPL", "last": 1}\n{"time"\n', ":2"),
        ("time,symbol,last\n2026-01-05,AAPL,-3\n", ":2"),
        ("time,symbol,last\n2026-01-05,MSFT,3\n", "no price of AAPL"),
        ("", "no price of AAPL"),
    ],
)
def test_a_damaged_recording_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=place):
        Recorded(path, LISTINGS, NOON)


def test_the_past_ends_where_the_run_begins_and_agrees_with_itself() -> None:
    past = Past(SHARE, 100.0, NOON, 7)
    minutes = past.minutes(NOON - 3 * DAY, NOON + DAY)
    assert len(minutes.time) == 3 * DAY // MINUTE
    assert minutes.close[-1] == 100.0
    assert np.array_equal(minutes.open[1:], minutes.close[:-1])
    assert (minutes.high >= np.maximum(minutes.open, minutes.close)).all()
    assert (minutes.low <= np.minimum(minutes.open, minutes.close)).all()
    again = Past(SHARE, 100.0, NOON, 7).minutes(NOON - 2 * DAY - HOUR, NOON - DAY)
    inside = (minutes.time >= NOON - 2 * DAY - HOUR) & (minutes.time < NOON - DAY)
    assert np.array_equal(again.close, minutes.close[inside]), "what is asked for changes nothing"


def test_shares_have_a_past_in_sessions_only() -> None:
    hours = NewYork()
    minutes = Past(SHARE, 100.0, NOON, 7, hours.sessions).minutes(NOON - 7 * DAY, NOON)
    days = 4 * 390 + 150 + (390 - 150)
    assert len(minutes.time) == days
    assert {int(t) % DAY // MINUTE // 60 for t in minutes.time} == set(range(14, 21))


def test_hours_are_made_of_their_minutes() -> None:
    minutes = Past(SHARE, 100.0, NOON, 7).minutes(NOON - 4 * HOUR, NOON)
    edges = np.arange(NOON - 4 * HOUR, NOON, HOUR, dtype=np.int64)
    bars = grouped(minutes, edges)
    assert [bar.time for bar in bars] == edges.tolist()
    first = minutes.where(minutes.time < NOON - 3 * HOUR)
    assert (bars[0].open, bars[0].close) == (first.open[0], first.close[-1])
    assert (bars[0].high, bars[0].low) == (first.high.max(), first.low.min())
    assert bars[0].volume == pytest.approx(first.volume.sum())
    assert grouped(columns_of(()), edges) == []


def test_the_tape_closes_a_minute_with_the_first_touch_of_the_next() -> None:
    exchange, clock = opened()
    tape = Tape()
    for price in ("100.00", "103.00", "99.00", "101.00"):
        assert tape.record(top(exchange, price)) is None
    clock.advance_to(NOON + MINUTE)
    closed = tape.record(top(exchange, "105.00"))
    assert closed is not None
    assert closed[:5] == (NOON, 100.0, 103.0, 99.0, 101.0)
    assert (closed.volume, closed.trades, closed.vwap) == (4.0, 4, pytest.approx(100.75))
