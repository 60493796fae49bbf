"""A simulated venue for the command line.

Promise: only what the venue needs is imported, and nothing of a workspace is read.
In: plain options. Out: a server that ends at a signal; the names of venues and of faults.
Neighbours: `simulator` is the room; `surfaces.cli.execution` asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from quorum.domain import SystemClock, UsageError, parse_instant
from quorum.simulator import MEANINGS, Address, Options, parse_faults, read_faults, serve, venue_named

__all__ = ["fault_meanings", "serve_simulation"]


def serve_simulation(
    venue: str, options: Mapping[str, Any], script: Path | None, faults: Sequence[str], tell: Callable[[Address], None]
) -> None:
    """Serve `venue` until SIGINT or SIGTERM; `tell` gets its address once it answers.

    `options` are those of `simulator.Options`, the instant `start` as text or None for now. `script` is a file of
    faults, `faults` more of them as text. UsageError, NotFound and ConfigError say which of it is wrong.
    """
    venue_named(venue)
    start = options.get("start")
    began = SystemClock().now() if start is None else parse_instant(start)
    planted = (*(read_faults(script) if script else ()), *parse_faults(faults))
    prices = options.get("prices")
    if prices not in (None, "generated", "quiet") and not Path(str(prices)).is_file():
        raise UsageError(f"there is no file of prices {prices}", "give a file, `generated` or `quiet`")
    recording = options.get("recording")
    if recording is not None and not Path(recording).exists():
        raise UsageError(f"there is no recording {recording}", "give a folder of recorded frames, or a file")
    serve(replace(Options(**{**options, "venue": venue, "start": began}), faults=planted), tell)


def fault_meanings() -> dict[str, str]:
    """Every kind of fault and what it does."""
    return {kind.value: meaning for kind, meaning in MEANINGS.items()}
