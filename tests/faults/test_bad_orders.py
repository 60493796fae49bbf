"""What makes no sense, or may not be, is refused or escalated by its field and its rule, and nothing of it trades."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.alpaca.alpaca_desk import desk_at, wish
from domain.words import proposal
from execution.books import Books, books_at
from quorum.adapters.alpaca.trading.opening import open_line
from quorum.adapters.keys import Keys
from quorum.domain import (
    BrokerError,
    ConfigError,
    Halt,
    Hold,
    OrderKind,
    OrderStatus,
    OrderTerms,
    QuorumError,
    Scope,
    Severity,
    SystemClock,
    UsageError,
)
from quorum.execution import Sender
from quorum.execution.fakes import ListedHalts
from quorum.execution.reconcile import Ours, Policy, Theirs, resolutions
from simulator.sim_markets import NOON, fault

LIMIT = OrderTerms(OrderKind.LIMIT)
STOP = OrderTerms(OrderKind.STOP, trigger=Decimal("105.001"))
REVOKED = (fault("revoked", on="POST /v2/orders"),)


@dataclass(frozen=True)
class Bad:
    """An order that is refused: what it is, where, the words of the refusal, and whether the venue was asked at all."""

    name: str
    order: Mapping[str, Any]
    said: str
    asked: bool = True
    venue: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return self.name


BAD = [
    Bad("unknown share", {"symbol": "NOPE"}, "alpaca does not know NOPE; check the symbol", asked=False),
    Bad("unknown pair", {"symbol": "NOPE/USD"}, "alpaca does not know NOPE/USD; check the symbol", asked=False),
    Bad("limit off tick", {"collar": Decimal("100.005"), "terms": LIMIT}, "limit_price 100.005 is off", asked=False),
    Bad("stop off tick", {"collar": Decimal(110), "terms": STOP}, "stop_price 105.001 is off the step", asked=False),
    Bad(
        "part of a share at the opening",
        {"quantity": Decimal("0.5"), "terms": OrderTerms(hold=Hold.OPG)},
        "qty 0.5 is not whole",
        asked=False,
    ),
    Bad(
        "a market that takes no opening orders now",
        {"terms": OrderTerms(hold=Hold.OPG)},
        "opg orders must be submitted after 7:00pm and before 9:28am",
        venue={"hours": "calendar"},
    ),
    Bad("no buying power", {"quantity": Decimal(10_000)}, "insufficient buying power.*cost_basis 1010000"),
    Bad("revoked keys", {}, "refuses the keys", faults=REVOKED),
]


def committed(books: Books, order: Mapping[str, Any]) -> Any:
    """A committed intent for ten shares at about 100, changed."""
    values = {"account": "shares", "symbol": "AAPL", "created_at": NOON, "expires_at": NOON + 3_600 * 10**9, **order}
    return books.commit(1, **values)


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_an_order_that_may_not_be_is_rejected_by_its_field_and_rule(bad: Bad, tmp_path: Path) -> None:
    books = books_at(tmp_path)
    with desk_at(*bad.faults, **bad.venue) as desk:
        books.clock.advance_to(NOON)
        order = books.sender(desk.broker).send(committed(books, bad.order))
        assert order.status is OrderStatus.REJECTED
        detail = books.orders.events_of("Q1")[-1]["detail"]
        assert re.search(bad.said, detail), detail
        assert desk.happened("accepted", "traded") == []
        refused_by_venue = bool(desk.happened("declined")) or bool(bad.faults)
        assert refused_by_venue is bad.asked
    assert books.audit().balanced


@pytest.mark.parametrize("size", ["NaN", "-NaN", "Infinity", "-5"])
def test_a_size_that_is_no_size_is_refused_before_there_is_an_intent(size: str) -> None:
    with pytest.raises(UsageError, match="makes no sense"):
        proposal(quantity=Decimal(size))


@pytest.mark.parametrize("size", ["NaN", "Infinity", "-5", "0"])
def test_a_size_that_got_by_all_the_same_does_not_leave(size: str) -> None:
    with desk_at() as desk:
        with pytest.raises(BrokerError, match=f"qty {size} makes no sense"):
            desk.broker.submit(wish(quantity=size))
        assert desk.happened("accepted", "declined") == []


@pytest.mark.parametrize("host", ["paper", "http://127.0.0.1:9"])
def test_live_keys_in_a_paper_desk_are_refused_without_a_request(host: str, tmp_path: Path) -> None:
    keys = Keys({"K": "AKREALMONEY000000000", "S": "secret-of-it"}, tmp_path)
    with pytest.raises(ConfigError) as refusal:
        open_line("paper-usd", host, ("env:K", "env:S"), keys, SystemClock())
    assert "real money" in str(refusal.value)
    assert "AKREAL" not in str(refusal.value)


def test_an_account_with_foreign_positions_is_escalated_and_sends_nothing(tmp_path: Path) -> None:
    books = books_at(tmp_path)
    with desk_at(fault("foreign_position", on="GET /v2/account", symbol="AAPL", quantity="7")) as desk:
        books.clock.advance_to(NOON)
        ours = Ours(books.book("shares"), NOON)
        found = [r for r in resolutions(ours, Theirs(desk.broker.account()), Policy()) if "AAPL" in str(r.difference)]
        (one,) = found
        assert (str(one.difference), one.why) == ("AAPL: 0 here, 7 at the venue", "foreign_positions: halt")
        halts = ListedHalts(Halt(Scope.ACCOUNT, "shares", Severity.RED, one.why, "reconciliation", NOON))
        sender = Sender(desk.broker, books.work, books.clock, halts)
        order = sender.send(committed(books, {}))
        assert order.status is OrderStatus.CANCELLED
        assert "foreign_positions: halt" in books.orders.events_of("Q1")[-1]["detail"]
        assert desk.happened("accepted", "declined") == []


def test_every_refusal_says_what_to_do() -> None:
    with desk_at() as desk:
        for changed in ({"symbol": "NOPE"}, {"quantity": "10000"}, {"collar": Decimal("100.005"), "terms": LIMIT}):
            with pytest.raises(QuorumError) as refusal:
                desk.broker.submit(wish(**changed))  # type: ignore[arg-type]
            assert refusal.value.remedy
