"""Plain values to a StrategySpec, with every fault named by its key and its column."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Iterator, Mapping
from typing import Any

from quorum.domain import ConfigError, UsageError
from quorum.domain.grammar import Expression, parse
from quorum.features.formulas import Planner
from quorum.features.formulas.codes import COLUMNS, CONSTANT
from quorum.signals.specs.spec import AMOUNTS, CONDITIONS, RULES, StrategySpec
from quorum.signals.strategy import Number, Parameter

KEYS = ("name", "summary", "parameters", "indicators", "requires", *RULES)
PARAMETER_KEYS = ("default", "low", "high", "summary", "search")
TAKEN = (*COLUMNS, "side", "true", "false", "null", "none")
MOST_NAMES = 64
MOST_VALUES = 200_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def read_spec(plain: Mapping[str, Any]) -> StrategySpec:
    """The spec that a mapping describes, as a YAML or JSON file gives it.

    ConfigError naming the key, and for an expression its column: an unknown key or name, a wrong value, no entry
    rule, an exit without its entry, an expression that does not parse or does not fit, defaults that do not meet
    a requirement. Every parameter is tried at both bounds, the others at their defaults, where `requires` allows.
    """
    if not isinstance(plain, Mapping):
        raise ConfigError(f"a spec of the form {type(plain).__name__}", "give a mapping of keys to values")
    _refuse_unknown("", plain, KEYS)
    spec = StrategySpec(
        name=_named(plain),
        summary=str(plain.get("summary") or ""),
        parameters=tuple(_parameter(k, v) for k, v in _mapping(plain, "parameters").items()),
        indicators=tuple((k, _expression(f"indicators.{k}", v)) for k, v in _mapping(plain, "indicators").items()),
        requires=tuple(_expression(f"requires[{k}]", v) for k, v in enumerate(_listed(plain, "requires"))),
        **{key: _expression(key, plain[key]) for key in RULES if plain.get(key) is not None},
    )
    try:
        _check(spec)
    except ConfigError as error:
        raise ConfigError(f"spec {spec.name}: {error.found}", error.remedy) from None
    return spec


def _short(value: object) -> str:
    return reprlib.repr(value)


def _named(plain: Mapping[str, Any]) -> str:
    name = plain.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(f"name: {_short(name)}", "give a name of small letters, digits and _, at most 64")
    return name


def _refuse_unknown(place: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise ConfigError(f"{place}there is no key {_short(key)}", remedy)


def _mapping(plain: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = plain.get(key) or {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{key}: {_short(value)}", "give a mapping of names to values")
    if len(value) > MOST_NAMES:
        raise ConfigError(f"{key}: {len(value)} of them", f"give at most {MOST_NAMES}")
    for name in value:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ConfigError(f"{key}: the name {_short(name)}", "give names of small letters, digits and _")
        if name in TAKEN:
            raise ConfigError(
                f"{key}: the name {_short(name)} is a column's", f"besides {', '.join(TAKEN)} any will do"
            )
    return value


def _listed(plain: Mapping[str, Any], key: str) -> list[Any]:
    value = plain.get(key) or []
    return value if isinstance(value, list) else [value]


def _expression(key: str, value: object) -> Expression:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ConfigError(f"{key}: {_short(value)} is no expression", "give a text, as in close > sma(close, 20)")
    try:
        return parse(str(value))
    except ConfigError as error:
        raise ConfigError(f"{key}: {error.found}", error.remedy) from None


def _parameter(name: str, given: object) -> Parameter:
    place = f"parameters.{name}: "
    if not isinstance(given, Mapping):
        raise ConfigError(f"{place}{_short(given)}", "give default, low and high, and if you like summary and search")
    _refuse_unknown(place, given, PARAMETER_KEYS)
    numbers = {key: given.get(key) for key in ("default", "low", "high")}
    search = given.get("search") or []
    values = [*numbers.values(), *(search if isinstance(search, list | tuple) else [search])]
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"{place}{_short(value)} is no number", "give default, low, high and search as numbers")
    default, low, high = values[:3]
    if not low <= high:
        raise ConfigError(f"{place}low {low} is above high {high}", "give low <= high")
    try:
        return Parameter(name, default, low, high, str(given.get("summary") or ""), tuple(sorted(set(values[3:]))))
    except UsageError as error:
        raise ConfigError(f"{place}{error.found}", error.remedy) from None


def _check(spec: StrategySpec) -> None:
    parameters = {p.name for p in spec.parameters}
    for name, _ in spec.indicators:
        if name in parameters:
            raise ConfigError(f"indicators: {name!r} is a parameter's name too", "give it another name")
    for k, condition in enumerate(spec.requires):
        if unknown := sorted(set(condition.names) - parameters) + list(condition.calls):
            raise ConfigError(f"requires[{k}]: there is no parameter {unknown[0]!r}", "it speaks of parameters only")
    if spec.long is None and spec.short is None:
        raise ConfigError("it has neither long nor short", "give one of them")
    for entry in ("long", "short"):
        if entry not in spec.rules and f"exit_{entry}" in spec.rules:
            raise ConfigError(f"exit_{entry}: there is no {entry}", f"give {entry} too, or leave the exit out")
    _check_corners(spec)


def _check_corners(spec: StrategySpec) -> None:
    for place, params in _corners(spec):
        try:
            spec.check(params)
            _check_at(spec, params)
        except ConfigError as error:
            raise ConfigError(f"{place}{error.found}", error.remedy) from None
        except UsageError as error:
            if not place:
                raise ConfigError(f"requires: the defaults: {error.found}", error.remedy) from None


def _corners(spec: StrategySpec) -> Iterator[tuple[str, dict[str, Number]]]:
    defaults = {p.name: p.default for p in spec.parameters}
    yield "", defaults
    for p in spec.parameters:
        for bound in (p.low, p.high):
            yield f"with {p.name} = {bound}: ", defaults | {p.name: p.read(bound)}


def _check_at(spec: StrategySpec, params: Mapping[str, Number]) -> None:
    planner = Planner()
    steps = spec.steps(planner, params)
    kept = sum(planner.steps[k].length for k in planner.reached(steps.values()))
    if kept > MOST_VALUES:
        raise ConfigError(f"it looks back at {kept} values on each bar", f"shorten windows to {MOST_VALUES} in all")
    for key, step in steps.items():
        made, name = planner.steps[step], key.rstrip("+-")
        if name in CONDITIONS and not made.condition:
            raise ConfigError(f"{name}: {spec.rules[name].text!r} is a number, no condition", "compare it, as in x > 0")
        if name in AMOUNTS and made.condition:
            raise ConfigError(f"{name}: {spec.rules[name].text!r} is a condition, no number", "use where(test, x, y)")
        if name == "hold" and not (made.code == CONSTANT and made.number == int(made.number) >= 1):
            raise ConfigError(f"hold: {spec.rules[name].text!r} is no count of bars", "give a whole number from 1 on")
