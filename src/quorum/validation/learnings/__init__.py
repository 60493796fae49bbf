"""Learnings: what the desk has learnt from its strategies, and from which roots its failures grow.

Promise: a lesson is kept once and counted when it comes again; a host's file is read in both of its forms and no
line of it is lost.
In: lessons, failures, the text of learnings.md. Out: learnings by what they are about; that text with new entries.
Neighbours: `ladder` names reasons and roots; `repair` asks what helped before; `desk.mending` writes, the store keeps.
"""

from quorum.validation.learnings.learning import WORDS, Learning, Lesson, read_severity, relevant
from quorum.validation.learnings.reading import Read, read_learnings
from quorum.validation.learnings.taxonomy import Failure, taxonomy
from quorum.validation.learnings.writing import with_learnings, written

__all__ = [
    "WORDS",
    "Failure",
    "Learning",
    "Lesson",
    "Read",
    "read_learnings",
    "read_severity",
    "relevant",
    "taxonomy",
    "with_learnings",
    "written",
]
