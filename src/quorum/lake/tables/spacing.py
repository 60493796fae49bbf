"""The timeframe of a file: what most of its bars are apart, what its name says, what the caller says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quorum.domain import DAY, SECOND, DataError, Timeframe, iso
from quorum.lake.bars import Instants

_MAJORITY = 0.5
_MONTH = (28 * DAY, 31 * DAY)


def find_timeframe(
    series: Sequence[Instants], asked: Timeframe | None, named: Timeframe | None, file: str
) -> Timeframe:
    """The timeframe of a file's `series` of opens (any order): `asked`, else what its times say, else `named`.

    The times say what more than half of all neighbours are apart; a half is enough for the shortest distance when
    it divides all others. DataError when they contradict `asked` or `named`, when nothing tells, and for months,
    which are no timeframe.
    """
    apart = np.concatenate([np.empty(0, np.int64), *(_apart(s) for s in series)])
    found = _most_common(apart)
    said = asked or named
    if said is None:
        if found is None:
            raise DataError(f"{file}: {_unclear(series)}", "say the timeframe with `--timeframe`, as 1h")
        if _MONTH[0] <= found.nanoseconds <= _MONTH[1]:
            raise DataError(f"{file}: bars are months apart ({found})", "give bars of a fixed length of a week or less")
        return found
    if _contradicts(apart, said) if found is None else said != found:
        source, remedy = (
            ("the timeframe asked for", "correct it") if asked else ("its name", "say the timeframe with `--timeframe`")
        )
        raise DataError(f"{file}: most bars are {found or 'less'} apart, {source} says {said}", remedy)
    return said


def _apart(times: Instants) -> Instants:
    """The distances of neighbours, those of 0 left out."""
    apart = np.diff(times if bool((times[1:] > times[:-1]).all()) else np.sort(times))
    return apart[apart > 0]


def _most_common(apart: Instants) -> Timeframe | None:
    if not len(apart):
        return None
    if bool((apart == apart[0]).all()):
        distances, counts = apart[:1], np.array([len(apart)])
    else:
        distances, counts = np.unique(apart, return_counts=True)
    step, share = int(distances[counts.argmax()]), counts.max() / counts.sum()
    divides = step == distances[0] and bool((distances % step == 0).all())
    decided = share > _MAJORITY or (share == _MAJORITY and divides)
    return Timeframe(step) if decided and step % SECOND == 0 else None


def _contradicts(apart: Instants, said: Timeframe) -> bool:
    """Whether most neighbours are less than a bar apart."""
    return len(apart) > 0 and float(np.median(apart)) < said.nanoseconds


def _unclear(series: Sequence[Instants]) -> str:
    times = np.concatenate([np.empty(0, np.int64), *series])
    distinct = np.unique(times)
    if len(distinct) < 2:
        only = f" ({iso(int(distinct[0]))})" if len(distinct) else ""
        return f"{len(distinct)} time{only} does not tell how long a bar is"
    return f"{len(distinct)} times from {iso(int(distinct[0]))} to {iso(int(distinct[-1]))} have no common distance"


def opens(closes: Instants, timeframe: Timeframe) -> Instants:
    """Opens of bars that are stamped with their close, or with the last ms, us, ns or s before it."""
    step = timeframe.nanoseconds
    for last in (0, 1_000_000, 1_000, 1, SECOND):
        if bool(((closes + last) % min(step, DAY) == 0).all()):
            return closes + last - step
    return closes - step
