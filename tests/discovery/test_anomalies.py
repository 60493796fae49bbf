"""Anomalies: what is planted in the data is found, and pure chance is not mistaken for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from discovery.ideas import DAYS, HOURS, briefing
from quorum.discovery import CURIOUS, Anomaly, Curiosity, Offer, curious, every_test, fingerprint, surviving
from quorum.discovery.anomalies import crowds, leads, seasons
from quorum.discovery.participants import propose
from quorum.domain import DAY, HOUR, DataError, Timeframe
from quorum.lake import Bars, Panel
from quorum.signals import ConsensusRules, SpecStrategy, find_strategy, read_params, read_spec

N = 20_000


def drawn(seed: int, symbol: str = "BTCUSDT", timeframe: Timeframe = HOURS, n: int = N, add: object = None) -> Bars:
    """Bars of chance, to whose log returns (n,) something may be added."""
    rng = np.random.default_rng(seed)
    moves = 0.01 * rng.standard_t(5, n)
    if add is not None:
        moves = moves + np.asarray(add)
    close = 100 * np.exp(np.cumsum(moves))
    opened = np.concatenate([[100.0], close[:-1]])
    time = np.arange(n, dtype=np.int64) * timeframe.nanoseconds
    volume = np.exp(0.3 * rng.standard_normal(n))
    return Bars(
        symbol, "sim", timeframe, time, close, opened, np.maximum(opened, close), np.minimum(opened, close), volume
    )


def hours(n: int = N) -> NDArray[np.int64]:
    return np.arange(n) % 24


def look(*series: Bars, seed: int = 1) -> object:
    """What the data-curious make of these series."""
    offers = tuple(
        Offer(b.symbol, b.venue, b.timeframe, int(b.time[0]), int(b.time[-1]) + b.timeframe.nanoseconds) for b in series
    )
    held = {bars.symbol: bars for bars in series}
    return curious(briefing(seed, offers=offers), Curiosity(lambda o: held[o.symbol]))


def test_chance_is_not_mistaken_for_a_finding() -> None:
    """At a share of 5 % under Benjamini and Yekutieli, at most about one set of drawn markets in twenty."""
    found = 0
    for seed in range(20):
        series = {f"C{k}USDT": drawn(100 * seed + k, f"C{k}USDT", n=4_000) for k in range(3)}
        found += bool(surviving(every_test(series), 0.05))
    assert found <= 2


def test_p_values_of_chance_are_spread_evenly() -> None:
    p = np.array([test.p for seed in range(12) for test in every_test({"AUSDT": drawn(seed, "AUSDT", n=6_000)})])
    assert 0.02 < np.mean(p < 0.05) < 0.09
    assert 0.4 < np.mean(p < 0.5) < 0.6


def test_an_hour_that_rises_is_found_and_traded_from_the_close_before_it() -> None:
    bars = drawn(1, add=np.where(hours() == 21, 0.004, 0.0))
    found = look(bars)
    best = found.anomalies[0]  # type: ignore[attr-defined]
    assert (best.kind, best.facts["hour"], best.direction) == ("hour", 21, "long")
    assert best.effect == pytest.approx(0.004, rel=0.3)
    proposal = found.proposals[0]  # type: ignore[attr-defined]
    assert proposal.by == CURIOUS
    assert proposal.evidence["tests"] == found.tests  # type: ignore[attr-defined]
    targets = SpecStrategy(read_spec(proposal.strategy)).batch(bars, {}).weight
    held = np.flatnonzero(targets) + 1  # what is wanted after a close is held over the next bar
    assert set(hours()[held[held < N]]) == {21}


def test_a_weekday_that_falls_is_found() -> None:
    days = (np.arange(N) // 24 + 3) % 7
    found = look(drawn(2, add=np.where(days == 0, -0.0012, 0.0)))
    best = found.anomalies[0]  # type: ignore[attr-defined]
    assert (best.kind, best.facts["weekday"], best.direction) == ("weekday", 0, "short")
    spec = read_spec(found.proposals[0].strategy)  # type: ignore[attr-defined]
    assert str(spec.rules["short"]) == "((weekday == 6) and (hour == 23))"


def test_weekdays_of_daily_bars_are_traded_the_session_before() -> None:
    bars = drawn(3, "AAPL", DAYS, 6_000)
    weekday = (bars.time // DAY + 3) % 7
    kept = weekday < 5
    moves = np.diff(np.log(bars.close), prepend=np.log(bars.close[0])) + np.where(weekday == 0, 0.004, 0.0)
    stocks = Bars("AAPL", "sim", DAYS, bars.time[kept], 100 * np.exp(np.cumsum(moves[kept])))
    best = max(seasons((stocks,)), key=lambda test: abs(test.t))
    assert best.facts == {"weekday": 0, "before": 4}


@pytest.mark.parametrize("slope", [0.3, -0.3])
@pytest.mark.parametrize("directions", [("long",), ("long", "short", "both")])
def test_a_symbol_before_another_is_followed_to_the_side_that_it_goes(
    slope: float, directions: tuple[str, ...]
) -> None:
    leader = drawn(4, "BTCUSDT")
    moves = np.diff(np.log(leader.close), prepend=np.log(leader.close[0]))
    follower = drawn(5, "ETHUSDT", add=slope * np.concatenate([[0.0], moves[:-1]]))
    series = {"BTCUSDT": leader, "ETHUSDT": follower}
    offers = tuple(Offer(symbol, "sim", HOURS, 0, N * HOUR) for symbol in series)
    found = curious(briefing(1, offers=offers, directions=directions), Curiosity(lambda o: series[o.symbol]))
    best = found.anomalies[0]
    assert (best.kind, best.symbols) == ("lead", ("BTCUSDT", "ETHUSDT"))
    assert best.facts["slope"] == pytest.approx(slope, abs=0.03)
    assert "After a move of BTCUSDT, ETHUSDT" in found.told[0]
    made = next(p for p in found.proposals if p.strategy == "follow")
    assert made.symbols == ("BTCUSDT", "ETHUSDT")
    rule = find_strategy("follow", ConsensusRules())
    told = fingerprint(rule, made.symbols, HOURS, made.params)
    assert (told.family, told.direction) == ("relative_value", "both" if "both" in directions else "long")
    panel = Panel.of((leader, follower))
    answer = rule.batch(panel, read_params(rule, made.params))  # type: ignore[arg-type]
    held = answer.row[np.abs(answer.weight[:, 1]) > 0]
    side = answer.weight[np.abs(answer.weight[:, 1]) > 0, 1]
    nexts = np.log(follower.close[held[:-1] + 1] / follower.close[held[:-1]])
    assert (side[:-1] * nexts).mean() * 1e4 == pytest.approx(made.evidence["pays_bps"], rel=0.5)


def test_an_echo_is_bought_where_nobody_may_sell_short() -> None:
    moves = 0.01 * np.random.default_rng(6).standard_normal(N)
    for k in range(1, N):
        moves[k] -= 0.2 * moves[k - 1]
    bars = drawn(7, add=moves - np.diff(np.log(drawn(7).close), prepend=np.log(100)))
    offers = (Offer("BTCUSDT", "sim", HOURS, 0, N * HOUR),)
    rules = {}
    for may in (("long",), ("long", "short", "both")):
        found = curious(briefing(1, offers=offers, directions=may), Curiosity(lambda o: bars))
        spec = read_spec(next(p.strategy for p in found.proposals if p.name.startswith("echo")))  # type: ignore[arg-type]
        rules[may[-1]] = {key: str(rule) for key, rule in spec.rules.items() if key in ("long", "short")}
    assert rules["long"] == {"long": "(((close / close[1]) - 1) < (-move))"}
    assert rules["both"] == {**rules["long"], "short": "(((close / close[1]) - 1) > move)"}


@pytest.mark.parametrize(
    ("slope", "rule"), [(-0.2, "((close / close[1]) - 1) < (-move)"), (0.2, "((close / close[1]) - 1) > move")]
)
def test_a_symbol_that_echoes_itself_is_bought_after_the_move_that_is_followed_by_a_rise(
    slope: float, rule: str
) -> None:
    moves = 0.01 * np.random.default_rng(6).standard_normal(N)
    for k in range(1, N):
        moves[k] += slope * moves[k - 1]
    bars = drawn(7, add=moves - np.diff(np.log(drawn(7).close), prepend=np.log(100)))
    (echo,) = leads((bars,))
    assert echo.kind == "echo"
    assert echo.facts["slope"] == pytest.approx(slope, abs=0.03)
    long = replace(echo, effect=abs(echo.effect))
    spec = read_spec(propose(long, {"BTCUSDT": Offer("BTCUSDT", "sim", HOURS, 0, DAY)}, 1).strategy)  # type: ignore[arg-type]
    assert str(spec.rules["long"]) == f"({rule})"


def test_what_follows_a_crowd_is_found() -> None:
    n = 40_000
    rng = np.random.default_rng(8)
    at = np.sort(rng.choice(np.arange(400, n - 200), 300, replace=False))
    add = np.zeros(n)
    for k in at:
        add[k + 1 : k + 25] += 0.003
    bars = drawn(9, n=n, add=add)
    volume = np.array(bars.volume)
    volume[at] *= 60
    crowded = replace(bars, volume=volume)
    best = max(crowds(crowded), key=lambda test: test.t)
    assert best.effect > 0.02
    assert best.p < 1e-6
    assert look(crowded).proposals[0].strategy["hold"] == "hold"  # type: ignore[attr-defined]


def test_no_crowd_is_looked_for_without_volume() -> None:
    bars = drawn(1)
    assert list(crowds(Bars("A", "sim", HOURS, bars.time, bars.close))) == []


def test_what_an_account_may_not_trade_is_not_proposed() -> None:
    bars = drawn(1, add=np.where(hours() == 21, -0.004, 0.0))
    offers = (Offer("BTCUSDT", "sim", HOURS, 0, N * HOUR),)
    found = curious(briefing(1, offers=offers, directions=("long",)), Curiosity(lambda o: bars))
    assert found.anomalies
    assert all(anomaly.direction == "short" for anomaly in found.anomalies[:1])
    assert all("short" not in p.strategy for p in found.proposals)


def test_a_series_that_cannot_be_read_keeps_nobody_from_the_others() -> None:
    bars = drawn(1, add=np.where(hours() == 21, 0.004, 0.0))

    def read(offer: Offer) -> Bars:
        if offer.symbol == "BTCUSDT":
            return bars
        raise DataError("it is damaged")

    offers = tuple(Offer(s, "sim", HOURS, 0, N * HOUR) for s in ("BTCUSDT", "ETHUSDT"))
    assert curious(briefing(1, offers=offers), Curiosity(read)).proposals


def test_short_series_and_bars_of_minutes_are_not_looked_at() -> None:
    assert every_test({"A": drawn(1, n=900)}) == ()
    offers = (Offer("BTCUSDT", "sim", Timeframe.parse("15m"), 0, N * HOUR),)
    assert curious(briefing(1, offers=offers), Curiosity(lambda o: drawn(1))).tests == 0


def test_the_surest_come_first() -> None:
    tests = [Anomaly("hour", ("A",), HOURS, 0.01, t, 100, 1) for t in (5.0, 7.0, 0.1)]
    kept = surviving(tests, 0.05)
    assert [one.t for one in kept] == [7.0, 5.0]
    assert kept[0].adjusted < kept[1].adjusted < 0.05
    assert surviving((), 0.05) == ()
