"""Does it trade, and does what it earns survive a bar's delay?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from quorum.domain import QuorumError
from quorum.engine import Terms, backtest
from quorum.signals import Guest
from quorum.signals.vote import ConsensusStrategy, silent_voters
from quorum.validation.lookahead.answers import Answers, Subject
from quorum.validation.lookahead.effort import Ledger
from quorum.validation.lookahead.verdict import Check, Finding

Floats = NDArray[np.float64]
SURE, LOST = 4.0, 0.5


def trade(subjects: Sequence[Subject], ledger: Ledger) -> None:
    """A backtest on each market on the usual terms; a flaw where it fails, and when there is no trade at all."""
    trades = bars = 0
    for subject in subjects:
        if ledger.left() <= 0:
            ledger.skip(f"slow: no backtest on {subject.market}, the time was over")
            return
        try:
            result = backtest(subject.data, subject.strategy, subject.params, Terms(), None)
        except QuorumError as error:
            ledger.flaw(Finding(Check.BACKTEST, subject.market, str(error)))
            return
        ledger.runs[Check.BACKTEST] += 1
        trades, bars = trades + len(result.trades.entry_time), bars + len(subject.data)
        if not math.isfinite(result.final_equity):
            ledger.flaw(Finding(Check.BACKTEST, subject.market, f"the final equity is {result.final_equity}"))
    if trades == 0:
        names = ", ".join(s.market for s in subjects)
        ledger.flaw(Finding(Check.BACKTEST, names, f"it never trades in {bars} bars{_hindrance(subjects[0])}"))


def _hindrance(subject: Subject) -> str:
    """What keeps a vote from ever coming to anything: someone who must take part and always abstains."""
    vote = subject.strategy.inner if isinstance(subject.strategy, Guest) else subject.strategy
    silent = silent_voters(vote) if isinstance(vote, ConsensusStrategy) else {}
    told = ", ".join(f"{name} must vote and always abstains, for it has {why}" for name, why in silent.items())
    return told and f": {told}"


def delay(subjects: Sequence[Subject], answers: Mapping[str, Answers], ledger: Ledger) -> None:
    """Hold each target a bar later: a suspicion where a sure profit (t above 4) loses more than half by it.

    Profit is weight times the next bar's log return, without costs; t is its mean over its standard error.
    """
    for subject in subjects:
        weights, close = answers[subject.market].weights(), subject.data.close.reshape(len(subject.data), -1)
        with np.errstate(invalid="ignore", divide="ignore"):
            moves = np.nan_to_num(np.diff(np.log(close), axis=0))
        prompt, late = _t(weights[1:-1], moves[1:]), _t(weights[:-2], moves[1:])
        ledger.runs[Check.DELAY] += 1
        if prompt > SURE and late < LOST * prompt:
            detail = f"the profit's t falls from {prompt:.1f} to {late:.1f} when every target comes a bar later"
            ledger.suspect(Finding(Check.DELAY, subject.market, detail, "weight"))


def _t(weights: Floats, moves: Floats) -> float:
    profit = (weights * moves).sum(axis=1)
    spread = float(profit.std(ddof=1)) if len(profit) > 1 else 0.0
    return float(profit.mean()) / spread * math.sqrt(len(profit)) if spread > 0 else 0.0
