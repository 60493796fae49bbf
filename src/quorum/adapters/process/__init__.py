"""Other processes: the simulated venue's memory and its own process, and executors of named tasks.

Promise: an acknowledged order survives a kill of either side; a task stays within its limits and costs no other.
In: requests and payloads as JSON. Out: Journal, Prices and Broker of `execution`, Executor of `domain`.
Neighbours: only `bootstrap` knows it.
"""

from quorum.adapters.process.arrays import ArrayFolder, mapped
from quorum.adapters.process.broker import BrokerServer, RemoteBroker, RequestClock, socket_path
from quorum.adapters.process.executor import ProcessExecutor
from quorum.adapters.process.inline import InlineExecutor
from quorum.adapters.process.journal import FileJournal, JournalTill
from quorum.adapters.process.nursery import serve
from quorum.adapters.process.prices import LakeChart, LakePrices
from quorum.adapters.process.task import Beat, Task, called

__all__ = [
    "ArrayFolder",
    "Beat",
    "BrokerServer",
    "FileJournal",
    "InlineExecutor",
    "JournalTill",
    "LakeChart",
    "LakePrices",
    "ProcessExecutor",
    "RemoteBroker",
    "RequestClock",
    "Task",
    "called",
    "mapped",
    "serve",
    "socket_path",
]
