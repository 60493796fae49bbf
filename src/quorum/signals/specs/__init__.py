"""Specs: a strategy as data, rules in the expression grammar over registered indicators.

Promise: a spec that was read can be run; its two forms agree bit for bit; its id knows rules and no parameter values.
In: a plain mapping, as a YAML or JSON file gives it. Out: a StrategySpec, and a SpecStrategy that trades by it.
Neighbours: the grammar is `domain.grammar`, the indicators `features.formulas`; a Strategy as any other.
"""

from quorum.signals.specs.files import is_spec_file, load_spec
from quorum.signals.specs.reading import read_spec
from quorum.signals.specs.spec import StrategySpec
from quorum.signals.specs.strategy import SpecStrategy

__all__ = ["SpecStrategy", "StrategySpec", "is_spec_file", "load_spec", "read_spec"]
