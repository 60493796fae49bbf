"""A desk that queues ideas and moves them until it is killed: `python -m adapters.life.moving PLACE NAME`."""

from __future__ import annotations

import sys
from itertools import count, pairwise

from adapters.life.test_life_queue import idea, opened
from adapters.stores import place
from quorum.validation.life import Status

S = Status
WAY = (S.PENDING, S.L0_VALIDATING, S.L0_PASSED, S.L1_VALIDATING, S.L1_FAILED, S.REJECTED)

if __name__ == "__main__":
    kept, name = opened(place(sys.argv[1])), sys.argv[2]
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    for number in count():
        (made,) = kept.queue.add([idea(n=float(number))], name)
        for before, after in pairwise(WAY):
            moved = kept.queue.move(made.strategy_id, before, after, name, "went on")
            if moved is not None and after is S.L0_VALIDATING:
                kept.results.keep(made.strategy_id, "L0", 0, name, {"n": number})
