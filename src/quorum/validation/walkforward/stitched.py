"""Stitching: several parameter sets, each for a while, traded as one strategy whose position and costs carry over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np

from quorum.engine import Backtest, Terms
from quorum.engine.backtest import traded, wishes_for
from quorum.engine.kernel import DECIDED, ROW, Wishes
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, is_portfolio
from quorum.stats import performance
from quorum.validation.walkforward.candidates import Combination, Floats, Ints

Column = TypeVar("Column", Floats, Ints)


class Leg(NamedTuple):
    """Parameters that decide at the bars that open from `start` up to, not including, `end` (ns UTC)."""

    start: int
    end: int
    parameters: Combination


@dataclass(frozen=True, eq=False)
class Stitched:
    """What several legs want, one after the other, on `bars` up to the end of the last; trading begins at row `first`.

    Indicators have seen every bar before. What a leg wants from its first bar on is what its parameters would hold
    there, had they decided all along: the change of parameters trades at that bar's close, or after it. One symbol is
    traded only where its target changes by that, a portfolio where its parameters do.
    """

    strategy: AnyStrategy
    bars: Bars | Panel
    first: int
    wishes: Wishes

    def trade(self, terms: Terms) -> Backtest:
        """The legs traded, as a backtest of the bars from `first` on; it has no parameters of its own, and no id."""
        whole = traded(self.bars, self.strategy, {}, terms, self.wishes)
        bars, equity = self.bars.slice(self.first, len(self.bars)), whole.equity[self.first :]
        rows = whole.rows.copy()
        rows[:, [ROW, DECIDED]] -= self.first
        rows.flags.writeable = False
        score = performance(bars.time, equity, terms.starting_equity)
        return replace(whole, bars=bars, equity=equity, rows=rows, performance=score)

    def delayed(self) -> Stitched:
        """The same wishes, each a bar later."""
        wishes, n = self.wishes, len(self.bars)
        later = wishes.row + 1 < n
        exits = {name: _shifted(getattr(wishes, name)) for name in ("stop", "target", "trail")}
        moved = wishes._replace(row=_frozen(wishes.row[later] + 1), weight=_frozen(wishes.weight[later]), **exits)
        return replace(self, wishes=moved)


def stitch(bars: Bars | Panel, strategy: AnyStrategy, terms: Terms, legs: Sequence[Leg]) -> Stitched:
    """The wishes of at least one leg, in order of time without gaps; errors are those of `backtest`."""
    bars = bars.between(None, legs[-1].end) if int(bars.time[-1]) >= legs[-1].end else bars
    edges = [int(np.searchsorted(bars.time, leg.start)) for leg in legs] + [len(bars)]
    wanted: dict[tuple[tuple[str, float], ...], Wishes] = {}
    parts = []
    for leg in legs:
        key = tuple(sorted(leg.parameters.items()))
        if key not in wanted:
            wanted[key] = wishes_for(bars, strategy, leg.parameters, terms)
        parts.append(wanted[key])
    row, weight = _join(parts, edges, whole=is_portfolio(strategy))
    stop, target, trail, spread = (_splice(parts, name, edges) for name in ("stop", "target", "trail", "spread"))
    return Stitched(strategy, bars, edges[0], Wishes(row, weight, stop, target, trail, spread))


def _join(parts: Sequence[Wishes], edges: Sequence[int], whole: bool) -> tuple[Ints, Floats]:
    """Rows and weights of the parts, each within its edges; a part that differs from the one before takes over there.

    With `whole` every row counts, else only those where the weight changes.
    """
    rows, weights = [], []
    width = parts[0].weight.shape[1]
    for k, part in enumerate(parts):
        start, stop = edges[k], edges[k + 1]
        a, b = np.searchsorted(part.row, [start, stop])
        if (k == 0 or part is not parts[k - 1]) and not (a < b and part.row[a] == start):
            rows.append(np.array([start]))
            weights.append(part.weight[a - 1 : a] if a else np.zeros((1, width)))
        rows.append(part.row[a:b])
        weights.append(part.weight[a:b])
    row, weight = np.concatenate(rows), np.concatenate(weights)
    before = np.concatenate([np.zeros((1, width)), weight[:-1]])
    kept = np.ones(len(row), np.bool_) if whole else np.any(weight != before, axis=1)
    return _frozen(row[kept].astype(np.int64)), _frozen(weight[kept])


def _splice(parts: Sequence[Wishes], name: str, edges: Sequence[int]) -> Floats:
    columns = [getattr(part, name) for part in parts]
    longest: Floats = max(columns, key=len)
    if not len(longest):
        return longest
    out = np.full_like(longest, np.nan)
    for k, column in enumerate(columns):
        if len(column):
            out[edges[k] : edges[k + 1]] = column[edges[k] : edges[k + 1]]
    return _frozen(out)


def _shifted(column: Floats) -> Floats:
    if not len(column):
        return column
    out = np.full_like(column, np.nan)
    out[1:] = column[:-1]
    return _frozen(out)


def _frozen(column: Column) -> Column:
    column.flags.writeable = False
    return column
