"""Runs: asking for one, finding it again, looking at how far it is.

Promise: a run carries all that it needs; one that was asked for is run, whatever the engine's database forgot.
In: specs and parameters. Out: requests, timelines.
Neighbours: `workflows` reads specs; `bootstrap` puts the engine behind `Workflows`.
"""

from quorum.desk.running.exhausted import tell_exhausted
from quorum.desk.running.ports import RunBook
from quorum.desk.running.rules import known_by, known_to, protocols_by, protocols_of
from quorum.desk.running.runs import EXECUTIONS, BookedWorkflows, Compiled, ask_again, fork, request_of, timeline

__all__ = [
    "EXECUTIONS",
    "BookedWorkflows",
    "Compiled",
    "RunBook",
    "ask_again",
    "fork",
    "known_by",
    "known_to",
    "protocols_by",
    "protocols_of",
    "request_of",
    "tell_exhausted",
    "timeline",
]
