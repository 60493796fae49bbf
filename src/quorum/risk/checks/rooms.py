"""The limits of groups: a strategy, a sector, what moves together, everything; in a book, and in all of them."""

from __future__ import annotations

from decimal import Decimal

from quorum.domain import ZERO, Book, Check
from quorum.risk.around import Around
from quorum.risk.checks.ask import Ask, room
from quorum.risk.checks.words import DESK
from quorum.risk.wide import Wide


def room_checks(ask: Ask, around: Around) -> list[Check]:
    """Each group's check: its holdings and open orders at their marks, and the order at its worst price."""
    book, limits, equity, own, symbol = ask.book, ask.limits, ask.equity, around.strategy, ask.wish.symbol
    found = [room(ask, "max_leverage", equity * limits.max_leverage, book.deployed)]
    if own is not None:
        share = limits.max_strategy if around.allocation is None else min(limits.max_strategy, around.allocation)
        found.append(room(ask, "max_strategy", equity * share, around.strategies.get(own, ZERO)))
        if limits.kelly_share is not None:
            best = equity * around.staked(own, limits.kelly_share)
            found.append(room(ask, "kelly_share", best, around.strategies.get(own, ZERO)))
    if limits.volatility_target is not None:
        most = equity * around.steady(symbol, limits.volatility_target)
        found.append(room(ask, "volatility_target", most, book.exposure(symbol)))
    if around.sectors:
        found.append(room(ask, "max_sector", equity * limits.max_sector, sector_exposure(book, around, symbol)))
    clusters = {name: cluster_exposure(book, around, name) for name in around.touched(symbol)}
    if clusters:
        found.append(room(ask, "max_cluster", equity * limits.max_cluster, max(clusters.values())))
    if around.wide is not None:
        found += _wide_rooms(ask, around, around.wide, {check.name: check.used for check in found}, clusters)
    return found


def _wide_rooms(
    ask: Ask, around: Around, wide: Wide, used: dict[str, Decimal], clusters: dict[str, Decimal]
) -> list[Check]:
    """The same of all accounts, beside what the book uses by itself."""
    limits, symbol = wide.limits, ask.wish.symbol
    used["max_leverage"] = used["max_deployed"] = used["max_leverage"] + wide.deployed
    used["max_position"] = ask.book.exposure(symbol) + wide.exposures.get(symbol, ZERO)
    if around.strategy is not None:
        used["max_strategy"] += wide.strategies.get(around.strategy, ZERO)
    if "max_sector" in used and "max_sector" in limits:
        used["max_sector"] += _of_sector(around, wide, symbol)
    if clusters and "max_cluster" in limits:
        used["max_cluster"] = max([held + wide.held_by(around.clusters[name]) for name, held in clusters.items()])
    equity = max(ask.book.equity + wide.equity, ZERO)
    return [room(ask, DESK + name, equity * limits[name], amount) for name, amount in used.items() if name in limits]


def sector_exposure(book: Book, around: Around, symbol: str) -> Decimal:
    """What is held and ordered in the fullest sector of `symbol`; symbols of no known sector are one together."""
    found = [book.exposure_of(members) for members in around.sectors.values() if symbol in members]
    if found:
        return max(found)
    known = {one for members in around.sectors.values() for one in members}
    return book.exposure_of({*book.positions, *book.reserved} - known)


def _of_sector(around: Around, wide: Wide, symbol: str) -> Decimal:
    """What the other accounts have in the sectors of a symbol, or in none where it is in none."""
    found = [wide.exposure_of(members) for members in around.sectors.values() if symbol in members]
    if found:
        return max(found)
    known = {one for members in around.sectors.values() for one in members}
    return wide.exposure_of(wide.exposures.keys() - known)


def cluster_exposure(book: Book, around: Around, name: str) -> Decimal:
    """What the members of a cluster hold and have ordered: strategies by their own count, symbols by the book's."""
    known, members = around.strategies, around.clusters[name]
    if known.keys().isdisjoint(members):
        return book.exposure_of(members)
    counted = sum([known[member] for member in members if member in known], ZERO)
    others = [member for member in members if member not in known]
    return counted + book.exposure_of(others) if others else counted
