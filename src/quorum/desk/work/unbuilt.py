"""Tasks whose room is not built: each says so, and none answers with a guess."""

from __future__ import annotations

from typing import Any, NoReturn

from quorum.desk.desk import Desk
from quorum.desk.work.assignment import Assignment, Unavailable


def train_model(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """A model trained on the dataset with walk-forward cross-validation: always Unavailable, learning is not built."""
    _refuse("no model can be trained")


def validate_model(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The validation of a candidate model: always Unavailable, learning is not built."""
    _refuse("there is no candidate model to validate")


def model_risk(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """What risk says of a candidate model: always Unavailable, learning is not built."""
    _refuse("there is no candidate model whose risk could be assessed")


def deploy_model(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """A candidate model made the one in production: always Unavailable, learning is not built."""
    _refuse("there is no model to deploy")


def _refuse(what: str) -> NoReturn:
    raise Unavailable(f"the room learning is not built: {what}", "the rest of the desk works without it")
