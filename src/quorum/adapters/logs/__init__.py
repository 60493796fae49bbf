"""Logs: JSON lines in the workspace, or lines for people on standard error.

Promise: whatever is logged, by us or by a library, no configured secret and nothing that looks like one is written.
In: a workspace's folder, a level, the secrets. Out: logs/quorum.jsonl, turned over by size.
Neighbours: `desk.upkeep` reads the file; only `bootstrap` sets it up. Ids are bound by structlog's `bound_contextvars`.
"""

from quorum.adapters.logs.file import LineFile
from quorum.adapters.logs.redaction import MASK, Redaction
from quorum.adapters.logs.setup import LEVELS, set_up_logs

__all__ = ["LEVELS", "MASK", "LineFile", "Redaction", "set_up_logs"]
