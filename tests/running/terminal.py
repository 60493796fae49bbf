"""A second terminal: `python -m running.terminal HOME TIMES` runs, shows and answers, and prints the runs' ids."""

from __future__ import annotations

import io
import json
import sys
import time
from contextlib import redirect_stdout
from typing import Any

from quorum.surfaces.cli import run

NEEDS_APPROVAL = 3
PATIENCE_SECONDS = 60.0


def quorum(*words: str, code: int = 0) -> Any:
    """What a command answers; it must end with `code`."""
    out = io.StringIO()
    with redirect_stdout(out):
        ended = run([*words, "--home", sys.argv[1], "--json"])
    if ended != code:
        raise SystemExit(f"{' '.join(words)} ended with {ended}: {out.getvalue()}")
    return json.loads(out.getvalue())


def main() -> None:
    for _ in range(int(sys.argv[2])):
        identity = quorum("workflow", "run", "asks", code=NEEDS_APPROVAL)["workflow_id"]
        answered: set[str] = set()
        until = time.monotonic() + PATIENCE_SECONDS
        while len(answered) < 2 and time.monotonic() < until:
            for asked in quorum("workflow", "show", identity)["waits_for"]:
                if asked["approval_id"] not in answered:
                    quorum("approve", asked["approval_id"], "--reason", "it is fine")
                    answered.add(asked["approval_id"])
        sys.stdout.write(f"{identity}\n")


main()
