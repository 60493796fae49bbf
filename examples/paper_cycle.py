"""One desk, one decision: import bars, let the analysts vote, trade what risk approves, and ask why."""

import tempfile
from pathlib import Path

import quorum
from quorum.desk import make_workspace
from quorum.surfaces.demo.market import write_market

with tempfile.TemporaryDirectory() as folder:
    home = Path(folder) / "desk"
    make_workspace(home, ["smc", "momentum"])
    write_market(home / "data" / "files", seed=7)

    desk = quorum.Desk.open(home)
    desk.import_bars(home / "data" / "files")
    record = desk.consensus("ALFAUSDT", "1h", as_of="2024-03-10", paper=True)

    print(f"{record.decision_id}: {record.consensus['direction']}, {record.reason}")
    for link in desk.why(record.decision_id):
        print(f"  {link['kind']} {link['id']}")
    print(f"made again: {desk.replay(record.decision_id).verdict}")
