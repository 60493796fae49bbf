"""What a fall from the highest equity stops: a strategy's breaker, and the four of a book."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import NamedTuple

from quorum.domain import ZERO, Book, Instrument, Severity, UsageError
from quorum.risk.limits import RiskLimits

_ONE, _HALF = Decimal(1), Decimal("0.5")


class Action(StrEnum):
    """What is done when a breaker trips. Protective stops stay in every case."""

    HALVE_NEW = "halve_new_positions"
    NO_ENTRIES = "no_new_entries"
    TIGHTEN_STOPS = "tighten_stops"
    CANCEL_ENTRIES = "cancel_entry_orders"
    CLOSE_PART = "close_part"
    CLOSE_ALL = "close_all"


class Breaker(NamedTuple):
    """The breaker in force: the fall `at` which it trips (0 for none), and what it does.

    `scale` is the share of a new position that passes, `close` the share of every position to be closed once.
    """

    at: Decimal
    severity: Severity
    actions: tuple[Action, ...]
    scale: Decimal
    close: Decimal

    def since(self, before: Breaker) -> tuple[Action, ...]:
        """What is to be done now that this breaker follows `before`: nothing unless it is a deeper one."""
        return self.actions if self.at > before.at else ()


CALM = Breaker(ZERO, Severity.INFO, (), _ONE, ZERO)


def drawdown(equity: Decimal, peak: Decimal) -> Decimal:
    """The fall of `equity` from `peak`, 0 above it; 1 for a peak that is not positive with nothing left."""
    highest = equity if equity > peak else peak
    if highest <= 0:
        return _ONE
    return min(1 - equity / highest, _ONE)


def book_breaker(fall: Decimal, limits: RiskLimits, deepest: Decimal = ZERO) -> Breaker:
    """The breaker of a book that stands `fall` below its peak and stood `deepest` below it since a person resumed.

    Halving follows the fall both ways, since it stops nothing. What stops entries holds until a person resumes, who
    begins a new peak: a recovery alone does not lift it. UsageError for a fall that is no number.
    """
    _need_number("drawdown", fall)
    _need_number("deepest", deepest)
    worst = max(fall, deepest) if deepest >= limits.no_entries_at else fall
    if worst < limits.halve_at:
        return CALM
    if worst >= limits.close_all_at:
        acts = (Action.NO_ENTRIES, Action.CANCEL_ENTRIES, Action.CLOSE_ALL)
        return Breaker(limits.close_all_at, Severity.BLACK, acts, ZERO, _ONE)
    if worst >= limits.black_at:
        acts = (Action.NO_ENTRIES, Action.CANCEL_ENTRIES, Action.CLOSE_PART)
        return Breaker(limits.black_at, Severity.BLACK, acts, ZERO, limits.black_close_fraction)
    if worst >= limits.no_entries_at:
        return Breaker(limits.no_entries_at, Severity.RED, (Action.NO_ENTRIES, Action.TIGHTEN_STOPS), ZERO, ZERO)
    return Breaker(limits.halve_at, Severity.YELLOW, (Action.HALVE_NEW,), _HALF, ZERO)


def strategy_breaker(fall: Decimal, limits: RiskLimits) -> Breaker:
    """The breaker of a strategy that stands `fall` below its own peak: RED, it opens nothing until a person resumes.

    The halt that follows is a record of the desk; here the fall alone is looked at. UsageError as `book_breaker`.
    """
    _need_number("strategy_drawdown", fall)
    if fall < limits.strategy_red_at:
        return CALM
    return Breaker(limits.strategy_red_at, Severity.RED, (Action.NO_ENTRIES,), ZERO, ZERO)


def closings(book: Book, share: Decimal, instruments: Mapping[str, Instrument]) -> dict[str, Decimal]:
    """The quantity of each holding to be closed for `share` of it, signed as the order: whole lots, at least the share.

    What open orders close already counts. A holding that is no whole lot is closed to its end, dust included, and one
    without an instrument is left out. UsageError for a share outside 0..1.
    """
    if not 0 <= share <= 1:
        raise UsageError(f"a share of {share} of a position cannot be closed", "it is a number from 0 to 1")
    found = {}
    for symbol, position in book.positions.items():
        held = abs(position.quantity)
        if held and symbol in instruments:
            lot = instruments[symbol].lot
            asked = min((held * share / lot).to_integral_value(ROUND_CEILING) * lot, held)
            rest = asked - book.closing.get(symbol, ZERO)
            if rest > 0:
                found[symbol] = -rest if position.quantity > 0 else rest
    return found


def tighten_stop(stop: Decimal, mark: Decimal, held: Decimal, keep: Decimal, instrument: Instrument) -> Decimal:
    """The stop at `keep` of its distance from `mark` for a holding of `held` units, on a tick, never loosened.

    A stop that the price has passed already stays where it is.
    """
    sign = 1 if held > 0 else -1
    distance = (mark - stop) * sign
    if distance <= 0:
        return stop
    level = (mark - sign * distance * keep) / instrument.tick
    inward = level.to_integral_value(ROUND_FLOOR if sign > 0 else ROUND_CEILING) * instrument.tick
    return max(stop, inward) if sign > 0 else min(stop, inward)


def _need_number(name: str, value: Decimal) -> None:
    if not value.is_finite() or value < 0:
        raise UsageError(f"{name} = {value} makes no sense", "a fall is a fraction that is not negative")
