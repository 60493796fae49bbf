"""How a tier ends: passed, failed for one reason that can be looked up, or too little to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quorum.domain import plain


@dataclass(frozen=True, slots=True)
class Passed:
    """Every gate of the tier holds."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A gate does not hold: the reason by its name in the table of reasons, and the metric that met its threshold.

    `retryable` says whether a fix may be tried; `marginal` that no gate is so bad that nobody need look again.
    `why` is the sentence for people.
    """

    reason: str
    metric: str
    value: float | None
    threshold: float | None
    retryable: bool
    why: str
    marginal: bool = False


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """Nothing can be said: of `what`, `needed` is needed and `found` is there."""

    what: str
    needed: float
    found: float


Verdict = Passed | Failed | Inconclusive


def told(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain values that `read_verdict` reads again."""
    values: dict[str, Any] = plain(verdict)
    return {"verdict": type(verdict).__name__.lower(), **values}


def read_verdict(values: Mapping[str, Any]) -> Verdict:
    """The verdict that was told; KeyError or TypeError for what is none."""
    kinds = {"passed": Passed, "failed": Failed, "inconclusive": Inconclusive}
    given = {name: value for name, value in values.items() if name != "verdict"}
    return kinds[values["verdict"]](**given)  # type: ignore[no-any-return]
