"""A workflow of one's own, run durably: analysts vote in processes of their own, a person agrees, the run goes on."""

import shutil
import tempfile
import time
from pathlib import Path

from quorum.bootstrap import open_worker
from quorum.desk import Desk, make_workspace
from quorum.desk.approvals import Said, answer
from quorum.desk.running import known_to, protocols_of, request_of, timeline
from quorum.desk.workflows import find_workflow
from quorum.surfaces.demo.market import write_market

WORKFLOW = Path(__file__).with_name("workflow.yaml")


def ended(desk: Desk, run: str) -> bool:
    return desk.workflows.run(run)[0].status in ("done", "failed", "cancelled")


def main(home: Path) -> None:
    make_workspace(home, ["smc", "momentum"])
    shutil.copy(WORKFLOW, home / "config" / "workflows" / "morning_look.yaml")
    write_market(home / "data" / "files", seed=7, count=1_700, lab_days=1)

    worker = open_worker(home)  # `quorum up` runs one for as long as it is up
    assert worker is not None
    with worker:
        desk = worker.desk
        desk.lake.import_path(home / "data" / "files")
        worker.start()

        spec = find_workflow("morning_look", home / "config" / "workflows", known_to(desk), protocols_of(desk))
        given = {"watchlist": ["ALFAUSDT", "BRAVOUSDT"], "as_of": "2024-03-10T00:00:00Z"}
        request = request_of(spec, given, desk.clock.now())
        run = desk.runs.enter(request)
        desk.workflows.enqueue(run, request)

        while not (questions := desk.approvals.open()) and not ended(desk, run):
            time.sleep(0.05)
        for question in questions:
            print(f"{question.approval_id}: {question.question.question}")
            answer(desk.approvals, desk.workflows, question.approval_id, Said(True, "ada", "I read them", "python"))
        while not ended(desk, run):
            time.sleep(0.05)

        state, steps = desk.workflows.run(run)
        assert state.outcome is not None, state.error
        for look in state.outcome["results"]["looks"]:
            for vote in look["votes"]:
                print(f"  {look['decision_id']} {vote['voter']}: {vote['choice']}, {vote['reason']}")
        for line in timeline(state, steps):
            print(f"  {line['step']}: {line['status']}, {line['duration_ms']} ms")
        print(f"{run}: {state.outcome['status']}")


with tempfile.TemporaryDirectory() as folder:
    main(Path(folder) / "desk")
