"""Halts kept twice: in a file that works when the store does not, and in the store; orders that leave without it.

Promise: who looks sees what either has; what cannot be read is a BLACK halt of the desk; what leaves is on disk first.
In: halts, a person's word, intents. Out: HaltBook over a file, over two books at once; UnitOfWork over a file.
Neighbours: `sql.trading` keeps them in desk.db; the sender of `execution` looks last.
"""

from quorum.adapters.halts.both import BothHalts
from quorum.adapters.halts.file import HaltFile
from quorum.adapters.halts.locks import locked_until
from quorum.adapters.halts.written import WrittenOrders

__all__ = ["BothHalts", "HaltFile", "WrittenOrders", "locked_until"]
