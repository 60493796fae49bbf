"""What the scheduler's process does, round after round, and the signs by which a desk is judged.

Promise: what fails in a round is recorded once, done again in the next, and keeps nothing else from being done.
In: a workspace's folder, an event that ends it. Out: runs asked for, notices sent, answers told, the state moved.
Neighbours: `bootstrap.roles` gives it a process; what each act does lies in `desk`.
"""

from quorum.bootstrap.rounds.scheduler import run_rounds
from quorum.bootstrap.rounds.signs import signs_of

__all__ = ["run_rounds", "signs_of"]
