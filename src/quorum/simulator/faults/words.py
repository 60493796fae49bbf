"""What can be made to go wrong, when and where."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quorum.domain import Side


class FaultKind(StrEnum):
    """What goes wrong."""

    RESET = "reset"
    HALF_OPEN = "half_open"
    DELAY = "delay"
    RATE_LIMIT = "rate_limit"
    BANNED = "banned"
    ERROR = "error"
    HTML = "html"
    LATE = "late"
    ERROR_AFTER = "error_after"
    RESET_AFTER = "reset_after"
    HIDDEN = "hidden"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    LOSE = "lose"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    STALL = "stall"
    MUTE = "mute"
    BAD_FRAME = "bad_frame"
    TORN_FRAME = "torn_frame"
    CLOSE = "close"
    CUT = "cut"
    CLOCK = "clock"
    PARTIAL_CLOSE = "partial_close"
    REVOKED = "revoked"
    FOREIGN_ORDER = "foreign_order"
    FOREIGN_POSITION = "foreign_position"
    HALT = "halt"
    NO_FILL = "no_fill"
    NO_PINGS = "no_pings"
    SHUTDOWN = "shutdown"
    STALE = "stale"
    CHECKSUM = "checksum"
    NO_ACK = "no_ack"
    SLOW = "slow"
    MISSING_ROWS = "missing_rows"
    OVERLAP = "overlap"
    REPLAY = "replay"
    ABSURD = "absurd"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_EVENT = "unknown_event"
    BAD_TEXT = "bad_text"
    HUGE_FRAME = "huge_frame"
    FRAGMENTED = "fragmented"
    DROP = "drop"
    UNREACHABLE = "unreachable"
    REJECT = "reject"
    LATE_CANCEL = "late_cancel"
    CANCEL_ONLY = "cancel_only"
    POST_ONLY = "post_only"
    MAINTENANCE = "maintenance"


K = FaultKind
MEANINGS: dict[FaultKind, str] = {
    K.RESET: "the connection is reset before the request is done",
    K.HALF_OPEN: "the request is neither done nor answered for `seconds` (3600)",
    K.DELAY: "the request is done after `seconds` (1)",
    K.RATE_LIMIT: "429 with Retry-After `seconds` (1), not done",
    K.BANNED: "418 with Retry-After `seconds` (120), not done",
    K.ERROR: "`status` (503), not done",
    K.HTML: "`status` (502) with a page of HTML, not done",
    K.LATE: "`status` (504; 0: no answer), and done `seconds` (10) later",
    K.ERROR_AFTER: "done, and answered with `status` (500; 0: no answer)",
    K.RESET_AFTER: "done, and the connection is reset instead of an answer",
    K.HIDDEN: "done, answered with `status` (504; 0: no answer); nothing shows the order for `seconds` (10)",
    K.SLOW: "done at once, and answered `seconds` (1) later; streams tell it first",
    K.MISSING_ROWS: "every second row of an answer's list is missing",
    K.OVERLAP: "an answer's list begins with the last `count` (1) rows of the one before",
    K.TRUNCATED: "done, and half of the answer comes before the connection ends",
    K.MALFORMED: "done, and the answer is no JSON",
    K.LOSE: "a message of a stream is not sent",
    K.DUPLICATE: "a message of a stream is sent twice",
    K.REORDER: "a message of a stream is sent after the next `count` (1)",
    K.REPLAY: "the last `count` (10) messages of a channel come again before the next",
    K.ABSURD: "a price is `value` (nan, negative, zero, huge; else each by turns)",
    K.WRONG_TYPE: "a price is a list",
    K.UNKNOWN_FIELD: "a message has a field that nobody documented",
    K.UNKNOWN_EVENT: "a message has a type that nobody documented",
    K.BAD_TEXT: "a text frame that is no UTF-8 comes before the right one",
    K.HUGE_FRAME: "a message is `count` (10,000,000) bytes larger",
    K.FRAGMENTED: "a message comes in `count` (3) frames",
    K.DROP: "a stream's connection ends without a closing frame",
    K.STALL: "a stream sends nothing for `seconds` (10) while pings are answered; what it had to say is lost",
    K.MUTE: "a connection says nothing for `seconds` (10), not even to a ping",
    K.BAD_FRAME: "a frame that is no message comes before the right one",
    K.TORN_FRAME: "half of a message comes instead of it",
    K.CLOSE: "a stream is closed with the code `status` (1001)",
    K.CUT: "a stream's connection is reset",
    K.CLOCK: "the venue's clock is wrong by `seconds` (-5), until `for` has passed",
    K.PARTIAL_CLOSE: "closing all positions refuses the symbol",
    K.REVOKED: "the keys are refused from now on, until `for` has passed",
    K.FOREIGN_ORDER: "an order of `side` (buy) and `quantity` (1) of the symbol that no client placed",
    K.FOREIGN_POSITION: "a holding of the symbol moves by `quantity` (1) without an order",
    K.HALT: "trading of the symbol is halted, until `for` has passed",
    K.NO_FILL: "orders of the symbol do not fill, until `for` has passed",
    K.REJECT: "an order is accepted, and then rejected by the market",
    K.LATE_CANCEL: "a cancel is answered as done, but the order has filled",
    K.CANCEL_ONLY: "new orders are refused, cancels are not, until `for` has passed",
    K.POST_ONLY: "orders that would trade at once are refused, until `for` has passed",
    K.MAINTENANCE: "requests are answered with 503 and streams say nothing, until `for` has passed",
    K.UNREACHABLE: "no connection is taken for `seconds` (10) of the machine's clock; open ones stay",
    K.NO_PINGS: "the venue sends no pings and no heartbeats, until `for` has passed",
    K.SHUTDOWN: "the venue announces its shutdown where it does so, and closes all streams `seconds` (5) later",
    K.STALE: "a snapshot of the book is `seconds` (10) old",
    K.CHECKSUM: "the checksum of a message of the book is wrong",
    K.NO_ACK: "a subscription begins without an answer to it",
}
BEFORE = frozenset({K.RESET, K.HALF_OPEN, K.DELAY, K.RATE_LIMIT, K.BANNED, K.ERROR, K.HTML, K.LATE})
AFTER = frozenset({K.ERROR_AFTER, K.RESET_AFTER, K.HIDDEN, K.SLOW, K.TRUNCATED, K.MALFORMED})
LISTED = frozenset({K.MISSING_ROWS, K.OVERLAP})
MESSAGE = frozenset(
    {K.LOSE, K.DUPLICATE, K.REORDER, K.REPLAY, K.STALL, K.MUTE, K.BAD_FRAME, K.TORN_FRAME, K.CLOSE, K.CUT, K.DROP}
    | {K.ABSURD, K.WRONG_TYPE, K.UNKNOWN_FIELD, K.UNKNOWN_EVENT, K.BAD_TEXT, K.HUGE_FRAME, K.FRAGMENTED}
)
VENUE = frozenset(
    {K.CLOCK, K.REVOKED, K.FOREIGN_ORDER, K.FOREIGN_POSITION, K.HALT, K.NO_FILL, K.NO_PINGS, K.SHUTDOWN}
    | {K.CANCEL_ONLY, K.POST_ONLY, K.MAINTENANCE, K.UNREACHABLE}
)
CLOSING = frozenset({K.PARTIAL_CLOSE})
SHOWN = frozenset({K.STALE})
SUMMED = frozenset({K.CHECKSUM})
ACKED = frozenset({K.NO_ACK})
PLACING = frozenset({K.REJECT})
CANCELLING = frozenset({K.LATE_CANCEL})
ABSURD = ("nan", "negative", "zero", "huge")
NEEDS_SYMBOL = frozenset({K.FOREIGN_ORDER, K.FOREIGN_POSITION, K.HALT, K.NO_FILL})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, and when.

    `on` is a pattern of `METHOD /path` or of a channel (`trade_updates`, `quotes`), `symbol` narrows it. Of what
    matches, the one numbered `at` (from 1) is hit, or each with probability `p`, else the next; not before `after`
    seconds of the run; `times` in all (once, but without end where there is a `p`; 0 is without end). What a fault
    of the venue changes lasts for `lasting` seconds (0: for good). `count` and `value` are of the kind.
    """

    kind: FaultKind
    on: str = "*"
    symbol: str | None = None
    at: int | None = None
    p: float | None = None
    after: float = 0.0
    times: int | None = None
    seconds: float | None = None
    status: int | None = None
    lasting: float = 0.0
    quantity: Decimal = Decimal(1)
    side: Side = Side.BUY
    count: int | None = None
    value: str = ""
    name: str = ""

    @property
    def most(self) -> int | None:
        """How often it fires at most; None for without end."""
        if self.times is not None:
            return self.times or None
        return None if self.p is not None else 1

    def lasts(self, usual: float) -> float:
        """Its seconds, or the usual ones."""
        return usual if self.seconds is None else self.seconds

    def counts(self, usual: int) -> int:
        """Its count, or the usual one."""
        return usual if self.count is None else self.count

    def answers(self, usual: int) -> int:
        """Its status, or the usual one."""
        return usual if self.status is None else self.status
