"""What agents hand up in their answers under `concerns`: losses near a limit, bars that have stopped coming."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from quorum.domain import iso
from quorum.lake import Bars
from quorum.lake.calendars import detect_calendar

MOST_AGE = 3
WARNING = 0.8
BREAKERS = (0.10, 0.15, 0.20, 0.25)
EMERGENCY = 0.20
ADVICE = "Reduce position sizes"


def loss_concern(account: str, measure: str, lost: float, limit: float, occasion: str) -> Iterator[dict[str, Any]]:
    """The concern of a loss that is near its limit or has reached it, as fractions; nothing below 80 % of it."""
    if limit <= 0 or lost < WARNING * limit:
        return
    word = "reached" if lost >= limit else "approaching"
    yield _concern(
        f"{account}/{measure}/{word}/{occasion}",
        f"{measure.capitalize()} loss of account {account} is {lost:.1%}, {word} the {limit:.0%} limit",
        lost >= limit and limit >= EMERGENCY,
    )


def drawdown_concern(account: str, drawdown: float, peak_at: str) -> Iterator[dict[str, Any]]:
    """The concern of a fall from the peak, a fraction, past the worst breaker that it passed; once for the peak."""
    passed = [line for line in BREAKERS if drawdown >= line]
    if passed:
        text = f"Drawdown of account {account} is {drawdown:.1%} since its peak of {peak_at}, past {passed[-1]:.0%}"
        yield _concern(f"{account}/drawdown/{passed[-1]:.2f}/{peak_at}", text, passed[-1] >= EMERGENCY)


def stopped(bars: Bars, as_of: int) -> Iterator[dict[str, Any]]:
    """The concern of a series around the clock that lacks more than three closed bars at `as_of`."""
    closed = int(bars.time[-1]) + bars.timeframe.nanoseconds
    behind = (as_of - closed) // bars.timeframe.nanoseconds
    if behind > MOST_AGE and detect_calendar(bars.time, bars.timeframe) == "24/7":
        yield feed_concern(f"{bars.symbol}.{bars.venue} {bars.timeframe}", iso(closed), behind)


def feed_concern(series: str, closed_at: str, behind: int) -> dict[str, Any]:
    """The concern of a series that is needed and has stopped, so many bars ago; once for its newest bar."""
    text = f"{series}: the newest bar closed at {closed_at}, {behind} are due since then"
    return {"event": "data_unavailable", "key": f"{series}/{closed_at}", "message": text, "severity": "medium"}


def model_concern(path: str, fault: str) -> dict[str, Any]:
    """The concern of a model that nobody could load; once for its fault."""
    text = f"models/{path} is {fault}"
    told = {"event": "known_issue", "key": f"models/{path}/{fault}", "message": text, "severity": "medium"}
    return {**told, "recommended_action": f"Mend or remove models/{path}"}


def _concern(key: str, message: str, emergency: bool) -> dict[str, Any]:
    severity = "critical" if emergency else "high"
    told = {"event": "drawdown_warning", "key": key, "message": message}
    return {**told, "recommended_action": ADVICE, "severity": severity}
