"""What an audit says."""

from __future__ import annotations

from dataclasses import dataclass

from quorum.execution.audit.kinds import kinds, transfers
from quorum.execution.audit.ledger import balances, entries, fills, seals
from quorum.execution.audit.orders import approvals, events, orders, parts, strays, verdicts
from quorum.execution.audit.positions import positions
from quorum.execution.audit.rows import Tables, doubled, unreadable

CHECKS = (
    *(entries, seals, kinds, transfers, fills, balances, positions),
    *(events, orders, parts, strays, approvals, verdicts),
)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit found: `faults` is empty when the books are in order."""

    entries: int
    postings: int
    fills: int
    faults: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        return not self.faults


def audit(tables: Tables) -> AuditReport:
    """Check the rows of entry, posting, fill, balance, position, intent, order_event, order_state and decision.

    With those of fill_share and strategy_position where strategies have parts of orders.
    Columns are those of the store, numbers as written there (decimal texts). Rows that cannot be read, or stand
    there twice, are named alone: nothing follows from them. With the rows of account, each account's version tells
    how many entries, intents and events it should have; a gap in the numbers of the events is a fault only where that
    says so too, since a server leaves gaps. Without them every gap is one.
    """
    faults = [*unreadable(tables), *doubled(tables)]
    if not faults:
        faults = [fault for check in CHECKS for fault in check(tables)]
    return AuditReport(len(tables["entry"]), len(tables["posting"]), len(tables["fill"]), tuple(faults))
