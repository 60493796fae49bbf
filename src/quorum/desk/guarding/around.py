"""What lies around a book and a proposal: the store's part, the file's sectors, what moves together, and halts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from quorum.desk.desk import Accounting, Desk
from quorum.desk.guarding.clusters import clusters_of
from quorum.desk.guarding.histories import kelly_fractions, volatilities
from quorum.domain import ZERO, Book, OrderIntent, Part, Proposal
from quorum.execution import make_intent
from quorum.risk import Around, Asked

Parts = Mapping[str, Decimal]


def surroundings(desk: Desk, transaction: Accounting, book: Book, wish: Proposal, parts: Parts | None = None) -> Around:
    """All that the limits beyond the book look at, within the account's transaction.

    `parts` are the strategies whose order it is, signed quantities; of several the one with the largest part is asked
    for the whole of it, which is the stricter way. What came of it is short enough to be stored with the decision.
    """
    intent = _intent(wish, parts or {})
    whose = max(parts, key=lambda name: (abs(parts[name]), name)) if parts else None
    allocation = None if whose is None else allocation_of(desk, book.account, whose)
    found = whole(desk, transaction, transaction.around(book, wish.as_of, Asked(intent.intent_id, whose, allocation)))
    halts = tuple(f"{halt.name}: {halt.reason}" for halt in desk.halts.standing() if halt.stops(intent))
    near = frozenset(_symbols(book, wish.symbol)) | _elsewhere(found)
    clusters = clusters_of(desk, found, near, book.account)
    mine = transaction.holdings().get((whose, wish.symbol)) if whose else None
    held = None if whose is None else ZERO if mine is None else mine.quantity
    around = replace(found, sectors=desk.settings.risk.groups(), clusters=clusters, halts=halts, strategy_held=held)
    return sized(desk, around, book.account, (wish.symbol,)).about(wish)


def sized(desk: Desk, around: Around, account: str, symbols: Iterable[str]) -> Around:
    """With what the ways of sizing look at, where the account's limits have any."""
    limits, names = desk.limits(account), {*around.strategies, *([around.strategy] if around.strategy else [])}
    moves = volatilities(desk, symbols, around.now) if limits.volatility_target is not None else {}
    kelly = kelly_fractions(desk, account, names, around.now) if limits.kelly_share is not None else {}
    return replace(around, volatility=moves, kelly=kelly)


def whole(desk: Desk, transaction: Accounting, around: Around) -> Around:
    """With the limits over all accounts, where risk.yaml has any."""
    limits = desk.settings.risk.desk.of_all()
    return replace(around, wide=transaction.wide(limits, around.now)) if limits else around


def _elsewhere(around: Around) -> frozenset[str]:
    """What other accounts hold that may move together with what is asked for, where a limit counts it."""
    counts = around.wide is not None and "max_cluster" in around.wide.limits
    return frozenset(around.wide.exposures) if counts and around.wide is not None else frozenset()


def allocation_of(desk: Desk, account: str, strategy_id: str) -> Decimal | None:
    """What a deployed strategy may take of its book; None where it is not deployed there."""
    records = desk.life.books.deployments.listed(strategy_id=strategy_id)
    mine = [record for record in records if record["account"] == account]
    return Decimal(str(mine[-1]["allocation"])) if mine else None


def _symbols(book: Book, symbol: str) -> set[str]:
    held = {name for name, position in book.positions.items() if position.quantity}
    return held | set(book.reserved) | {symbol}


def _intent(wish: Proposal, parts: Parts) -> OrderIntent:
    """The intent that the proposal would become, for its id and for what stops it."""
    intent = make_intent(wish, wish.quantity, wish.price, "", 0, wish.as_of)
    total = sum(parts.values(), Decimal(0))
    if not parts or not wish.quantity or abs(total) != wish.quantity:
        return intent
    return replace(intent, parts=tuple(Part(name, quantity) for name, quantity in parts.items() if quantity))
