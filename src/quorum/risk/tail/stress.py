"""What a book would lose where named things happen, and where everything that it holds goes against it at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from quorum.domain import UsageError
from quorum.risk.tail.history import History, Inconclusive, together
from quorum.risk.tail.values import LEAST_DAYS
from quorum.stats.normal import normal_quantile


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named shock: the return of every symbol that is not named in `shocks` is `others`, fractions.

    A name in `shocks` is a symbol, or the end of several (USDT for all that are quoted in it); the longest counts.
    UsageError for a return below -1 or no number.
    """

    name: str
    others: float
    shocks: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, shock in {"others": self.others, **self.shocks}.items():
            if not math.isfinite(shock) or shock < -1.0:
                raise UsageError(f"scenario {self.name}: {name} = {shock} makes no sense", "a loss is at most -1")

    def shock(self, symbol: str) -> float:
        """The return of a symbol."""
        named = [name for name in self.shocks if symbol == name or symbol.endswith(name)]
        return self.shocks[max(named, key=len)] if named else self.others


SCENARIOS = (
    Scenario("everything falls by a tenth", -0.10),
    Scenario("everything falls by a fifth", -0.20),
    Scenario("everything rises by a fifth", 0.20),
    Scenario("shares as on 1987-10-19, coins as on 2020-03-12", -0.20, {"USDT": -0.39, "USDC": -0.39, "BTCUSD": -0.39}),
    Scenario("a stablecoin at 90 cents", 0.0, {"USDT": -0.10, "USDC": -0.10}),
)
"""What the desk looks at where nothing else is configured; the falls of the two days are of the S&P 500 and of BTC."""


class Stress(NamedTuple):
    """What a scenario makes of a book, a fraction of its equity (losses negative), and the symbol that loses most."""

    name: str
    result: float
    most: str
    most_result: float


def worst_of(held: Mapping[str, float], scenarios: Iterable[Scenario] = SCENARIOS) -> tuple[Stress, ...]:
    """Every scenario on holdings `held` (signed fractions of equity), the worst first."""
    found = [_told(s.name, {symbol: share * s.shock(symbol) for symbol, share in held.items()}) for s in scenarios]
    return tuple(sorted(found, key=lambda stress: stress.result))


def worst_days(
    held: Mapping[str, float], histories: Mapping[str, History], days: int = 1, needed: int = LEAST_DAYS
) -> Stress | Inconclusive:
    """The worst `days` days in a row that the data have, 1 or a week, of holdings that are not traded meanwhile.

    Rows in a row are the common days; a week of shares is five of them. Inconclusive below `needed` common days.
    """
    past = together(histories, held, max(needed, days))
    if isinstance(past, Inconclusive):
        return past
    if not past.names:
        return Stress("nothing is held", 0.0, "", 0.0)
    grown = np.cumsum(np.log1p(np.maximum(past.returns, -1.0 + 1e-12)), axis=0)
    before = np.vstack([np.zeros(grown.shape[1]), grown[:-days]])
    moves = np.expm1(grown[days - 1 :] - before)
    at = int(np.argmin(moves @ [held[name] for name in past.names]))
    first = np.datetime64(int(past.day[at]), "D")
    losses = {name: held[name] * float(moves[at, n]) for n, name in enumerate(past.names)}
    return _told(f"the worst {days} day{'s' if days > 1 else ''}, from {first}", losses)


def all_at_once(
    held: Mapping[str, float], histories: Mapping[str, History], level: float = 0.05, needed: int = LEAST_DAYS
) -> Stress | Inconclusive:
    """Every holding loses its own day of `level` at once: a correlation of one, long and short alike.

    A normal's quantile of each symbol's spread, without its mean. Inconclusive below `needed` common days.
    """
    past = together(histories, held, needed)
    if isinstance(past, Inconclusive):
        return past
    if not past.names:
        return Stress("nothing is held", 0.0, "", 0.0)
    fall = float(normal_quantile(level))
    spread = past.returns.std(axis=0, ddof=1)
    losses = {name: fall * abs(held[name]) * float(spread[n]) for n, name in enumerate(past.names)}
    return _told("everything held goes against us at once", losses)


def _told(name: str, results: Mapping[str, float]) -> Stress:
    if not results:
        return Stress(name, 0.0, "", 0.0)
    most = min(results, key=lambda symbol: (results[symbol], symbol))
    return Stress(name, sum(results.values()), most, results[most])
