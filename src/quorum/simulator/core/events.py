"""What really happened at the exchange: the lines of its journal, and their plain forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from decimal import Decimal
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from quorum.domain import DataError, Side, plain
from quorum.simulator.core.words import State, Ticket


@dataclass(frozen=True, slots=True)
class Opened:
    """The account began with `cash` of `currency`."""

    at: int
    cash: Decimal
    currency: str
    seed: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """An order arrived and stands."""

    at: int
    order_id: str
    ticket: Ticket
    starts: int
    expires: int | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """A ticket arrived and was refused."""

    at: int
    ticket: Ticket
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sized:
    """A notional became a quantity, or a rival filled in part and the rest of this one shrank."""

    at: int
    order_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Triggered:
    """A stop was reached by the trade at `price`."""

    at: int
    order_id: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Trailed:
    """The market moved in favour of a trailing stop: the best price that it has seen is `best`."""

    at: int
    order_id: str
    best: Decimal


@dataclass(frozen=True, slots=True)
class Traded:
    """An order filled, in part or whole; `fee` is in `fee_currency`."""

    at: int
    fill_id: str
    order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str


@dataclass(frozen=True, slots=True)
class Ended:
    """An order ended without filling whole; `replaced_by` where another took its place."""

    at: int
    order_id: str
    state: State
    detail: str = ""
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Somebody moved a holding or cash by hand; `quantity` is of `symbol`, or of the currency where there is none."""

    at: int
    symbol: str | None
    quantity: Decimal
    price: Decimal
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Suspended:
    """Trading of a symbol was halted, or went on."""

    at: int
    symbol: str
    halted: bool


@dataclass(frozen=True, slots=True)
class Marked:
    """The last price of a symbol at that instant: set by hand, or as a minute closed."""

    at: int
    symbol: str
    bid: Decimal
    ask: Decimal
    last: Decimal


@dataclass(frozen=True, slots=True)
class Noted:
    """The venue keeps something for its client under a name: a setting, a list, as JSON; None where it goes."""

    at: int
    name: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Fired:
    """A planted fault fired at `place`."""

    at: int
    fault: str
    name: str
    place: str
    detail: str = ""


Moved = Sized | Triggered | Trailed
Event = Opened | Accepted | Declined | Moved | Traded | Ended | Adjusted | Suspended | Marked | Noted | Fired
KINDS: dict[str, type[Event]] = {kind.__name__.lower(): kind for kind in get_args(Event)}


def written(event: Event) -> dict[str, Any]:
    """The plain form of an event, its kind first."""
    return {"kind": type(event).__name__.lower(), **plain(event)}


def read(values: Mapping[str, Any]) -> Event:
    """The event whose plain form is `values`, more keys may be there; DataError when it is none."""
    kind = KINDS.get(str(values.get("kind")))
    if kind is None:
        raise DataError(f"a journal's line of the kind {values.get('kind')!r}", "give a journal of `quorum sim`")
    found: Event = _read(kind, values)
    return found


def _read(kind: type[Any], values: Mapping[str, Any]) -> Any:
    try:
        hints = _hints(kind.__name__)
        return kind(**{f.name: _value(hints[f.name], values[f.name]) for f in fields(kind) if _needed(f, values)})
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise DataError(
            f"a journal's line of the kind {kind.__name__.lower()} cannot be read ({error})", "remove the journal"
        ) from error


def _needed(field: Field[Any], values: Mapping[str, Any]) -> bool:
    """Whether a field is read: one with a default may be missing in a journal that is older than it."""
    return field.name in values or field.default is MISSING


@cache
def _hints(name: str) -> dict[str, Any]:
    return get_type_hints(Ticket if name == Ticket.__name__ else KINDS[name.lower()])


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        return None if value is None else _value(get_args(hint)[0], value)
    if hint is Ticket:
        return _read(Ticket, value)
    if hint is Decimal or (isinstance(hint, type) and issubclass(hint, Enum)):
        return hint(value)
    return value
