"""The parts of a spec as they stand in YAML: each is read by itself, and refused at its place.

Promise: a key that is unknown, missing or of another form is one error with its file, line and column.
In: a YAML file or plain values. Out: steps, triggers, parameters; what they are read against.
Neighbours: `spec` has the values, `reading` puts a spec together, `checking` asks whether the parts fit.
"""

from quorum.desk.workflows.document.known import Known, Protocols
from quorum.desk.workflows.document.parameters import convert, read_parameters
from quorum.desk.workflows.document.sheet import Entry, Keys, Sheet
from quorum.desk.workflows.document.steps import read_steps
from quorum.desk.workflows.document.tasks import Tasker
from quorum.desk.workflows.document.triggers import read_triggers

__all__ = [
    "Entry",
    "Keys",
    "Known",
    "Protocols",
    "Sheet",
    "Tasker",
    "convert",
    "read_parameters",
    "read_steps",
    "read_triggers",
]
