"""Rules that use what they can know, many of them in ways that look suspicious; a detector has to let them pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from quorum.domain import DAY, HOUR, Row
from quorum.lake import Bars, Panel
from quorum.signals import Allocations, AnyStrategy, Exit, Target, Targets, from_batch, from_step
from validation.lookahead.columns import (
    Floats,
    before,
    best_so_far,
    days,
    ema,
    groups,
    highest,
    lag,
    lowest,
    mean,
    returns,
    side,
    spread,
    when,
    windows,
    within,
)
from validation.lookahead.leaky import Own

Rule = Callable[[Bars], "Floats | Targets"]
HONEST: dict[str, AnyStrategy] = {}
NAN = float("nan")


def honest(warmup: int) -> Callable[[Rule], Rule]:
    def plant(rule: Rule) -> Rule:
        HONEST[rule.__name__] = from_batch(rule.__name__, lambda bars, params: rule(bars), warmup)
        return rule

    return plant


def stepwise(warmup: int, start: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def plant(rule: Callable[..., Any]) -> Callable[..., Any]:
        HONEST[rule.__name__] = from_step(rule.__name__, rule, lambda params: start, warmup)
        return rule

    return plant


def kept(enter: Floats, leave: Floats) -> Floats:
    """1 from a row on which `enter` is not 0 until one on which `leave` is not."""
    weight, held = np.zeros(len(enter)), 0.0
    for i in range(len(enter)):
        held = 1.0 if enter[i] else 0.0 if leave[i] else held
        weight[i] = held
    return weight


@honest(50)
def crossing_means(bars: Bars) -> Floats:
    return when(mean(bars.close, 10) > mean(bars.close, 50))


@honest(220)
def exponential_mean(bars: Bars) -> Floats:
    return when(bars.close > ema(bars.close, 20))


@honest(220)
def convergence(bars: Bars) -> Floats:
    line = ema(bars.close, 6) - ema(bars.close, 13)
    return when(line > ema(line, 5))


@honest(400)
def wilder_strength(bars: Bars) -> Floats:
    moved = np.concatenate([[0.0], np.diff(bars.close)])
    gain, loss = (ema(np.maximum(s * moved, 0), 27) for s in (1, -1))
    return when(gain < 0.8 * loss)


@honest(21)
def channel_before(bars: Bars) -> Floats:
    assert bars.high is not None
    assert bars.low is not None
    up, down = bars.close > lag(highest(bars.high, 20), 1), bars.close < lag(lowest(bars.low, 20), 1)
    return kept(when(up), when(down))


@honest(20)
def channel_with_the_bar(bars: Bars) -> Floats:
    return when(bars.close >= highest(bars.close, 20))


@honest(60)
def high_of_the_day_before(bars: Bars) -> Floats:
    assert bars.high is not None
    group = days(bars)
    return when(bars.close > before(best_so_far(bars.high, group), group))


@honest(1)
def high_of_the_day_so_far(bars: Bars) -> Floats:
    assert bars.high is not None
    return when(bars.close >= 0.995 * best_so_far(bars.high, days(bars)))


@honest(9)
def last_closed_hour(bars: Bars) -> Floats:
    return side(bars.close - before(bars.close, groups(bars.time // HOUR)))


@honest(340)
def week_before(bars: Bars) -> Floats:
    return side(bars.close - before(bars.close, groups((bars.time // DAY + 3) // 7)))


@honest(1)
def mondays(bars: Bars) -> Floats:
    return when((bars.time // DAY + 3) % 7 == 0)


@honest(1)
def afternoons(bars: Bars) -> Floats:
    return when(bars.time % DAY >= 16 * HOUR) - when(bars.time % (14 * DAY) < DAY)


@honest(1)
def turn_of_the_month(bars: Bars) -> Floats:
    day = bars.time.astype("datetime64[ns]").astype("datetime64[D]")
    return when((day - day.astype("datetime64[M]")).astype(np.int64) < 3)


@honest(1)
def expanding_mean(bars: Bars) -> Floats:
    return when(bars.close > np.cumsum(bars.close) / np.arange(1, len(bars) + 1))


@honest(10)
def expanding_score(bars: Bars) -> Floats:
    n = np.arange(1, len(bars) + 1)
    average = np.cumsum(bars.close) / n
    variance = np.maximum(np.cumsum(bars.close**2) / n - average**2, 1e-9)
    return within((bars.close - average) / np.sqrt(variance) / 3)


@honest(1)
def highest_ever(bars: Bars) -> Floats:
    return when(bars.close >= 0.98 * np.maximum.accumulate(bars.close))


@honest(30)
def rolling_score(bars: Bars) -> Floats:
    return within(-(bars.close - mean(bars.close, 30)) / (3 * spread(bars.close, 30) + 1e-9))


@honest(50)
def rolling_rank(bars: Bars) -> Floats:
    return within((windows(bars.close, 50) <= bars.close[:, None]).mean(axis=1))


@honest(100)
def rolling_quantile(bars: Bars) -> Floats:
    return when(bars.close < np.quantile(windows(bars.close, 100), 0.2, axis=1))


@honest(51)
def momentum(bars: Bars) -> Floats:
    return side(bars.close - lag(bars.close, 50))


@honest(2)
def reversal(bars: Bars) -> Floats:
    return -side(bars.close - lag(bars.close, 1))


@honest(31)
def scaled_to_volatility(bars: Bars) -> Floats:
    return within(0.004 / (spread(returns(bars), 30) + 1e-6))


@honest(20)
def busy(bars: Bars) -> Floats:
    assert bars.volume is not None
    return when(bars.volume > 1.5 * mean(bars.volume, 20))


@honest(2)
def gap_fade(bars: Bars) -> Floats:
    assert bars.open is not None
    gap = bars.open / lag(bars.close, 1) - 1
    return -within(200 * gap)


@honest(2)
def funding_carry(bars: Bars) -> Floats:
    assert bars.funding is not None
    return -side(bars.funding - 1e-4)


@honest(40)
def slope_of_the_past(bars: Bars) -> Floats:
    row = np.arange(40) - 19.5
    return when((windows(bars.close, 40) * row).sum(axis=1) > 0)


@honest(15)
def polynomial_of_the_past(bars: Bars) -> Floats:
    weights = np.linalg.pinv(np.vander(np.arange(15) - 14.0, 3))[-1]
    return when(bars.close < (windows(bars.close, 15) * weights).sum(axis=1))


@honest(11)
def confirmed_peak(bars: Bars) -> Floats:
    """A peak is known five bars after it."""
    return -when(lag(bars.close, 5) == highest(bars.close, 11))


@honest(27)
def price_of_the_session(bars: Bars) -> Floats:
    assert bars.volume is not None
    total, traded, group, weight = 0.0, 0.0, days(bars), np.zeros(len(bars))
    for i in range(len(bars)):
        fresh = i == 0 or group[i] != group[i - 1]
        traded = bars.volume[i] + (0.0 if fresh else traded)
        total = bars.close[i] * bars.volume[i] + (0.0 if fresh else total)
        weight[i] = np.sign(round(bars.close[i] - total / traded, 9))
    return weight


@honest(20)
def bands(bars: Bars) -> Floats:
    middle, width = mean(bars.close, 20), 2 * spread(bars.close, 20)
    return kept(when(bars.close < middle - width), when(bars.close > middle))


@honest(450)
def long_memory(bars: Bars) -> Floats:
    return when(bars.close > mean(bars.close, 450))


@honest(30)
def season_so_far(bars: Bars) -> Floats:
    """The mean return of the same hour in the past."""
    hour, moved = bars.time % DAY // HOUR, returns(bars)
    total, count, weight = np.zeros(24), np.zeros(24), np.zeros(len(bars))
    for i in range(len(bars)):
        following = (hour[i] + 1) % 24
        total[hour[i]] += moved[i]
        count[hour[i]] += 1
        weight[i] = float(np.sign(total[following])) if count[following] > 2 else 0.0
    return weight


@honest(60)
def fitted_again_and_again(bars: Bars) -> Floats:
    """Every 50 bars the best of three windows over the past alone."""
    moved, weight = returns(bars), np.zeros(len(bars))
    rules = [when(bars.close > np.nan_to_num(mean(bars.close, n), nan=np.inf)) for n in (3, 8, 20)]
    best = 0
    for i in range(len(bars)):
        if i % 50 == 0 and i:
            best = int(np.argmax([round(float((r[: i - 1] * moved[1:i]).sum()), 9) for r in rules]))
        weight[i] = rules[best][i]
    return weight


@honest(21)
def with_all_exits(bars: Bars) -> Targets:
    reach = 2 * (highest(bars.close, 20) - lowest(bars.close, 20)) + 0.01
    stop = np.maximum(bars.close - reach, 0.01)
    return Targets(when(bars.close > lag(bars.close, 20)), stop, bars.close + 2 * reach, reach)


@honest(300)
def filtered_forwards(bars: Bars) -> Floats:
    """A level and a slope that follow the price, as a filter of Kalman's does when it has settled."""
    level, slope, out = bars.close[0], 0.0, np.zeros(len(bars))
    for i, close in enumerate(bars.close.tolist()):
        missed = close - (level + slope)
        level, slope = level + slope + 0.2 * missed, slope + 0.02 * missed
        out[i] = slope
    return when(out > 0)


class Held(NamedTuple):
    close: float
    bars: int
    weight: float


@stepwise(2, Held(NAN, 0, 0.0))
def left_after_ten_bars(state: Held, row: Row) -> tuple[Held, float]:
    if state.weight and state.bars < 10:
        return Held(row.close, state.bars + 1, 1.0), 1.0
    enters = row.close > 1.005 * state.close
    return Held(row.close, 0, float(enters)), float(enters)


@stepwise(2, Held(NAN, 0, 0.0))
def rests_after_a_fall(state: Held, row: Row) -> tuple[Held, float]:
    """Flat for five bars after each bar that fell by half a per cent."""
    rest = 5 if row.close < 0.995 * state.close else max(0, state.bars - 1)
    weight = float(rest == 0 and row.close > state.close)
    return Held(row.close, rest, weight), weight


@stepwise(2, Held(NAN, 0, 0.0))
def stop_that_rises(state: Held, row: Row) -> tuple[Held, Target]:
    """Enters on a rise of half a per cent; the stop only rises, and below it the position ends."""
    if state.weight:
        stop = max(state.weight, 0.97 * row.close)
        if row.close > stop:
            return Held(row.close, 0, stop), Target(1.0, Exit(stop, NAN, NAN))
        return Held(row.close, 0, 0.0), Target(0.0)
    if row.close > 1.005 * state.close:
        return Held(row.close, 0, 0.97 * row.close), Target(1.0, Exit(0.97 * row.close, NAN, NAN))
    return Held(row.close, 0, 0.0), Target(0.0)


@stepwise(2, Held(NAN, 0, 0.0))
def in_three_parts(state: Held, row: Row) -> tuple[Held, float]:
    """A third more with each rise, nothing after a fall."""
    weight = min(1.0, state.weight + 1 / 3) if row.close > state.close else 0.0
    return Held(row.close, 0, weight), weight


class Monthly(Own):
    """The two symbols that rose most over 40 bars, every 20 bars counted from the first."""

    kind = "portfolio"
    symbols = (2, None)

    def warmup(self, params: Any) -> int:
        return 41

    def start(self, panel: Panel, params: Any) -> tuple[int, tuple[Floats, ...]]:
        return 0, ()

    def step(self, state: tuple[int, tuple[Floats, ...]], row: Any) -> tuple[Any, Floats | None]:
        seen, past = state
        closes = (*past[-40:], row.close)
        said = self._pick(closes[0], row.close) if seen >= 40 and seen % 20 == 0 else None
        return (seen + 1, closes), said

    def batch(self, panel: Panel, params: Any) -> Allocations:
        rows = np.array([i for i in range(40, len(panel)) if i % 20 == 0], np.int64)
        picks = [self._pick(panel.close[i - 40], panel.close[i]) for i in rows]
        return Allocations(rows, np.array(picks).reshape(len(rows), len(panel.symbols)))

    def _pick(self, then: Floats, now: Floats) -> Floats:
        rise = np.where(np.isnan(then) | np.isnan(now), -np.inf, now / then)
        weight = np.zeros(len(rise))
        weight[np.argsort(-rise, kind="stable")[:2]] = 0.5
        return weight


class Spread(Own):
    """Long one and short the other while their ratio is far from its mean over 60 bars."""

    kind = "portfolio"
    symbols = (2, 2)

    def warmup(self, params: Any) -> int:
        return 60

    def start(self, panel: Panel, params: Any) -> tuple[float, ...]:
        return ()

    def step(self, state: tuple[float, ...], row: Any) -> tuple[Any, Floats | None]:
        past = (*state[-59:], float(np.log(row.close[0] / row.close[1])))
        return past, self._wish(np.array(past)) if len(past) == 60 else None

    def batch(self, panel: Panel, params: Any) -> Allocations:
        ratio = np.log(panel.close[:, 0] / panel.close[:, 1])
        rows = np.arange(59, len(panel))
        wishes = [self._wish(ratio[i - 59 : i + 1]) for i in rows]
        return Allocations(rows, np.array(wishes).reshape(len(rows), 2))

    def _wish(self, past: Floats) -> Floats:
        score = float(np.clip((past[-1] - past.mean()) / (past.std() + 1e-9), -2, 2))
        return np.array([-0.5, 0.5]) * np.round(score) / 2


HONEST.update({"monthly": Monthly(), "spread": Spread()})
