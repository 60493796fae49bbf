"""How many checks of L0 have their answer although workers die of some of them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from quorum.desk.proving import Asked, validate
from quorum.domain import QuorumError
from quorum.surfaces.bench.measure import Measure
from quorum.surfaces.bench.validation import rogues
from quorum.surfaces.bench.validation.limits import rogue, small_desk
from quorum.validation.ladder import Tier

CHECKS, WORKERS = 200, 2
ANSWERED = ("passed", "failed")


class Completion(NamedTuple):
    """Checks that were asked for, those with an answer, and the workers that died on the way."""

    checks: int
    answered: int
    crashed: int


def completion() -> list[Measure]:
    """200 checks through the queue; a quarter of the strategies kill their worker once, or twice."""
    found = complete(CHECKS)
    name = f"{found.checks} checks of L0 that have their answer, {found.crashed} workers crashed"
    return [Measure("completion", name, found.answered / found.checks, "share", target=0.99, at_least=True)]


def complete(checks: int) -> Completion:
    """That many checks; QuorumError when fewer workers died than were to, which would prove nothing."""
    with tempfile.TemporaryDirectory() as folder:
        desk, symbol = small_desk(Path(folder) / "desk")
        place = Path(shutil.copy(rogues.__file__, folder))
        desk.life.queue.add([rogue(place, "CRASHING", symbol, number) for number in range(checks)], "bench")
        record = validate(desk, Asked(tier=Tier.L0, workers=WORKERS, by="bench"))
        answered = sum(line["verdict"] in ANSWERED for line in record["by_strategy"].values())
        crashed = len(tuple(Path(folder).glob("crashing-*.txt")))
    wanted = sum(rogues.turns(number) for number in range(checks))
    if crashed < wanted:
        raise QuorumError(f"{crashed} workers crashed, {wanted} were to")
    return Completion(checks, answered, crashed)
