"""The keys of config/meeting.yaml."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from quorum.discovery import THEMES, Bounds, Selection, read_theme
from quorum.domain import Timeframe, UsageError

MEETING_FILE = "meeting.yaml"
MEETING_YAML = """\
# A strategy meeting: ideas from several seats, the newest and most feasible of them go into the queue.
enabled: true
proposals_per_seat: 8
select: 3                       # how many go into the queue
most_per_family: 2              # of those chosen
similar_from: 0.75              # likeness to a known idea from which one is a twist on it
duplicate_above: 0.95           # and above which it is the same
least_feasibility: 0.05         # past x activity x cost x record, 0 to 1; below it an idea is not chosen
cost_bps: 20                    # of a round trip, for feasibility
themes: [open, reversion, calendar, flow, following, slow, fast, two_sided]   # one follows the other
stagnation_meetings: 5          # so many without a survivor, and the theme changes
survivor_tier: L3               # what an idea must pass to have survived
symbols: []                     # what may be proposed on; empty is everything in the lake
timeframes: []                  # as [1h, 1d]; empty is every one of 15 minutes and more
venue: null                     # null is the one with the most data
directions: null                # of long, short, both; null is what the books allow (risk.yaml, allow_short)
holdout_days: 182               # the newest days, which no test for anomalies sees: the first tier looks there
false_discovery_rate: 0.10      # share of the anomalies believed that may be chance
seats:                          # each speaks by its rules, or by a language model: model: "openai:NAME"
  strategist: {enabled: true, model: null}
  maverick: {enabled: true, model: null}
  data_curious: {enabled: true, model: null}
model:                          # of every seat that has one; its key stays where its own library looks for it
  base_url: null                # of a server that speaks OpenAI's protocol; null is the provider's own
  input_price: null             # of a million tokens; null is the price that is known of the model
  output_price: null
  most_output_tokens: 4000      # of one call
  timeout_seconds: 60           # of one call
budget:                         # kept before each call, by the most that the call could cost
  calls: 6                      # of one meeting
  money: 0.50                   # of one meeting, in dollars
  money_per_day: 2.00           # of all meetings of a UTC day
"""
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
_PROVIDED = ":"


def _known_theme(name: str) -> str:
    try:
        return read_theme(name).name
    except UsageError as error:
        raise ValueError(f"{error.found}; {error.remedy}") from None


def _timeframe(text: str) -> str:
    try:
        return str(Timeframe.parse(text))
    except UsageError as error:
        raise ValueError(f"{error.found}; {error.remedy}") from None


def _model(name: str) -> str:
    provider, _, model = name.partition(_PROVIDED)
    if not provider or not model:
        raise ValueError('a model is named with its provider, as "openai:NAME" or "anthropic:NAME"')
    return name


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class SeatSection(_Section):
    """One chair: who is not enabled says nothing."""

    enabled: bool = True
    model: Annotated[str, AfterValidator(_model)] | None = None


class Seats(_Section):
    strategist: SeatSection = SeatSection()
    maverick: SeatSection = SeatSection()
    data_curious: SeatSection = SeatSection()

    def named(self) -> dict[str, SeatSection]:
        """Every chair by its name, in the order in which they speak."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class ModelSection(_Section):
    """How a language model is called, and what it costs where the library does not know."""

    base_url: str | None = Field(None, pattern=r"^https?://\S+$")
    input_price: Money | None = None
    output_price: Money | None = None
    most_output_tokens: int = Field(4_000, ge=200, le=100_000)
    timeout_seconds: Annotated[float, Field(gt=0, le=3_600, allow_inf_nan=False)] = 60.0

    @model_validator(mode="after")
    def _both_prices(self) -> Self:
        if (self.input_price is None) != (self.output_price is None):
            raise ValueError("input_price and output_price are given together or not at all")
        return self


class BudgetSection(_Section):
    """What language models may take."""

    calls: int = Field(6, ge=0, le=1_000)
    money: Money = 0.5
    money_per_day: Money = 2.0


class MeetingFile(_Section):
    """meeting.yaml."""

    enabled: bool = True
    proposals_per_seat: int = Field(8, ge=1, le=50)
    select: int = Field(3, ge=1, le=20)
    most_per_family: int = Field(2, ge=1, le=20)
    similar_from: Share = 0.75
    duplicate_above: Share = 0.95
    least_feasibility: Annotated[float, Field(ge=0, le=1)] = 0.05
    cost_bps: Annotated[float, Field(ge=0, le=1_000)] = 20.0
    themes: Annotated[tuple[Annotated[str, AfterValidator(_known_theme)], ...], Field(min_length=1)] = tuple(THEMES)
    stagnation_meetings: int = Field(5, ge=1, le=1_000)
    survivor_tier: Literal["L0", "L1", "L2", "L3"] = "L3"
    symbols: tuple[str, ...] = ()
    timeframes: tuple[Annotated[str, AfterValidator(_timeframe)], ...] = ()
    venue: str | None = None
    directions: tuple[Literal["long", "short", "both"], ...] | None = Field(None, min_length=1)
    holdout_days: int = Field(182, ge=0, le=3_650)
    false_discovery_rate: Share = 0.10
    seats: Seats = Seats()
    model: ModelSection = ModelSection()
    budget: BudgetSection = BudgetSection()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.similar_from > self.duplicate_above:
            raise ValueError("similar_from is above duplicate_above")
        return self

    def bounds(self) -> Bounds:
        return Bounds(self.similar_from, self.duplicate_above)

    def selection(self) -> Selection:
        return Selection(self.select, self.most_per_family, self.least_feasibility)
