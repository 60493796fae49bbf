"""The floor that the engine is measured against: DBOS alone, six steps that do nothing."""

from __future__ import annotations

from dbos import DBOS, SetWorkflowID

STEPS = 6


@DBOS.workflow(name="bare")
def _bare() -> int:
    for number in range(STEPS):
        DBOS.run_step({"name": f"step_{number}"}, lambda: {"done": True})
    return STEPS


def run_bare(identity: str) -> None:
    """Run it once, to its end."""
    with SetWorkflowID(identity):
        DBOS.start_workflow(_bare).get_result()
