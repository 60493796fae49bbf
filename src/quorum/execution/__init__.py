"""Execution: from an approved proposal to booked fills, once.

Promise: an intent is committed before it is sent, sent at most once, and booked to the last unit.
In: proposals that risk passed, a broker, a unit of work. Out: orders, fills, ledger entries, an audit of them.
Neighbours: `desk` calls it, `adapters` implement its port Broker; knows `domain` only.
"""

from quorum.execution.audit import AuditReport, audit
from quorum.execution.holdings import Move, moves, together
from quorum.execution.intent import make_intent, next_attempt
from quorum.execution.ledger import (
    Entry,
    Income,
    Posting,
    entries_of_transfer,
    entry_of_adjustment,
    entry_of_conversion,
    entry_of_cross,
    entry_of_fill,
    entry_of_funding,
    entry_of_income,
    entry_of_split,
)
from quorum.execution.netting import Cross, Net, net
from quorum.execution.ports import Abilities, Broker, BrokerAccount, BrokerOrder, HaltBook, Halts, Journal, Prices
from quorum.execution.rates import Rate, found_rate
from quorum.execution.reconcile import differences
from quorum.execution.sender import Sender
from quorum.execution.simulated import ABILITIES, SimulatedBroker, VenueCosts
from quorum.execution.statement import Booked, Earned, Statement, earned, statement

__all__ = [
    "ABILITIES",
    "Abilities",
    "AuditReport",
    "Booked",
    "Broker",
    "BrokerAccount",
    "BrokerOrder",
    "Cross",
    "Earned",
    "Entry",
    "HaltBook",
    "Halts",
    "Income",
    "Journal",
    "Move",
    "Net",
    "Posting",
    "Prices",
    "Rate",
    "Sender",
    "SimulatedBroker",
    "Statement",
    "VenueCosts",
    "audit",
    "differences",
    "earned",
    "entries_of_transfer",
    "entry_of_adjustment",
    "entry_of_conversion",
    "entry_of_cross",
    "entry_of_fill",
    "entry_of_funding",
    "entry_of_income",
    "entry_of_split",
    "found_rate",
    "make_intent",
    "moves",
    "net",
    "next_attempt",
    "statement",
    "together",
]
