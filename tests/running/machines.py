"""What two machines do over one PostgreSQL: `python -m running.machines ACT URL FOLDER`, in a process of its own.

Each act is a test's body; it ends badly where what must hold does not.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from desk.markets import ENTRY
from quorum.bootstrap import open_desk, sharing
from quorum.domain import iso
from quorum.surfaces.bench.takeover import takeovers
from quorum.surfaces.bench.takeover.workers import PAIRS
from running.desks import COORDINATOR, ask, done_once, ended, log, make_desk, stop, until, up

LEASE = 5.0


def lose(folder: Path) -> None:
    """Workers are lost by turns, and their runs go on in time."""
    for lost in takeovers(4, LEASE):
        sys.stdout.write(f"{lost.how.name} {lost.seconds:.2f}\n")
        assert lost.seconds <= LEASE + 2.0, lost


def share(folder: Path) -> None:
    """Both take work from one queue; the state of the whole is one, and rests when the last worker does."""
    one, other = folder / "one", folder / "other"
    make_desk(one, folder / "base")
    text = COORDINATOR.replace("pool: 1", "pool: 1, runs_at_once: 2")
    (one / "config" / "coordinator.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(one, other, ignore=shutil.ignore_patterns("desk.db*"))
    desk = open_desk(one)
    with up(one) as here, up(other, "--role", "worker") as there:
        executors = {until(lambda m=m: m.told("worker_started"), "a worker")[0]["executor"] for m in (here, there)}
        assert len(executors) == 2, executors
        slow = [ask(desk, "slow") for _ in range(6)]
        signals = ask(desk, "realtime_signal_generation", symbol="FLATUSDT", timeframe="1h", as_of=iso(ENTRY))
        for identity in slow:
            done_once(desk, identity, PAIRS)
        state, _ = ended(desk, signals)
        assert (state.outcome or {})["status"] == "completed", state
        assert {desk.workflows.run(identity)[0].executor for identity in slow} == executors
        assert stop(there) == 0
        assert desk.states.current().state == "operational"
        assert stop(here) == 0
    assert desk.states.current().state == "stopping"
    wrong = [line for home in (one, other) for line in log(home) if line["level"] in ("warning", "error")]
    assert not wrong, wrong


if __name__ == "__main__":
    with sharing(sys.argv[2]):
        {"lose": lose, "share": share}[sys.argv[1]](Path(sys.argv[3]))
