"""Execution: from an approved proposal to booked fills, once.

Promise: an intent is committed before it is sent, sent at most once, and booked to the last unit.
In: proposals that risk passed, a broker, a unit of work. Out: orders, fills, ledger entries, an audit of them.
Neighbours: `desk` calls it, `adapters` implement its port Broker; knows `domain` only.
"""

from quorum.execution.audit import AuditReport, audit
from quorum.execution.intent import make_intent, next_attempt
from quorum.execution.ledger import (
    Entry,
    Income,
    Posting,
    entries_of_transfer,
    entry_of_conversion,
    entry_of_cross,
    entry_of_fill,
    entry_of_funding,
    entry_of_income,
    entry_of_split,
)
from quorum.execution.netting import Cross, Net, net
from quorum.execution.ports import Abilities, Broker, BrokerAccount, BrokerOrder, HaltBook, Halts, Journal, Prices
from quorum.execution.reconcile import differences
from quorum.execution.sender import Sender
from quorum.execution.simulated import ABILITIES, SimulatedBroker, VenueCosts

__all__ = [
    "ABILITIES",
    "Abilities",
    "AuditReport",
    "Broker",
    "BrokerAccount",
    "BrokerOrder",
    "Cross",
    "Entry",
    "HaltBook",
    "Halts",
    "Income",
    "Journal",
    "Net",
    "Posting",
    "Prices",
    "Sender",
    "SimulatedBroker",
    "VenueCosts",
    "audit",
    "differences",
    "entries_of_transfer",
    "entry_of_conversion",
    "entry_of_cross",
    "entry_of_fill",
    "entry_of_funding",
    "entry_of_income",
    "entry_of_split",
    "make_intent",
    "net",
    "next_attempt",
]
