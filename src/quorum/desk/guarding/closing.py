"""What a breaker closes: each holding's share, as orders of those whose it is, tried again until it is closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from quorum.desk.desk import Accounting, Desk
from quorum.desk.facts import verdict_facts
from quorum.desk.guarding.prices import Priced
from quorum.domain import (
    MINUTE,
    ZERO,
    BrokerError,
    Choice,
    Clock,
    DecisionKind,
    Instrument,
    NotFound,
    Order,
    Part,
    Proposal,
    Purpose,
    QuorumError,
    Side,
    Vetoed,
    plain,
)
from quorum.engine import intend, judge
from quorum.execution import next_attempt
from quorum.execution.netting import net, shares
from quorum.risk import Breaker, closings

EXPIRES = 60 * MINUTE
WIDTH = Decimal("0.1")
"""How far from the newest price a closing may fill, as in an emergency: what falls is not held back by a collar."""
ATTEMPTS = 20


class Step(NamedTuple):
    """A breaker that acts on an account at an instant, with the prices and steps of what is held.

    `blind` are symbols of which the lake knows no price: what they cost stands for it, and they close at what there is.
    """

    account: str
    now: int
    breaker: Breaker
    prices: Mapping[str, Priced]
    blind: frozenset[str] = frozenset()


class _Piece(NamedTuple):
    """A signed quantity of a symbol, and whose it is, signed by strategy; nobody for the desk's own."""

    symbol: str
    quantity: Decimal
    parts: Mapping[str, Decimal]


def close_part(desk: Desk, transaction: Accounting, step: Step, parent: str) -> list[str]:
    """The intents that close the breaker's share of every holding, each with risk's word; client order ids.

    What strategies hold against each other crosses first where everything is closed.
    """
    share = step.breaker.close
    if not share:
        return []
    if share == 1:
        _cross(transaction, step, parent)
    instruments = {symbol: one.instrument for symbol, one in step.prices.items()}
    wanted = closings(transaction.book(), share, instruments)
    pieces = [p for symbol, quantity in wanted.items() for p in _pieces(transaction, step, symbol, quantity)]
    return [name for piece in pieces if (name := _intended(desk, transaction, step, piece, parent))]


def send_closings(desk: Desk, step: Step, clock: Clock, names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Let closings leave; those that filled or may still fill, and why others did not.

    One that ended unfilled is tried again for what is left of it, at the newest price.
    """
    done, failed = list[str](), dict[str, str]()
    for name in names:
        try:
            order = _sent(desk, step, newest_attempt(desk, desk.orders.get(name)), clock)
        except QuorumError as error:
            failed[name] = str(error)
            continue
        if order.status.terminal and unfilled(order):
            failed[name] = f"{order.intent.symbol}: it ended {order.status.value}, {unfilled(order)} are not closed"
        else:
            done.append(order.intent.client_order_id)
    return done, failed


def _cross(transaction: Accounting, step: Step, parent: str) -> None:
    """Book what strategies of the account hold against each other, at the newest price, without an order."""
    held = transaction.holdings()
    for symbol in sorted({symbol for _, symbol in held} & set(step.prices)):
        theirs = {name: -one.quantity for (name, of), one in held.items() if of == symbol and one.quantity}
        for cross in net(theirs).crosses:
            reference = f"cross|{step.account}|{symbol}|{cross.buyer}|{cross.seller}|{parent}"
            transaction.cross(symbol, cross, step.prices[symbol].last.price, (step.now, reference))


def _pieces(transaction: Accounting, step: Step, symbol: str, quantity: Decimal) -> Iterator[_Piece]:
    """A closing as the strategies' part of it, pro rata, and the desk's own."""
    held, lot = transaction.book().quantity(symbol), step.prices[symbol].instrument.lot
    theirs = {name: one.quantity for (name, of), one in transaction.holdings().items() if of == symbol}
    same = {name: amount for name, amount in theirs.items() if amount * held > 0}
    total, asked = abs(sum(same.values(), ZERO)), abs(quantity)
    if total < abs(held):
        asked = min((asked * total / abs(held) / lot).to_integral_value(ROUND_CEILING) * lot, total, asked)
    sign = 1 if quantity > 0 else -1
    if asked:
        parts = shares([Part(name, -amount) for name, amount in sorted(same.items())], {}, ZERO, asked)
        yield _Piece(symbol, sign * asked, parts)
    if asked < abs(quantity):
        yield _Piece(symbol, quantity - sign * asked, {})


def _intended(desk: Desk, transaction: Accounting, step: Step, piece: _Piece, parent: str) -> str:
    """The client order id of its intent; empty where risk finds nothing left to close."""
    symbol, quantity = piece.symbol, piece.quantity
    one, limits, book = step.prices[symbol], desk.limits(step.account), transaction.book()
    owners = "".join(f"|{name}" for name in piece.parts)
    wish = Proposal(
        purpose=Purpose.REDUCTION,
        account=step.account,
        symbol=symbol,
        side=Side.BUY if quantity > 0 else Side.SELL,
        quantity=abs(quantity),
        price=one.last.price,
        as_of=step.now,
        expires=step.now + EXPIRES,
        key=f"{symbol}|breaker|{parent}{owners}",
        origin=parent,
    )
    verdict = judge(wish, book, limits, one.instrument)
    seen = {"proposal": wish, "book": book, "limits": limits, "instrument": one.instrument}
    inputs = {name: plain(value) for name, value in seen.items()}
    judged = {"proposal": plain(wish), **verdict_facts(verdict)}
    why = f"a breaker closes {step.breaker.close:.0%} of it"
    risk = transaction.record(Choice(DecisionKind.RISK, symbol, step.now, inputs, judged, why, (parent,)))
    if isinstance(verdict, Vetoed):
        return ""
    wanted = intend(wish, verdict, risk.decision_id, book, (limits, one.instrument))
    collar = worst(wish.side, wish.price, one.instrument, symbol in step.blind)
    parts = _fitted(piece.parts, wanted.quantity)
    return transaction.intend(replace(wanted, collar=collar, parts=parts)).intent.client_order_id


def worst(side: Side, price: Decimal, instrument: Instrument, blind: bool) -> Decimal:
    """The worst price of what must go: a tenth beyond the newest one, or any where none is known."""
    width = Decimal(1) if blind else WIDTH
    level = (price * (1 + side.sign * width) / instrument.tick).to_integral_value(ROUND_CEILING) * instrument.tick
    return max(level, instrument.tick)


def _sent(desk: Desk, step: Step, order: Order, clock: Clock) -> Order:
    """The order after it left; one that ended with something left is tried once more."""
    after = desk.sender(step.account, clock).send(order)
    again = _again(desk, step, after) if after.status.terminal and unfilled(after) else None
    return after if again is None else desk.sender(step.account, clock).send(again)


def unfilled(order: Order) -> Decimal:
    """What of an order has not been filled, whether it may still be or not."""
    return order.intent.quantity - order.filled


def newest_attempt(desk: Desk, order: Order) -> Order:
    """The newest attempt at a closing; each attempt's id follows from the one before it."""
    for _ in range(ATTEMPTS):
        try:
            order = desk.orders.get(next_attempt(order.intent, 2).client_order_id)
        except NotFound:
            return order
    raise BrokerError(
        f"{order.intent.symbol}: {ATTEMPTS} attempts at closing it failed", "close it by `quorum close-all`"
    )


def _again(desk: Desk, step: Step, ended: Order) -> Order | None:
    """The next attempt at what a closing left open, committed; None where nothing is to be closed any more."""
    intent, one = ended.intent, step.prices.get(ended.intent.symbol)
    with desk.accounts.transaction(step.account) as transaction:
        book = transaction.book()
        held = book.quantity(intent.symbol)
        free = abs(held) - book.closing.get(intent.symbol, ZERO) if held * intent.side.sign < 0 else ZERO
        left = min(unfilled(ended), free)
        if left <= 0 or one is None:
            return None
        price = one.last.price
        fresh = replace(
            next_attempt(intent, 2),
            quantity=left,
            price=price,
            collar=worst(intent.side, price, one.instrument, intent.symbol in step.blind),
            reserve=left * price,
            parts=_fitted({part.strategy_id: part.quantity for part in intent.parts}, left),
            account_version=book.version,
            created_at=step.now,
            expires_at=step.now + EXPIRES,
        )
        return transaction.intend(fresh)


def _fitted(parts: Mapping[str, Decimal], quantity: Decimal) -> tuple[Part, ...]:
    """The parts as they share in a smaller quantity."""
    if not parts:
        return ()
    found = shares([Part(*part) for part in parts.items()], {}, ZERO, quantity)
    return tuple(Part(name, amount) for name, amount in found.items())
