"""Workflows: declared in YAML, checked when they are read, run step by step on a durable engine.

Promise: what is wrong with a spec is told at file, line and column; a step that has finished never runs again.
In: YAML files, parameters. Out: specs, runs with their timelines.
Neighbours: asks `work` for tasks by way of `agents`; `adapters.dbos` implements its ports.
"""

from quorum.desk.workflows.document import Known, Protocols
from quorum.desk.workflows.library import Carried, check_file, find_workflow, request, to_document, workflows
from quorum.desk.workflows.ports import Durable, RunState, RunStep, Workflows
from quorum.desk.workflows.reading import compile_workflow, read_workflow
from quorum.desk.workflows.spec import WorkflowSpec

__all__ = [
    "Carried",
    "Durable",
    "Known",
    "Protocols",
    "RunState",
    "RunStep",
    "WorkflowSpec",
    "Workflows",
    "check_file",
    "compile_workflow",
    "find_workflow",
    "read_workflow",
    "request",
    "to_document",
    "workflows",
]
