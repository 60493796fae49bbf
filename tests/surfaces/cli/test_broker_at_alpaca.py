"""The venue's side on the command line, of an account at Alpaca: a real exchange on loopback, and the desk's books."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from quorum.bootstrap import open_desk
from quorum.desk import Desk, make_workspace
from quorum.domain import Choice, DecisionKind, Order, OrderStatus, Proposal, Purpose, Side, plain
from quorum.execution import make_intent
from quorum.simulator import Address
from simulator.sim_markets import fault, venue
from surfaces.cli.commands import Quorum

D = Decimal


@pytest.fixture
def exchange() -> Iterator[Address]:
    """Alpaca simulated; the second order is answered by a time-out, and was done."""
    with venue(fault("error_after", on="POST /v2/orders", at=2), cash=D(50_000), start=1_800_000_000_000_000_000) as at:
        yield at[0]


def workspace(folder: Path, exchange: Address) -> Path:
    home = folder / "desk"
    make_workspace(home, ("momentum",))
    terms = f'book: equities, currency: USD, cash: 1, venue: alpaca, host: "{exchange.url}", keys: "file:keys.env"'
    (home / "config" / "accounts.yaml").write_text(f"accounts:\n  shares: {{{terms}}}\n", encoding="utf-8")
    file = home / "keys.env"
    file.touch(0o600)
    lines = (f"ALPACA_API_KEY={exchange.keys.key}", f"ALPACA_SECRET_KEY={exchange.keys.secret}")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return home


def trade(desk: Desk, number: int, side: Side, quantity: str, collar: str) -> Order:
    """Approve, commit and send an order as the desk does."""
    now = desk.clock.now()
    values = {"purpose": Purpose.REDUCTION, "account": "shares", "symbol": "AAPL", "side": side, "price": D(100)}
    wish = Proposal(
        **values,  # type: ignore[arg-type]
        quantity=D(quantity),
        as_of=now,
        expires=now + 3600 * 10**9,
        key=f"order {number}",
        origin="DEC-20240603-001",
    )
    with desk.accounts.transaction("shares") as transaction:
        said = {"proposal": plain(wish), "verdict": "approved", "quantity": quantity, "reasons": []}
        decision = transaction.record(Choice(DecisionKind.RISK, "AAPL", now, {}, said, "room is left"))
        version = transaction.book().version
        order = transaction.intend(make_intent(wish, D(quantity), D(collar), decision.decision_id, version, now))
    return desk.sender("shares").send(order)


def test_what_was_sent_to_alpaca_is_shown_and_reconciles(bare: Quorum, tmp_path: Path, exchange: Address) -> None:
    home = workspace(tmp_path, exchange)
    at = ("--account", "shares", "--home", home, "--json")
    opened = bare("broker", "account", *at).json
    assert (opened["cash"], opened["paid_in"]) == ("50000", "50000")
    desk = open_desk(home)
    sent = (
        trade(desk, 1, Side.BUY, "10", "101"),
        trade(desk, 2, Side.BUY, "5", "101"),
        trade(desk, 3, Side.BUY, "1", "90"),
    )
    assert [order.status for order in sent] == [OrderStatus.ACCEPTED, OrderStatus.UNKNOWN, OrderStatus.ACCEPTED]
    said = bare("broker", "reconcile", *at)
    assert said.code == 0, said.out
    assert (said.json["balanced"], said.json["fills"]) == (True, 2)
    statuses = [order["status"] for order in bare("broker", "orders", *at).json["orders"]]
    assert statuses == ["filled", "filled", "accepted"]
    (held,) = bare("broker", "positions", *at).json["positions"]
    assert (held["symbol"], D(held["quantity"])) == ("AAPL", D(15))
    assert D(bare("broker", "account", *at).json["cash"]) == D(50_000) - 15 * D("100.01")


def test_a_key_that_anybody_may_read_and_a_venue_that_is_away_are_one_clear_line(
    bare: Quorum, tmp_path: Path, exchange: Address
) -> None:
    home = workspace(tmp_path, exchange)
    (home / "keys.env").chmod(0o644)
    refused = bare("broker", "account", "--account", "shares", "--home", home)
    assert "others may use it (mode 644); run `chmod 600" in refused.error
    assert exchange.keys.secret not in refused.err


def test_what_other_hands_did_at_the_venue_stands_beside_our_books(
    bare: Quorum, tmp_path: Path, exchange: Address
) -> None:
    at = ("--account", "shares", "--home", workspace(tmp_path, exchange))
    assert bare("broker", "account", *at, "--json").json["differences"] == []
    with httpx.Client(base_url=exchange.control) as hand:
        hand.post("/positions", json={"symbol": "MSFT", "quantity": "2"}).raise_for_status()
        bid = {"symbol": "AAPL", "quantity": "3", "side": "buy", "type": "limit", "limit": "10"}
        hand.post("/orders", json=bid).raise_for_status()
    told = bare("broker", "account", *at, "--json").json
    assert told["at_venue"] == {"cash": {"USD": "50000"}, "positions": {"MSFT": "2"}, "open_orders": 1}
    assert told["differences"] == ["MSFT: 0 here, 2 at the venue"]
    (held,) = bare("broker", "positions", *at, "--json").json["positions"]
    assert (held["symbol"], held["quantity"], held["at_venue"]) == ("MSFT", "0", "2")
    orders = bare("broker", "orders", *at, "--json").json
    assert (orders["orders"], [o["symbol"] for o in orders["foreign"]]) == ([], ["AAPL"])
    said = bare("broker", "reconcile", *at)
    assert said.code == 1
    assert "foreign_orders: halt" in said.out
    assert "the account is halted" in said.err


def test_books_are_shown_where_the_venue_does_not_answer(bare: Quorum, tmp_path: Path, exchange: Address) -> None:
    home = workspace(tmp_path, exchange)
    at = ("--account", "shares", "--home", home)
    assert bare("broker", "account", *at).code == 0
    accounts = home / "config" / "accounts.yaml"
    accounts.write_text(accounts.read_text().replace(exchange.url, "http://127.0.0.1:9"), encoding="utf-8")
    for command in ("account", "positions", "orders"):
        said = bare("broker", command, *at, "--json")
        assert said.code == 1
        assert "the venue does not tell its side" in said.err
    assert bare("broker", "account", *at, "--json").json["cash"] == "50000"
