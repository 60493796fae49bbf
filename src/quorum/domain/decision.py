"""A choice on record: what it saw, what it chose, why, and from which earlier choices it follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class DecisionKind(StrEnum):
    """What was chosen. A CONSENSUS leads to a RISK check, which leads to an order or to none.

    APPROVAL is a person's answer, VERDICT a workflow's decision point, POLICY what the coordinator did about a
    failure, SYSTEM a move of the system's state. In a strategy's life STATUS is a move of its status, RETRY a fix that
    was tried, MEETING what a strategy meeting chose, DEPLOYMENT one that begins, changes or ends. HALT is one that is
    raised or lifted, OVERRIDE a person's word that raises a limit for a while.
    """

    CONSENSUS = "consensus"
    RISK = "risk"
    EXIT = "exit"
    APPROVAL = "approval"
    VERDICT = "verdict"
    POLICY = "policy"
    SYSTEM = "system"
    STATUS = "status"
    RETRY = "retry"
    MEETING = "meeting"
    DEPLOYMENT = "deployment"
    HALT = "halt"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision before it has an id. `inputs` is all that is needed to make it again, `outcome` what came out.

    Both are plain JSON values; `parents` are ids of the decisions that it follows from.
    """

    kind: DecisionKind
    subject: str
    as_of: int
    inputs: Mapping[str, Any]
    outcome: Mapping[str, Any]
    rationale: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A choice with its id `DEC-20250130-001` (counted per UTC day), and the code and machine that made it."""

    decision_id: str
    at: int
    choice: Choice
    code_hash: str
    machine: Mapping[str, str]
