"""Halts kept twice: in a file that works when the store does not, and in the store.

Promise: who looks sees what either has; what cannot be read is a BLACK halt of the desk.
In: halts, a person's word. Out: HaltBook over a file, over two books at once.
Neighbours: `sql.trading` keeps them in desk.db; the sender of `execution` looks last.
"""

from quorum.adapters.halts.both import BothHalts
from quorum.adapters.halts.file import HaltFile

__all__ = ["BothHalts", "HaltFile"]
