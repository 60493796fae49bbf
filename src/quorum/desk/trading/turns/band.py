"""Paper beside its baseline: a strategy's days against the band that was put on record at its deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from quorum.desk.deploying.baseline import Baseline, Standing
from quorum.desk.desk import Desk
from quorum.desk.notices import Event, Occurrence
from quorum.desk.trading.turns.attribution import TABLES, Rows, daily_worth, flows
from quorum.desk.trading.turns.deployed import Deployed, deployed
from quorum.domain import DAY, Clock, QuorumError, Severity, utc_day

FEWEST = 5
"""How many whole days have to have passed before people are told."""


class Beside(NamedTuple):
    """A deployed strategy's days so far, and how they stand; None as long as no whole day has passed."""

    strategy_id: str
    days: int
    standing: Standing | None

    @property
    def word(self) -> str:
        """inside, outside, or too early."""
        if self.standing is None or self.days < FEWEST:
            return "too early"
        return "inside" if self.standing.inside else "outside"

    def told(self) -> dict[str, Any]:
        """The plain values."""
        standing = None if self.standing is None else self.standing.told()
        return {"strategy_id": self.strategy_id, "days": self.days, "word": self.word, "band": standing}


def beside_baseline(desk: Desk, clock: Clock | None = None) -> list[Beside]:
    """Each deployed strategy's whole UTC days since the account first saw it, against the band of as many days."""
    rows, now = desk.rows(TABLES), (clock or desk.clock).now()
    return [_beside(desk, of, rows, now) for of in deployed(desk)]


def tell_bands(desk: Desk, found: list[Beside], clock: Clock | None = None) -> None:
    """People are told of each strategy that is outside of its band, once a day."""
    day = utc_day((clock or desk.clock).now())
    for one in found:
        if one.word == "outside" and one.standing is not None:
            low, high = (f"{1e4 * value:.1f}" for value in one.standing.band.mean)
            mean = f"{1e4 * one.standing.mean:.1f} bps a day over {one.days} days"
            summary = f"{one.strategy_id} is outside of its baseline's band: {mean}, 95 % within {low} and {high}"
            details = {**one.told(), "severity": Severity.YELLOW.name}
            desk.outbox.raise_(Occurrence(Event.ALERT, f"band/{one.strategy_id}/{day}", summary, details))


def _beside(desk: Desk, of: Deployed, rows: Rows, now: int) -> Beside:
    returns = daily_returns(desk, of, rows, now)
    record = desk.life.books.deployments.get(of.deployment_id)
    standing = Baseline.read(record["baseline"]).against(returns) if returns else None
    return Beside(of.strategy_id, len(returns), standing)


def daily_returns(desk: Desk, of: Deployed, rows: Rows, now: int) -> list[float]:
    """Net returns of whole days, of the purse that the strategy was deployed with; a day without trade has one too."""
    mine = [row for row in rows["strategy_target"] if row["deployment_id"] == of.deployment_id]
    if not mine:
        return []
    first, today = min(row["since"] for row in mine) // DAY * DAY, now // DAY * DAY
    days = list(range(first, today, DAY))
    if not days:
        return []
    purse = float(desk.life.books.deployments.get(of.deployment_id)["target_value"])
    moves = [flow for flow in flows(rows, of.strategy_id) if flow.time >= first]
    worth = daily_worth(moves, days, {row["symbol"]: _closes(desk, of, row["symbol"], days) for row in mine})
    return [(after - before) / (purse + before) for before, after in zip([0.0, *worth], worth, strict=False)]


def _closes(desk: Desk, of: Deployed, symbol: str, days: list[int]) -> Mapping[int, float]:
    """The newest close of a symbol that was known at the end of each day; 0 before its first."""
    try:
        bars = desk.lake.bars(symbol, of.timeframe, of.idea.venue)
    except QuorumError:
        return dict.fromkeys(days, 0.0)
    ends = np.array(days, dtype=np.int64) + DAY - bars.timeframe.nanoseconds
    at = np.searchsorted(bars.time, ends, "right") - 1
    return {day: float(bars.close[i]) if i >= 0 else 0.0 for day, i in zip(days, at.tolist(), strict=True)}
