"""Stops that rest at a venue while a breaker acts: ended, moved nearer, and put back on what is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from quorum.desk.desk import Accounting, Desk
from quorum.desk.facts import verdict_facts
from quorum.desk.guarding.closing import Step
from quorum.domain import (
    DAY,
    ZERO,
    Choice,
    Clock,
    DecisionKind,
    Order,
    OrderStatus,
    Part,
    Proposal,
    Purpose,
    QuorumError,
    Vetoed,
    plain,
)
from quorum.engine import intend, judge
from quorum.execution.target import StrategyTarget

HOLDS = 365 * DAY
Levels = Mapping[str, Decimal]


def nearer(own: Decimal, tight: Decimal | None, held: Decimal) -> Decimal:
    """The stop of a holding of `held` units, signed: its own, or a breaker's where that is nearer."""
    if tight is None:
        return own
    return max(own, tight) if held > 0 else min(own, tight)


def end_orders(
    desk: Desk, step: Step, clock: Clock, ends: Callable[[Order], bool], why: str
) -> tuple[list[Order], dict[str, str]]:
    """Cancel the open orders of the account that `ends` names: those that were, and why others were not."""
    done, failed = list[Order](), dict[str, str]()
    for order in filter(ends, desk.orders.of(step.account, only_open=True)):
        try:
            ended = desk.sender(step.account, clock).cancel(order, why)
            done += [ended] if ended.status is OrderStatus.CANCELLED else []
        except QuorumError as error:
            failed[order.intent.client_order_id] = str(error)
    return done, failed


def is_stop(order: Order) -> bool:
    """Whether it rests at the venue and lets go of a holding when its price is reached."""
    return order.intent.terms.kind.waits and order.intent.purpose is Purpose.REDUCTION


def is_looser(order: Order, levels: Levels) -> bool:
    """Whether a stop is farther from the price than the level that a breaker has set for its symbol."""
    own, held = order.intent.terms.trigger, -order.intent.side.sign * order.intent.quantity
    return own is not None and is_stop(order) and nearer(own, levels.get(order.intent.symbol), held) != own


def put_back(
    desk: Desk, step: Step, clock: Clock, ended: Sequence[Order], levels: Levels
) -> tuple[list[str], dict[str, str]]:
    """Rest stops again in the place of those that ended, on what is left, at `levels` where they are nearer.

    The client order ids, and why others do not rest; one that somebody has put back meanwhile stays as it is.
    """
    if not ended:
        return [], {}
    with desk.accounts.transaction(step.account) as transaction:
        wanted = [order for one in ended if (order := _again(desk, transaction, step, one, levels)) is not None]
    done, failed = list[str](), dict[str, str]()
    for order in wanted:
        try:
            after = desk.sender(step.account, clock).send(order)
        except QuorumError as error:
            failed[order.intent.client_order_id] = str(error)
            continue
        if after.status.terminal and not after.filled:
            failed[order.intent.client_order_id] = f"the stop of {order.intent.symbol} ended {after.status.value}"
        else:
            done.append(order.intent.client_order_id)
    return done, failed


def _again(desk: Desk, transaction: Accounting, step: Step, ended: Order, levels: Levels) -> Order | None:
    """The stop that takes the place of one that ended, written with risk's word; None where none is needed."""
    intent, symbol = ended.intent, ended.intent.symbol
    target = next((t for t in transaction.targets() if t.stop_id == intent.client_order_id), None)
    if target is None or intent.terms.trigger is None or symbol not in step.prices:
        return None
    position = transaction.holdings().get(target.key)
    held = ZERO if position is None else position.quantity
    if held * intent.side.sign >= 0:
        return None
    return _rest(desk, transaction, step, (target, ended, held, nearer(intent.terms.trigger, levels.get(symbol), held)))


def _rest(
    desk: Desk, transaction: Accounting, step: Step, what: tuple[StrategyTarget, Order, Decimal, Decimal]
) -> Order | None:
    target, ended, held, trigger = what
    instrument, book, limits = step.prices[target.symbol].instrument, transaction.book(), desk.limits(step.account)
    wish = Proposal(
        purpose=Purpose.REDUCTION,
        account=step.account,
        symbol=target.symbol,
        side=ended.intent.side,
        quantity=abs(held),
        price=trigger,
        as_of=step.now,
        expires=step.now + HOLDS,
        key=f"{target.symbol}|{target.strategy_id}|stop again|{trigger}|{held}|{ended.intent.client_order_id}",
        origin=ended.intent.decision_id,
    )
    verdict = judge(wish, book, limits, instrument)
    seen = {"proposal": wish, "book": book, "limits": limits, "instrument": instrument}
    inputs = {name: plain(value) for name, value in seen.items()}
    told = {"proposal": plain(wish), **verdict_facts(verdict)}
    why = f"a stop of {target.strategy_id} rests again at {trigger} while a breaker holds"
    parents = (ended.intent.decision_id,)
    risk = transaction.record(Choice(DecisionKind.RISK, target.symbol, step.now, inputs, told, why, parents))
    if isinstance(verdict, Vetoed):
        return None
    wanted = intend(wish, verdict, risk.decision_id, book, (limits, instrument))
    collar = instrument.tick if ended.intent.side.sign < 0 else 2 * trigger
    terms = replace(ended.intent.terms, trigger=trigger)
    parts = (Part(target.strategy_id, ended.intent.side.sign * wanted.quantity),)
    order = transaction.intend(replace(wanted, collar=collar, terms=terms, parts=parts))
    transaction.keep_target(replace(target, stop_id=order.intent.client_order_id))
    return order
