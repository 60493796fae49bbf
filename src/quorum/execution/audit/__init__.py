"""An independent check of the ledger, from the raw rows of the store; it shares no code with what wrote them.

Promise: exact fractions, a seal computed anew, and every fill, order, balance and holding derived a second time.
In: rows by table, as the store has them. Out: an AuditReport, whose faults name what does not hold.
Neighbours: `desk.books` asks for it; knows the standard library only.
"""

from quorum.execution.audit.report import AuditReport, audit

__all__ = ["AuditReport", "audit"]
