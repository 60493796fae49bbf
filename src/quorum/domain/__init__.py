"""The words that every room speaks, and the doors that many need.

Promise: frozen values of the market and of the desk, one error family, one clock; standard library only.
In: nothing. Out: instruments, signals, proposals, verdicts, orders, fills, positions, decisions, ports.
Neighbours: every room imports this one; it imports none.
"""

from quorum.domain.canonical import canonical, content_hash, plain
from quorum.domain.clock import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Clock,
    SystemClock,
    Timeframe,
    VirtualClock,
    iso,
    parse_instant,
    utc_day,
)
from quorum.domain.decision import Choice, Decision, DecisionKind
from quorum.domain.errors import (
    BrokerError,
    BrokerUnreachable,
    ConfigError,
    DataError,
    Halted,
    IllegalMove,
    InvalidSignal,
    NeedsApproval,
    NotFound,
    QuorumError,
    StoreError,
    Unbalanced,
    UsageError,
    WorkspaceError,
)
from quorum.domain.instrument import Instrument, Money, split_symbol
from quorum.domain.market import Quote, Row, Side, Trade
from quorum.domain.order import MOVES, Order, OrderEvent, OrderIntent, OrderStatus
from quorum.domain.ports import DecisionLog, Executor, Notifier, Transaction, UnitOfWork
from quorum.domain.position import ZERO, Book, Fill, Position
from quorum.domain.proposal import (
    Approved,
    Check,
    ExitPlan,
    Proposal,
    Purpose,
    RiskVerdict,
    Shrunk,
    Vetoed,
    Vote,
)
from quorum.domain.severity import Severity, severity
from quorum.domain.signal import Abstain, Direction, Signal, View

__all__ = [
    "DAY",
    "HOUR",
    "MINUTE",
    "MOVES",
    "SECOND",
    "ZERO",
    "Abstain",
    "Approved",
    "Book",
    "BrokerError",
    "BrokerUnreachable",
    "Check",
    "Choice",
    "Clock",
    "ConfigError",
    "DataError",
    "Decision",
    "DecisionKind",
    "DecisionLog",
    "Direction",
    "Executor",
    "ExitPlan",
    "Fill",
    "Halted",
    "IllegalMove",
    "Instrument",
    "InvalidSignal",
    "Money",
    "NeedsApproval",
    "NotFound",
    "Notifier",
    "Order",
    "OrderEvent",
    "OrderIntent",
    "OrderStatus",
    "Position",
    "Proposal",
    "Purpose",
    "QuorumError",
    "Quote",
    "RiskVerdict",
    "Row",
    "Severity",
    "Shrunk",
    "Side",
    "Signal",
    "StoreError",
    "SystemClock",
    "Timeframe",
    "Trade",
    "Transaction",
    "Unbalanced",
    "UnitOfWork",
    "UsageError",
    "Vetoed",
    "View",
    "VirtualClock",
    "Vote",
    "WorkspaceError",
    "canonical",
    "content_hash",
    "iso",
    "parse_instant",
    "plain",
    "severity",
    "split_symbol",
    "utc_day",
]
