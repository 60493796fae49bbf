"""The strategy's life in desk.db: the queue and its moves, results of tiers, and the books beside them.

Promise: of two that move one strategy one does; a result, a fix, a learning is written once for its key.
In: ideas, moves, records. Out: StrategyQueue, Intake, Results, Books.
Neighbours: over `sql.database` and the decision log; only `bootstrap` knows it.
"""

from quorum.adapters.sql.life.queue import SqlQueue
from quorum.adapters.sql.life.records import SqlRecords, sql_books
from quorum.adapters.sql.life.results import SqlResults

__all__ = ["SqlQueue", "SqlRecords", "SqlResults", "sql_books"]
