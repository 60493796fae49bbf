"""A glance at a strategy from outside before it is traded: does its past change when later bars are cut off?"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from quorum.domain import InvalidSignal, QuorumError, iso
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, Params, guard, is_ours, read_params
from quorum.validation.lookahead.answers import Difference, answer, differences
from quorum.validation.lookahead.cuts import choose_cuts

CUTS, SECONDS = 8, 2.0


def refuse_foresight(strategy: AnyStrategy, data: Bars | Panel, given: Mapping[str, object]) -> None:
    """InvalidSignal for a strategy from outside that is seen to use later bars, with its column and bar.

    Eight cuts within two seconds: what passes is not proved clean, as `examine` would. Our own strategies pass, and
    so does one that gives no answer: the backtest says what is wrong with it.
    """
    if is_ours(strategy):
        return
    try:
        params = read_params(strategy, given)
        found = _seen(guard(strategy), data, params)
    except QuorumError:
        return
    if found is not None:
        said = ", ".join(f"{name} = {value}" for name, value in params.items())
        raise InvalidSignal(
            f"{strategy.name}{said and f' with {said}'} looks ahead on {data.symbol}: {found.column} at the close of "
            f"the bar of {iso(int(data.time[found.row]))} is {found.one:g} with later bars and {found.other:g} without",
            "a row may use the bars up to it; `quorum strategy check` says more",
        )


def _seen(strategy: AnyStrategy, data: Bars | Panel, params: Params) -> Difference | None:
    """The earliest row of the first cut that shows one."""
    end, whole = monotonic() + SECONDS, answer(strategy, data, params)
    for cut in choose_cuts(data, whole, strategy.warmup(params), 0, CUTS):
        if monotonic() > end:
            break
        found = differences(whole, answer(strategy, data.slice(0, cut), params), cut)
        if found:
            return min(found, key=lambda difference: difference.row)
    return None
