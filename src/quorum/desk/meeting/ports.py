"""The door to a language model in a seat, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from quorum.discovery import Proposal
from quorum.domain import QuorumError

_DUST = 1e-9  # of adding and taking cents as floats


class Silent(QuorumError):
    """A language model said nothing that can be used: over its budget, out of reach, or wrong every time."""


@dataclass(slots=True)
class Purse:
    """What models may still take in one meeting; every call is taken from it before it is made.

    `calls` and `money` (dollars) are what is left, `spent` and `made` what was taken. `kept` hears of every change
    before the call is made, so that what was spent is known whatever becomes of the meeting.
    """

    calls: int
    money: float
    spent: float = 0.0
    made: int = 0
    kept: Callable[[Purse], None] = lambda purse: None

    def take(self, most: float) -> None:
        """Take one call that costs `most` at the most; Silent, with nothing taken, when it is not there."""
        if self.calls < 1:
            raise Silent(f"the budget of {self.made} calls is used up", "raise budget.calls in config/meeting.yaml")
        if most > self.money + _DUST:
            raise Silent(
                f"a call may cost up to {most:.4f} dollars, {max(0.0, self.money):.4f} are left",
                "raise budget.money or budget.money_per_day in config/meeting.yaml, or take a cheaper model",
            )
        self.calls -= 1
        self.made += 1
        self.money = max(0.0, self.money - most)
        self.spent += most
        self.kept(self)

    def give_back(self, rest: float) -> None:
        """What a call took less than the most that it could have; below 0 when it took more, which ends the asking."""
        self.money += rest
        self.spent -= rest
        self.kept(self)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a model in a seat: in words, what it may propose on, and how much.

    `series` are the symbols that there are in each timeframe. Prices are dollars for a million tokens.
    """

    seat: str
    model: str
    brief: str
    series: Mapping[str, Sequence[str]]
    most: int
    base_url: str | None = None
    input_price: float | None = None
    output_price: float | None = None
    most_output_tokens: int = 4_000
    timeout_seconds: float = 60.0


class Seat(Protocol):
    """A language model in a seat."""

    def propose(self, wanted: Wanted, purse: Purse) -> Sequence[Proposal]:
        """Up to `most` proposals whose specs read_spec takes and whose series there are; each call from the purse.

        ConfigError where the model cannot be asked at all: its library or its key is missing, its price unknown.
        Silent where it gave nothing.
        """
        ...
