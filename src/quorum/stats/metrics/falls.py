"""Drawdowns one by one, and the time spent in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from quorum.stats.performance import NAN, Floats, Instants, drawdowns

_DAY = 86_400_000_000_000


class Fall(NamedTuple):
    """One drawdown: from the last high at `start` to its `bottom` and to the `end` that reached it again.

    Instants in ns UTC, `end` None when it never did; `depth` a negative fraction, `days` from start to end (or to the
    last instant).
    """

    start: int
    bottom: int
    end: int | None
    depth: float
    days: float


class Underwater(NamedTuple):
    """Time below a former high: its share of the points, the longest stretch in days, and whether that one is over."""

    share: float
    longest_days: float
    recovered: bool


class _Spans(NamedTuple):
    """Drawdowns as rows: the first and the last point below the high, shapes (k,); depth of each."""

    first: Instants
    last: Instants
    depth: Floats
    fall: Floats


def deepest_falls(time_ns: Instants, equity: Floats, starting: float, most: int = 10) -> tuple[Fall, ...]:
    """The `most` deepest drawdowns of the equity (n,) at instants (n,), the deepest first; the earlier of equals.

    The starting capital is a high, reached at the first instant.
    """
    spans = _spans(equity, starting)
    order = np.argsort(spans.depth, kind="stable")[:most]
    return tuple(_fall(time_ns, spans, int(k)) for k in order)


def underwater(time_ns: Instants, equity: Floats, starting: float) -> Underwater:
    """How long the equity (n,) at instants (n,) stood below its highest so far; NaN for no equity at all."""
    spans = _spans(equity, starting)
    if len(spans.fall) == 0:
        return Underwater(NAN, NAN, True)
    if len(spans.first) == 0:
        return Underwater(0.0, 0.0, True)
    until = np.minimum(spans.last + 1, len(equity) - 1)
    length = time_ns[until] - time_ns[np.maximum(spans.first - 1, 0)]
    k = int(np.argmax(length))
    share = float(np.mean(spans.fall < 0))
    return Underwater(share, float(length[k]) / _DAY, bool(spans.last[k] + 1 < len(equity)))


def _spans(equity: Floats, starting: float) -> _Spans:
    fall = drawdowns(equity, starting)
    below = np.concatenate([[False], fall < 0, [False]])
    edges = np.flatnonzero(below[1:] != below[:-1])
    first, last = edges[::2], edges[1::2] - 1
    depth = np.minimum.reduceat(np.append(fall, 0.0), edges)[::2] if len(edges) else np.empty(0)
    return _Spans(first, last, depth, fall)


def _fall(time_ns: Instants, spans: _Spans, k: int) -> Fall:
    first, last = int(spans.first[k]), int(spans.last[k])
    bottom = first + int(np.argmin(spans.fall[first : last + 1]))
    start = int(time_ns[max(first - 1, 0)])
    end = int(time_ns[last + 1]) if last + 1 < len(time_ns) else None
    days = ((int(time_ns[-1]) if end is None else end) - start) / _DAY
    return Fall(start, int(time_ns[bottom]), end, float(spans.depth[k]), days)
