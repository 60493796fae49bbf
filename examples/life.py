"""Two ideas from Python: one comes to the question whether to deploy it, the other is rejected with its reason."""

import tempfile
from pathlib import Path

import quorum
from quorum import skills
from quorum.desk import make_workspace
from quorum.surfaces.demo.market import write_ideas

DIP = {
    "name": "back_to_the_mean",
    "parameters": {
        "window": {"default": 17, "low": 3, "high": 400},
        "depth": {
            "default": 1.7,
            "low": 0.1,
            "high": 6.0,
            "search": [0.2, 0.3, 0.5, 0.75, 1.0, 1.3, 1.7, 2.1, 2.7, 3.3],
        },
        "size": {"default": 0.2, "low": 0.05, "high": 1.0},
    },
    "indicators": {"score": "zscore(close, window)"},
    "long": "score < -depth",
    "exit_long": "score > 0",
    "weight": "size",
}


def main(home: Path) -> None:
    make_workspace(home, None)
    write_ideas(home / "files", seed=7)  # in INDIAUSDT prices come back after they fell, KILOUSDT is a random walk
    desk = quorum.Desk.open(home)
    desk.import_bars(home / "files")

    dip = desk.queue(DIP, "INDIAUSDT", timeframe="4h", hypothesis="who must sell at once pays for it")
    trend = desk.queue("demo_ma", "KILOUSDT", timeframe="4h", fast=5, slow=20)

    worker = skills.spawn_parallel_worker("backtester", {"strategy_id": dip, "tier": "L0"}, home=home)
    looked = skills.poll_worker_result(worker, 60.0)
    print(f"{dip} at L0, in a worker that moves nothing: {looked.status}, {looked.peak_mb:.0f} MB")

    run = desk.validate(workers=2)
    for strategy_id, line in sorted(run["by_strategy"].items()):
        print(f"{strategy_id}: {line['verdict']} at {line['tier']}, {line['status']}")
    for strategy_id in (dip, trend):
        known = desk.evaluate(strategy_id)
        print(f"{strategy_id}: {known['reason']}; {known['trials_in_family']} trials; next: {known['next']}")


with tempfile.TemporaryDirectory() as folder:
    main(Path(folder) / "desk")
