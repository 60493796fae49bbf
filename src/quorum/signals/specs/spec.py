"""StrategySpec: a strategy as a value, with its plain form and its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from quorum.domain import ConfigError, UsageError, content_hash
from quorum.domain.grammar import Expression, evaluate
from quorum.domain.grammar.tree import rewritten, written
from quorum.features.formulas import Planner
from quorum.signals.strategy import Number, Parameter

CONDITIONS = ("long", "exit_long", "short", "exit_short")
AMOUNTS = ("weight", "stop", "target", "trail")
RULES = (*CONDITIONS, *AMOUNTS, "hold")


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """A rule on one symbol as data; `read_spec` makes one from plain values and checks it.

    `long` and `short` ask for an entry, `exit_long` and `exit_short` for its end. `weight` (0 to 1, 1 without it),
    and `stop`, `target` and `trail`, distances from the entry's close in the unit of prices, are taken at the entry
    and stay; `side` in them is 1 for a long entry, -1 for a short one. `hold` is the bars after which a holding
    ends. `indicators` are names for expressions, each over the ones before it; `requires` are conditions on the
    parameters.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    indicators: tuple[tuple[str, Expression], ...] = ()
    requires: tuple[Expression, ...] = ()
    long: Expression | None = None
    exit_long: Expression | None = None
    short: Expression | None = None
    exit_short: Expression | None = None
    weight: Expression | None = None
    stop: Expression | None = None
    target: Expression | None = None
    trail: Expression | None = None
    hold: Expression | None = None

    @property
    def rules(self) -> dict[str, Expression]:
        """The rules that it has, by key."""
        return {key: rule for key in RULES if (rule := getattr(self, key)) is not None}

    @property
    def spec_id(self) -> str:
        """A hash of what it does, 20 hexadecimal digits: the rules with every indicator written out and every
        requirement, without names, summary, and the parameters' values, bounds and search."""
        known: dict[str, Expression] = {}
        for name, expression in self.indicators:
            known[name] = _inlined(expression, known)
        rules = {key: str(_inlined(rule, known)) for key, rule in self.rules.items()}
        return content_hash({"rules": rules, "requires": sorted(map(str, self.requires))})[:20]

    def plain(self) -> dict[str, Any]:
        """The canonical plain form: what `read_spec` reads, expressions in their one text."""
        form: dict[str, Any] = {"name": self.name, "summary": self.summary}
        if self.parameters:
            form["parameters"] = {p.name: _plain_parameter(p) for p in self.parameters}
        if self.indicators:
            form["indicators"] = {name: str(expression) for name, expression in self.indicators}
        if self.requires:
            form["requires"] = [str(condition) for condition in self.requires]
        return form | {key: str(rule) for key, rule in self.rules.items()}

    def check(self, params: Mapping[str, Number]) -> None:
        """UsageError when these values do not meet a requirement."""
        for condition in self.requires:
            if evaluate(condition, params) is not True:
                values = ", ".join(f"{name} = {params[name]}" for name in condition.names)
                raise UsageError(f"{self.name}: {values} do not meet {condition.text}", "give values that do")

    def steps(self, planner: Planner, params: Mapping[str, Number]) -> dict[str, int]:
        """The steps of every rule in `planner`: conditions by key, amounts by key and side as `stop+` and `stop-`.

        ConfigError, naming the key and the column, for an expression that cannot be computed.
        """
        names = {name: planner.constant(float(value)) for name, value in params.items()}
        for name, expression in self.indicators:
            names[name] = _placed(f"indicators.{name}", planner, expression, names)
        found = {k: _placed(k, planner, rule, names) for k, rule in self.rules.items() if k not in AMOUNTS}
        for entry, sign, side in (("long", "+", 1.0), ("short", "-", -1.0)):
            sided = names | {"side": planner.constant(side)}
            for key in AMOUNTS:
                if key in self.rules and entry in self.rules:
                    found[key + sign] = _placed(key, planner, self.rules[key], sided)
        return found


def _placed(key: str, planner: Planner, expression: Expression, names: Mapping[str, int]) -> int:
    try:
        return planner.add(expression, names)
    except ConfigError as error:
        raise ConfigError(f"{key}: {error.found}", error.remedy) from None


def _inlined(expression: Expression, known: Mapping[str, Expression]) -> Expression:
    tree = rewritten(expression.tree, {name: each.tree for name, each in known.items()})
    return replace(expression, text=written(tree), tree=tree)


def _plain_parameter(p: Parameter) -> dict[str, Any]:
    form: dict[str, Any] = {"default": p.default, "low": p.low, "high": p.high}
    if p.summary:
        form["summary"] = p.summary
    if p.search:
        form["search"] = list(p.search)
    return form
