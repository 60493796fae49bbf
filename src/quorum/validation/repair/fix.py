"""Fixes: what an agent proposes about a failure, as values; applying one makes the next idea and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from quorum.domain import DataError, content_hash, plain
from quorum.validation.life import Idea

REJECT = "reject"
"""The action of who recommends that a strategy be rejected; it is no fix."""
_PARTS = ("strategy", "params", "symbols", "timeframe", "venue")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a fix changes, by its place in the idea as `params.window`, from what to what."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Fix:
    """An agent's proposal: parts of the idea that are to be replaced, and why.

    `idea` has any of strategy, params, symbols, timeframe and venue; `data` asks for fewer `days` of data or another
    `venue`, with which a pass is provisional. `trials` are the backtests that were counted to find it.
    """

    agent: str
    action: str
    reasoning: str
    idea: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    trials: int = 0

    @property
    def identity(self) -> str:
        """The same for a proposal that changes the same."""
        return content_hash((self.idea, self.data))


@dataclass(frozen=True, slots=True)
class Nothing:
    """The agent has nothing to propose, and the next one is asked; `trials` were counted to find that out."""

    agent: str
    why: str
    trials: int = 0


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The agent recommends that the strategy be rejected."""

    agent: str
    why: str
    trials: int = 0


Proposal = Fix | Nothing | GivenUp
_KINDS: Mapping[str, type[Any]] = {"fix": Fix, "nothing": Nothing, "given_up": GivenUp}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def told_proposal(proposal: Proposal) -> dict[str, Any]:
    """A proposal as plain values that `read_proposal` reads again."""
    return {"proposal": _NAMES[type(proposal)], **plain(proposal)}


def read_proposal(values: Any) -> Proposal:
    """The proposal that was told; DataError for what is none."""
    try:
        given = {name: value for name, value in values.items() if name != "proposal"}
        if "changes" in given:
            given["changes"] = tuple(Change(**change) for change in given["changes"])
        made: Proposal = _KINDS[values["proposal"]](**given)
    except (AttributeError, KeyError, TypeError) as error:
        raise DataError(
            f"a proposal that cannot be read: {error!r}", "the fixer answered wrongly: report it"
        ) from error
    if isinstance(made, Fix) and (unknown := set(made.idea) - set(_PARTS)):
        raise DataError(f"a fix changes no {sorted(unknown)[0]} of an idea", f"it may change {', '.join(_PARTS)}")
    return made


def applied(idea: Idea, fix: Fix) -> Idea:
    """The idea with the fix in it."""
    parts = dict(fix.idea)
    if "symbols" in parts:
        parts["symbols"] = tuple(parts["symbols"])
    return replace(idea, **parts)


def adopted(idea: Idea, fix: Fix) -> Idea:
    """The idea that the fix's data are the source of, so that a run on the whole window is no longer provisional."""
    venue = fix.data.get("venue")
    return idea if venue is None else replace(idea, venue=venue)
