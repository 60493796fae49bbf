"""Execution: from an approved proposal to booked fills, once.

Promise: an intent is committed before it is sent, sent at most once, and booked to the last unit.
In: proposals that risk passed, a broker, a unit of work. Out: orders, fills, ledger entries, an audit of them.
Neighbours: `desk` calls it, `adapters` implement its port Broker; knows `domain` only.
"""

from quorum.execution.audit import AuditReport, audit
from quorum.execution.intent import make_intent, next_attempt
from quorum.execution.ledger import Entry, Posting, entry_of_fill, entry_of_funding
from quorum.execution.ports import Broker, BrokerAccount, BrokerOrder, Journal, Prices
from quorum.execution.reconcile import differences
from quorum.execution.sender import follow, send
from quorum.execution.simulated import SimulatedBroker, VenueCosts

__all__ = [
    "AuditReport",
    "Broker",
    "BrokerAccount",
    "BrokerOrder",
    "Entry",
    "Journal",
    "Posting",
    "Prices",
    "SimulatedBroker",
    "VenueCosts",
    "audit",
    "differences",
    "entry_of_fill",
    "entry_of_funding",
    "follow",
    "make_intent",
    "next_attempt",
    "send",
]
