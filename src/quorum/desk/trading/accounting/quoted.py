"""Rates that the lake knows: the close of a pair's newest bar, put on record with its instant and its series."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from quorum.desk.desk import Desk
from quorum.domain import HOUR, Clock, split_symbol
from quorum.execution import Rate
from quorum.lake import Bars


def note_rates(desk: Desk, account: str, clock: Clock | None = None) -> list[Rate]:
    """Put on record what the lake says of the pairs that an account needs; those that were new.

    They are what it holds beside its own currency, and its own in the reporting one.
    """
    now, wanted = (clock or desk.clock).now(), _pairs(desk, account)
    new = quoted(desk, wanted, now) if wanted else []
    for rate in new:
        desk.rates.keep(rate)
    return new


def rates_now(desk: Desk, pairs: Iterable[tuple[str, str]], now: int) -> list[Rate]:
    """The rates on record and, where it is newer, what the lake says of these pairs; nothing is written."""
    return [*desk.rates.newest(), *quoted(desk, pairs, now)]


def quoted(desk: Desk, pairs: Iterable[tuple[str, str]], now: int) -> list[Rate]:
    """What the lake says of these pairs, either way round, where that is newer than the record.

    A close that is older than `rate_hours` is no rate.
    """
    known = {(rate.base, rate.quote): rate.time for rate in desk.rates.newest()}
    since = now - round(desk.settings.accounts.rate_hours * HOUR)
    ways = sorted({way for pair in pairs for way in (pair, pair[::-1])})
    found = [rate for pair in ways if (rate := _close(desk, pair, now)) is not None]
    return [rate for rate in found if rate.time >= max(since, known.get((rate.base, rate.quote), 0) + 1)]


def _pairs(desk: Desk, account: str) -> set[tuple[str, str]]:
    own, into = desk.settings.accounts.accounts[account].currency, desk.settings.accounts.reporting_currency
    found = {(own, into)} if own != into else set()
    if any(row["account"] == account for row in desk.accounts.listed()):
        with desk.accounts.transaction(account) as transaction:
            found |= {(other, own) for other, amount in transaction.book().foreign.items() if amount}
    return found


def _close(desk: Desk, pair: tuple[str, str], now: int) -> Rate | None:
    """The newest close of the pair that was known by `now`, of the series that has it; None without any."""
    found: Bars | None = None
    for info in desk.lake.series():
        if split_symbol(info.symbol) != pair or info.symbol == pair[0]:  # a share is priced, it is no currency
            continue
        bars = desk.lake.bars(info.symbol, info.timeframe, info.venue).as_of(now)
        if len(bars) and (found is None or _known(bars) > _known(found)):
            found = bars
    if found is None:
        return None
    source = f"lake {found.symbol}.{found.venue} {found.timeframe}"
    return Rate(*pair, Decimal(repr(float(found.close[-1]))), _known(found), source)


def _known(bars: Bars) -> int:
    """Since when its last close is known."""
    return int(bars.time[-1]) + bars.timeframe.nanoseconds
