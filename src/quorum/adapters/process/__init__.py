"""Other processes: the simulated venue's memory and its own process, and executors of named tasks.

Promise: an acknowledged order survives a kill of either side; a task in a fresh process inherits nothing.
In: requests and payloads as JSON. Out: Journal, Prices and Broker of `execution`, Executor of `domain`.
Neighbours: only `bootstrap` knows it.
"""

from quorum.adapters.process.broker import BrokerServer, RemoteBroker, RequestClock, socket_path
from quorum.adapters.process.executor import InlineExecutor, ProcessExecutor, Task
from quorum.adapters.process.journal import FileJournal
from quorum.adapters.process.prices import LakePrices

__all__ = [
    "BrokerServer",
    "FileJournal",
    "InlineExecutor",
    "LakePrices",
    "ProcessExecutor",
    "RemoteBroker",
    "RequestClock",
    "Task",
    "socket_path",
]
