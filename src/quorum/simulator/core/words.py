"""What clients ask of the exchange, what it trades, and the orders that it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from quorum.domain import ZERO, BrokerError, Instrument, Side


class Kind(StrEnum):
    """What makes an order trade."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING = "trailing_stop"

    @property
    def limited(self) -> bool:
        return self in (Kind.LIMIT, Kind.STOP_LIMIT)

    @property
    def stopped(self) -> bool:
        return self in (Kind.STOP, Kind.STOP_LIMIT, Kind.TRAILING)


class Life(StrEnum):
    """How long an order waits: a session, for ever, not at all in part or whole, the opening, the close."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    OPG = "opg"
    CLS = "cls"


class State(StrEnum):
    """Where an order at the exchange is."""

    NEW = "new"
    PARTIAL = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"

    @property
    def ended(self) -> bool:
        return self not in (State.NEW, State.PARTIAL)


@dataclass(frozen=True, slots=True)
class Listing:
    """A symbol as the exchange trades it.

    `price` begins its generated path, `depth` is the usual value shown at the touch (quote currency), `volatility` a
    fraction a year. `fee` is a fraction of a fill's value; with `fee_in_kind` a buyer pays it in what was bought.
    A pair that trades round the clock knows no sessions.
    """

    instrument: Instrument
    price: Decimal
    depth: Decimal = Decimal(50_000)
    volatility: float = 0.3
    round_clock: bool = False
    fractional: bool = True
    shortable: bool = True
    tradable: bool = True
    fee: Decimal = ZERO
    fee_in_kind: bool = False

    @property
    def symbol(self) -> str:
        return self.instrument.symbol


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as a client asks for it: a quantity, or a `notional` that becomes one at the first price.

    `origin` is `client`, or `manual` for what somebody did by hand at the venue. `closing` is the exchange's word:
    whether the order takes off a holding. A trailing stop follows the market at `trail`, or at the fraction
    `trail_part` of its price. An order with `after` waits until the order of that id has filled whole, and goes when
    it goes; of those with the same `rivals` one takes the place of the others. `label` is the venue's word for the
    `family`. One that is `extended` trades before the opening and after the close too.
    """

    client_order_id: str
    symbol: str
    side: Side
    kind: Kind = Kind.MARKET
    life: Life = Life.DAY
    quantity: Decimal | None = None
    notional: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    origin: str = "client"
    closing: bool = False
    trail: Decimal | None = None
    trail_part: Decimal | None = None
    after: str | None = None
    rivals: str | None = None
    family: str = ""
    label: str = ""
    extended: bool = False


class Mode(StrEnum):
    """What the exchange does at all."""

    ONLINE = "online"
    CANCEL_ONLY = "cancel_only"
    POST_ONLY = "post_only"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that the exchange accepted, and what became of it.

    `number` is its place in time; `quantity` is None until a notional is sized. It may trade from `starts` on and
    expires at `expires` (ns UTC), never when that is None. `value` is the sum of price times quantity of its fills,
    `best` the best price that a trailing stop has seen.
    """

    order_id: str
    number: int
    ticket: Ticket
    at: int
    starts: int
    expires: int | None
    quantity: Decimal | None
    filled: Decimal = ZERO
    value: Decimal = ZERO
    state: State = State.NEW
    triggered: bool = False
    best: Decimal | None = None
    updated: int = 0
    ended: int | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    detail: str = ""

    @property
    def remaining(self) -> Decimal:
        """What may still fill; 0 for one that has ended or is not sized yet."""
        return ZERO if self.state.ended or self.quantity is None else self.quantity - self.filled

    @property
    def stop(self) -> Decimal | None:
        """The price that sets it off; None for an order without a stop."""
        ticket = self.ticket
        if ticket.kind is not Kind.TRAILING or self.best is None:
            return ticket.stop
        away = ticket.trail if ticket.trail is not None else self.best * (ticket.trail_part or ZERO)
        return self.best + ticket.side.sign * away

    @property
    def average_price(self) -> Decimal | None:
        return self.value / self.filled if self.filled else None


class Top(NamedTuple):
    """The touch of a symbol at `time` (ns UTC), with what may be had there, and the last trade."""

    time: int
    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal
    last: Decimal
    last_size: Decimal

    def price(self, side: Side) -> Decimal:
        """What a taker of `side` pays or gets."""
        return self.ask if side is Side.BUY else self.bid


class Reason(StrEnum):
    """Why the exchange refuses."""

    DUPLICATE = "duplicate"
    UNKNOWN_SYMBOL = "unknown_symbol"
    NOT_TRADABLE = "not_tradable"
    UNCLEAR = "unclear"
    QUANTITY = "quantity"
    LOT = "lot"
    TICK = "tick"
    TOO_SMALL = "too_small"
    NO_FUNDS = "no_funds"
    NO_SHARES = "no_shares"
    NO_SHORTS = "no_shorts"
    CROSSES_OWN = "crosses_own"
    WINDOW = "window"
    RESTRICTED = "restricted"
    NOT_FOUND = "not_found"
    ENDED = "ended"


class Refused(BrokerError):
    """The exchange refuses a request: `reason`, and the facts that venues put into their answers."""

    def __init__(self, reason: Reason, found: str, facts: dict[str, str] | None = None) -> None:
        super().__init__(found)
        self.reason = reason
        self.facts = facts or {}
