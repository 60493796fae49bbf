"""From the books, the decisions and the venue's journal to what the page tells of the chapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.desk import Desk, books
from quorum.desk.trading import reconcile
from quorum.desk.trading.accounting import statement_of
from quorum.desk.trading.turns import Turn, attributions
from quorum.domain import SECOND, ZERO, Fill, Order, OrderKind, Purpose, iso
from quorum.execution.statement import WHOLE
from quorum.lake import Bars
from quorum.surfaces.demo.trading.venue import ACCOUNT, Venue
from quorum.surfaces.report import Agreement, ClosedStory, ExecutionStory, LimitLine, LostStory, Mark, SentLine

Word = Mapping[str, Any]


class Deployment(NamedTuple):
    """A strategy that trades, and what a person said yes to."""

    strategy_id: str
    name: str
    deployment_id: str
    approval_id: str
    summary: str


class Happened(NamedTuple):
    """The market as far as it went, the turn whose reply was lost, risk's words, and what close-all did."""

    bars: Bars
    lost: Turn | None
    shrunk: Word | None
    vetoed: Word | None
    closed: Mapping[str, Any]


def tell_trading(desk: Desk, venue: Venue, deployment: Deployment, happened: Happened) -> ExecutionStory:
    """The story; books and venue are reconciled once more, and compared to the last unit."""
    found = reconcile(desk, ACCOUNT)
    report = books(desk, ACCOUNT)
    orders = desk.orders.of(ACCOUNT)
    fills = [fill for order in orders for fill in _fills(desk, order)]
    mine = [one for one in attributions(desk) if one.strategy_id == deployment.strategy_id and one.account == ACCOUNT]
    accepted, traded = venue.journal("accepted"), venue.journal("traded")
    ours, theirs = report.book, report.venue
    return ExecutionStory(
        strategy_id=deployment.strategy_id,
        name=deployment.name,
        summary=deployment.summary,
        approval_id=deployment.approval_id,
        deployment_id=deployment.deployment_id,
        venue=f"a simulated Alpaca, quorum sim at {venue.url}",
        account=ACCOUNT,
        currency=ours.currency,
        bars=happened.bars,
        marks=tuple(Mark(f.time, float(f.price), f.side, f"{f.side} {f.quantity} at {f.price}") for f in fills),
        orders=tuple(_sent(desk, order) for order in orders),
        limits=tuple(_limit(word) for word in (happened.shrunk, happened.vetoed) if word is not None),
        lost=_lost(desk, happened.lost, accepted),
        closed=_closed(happened.closed),
        slippage_bps=next((float(one.slippage_bps) for one in mine if one.slippage_bps is not None), None),
        statement=tuple(_statement(desk)),
        agreed=(
            Agreement("orders", str(len([o for o in orders if o.sent is not None])), str(len(accepted))),
            Agreement("fills", str(len(fills)), str(len(traded))),
            Agreement(
                "cash, USD", f"{ours.cash.normalize():f}", f"{theirs.cash.get(ours.currency, ZERO).normalize():f}"
            ),
            Agreement(venue.symbol, *(f"{q.normalize():f}" for q in _held(ours, theirs, venue.symbol))),
        ),
        postings=report.audit.postings,
        differences=(*map(str, report.audit.faults), *report.differences, *(str(one.difference) for one in found.left)),
    )


def _fills(desk: Desk, order: Order) -> Sequence[Fill]:
    return desk.orders.fills_of(order.intent.client_order_id)


def _held(ours: Any, theirs: Any, symbol: str) -> tuple[Decimal, Decimal]:
    return ours.quantity(symbol), theirs.positions.get(symbol, ZERO)


def _sent(desk: Desk, order: Order) -> SentLine:
    intent, fills = order.intent, _fills(desk, order)
    asked = desk.decisions.get(intent.decision_id).choice.outcome.get("proposal", {}).get("quantity", intent.quantity)
    worth = sum((fill.quantity * fill.price for fill in fills), ZERO)
    return SentLine(
        iso(intent.created_at // SECOND * SECOND),
        intent.client_order_id,
        intent.side.value,
        Decimal(str(asked)),
        intent.quantity,
        order.filled,
        worth / order.filled if order.filled else None,
        sum((fill.fee for fill in fills), ZERO),
        fills[0].fee_currency if fills else "",
        _why(order),
        order.status.value,
    )


def _why(order: Order) -> str:
    if order.intent.terms.kind is OrderKind.STOP:
        return "its stop"
    return "exit" if order.intent.purpose is Purpose.REDUCTION else "entry"


def _limit(word: Word) -> LimitLine:
    allowed = ZERO if word["verdict"] == "vetoed" else Decimal(str(word["quantity"]))
    asked = Decimal(str(word["proposal"]["quantity"]))
    return LimitLine(word["decision_id"], word["verdict"], asked, allowed, "; ".join(word["reasons"]))


def _lost(desk: Desk, turn: Turn | None, accepted: Sequence[Mapping[str, Any]]) -> LostStory | None:
    if turn is None:
        return None
    name = turn.orders[0]["client_order_id"]
    events = [row["status"] for row in desk.rows(("order_event",))["order_event"] if row["client_order_id"] == name]
    statuses = tuple(dict.fromkeys(events))
    return LostStory(name, statuses, sum(line["ticket"]["client_order_id"] == name for line in accepted))


def _closed(told: Mapping[str, Any]) -> ClosedStory:
    return ClosedStory(
        f"{told['halted']} ({told['severity']}) by {told['by']}: {told['reason']}",
        len(told["cancelled"]),
        tuple(f"{one['quantity']} {one['symbol']}" for one in told["closed"]),
        tuple(f"{one['what']}: {one['why']}" for one in told["failed"]),
        tuple(told["notes"]),
        told["seconds"],
    )


def _statement(desk: Desk) -> Iterator[tuple[str, Decimal]]:
    """The account's own statement of all of its time, in words."""
    shown = statement_of(desk, ACCOUNT, 0, desk.clock.now() + SECOND)
    with desk.accounts.transaction(ACCOUNT) as transaction:
        book = transaction.book()
    whole = [line for line in shown.lines if line.owner == WHOLE]
    yield "capital paid in", book.funded
    yield "realised, before costs", sum((line.position.realised for line in whole), ZERO)
    yield "fees in coins, at their fills", -sum((line.in_kind for line in whole), ZERO)
    yield "fees in cash", -sum((line.fees.get(book.currency, ZERO) for line in whole), ZERO)
    yield "still in holdings, at cost", -sum((line.position.cost for line in whole), ZERO)
    yield "cash", shown.closing.get(book.currency, ZERO)
