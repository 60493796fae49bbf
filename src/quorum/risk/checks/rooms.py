"""The limits of groups: a strategy, a sector, what moves together, and everything at once."""

from __future__ import annotations

from decimal import Decimal

from quorum.domain import ZERO, Book, Check
from quorum.risk.around import Around
from quorum.risk.checks.ask import Ask, room


def room_checks(ask: Ask, around: Around) -> list[Check]:
    """Each group's check: its holdings and open orders at their marks, and the order at its worst price."""
    wish, book, limits, equity = ask.wish, ask.book, ask.limits, ask.equity
    found = [room(ask, "max_leverage", equity * limits.max_leverage, book.deployed)]
    if around.strategy is not None:
        share = limits.max_strategy if around.allocation is None else min(limits.max_strategy, around.allocation)
        used = around.strategies.get(around.strategy, ZERO)
        found.append(room(ask, "max_strategy", equity * share, used))
    if around.sectors:
        used = sector_exposure(book, around, wish.symbol)
        found.append(room(ask, "max_sector", equity * limits.max_sector, used))
    clusters = [cluster_exposure(book, around, name) for name in around.touched(wish.symbol)]
    if clusters:
        found.append(room(ask, "max_cluster", equity * limits.max_cluster, max(clusters)))
    return found


def sector_exposure(book: Book, around: Around, symbol: str) -> Decimal:
    """What is held and ordered in the fullest sector of `symbol`; symbols of no known sector are one together."""
    found = [sum(map(book.exposure, members), ZERO) for members in around.sectors.values() if symbol in members]
    if found:
        return max(found)
    known = {one for members in around.sectors.values() for one in members}
    return sum(map(book.exposure, {*book.positions, *book.reserved} - known), ZERO)


def cluster_exposure(book: Book, around: Around, name: str) -> Decimal:
    """What the members of a cluster hold and have ordered: strategies by their own count, symbols by the book's."""
    known = around.strategies
    return sum([known[m] if m in known else book.exposure(m) for m in around.clusters[name]], ZERO)
