"""Log lines of other processes: `python -m adapters.logging_apart COUNT FILE LINES`, COUNT of them at once."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from adapters.processes import all_at_once
from quorum.adapters.logs import LineFile


def write(path: Path, lines: int) -> None:
    """Number the lines of this process."""
    logger = logging.Logger("apart")
    logger.addHandler(LineFile(path, most_bytes=2_000, kept=50))
    for number in range(lines):
        logger.info("%d %d", os.getpid(), number)


if __name__ == "__main__":
    count, file, number = sys.argv[1:]
    sys.exit(all_at_once([lambda: write(Path(file), int(number))] * int(count)))
