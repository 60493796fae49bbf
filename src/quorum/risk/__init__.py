"""Risk: what a book may hold, how large a trade may be, and whether a proposal passes.

Promise: pure; it may only shrink what it is given, and a reduction is never stopped.
In: a proposal, the book as one transaction sees it, its limits. Out: Approved, Shrunk or Vetoed, with checks.
Neighbours: `desk` asks inside the account's transaction; knows `domain` only.
"""

from quorum.risk.assess import assess, collar
from quorum.risk.limits import RiskLimits
from quorum.risk.sizing import size_by_stop

__all__ = ["RiskLimits", "assess", "collar", "size_by_stop"]
