"""thresholds.yaml: what passes L2, what fails it, and the composite score."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from quorum.validation.ladder.tier import Composite

THRESHOLDS_FILE = "thresholds.yaml"
THRESHOLDS_YAML = """\
# What passes L2, what fails it, and the composite score; between the two a failure is marginal.
pass:
  sharpe_oos: 1.0               # of daily returns out of sample, annualised
  calmar_oos: 0.5
  max_drawdown: 0.25
  trades: 100
  profit_factor: 1.3
  oos_is_ratio: 0.70            # below it the critic looks
  parameter_sensitivity: 0.5    # share of the Sharpe ratio that is left when a parameter moves by 20 %
  monte_carlo_low: 0.0          # lower end of the 95 % interval of the Sharpe ratio
  return_at_twice_costs: 0.0
  regimes: 3                    # kinds of market, of bull, bear and sideways, that were tested
fail:
  sharpe_oos: 0.5
  max_drawdown: 0.40
  profit_factor: 1.0
  trades: 30
  oos_is_ratio: 0.50            # told as a warning
  monte_carlo_high: 0.0         # upper end of the same interval
composite: {sharpe: 0.4, calmar: 0.3, profit_factor: 0.2, win_rate: 0.1, pass: 1.0}
"""
Share = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Section(BaseModel):
    """A part of these files: strict and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PassSection(Section):
    """What passes L2."""

    sharpe_oos: Finite = 1.0
    calmar_oos: Finite = 0.5
    max_drawdown: Share = 0.25
    trades: Count = 100
    profit_factor: Finite = 1.3
    oos_is_ratio: Finite = 0.70
    parameter_sensitivity: Finite = 0.5
    monte_carlo_low: Finite = 0.0
    return_at_twice_costs: Finite = 0.0
    regimes: Annotated[int, Field(ge=0, le=3)] = 3


class FailSection(Section):
    """What fails it; between the two a failure is marginal."""

    sharpe_oos: Finite = 0.5
    max_drawdown: Share = 0.40
    trades: Count = 30
    profit_factor: Finite = 1.0
    oos_is_ratio: Finite = 0.50
    monte_carlo_high: Finite = 0.0


class CompositeSection(Section):
    """What the composite score weighs, and from where on it passes."""

    sharpe: Share = 0.4
    calmar: Share = 0.3
    profit_factor: Share = 0.2
    win_rate: Share = 0.1
    passing: Finite = Field(1.0, alias="pass")

    def weights(self) -> Composite:
        """The weights as the ladder takes them."""
        return Composite(self.sharpe, self.calmar, self.profit_factor, self.win_rate)


class ThresholdsFile(Section):
    passing: PassSection = Field(PassSection(), alias="pass")
    failing: FailSection = Field(FailSection(), alias="fail")
    composite: CompositeSection = CompositeSection()

    def value(self, name: str) -> float:
        """The number that `pass.trades` names; KeyError for what names none."""
        section, _, key = name.partition(".")
        found = {"pass": self.passing, "fail": self.failing, "composite": self.composite}[section]
        return float(getattr(found, "passing" if key == "pass" else key))


def names_of_thresholds() -> list[str]:
    """Every key of the file by which a row of tiers.yaml may name its number."""
    sections = ("pass", PassSection), ("fail", FailSection)
    return [*(f"{s}.{key}" for s, model in sections for key in model.model_fields), "composite.pass"]
