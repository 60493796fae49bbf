"""Tail: what a book may lose in a day, what it would lose in a named crash, and what moves together.

Promise: from daily returns, with the method named; too few days are Inconclusive, never a number.
In: holdings as fractions of equity, and daily histories. Out: TailRisk, Stress, Likeness and clusters.
Neighbours: stands on `stats`; the checks of `risk` know nothing of it, the desk hands its clusters to them.
"""

from quorum.risk.tail.alike import Likeness, likeness, move_together
from quorum.risk.tail.history import History, Inconclusive, Together, joined, together
from quorum.risk.tail.pace import annual_volatility, kelly_of
from quorum.risk.tail.stress import SCENARIOS, Scenario, Stress, all_at_once, worst_days, worst_of
from quorum.risk.tail.values import TailRisk, tail_risk, weights

__all__ = [
    "SCENARIOS",
    "History",
    "Inconclusive",
    "Likeness",
    "Scenario",
    "Stress",
    "TailRisk",
    "Together",
    "all_at_once",
    "annual_volatility",
    "joined",
    "kelly_of",
    "likeness",
    "move_together",
    "tail_risk",
    "together",
    "weights",
    "worst_days",
    "worst_of",
]
