"""The form in which a language model answers: ideas as data, each of which is checked before it is believed."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from quorum.desk.meeting.ports import Wanted
from quorum.discovery import Proposal
from quorum.domain import QuorumError
from quorum.signals import read_spec

MOST_IDEAS, MOST_KNOBS, MOST_TRIED = 50, 12, 12


def _printable(text: str) -> str:
    """The text in one line, without signs that a terminal or a page would take for orders."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


Line = Annotated[str, AfterValidator(_printable)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ParameterForm(_Form):
    """A knob of a rule: a default within its bounds; without a point it is a whole number."""

    default: int | float
    low: int | float
    high: int | float
    summary: Line = ""
    search: list[int | float] = Field([], max_length=MOST_TRIED)


class SpecForm(_Form):
    """A StrategySpec: rules are texts in the grammar, over the columns of bars, the functions and the parameters."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    summary: Annotated[Line, Field(max_length=300)]
    parameters: dict[str, ParameterForm] = Field({}, max_length=MOST_KNOBS)
    indicators: dict[str, str] = {}
    requires: list[str] = []
    long: str | None = None
    exit_long: str | None = None
    short: str | None = None
    exit_short: str | None = None
    weight: str | None = None
    stop: str | None = None
    target: str | None = None
    trail: str | None = None
    hold: str | None = None


class Draft(_Form):
    """One idea: on what, by which rule, and why."""

    hypothesis: Annotated[Line, Field(min_length=20, max_length=1_000)]
    symbols: list[str] = Field(min_length=1, max_length=20)
    timeframe: str
    spec: SpecForm


class Drafts(_Form):
    """The ideas that are put forward."""

    ideas: list[Draft] = Field(min_length=1, max_length=MOST_IDEAS)


def fault_of(draft: Draft, wanted: Wanted) -> str | None:
    """What is wrong with an idea, in words that its author can go by; None for one that can be run."""
    there = wanted.series.get(draft.timeframe)
    if there is None:
        return f"there are no bars of {draft.timeframe!r}; there are {', '.join(wanted.series)}"
    if unknown := [symbol for symbol in draft.symbols if symbol not in there]:
        return f"there is no {unknown[0]!r} in {draft.timeframe}; there are {', '.join(there)}"
    try:
        read_spec(draft.spec.model_dump(exclude_none=True))
    except QuorumError as error:
        return str(error)
    return None


def proposal_of(draft: Draft, wanted: Wanted) -> Proposal:
    """The idea as the other seats put theirs."""
    spec = read_spec(draft.spec.model_dump(exclude_none=True))
    return Proposal(
        strategy=spec.plain(),
        symbols=tuple(dict.fromkeys(draft.symbols)),
        timeframe=draft.timeframe,
        hypothesis=draft.hypothesis,
        by=wanted.seat,
        evidence={"model": wanted.model},
    )
