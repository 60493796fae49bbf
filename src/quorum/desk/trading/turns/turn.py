"""One turn of deployed strategies: settle, look, decide, ask risk, send, follow; as often as something moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from quorum.desk.cycle import settle
from quorum.desk.desk import Desk
from quorum.desk.facts import order_facts
from quorum.desk.guarding import tightened_stops, watch_book
from quorum.desk.notices import Event, Occurrence
from quorum.desk.trading.reconciling import reconcile
from quorum.desk.trading.turns.deployed import Deployed, Streams, Wish, barred, deployed, leaving
from quorum.desk.trading.turns.market import Around, Key, Market, Pass
from quorum.desk.trading.turns.passing import one_pass
from quorum.domain import BrokerError, Clock, Order, OrderStatus, QuorumError, Severity, iso, utc_day
from quorum.execution.hours import sells_first

PASSES = 9
"""How often an account is looked at in a turn: what lets go, what opens behind it, and the stops that follow."""


@dataclass
class Turn:
    """What a turn did, as plain facts: where each strategy stands, orders, crosses, risk's words, and what went wrong.

    `errors` are strategies and accounts that were left out, each with the reason.
    """

    at: int
    paper: bool
    auctions: bool = False
    standing: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    crosses: list[dict[str, Any]] = field(default_factory=list)
    risk: list[dict[str, Any]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def trades(self) -> int:
        """How many of its orders were filled whole."""
        return sum(order["status"] == OrderStatus.FILLED for order in self.orders)

    def told(self) -> dict[str, Any]:
        """The plain values, instants as ISO."""
        standing = [{**one, "decided": iso(one["decided"]) if one["decided"] else None} for one in self.standing]
        return {
            "at": iso(self.at),
            "paper": self.paper,
            "standing": standing,
            "orders": self.orders,
            "crosses": self.crosses,
            "risk": self.risk,
            "errors": self.errors,
            "trades": self.trades,
        }


class _Rehearsed(Exception):
    """A dry run ends its transaction by this, so that nothing of it is kept."""


def trade_turn(
    desk: Desk,
    streams: Streams,
    *,
    paper: bool | Literal["live"],
    strategies: Sequence[str] = (),
    clock: Clock | None = None,
    auctions: bool = False,
) -> Turn:
    """Trade what deployed strategies want by the bars that are closed; all of them, or those that are named.

    Without `paper` it says what it would do and changes nothing; accounts with real money trade where it is `live`, and
    are left alone by any other turn that trades. An occasion trades once, whoever runs it: what was
    decided, sent and filled before a crash is found in the account. One strategy that breaks leaves the others alone.
    Where a market is closed nothing is sent; with `auctions` whole shares go into its next opening, when it takes them.
    """
    clock = clock or desk.clock
    turn = Turn(clock.now(), bool(paper), auctions)
    standing = deployed(desk, strategies)
    wishes = _wishes(desk, streams, standing, turn)
    accounts = {of.account for of in standing} | _left(desk, strategies)
    for account in sorted(accounts):
        if paper is True and _has_real_money(desk, account):
            continue
        mine = {key: wish for key, wish in wishes.items() if wish.of.account == account}
        try:
            desk.account_for("", account)
            _account(desk, account, mine, turn, clock)
        except QuorumError as error:
            turn.errors[account] = str(error)
    return turn


def _has_real_money(desk: Desk, account: str) -> bool:
    section = desk.settings.accounts.accounts.get(account)
    return section is not None and section.live


def _wishes(desk: Desk, streams: Streams, standing: Sequence[Deployed], turn: Turn) -> dict[Key, Wish]:
    """What they want; people are told, once a day, of a strategy that could not say it."""
    found, errors = streams.wishes(standing, turn.at)
    for name, error in errors.items():
        turn.errors[name] = str(error)
        if turn.paper:
            details = {"strategy_id": name, "severity": Severity.YELLOW.name, "reason": str(error)}
            summary = f"{name} was left out of trading: {error.found}"
            desk.outbox.raise_(Occurrence(Event.ALERT, f"left_out/{name}/{utc_day(turn.at)}", summary, details))
    return {wish.key: wish for wish in found}


def _left(desk: Desk, strategies: Sequence[str]) -> set[str]:
    """The accounts in which strategies are to let go of what they hold."""
    names = {name for name in leaving(desk) if not strategies or name in strategies}
    rows = desk.rows(("strategy_position",))["strategy_position"] if names else ()
    return {str(row["account"]) for row in rows if row["strategy_id"] in names and Decimal(row["quantity"])}


def _account(desk: Desk, account: str, wishes: Mapping[Key, Wish], turn: Turn, clock: Clock) -> None:
    """Pass over an account until nothing moves any more."""
    if turn.paper:
        for order in reconcile(desk, account, clock).settled:
            tell_order(desk, order)
        watch_book(desk, account, clock)
    sent: dict[str, Order] = {}
    for _ in range(PASSES):
        found = _passed(desk, account, wishes, turn, clock)
        turn.crosses += found.crosses
        turn.risk += found.risk
        if not turn.paper:
            sent = {order.intent.client_order_id: order for order in found.orders}
            break
        moved = _sent(desk, account, found, clock)
        sent |= {order.intent.client_order_id: order for order in moved}
        if not found.moves:
            break
    turn.errors |= {name: why for (name, _), why in found.short.items()}
    turn.standing += found.standing
    turn.orders += [_told(desk, order) if turn.paper else order_facts(order, ()) for order in sent.values()]


def _passed(desk: Desk, account: str, wishes: Mapping[Key, Wish], turn: Turn, clock: Clock) -> Pass:
    """One pass, committed; of a dry run nothing is."""
    abilities, now = desk.broker(account, clock).abilities, clock.now()
    market = Market(desk.hours(account, clock), abilities, now, turn.auctions)
    why_not, tightened = barred(desk, account), tightened_stops(desk, account)
    around = Around(account, now, market, why_not, leaving(desk), tightened)
    found = Pass()
    try:
        with desk.accounts.transaction(account) as transaction:
            found = one_pass(desk, transaction, wishes, around)
            if not turn.paper:
                raise _Rehearsed
    except _Rehearsed:
        pass
    return found


def _sent(desk: Desk, account: str, found: Pass, clock: Clock) -> list[Order]:
    """Cancel what has to go, send what was written, and follow what is open; the orders as they are then."""
    sender = desk.sender(account, clock)
    for order in found.cancels:
        try:
            sender.cancel(order, "another order takes its place")
        except BrokerError:
            continue  # it is looked at again at the next pass
    sells, buys = sells_first(found.orders)
    sent = [sender.send(order) for order in (*sells, *buys)]
    for order in (*sent, *(settle(desk, account, clock) if found.moves else ())):
        tell_order(desk, order)
    return [desk.orders.get(order.intent.client_order_id) for order in sent]


def tell_order(desk: Desk, order: Order) -> None:
    """People hear of an order that was filled, or refused, once."""
    events = {OrderStatus.FILLED: Event.TRADE_EXECUTED, OrderStatus.REJECTED: Event.ORDER_REJECTED}
    event, identity = events.get(order.status), order.intent.client_order_id
    if event is not None:
        facts = _told(desk, order)
        summary = f"{facts['side']} {facts['filled']} of {facts['quantity']} {facts['symbol']}: {facts['status']}"
        summary += f", {facts['detail']}" if facts["detail"] and order.status is OrderStatus.REJECTED else ""
        desk.outbox.raise_(Occurrence(event, identity, summary, facts))


def _told(desk: Desk, order: Order) -> dict[str, Any]:
    """An order with its fills, and what was said of it last: why it was refused, as an example."""
    identity = order.intent.client_order_id
    events = desk.orders.events_of(identity)
    return {**order_facts(order, desk.orders.fills_of(identity)), "detail": events[-1]["detail"] if events else ""}
