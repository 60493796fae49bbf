"""Accounting: what comes into accounts and leaves them by no order, and what they come to.

Promise: every movement is one balanced entry with its source; a simulated venue hears of it in the same step.
In: amounts, rates, spans of time. Out: entries, statements, totals in one currency.
Neighbours: over `execution`'s ledger; `surfaces` show it; the store keeps rates and entries.
"""

from quorum.desk.trading.accounting.moving import (
    Moved,
    convert,
    earn,
    fund,
    rate_of,
    record_rate,
    split_units,
    transfer,
)
from quorum.desk.trading.accounting.opening import add_account
from quorum.desk.trading.accounting.ports import Rates, Till
from quorum.desk.trading.accounting.quoted import note_rates
from quorum.desk.trading.accounting.sheets import export, is_dust, sheet, statement_facts, statement_of
from quorum.desk.trading.accounting.totals import Total, Worth, told, total

__all__ = [
    "Moved",
    "Rates",
    "Till",
    "Total",
    "Worth",
    "add_account",
    "convert",
    "earn",
    "export",
    "fund",
    "is_dust",
    "note_rates",
    "rate_of",
    "record_rate",
    "sheet",
    "split_units",
    "statement_facts",
    "statement_of",
    "told",
    "total",
    "transfer",
]
