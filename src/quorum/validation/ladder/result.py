"""TierResult: what a tier answers, as one value that is read back strictly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from quorum.domain import DataError, plain
from quorum.validation.ladder.tier import Tier
from quorum.validation.ladder.verdict import Verdict, read_verdict, told

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class TierResult:
    """How a tier ended, with everything that it was judged by; plain values all through.

    `metrics` are numbers by name, None for what is not known; `rows` the gates, `critic` the metrics that ask the
    critic, `warnings` what a person should know, `diagnostics` the ten questions. `trials` were added by this check,
    `trials_in_family` are there after it. `data` names the bars (symbols, venue, timeframe, revisions, first, last,
    rows, data_hash, days, provisional), `params` what the tier chose. `daily` has the net returns of the tested
    configuration: `first` midnight (ns UTC), `days` after it, `returns`, `periods` a year. Times are in seconds.
    """

    tier: Tier
    verdict: Verdict
    metrics: Mapping[str, float | None]
    rows: tuple[Mapping[str, Any], ...]
    trials: int
    trials_in_family: int
    data: Mapping[str, Any]
    params: Mapping[str, float]
    code_hash: str
    seed: int
    elapsed_seconds: float
    cpu_seconds: float
    critic: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    diagnostics: tuple[Mapping[str, Any], ...] = ()
    daily: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """The plain values that `read` takes."""
        rest = {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name != "verdict"}
        return {"schema": SCHEMA, "verdict": told(self.verdict), **rest}

    @classmethod
    def read(cls, values: Any) -> Self:
        """The result that was told; DataError naming the first place that is not as it should be."""
        _keyed({"schema": _is(SCHEMA), **_SHAPES})("result", values)
        given = {name: value for name, value in values.items() if name not in ("schema", "tier", "verdict")}
        lists = {name: tuple(given[name]) for name in ("rows", "critic", "warnings", "diagnostics")}
        return cls(
            tier=Tier(values["tier"]), verdict=_verdict("result.verdict", values["verdict"]), **{**given, **lists}
        )


Check = Callable[[str, Any], object]


def _refuse(place: str, value: Any, wanted: str) -> DataError:
    shown = repr(value)
    return DataError(
        f"{place} is {shown if len(shown) <= 60 else shown[:57] + '...'}, not {wanted}",
        "the check that made it is of another version, or broke off: run it again",
    )


def _is(wanted: object) -> Check:
    def check(place: str, value: Any) -> None:
        if value != wanted or isinstance(value, bool):
            raise _refuse(place, value, str(wanted))

    return check


def _a(kind: type | tuple[type, ...], wanted: str) -> Check:
    def check(place: str, value: Any) -> None:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise _refuse(place, value, wanted)

    return check


def _number(place: str, value: Any) -> None:
    _a((int, float), "a number")(place, value)
    if not math.isfinite(value):
        raise _refuse(place, value, "a finite number")


def _count(place: str, value: Any) -> None:
    _a(int, "a whole number")(place, value)
    if value < 0:
        raise _refuse(place, value, "a count from 0 on")


def _maybe(inner: Check) -> Check:
    return lambda place, value: None if value is None else inner(place, value)


def _each(inner: Check) -> Check:
    def check(place: str, value: Any) -> None:
        _a((list, tuple), "a list")(place, value)
        for i, one in enumerate(value):
            inner(f"{place}[{i}]", one)

    return check


def _mapped(inner: Check) -> Check:
    def check(place: str, value: Any) -> None:
        _a(Mapping, "keys with values")(place, value)
        for name, one in value.items():
            inner(f"{place}.{name}", one)

    return check


def _keyed(shapes: Mapping[str, Check], *, more: bool = False) -> Check:
    def check(place: str, value: Any) -> None:
        _a(Mapping, "keys with values")(place, value)
        for name, inner in shapes.items():
            if name not in value:
                raise DataError(f"{place} has no {name!r}", "the check that made it broke off: run it again")
            inner(f"{place}.{name}", value[name])
        extra = sorted(set(value) - set(shapes))
        if extra and not more:
            raise _refuse(f"{place}.{extra[0]}", value[extra[0]], "a key of this schema")

    return check


def _tier(place: str, value: Any) -> None:
    if value not in [tier.value for tier in Tier]:
        raise _refuse(place, value, f"one of {', '.join(Tier)}")


def _verdict(place: str, value: Any) -> Verdict:
    _a(Mapping, "keys with values")(place, value)
    kind = value.get("verdict")
    if kind not in _VERDICTS:
        raise _refuse(f"{place}.verdict", kind, f"one of {', '.join(_VERDICTS)}")
    _keyed({"verdict": _is(kind), **_VERDICTS[kind]})(place, value)
    return read_verdict(value)


def _daily(place: str, value: Any) -> None:
    shapes = {"first": _a(int, "ns UTC"), "days": _each(_count), "returns": _each(_number), "periods": _number}
    _keyed(shapes)(place, value)
    if len(value["days"]) != len(value["returns"]):
        raise _refuse(f"{place}.returns", value["returns"], f"one of each of {len(value['days'])} days")


_text = _a(str, "a text")
_VERDICTS: Mapping[str, Mapping[str, Check]] = {
    "passed": {},
    "failed": {
        "reason": _text,
        "metric": _text,
        "value": _maybe(_number),
        "threshold": _maybe(_number),
        "retryable": _a(bool, "true or false"),
        "why": _text,
        "marginal": _a(bool, "true or false"),
    },
    "inconclusive": {"what": _text, "needed": _maybe(_number), "found": _maybe(_number)},
}
_GATE: Mapping[str, Check] = {
    "metric": _text,
    "value": _maybe(_number),
    "comparison": _text,
    "threshold": _number,
    "kind": _text,
    "outcome": _text,
    "marginal": _a(bool, "true or false"),
    "source": _text,
}
_DATA: Mapping[str, Check] = {
    "symbols": _each(_text),
    "venue": _maybe(_text),
    "timeframe": _text,
    "revisions": _each(_count),
    "first": _maybe(_a(int, "ns UTC")),
    "last": _maybe(_a(int, "ns UTC")),
    "rows": _count,
    "days": _count,
    "data_hash": _maybe(_text),
    "provisional": _a(bool, "true or false"),
}
_SHAPES: Mapping[str, Check] = {
    "tier": _tier,
    "verdict": _verdict,
    "metrics": _mapped(_maybe(_number)),
    "rows": _each(_keyed(_GATE)),
    "trials": _count,
    "trials_in_family": _count,
    "data": _keyed(_DATA, more=True),
    "params": _mapped(_number),
    "code_hash": _text,
    "seed": _count,
    "elapsed_seconds": _number,
    "cpu_seconds": _number,
    "critic": _each(_text),
    "warnings": _each(_text),
    "diagnostics": _each(_a(Mapping, "keys with values")),
    "daily": _maybe(_daily),
    "details": _a(Mapping, "keys with values"),
}
