"""The files that show the strategies' lives, and what becomes of those that a host has written.

Promise: written whole after the commit; a line that is not ours stays as it is.
In: candidates, moves, results, records. Out: YAML and Markdown in the workspace.
Neighbours: `showing` says when they are written; `taking` reads what others wrote into them.
"""

from quorum.desk.life.pages.briefing import Brief, write_briefing
from quorum.desk.life.pages.folder import Kept, write_folder
from quorum.desk.life.pages.knowledge import LEARNINGS, MAP, TAXONOMY, write_learnings, write_map, write_taxonomy
from quorum.desk.life.pages.queue import CURRENT, QUEUE, REGISTRY, write_current, write_ids, write_queue, write_registry
from quorum.desk.life.pages.text import block, untouched

__all__ = [
    "CURRENT",
    "LEARNINGS",
    "MAP",
    "QUEUE",
    "REGISTRY",
    "TAXONOMY",
    "Brief",
    "Kept",
    "block",
    "untouched",
    "write_briefing",
    "write_current",
    "write_folder",
    "write_ids",
    "write_learnings",
    "write_map",
    "write_queue",
    "write_registry",
    "write_taxonomy",
]
