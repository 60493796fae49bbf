"""Engine: the backtest and the one cycle that backtest, paper and live share.

Promise: the same bars, code and terms give the same bytes; a backtest is counted before it is seen.
In: bars, strategies, analysts, a book with its limits. Out: a Backtest; a cycle's snapshot, proposal and intent.
Neighbours: where signals, risk and execution meet; `desk` puts the store around it.
"""

from quorum.engine.appraisal import Appraisal, appraise
from quorum.engine.backtest import Backtest, backtest
from quorum.engine.cycle import (
    NoTrade,
    Occasion,
    Snapshot,
    ask,
    exit_due,
    intend,
    judge,
    observe,
    propose,
    reduce,
)
from quorum.engine.events import Driven, drive
from quorum.engine.ports import Trials
from quorum.engine.provenance import JUDGING_ROOMS, TRADING_ROOMS, code_hash, machine
from quorum.engine.records import Filled, Fills, RoundTrip, Trades
from quorum.engine.sweeps import Elsewhere, Sweep, SweepOptions, fitting, grid, search, sweep
from quorum.engine.terms import FILLS, SIZINGS, Terms
from quorum.engine.trial import TrialRecord, address, trial_id

__all__ = [
    "FILLS",
    "JUDGING_ROOMS",
    "SIZINGS",
    "TRADING_ROOMS",
    "Appraisal",
    "Backtest",
    "Driven",
    "Elsewhere",
    "Filled",
    "Fills",
    "NoTrade",
    "Occasion",
    "RoundTrip",
    "Snapshot",
    "Sweep",
    "SweepOptions",
    "Terms",
    "Trades",
    "TrialRecord",
    "Trials",
    "address",
    "appraise",
    "ask",
    "backtest",
    "code_hash",
    "drive",
    "exit_due",
    "fitting",
    "grid",
    "intend",
    "judge",
    "machine",
    "observe",
    "propose",
    "reduce",
    "search",
    "sweep",
    "trial_id",
]
