"""The processes of a running desk: a supervisor of one child a role, and the lock that lets one worker run.

Promise: a role that dies is started again, with growing pauses; SIGTERM ends all of them in good order.
In: a command for each role. Out: processes, and word of what became of them.
Neighbours: only `bootstrap` knows it.
"""

from quorum.adapters.process.roles.lock import FileLock, Held
from quorum.adapters.process.roles.supervisor import Supervisor

__all__ = ["FileLock", "Held", "Supervisor"]
