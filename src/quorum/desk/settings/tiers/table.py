"""tiers.yaml: what each tier looks at and asks, every cell with its source."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from quorum.desk.settings.reading import closest
from quorum.desk.settings.tiers.thresholds import Section, ThresholdsFile, names_of_thresholds
from quorum.validation.gates import Gate, Weight
from quorum.validation.ladder.reasons import CAUSES
from quorum.validation.ladder.table import LADDER
from quorum.validation.ladder.tier import Rung, Tier

TIERS_FILE = "tiers.yaml"
NAMED: dict[tuple[str, str], tuple[str, str | None]] = {
    ("oos_sharpe", ">="): ("pass.sharpe_oos", "fail.sharpe_oos"),
    ("calmar", ">="): ("pass.calmar_oos", None),
    ("max_drawdown", "<="): ("pass.max_drawdown", "fail.max_drawdown"),
    ("trades", ">="): ("pass.trades", "fail.trades"),
    ("profit_factor", ">="): ("pass.profit_factor", "fail.profit_factor"),
    ("kept_at_20_percent", ">="): ("pass.parameter_sensitivity", None),
    ("sharpe_low", ">"): ("pass.monte_carlo_low", None),
    ("sharpe_high", ">"): ("fail.monte_carlo_high", None),
    ("return_at_twice_costs", ">"): ("pass.return_at_twice_costs", None),
    ("regimes", ">="): ("pass.regimes", None),
    ("composite", ">="): ("composite.pass", None),
}
"""The cells of L2 that stand in thresholds.yaml, by metric and comparison: threshold, and where a failure is no longer
marginal; `oos_is` has two rows and is named by its kind."""


class GateSection(Section):
    """One cell: a metric, how it is compared, with which number or which key of thresholds.yaml, and its source."""

    metric: str
    must_be: Literal[">=", ">", "<=", "<"]
    threshold: float | str
    kind: Weight = Weight.GATE
    source: str = "this workspace"
    marginal_until: float | str | None = None

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.metric not in CAUSES:
            raise ValueError(f"there is no metric {self.metric!r}{closest(self.metric, CAUSES)}")
        for name in (self.threshold, self.marginal_until):
            if isinstance(name, str) and name not in names_of_thresholds():
                raise ValueError(f"{name!r} is no key of thresholds.yaml{closest(name, names_of_thresholds())}")
        return self

    def gate(self, thresholds: ThresholdsFile) -> Gate:
        """The row with its numbers."""
        threshold, reject = (
            thresholds.value(n) if isinstance(n, str) else n for n in (self.threshold, self.marginal_until)
        )
        assert threshold is not None
        return Gate(self.metric, self.must_be, threshold, self.kind, self.source, reject)


class TierSection(Section):
    """One tier: on which symbols, beside which variants of the parameters, and what it asks."""

    universe: Literal["primary", "all"]
    variants: Annotated[int, Field(ge=0, le=20)] | Literal["sweep"]
    gates: tuple[GateSection, ...]


def _section(rung: Rung) -> TierSection:
    return TierSection(
        universe="all" if rung.whole_universe else "primary",
        variants="sweep" if rung.variants is None else rung.variants,
        gates=tuple(_row(rung.tier, gate) for gate in rung.gates),
    )


def _row(tier: Tier, gate: Gate) -> GateSection:
    threshold: float | str = gate.threshold
    reject: float | str | None = gate.reject
    if tier is Tier.L2:
        if gate.metric == "oos_is":
            threshold = "pass.oos_is_ratio" if gate.weight is Weight.CRITIC else "fail.oos_is_ratio"
        elif (named := NAMED.get((gate.metric, gate.comparison))) is not None:
            threshold, reject = named
    return GateSection(
        metric=gate.metric,
        must_be=gate.comparison,
        threshold=threshold,
        kind=gate.weight,
        source=gate.source,
        marginal_until=reject,
    )


class TierSections(Section):
    L0: TierSection = _section(LADDER.of(Tier.L0))
    L1: TierSection = _section(LADDER.of(Tier.L1))
    L2: TierSection = _section(LADDER.of(Tier.L2))
    L3: TierSection = _section(LADDER.of(Tier.L3))


class TiersFile(Section):
    tiers: TierSections = TierSections()


def tiers_yaml() -> str:
    """tiers.yaml with every cell and its source."""
    lines = [
        "# What each tier looks at and asks, every cell with its source. A threshold is a number or a key of",
        "# thresholds.yaml. kind: gate ends the tier, critic asks for another look, warning is told.",
        "tiers:",
    ]
    for tier in Tier:
        section = _section(LADDER.of(tier))
        lines += [f"  {tier}:", f"    universe: {section.universe}", f"    variants: {section.variants}", "    gates:"]
        lines += [f"      - {{{', '.join(_cells(row))}}}" for row in section.gates]
    return "\n".join(lines) + "\n"


def _cells(row: GateSection) -> list[str]:
    cells: dict[str, Any] = {"metric": row.metric, "must_be": f'"{row.must_be}"', "threshold": _shown(row.threshold)}
    if row.marginal_until is not None:
        cells["marginal_until"] = _shown(row.marginal_until)
    cells |= {"kind": row.kind.value, "source": f'"{row.source}"'}
    return [f"{key}: {value}" for key, value in cells.items()]


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else repr(float(value)).removesuffix(".0")
