"""A measured number: what it is, beside which floor, and what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Measure:
    """One number in `unit`, beside the `floor` that was measured in the same run.

    The target bounds the number itself, or with `of_floor` its ratio to the floor; it is the most that is allowed,
    or with `at_least` the least.
    """

    key: str
    name: str
    value: float
    unit: str
    floor: float | None = None
    floor_is: str = ""
    target: float | None = None
    of_floor: bool = False
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        """The number over its floor; None without one."""
        return None if not self.floor else self.value / self.floor

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        judged = self.ratio if self.of_floor else self.value
        if self.target is None or judged is None:
            return None
        return judged >= self.target if self.at_least else judged <= self.target

    @property
    def asked(self) -> str:
        """The target in words, empty without one."""
        if self.target is None:
            return ""
        return f"{'>=' if self.at_least else '<='} {self.target:,g}{' x floor' if self.of_floor else ''}"

    def told(self) -> dict[str, Any]:
        """As plain values."""
        plain = {name: getattr(self, name) for name in ("value", "floor", "ratio", "unit", "name", "floor_is", "met")}
        return {**plain, "target": self.asked or None}


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What one run measured, and on what machine."""

    measures: tuple[Measure, ...]
    machine: Mapping[str, str]
    load: tuple[float, float, float]
